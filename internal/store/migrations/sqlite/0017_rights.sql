-- +goose Up
-- A role may be held for one call-out alone; '' is for everything.
ALTER TABLE role_grant ADD COLUMN campaign TEXT NOT NULL DEFAULT '';
