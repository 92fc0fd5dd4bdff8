-- +goose Up
-- When a service point is open: digits of the weekdays in their order ('' when nobody has told), and minutes of the civil day; and since when it
-- is closed, if it is.
ALTER TABLE service_point ADD COLUMN open_days TEXT NOT NULL DEFAULT '';
ALTER TABLE service_point ADD COLUMN open_from BIGINT NOT NULL DEFAULT 0 CHECK (open_from BETWEEN 0 AND 1440);
ALTER TABLE service_point ADD COLUMN open_until BIGINT NOT NULL DEFAULT 0 CHECK (open_until BETWEEN 0 AND 1440);
ALTER TABLE service_point ADD COLUMN closed_at BIGINT;
