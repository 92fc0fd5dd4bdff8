-- +goose Up
-- What a person asks of the bank: hours of the day in which it is left alone (equal hours are none), and what becomes of hours above the cap
-- ('' leaves it to the rules).
CREATE TABLE wish (
    person      TEXT PRIMARY KEY NOT NULL REFERENCES person (id),
    quiet_from  BIGINT NOT NULL CHECK (quiet_from BETWEEN 0 AND 23),
    quiet_until BIGINT NOT NULL CHECK (quiet_until BETWEEN 0 AND 23),
    over_cap    TEXT NOT NULL CHECK (over_cap IN ('', 'donate', 'honour'))
);
