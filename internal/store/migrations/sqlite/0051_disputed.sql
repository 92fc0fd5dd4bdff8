-- +goose Up
-- Who disputed an order last: another person decides, because a decision may take hours back.
ALTER TABLE service_order ADD COLUMN disputed_by TEXT NOT NULL DEFAULT '';
