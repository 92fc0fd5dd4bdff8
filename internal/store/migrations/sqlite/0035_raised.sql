-- +goose Up
-- Who passed a complaint up to its level by hand, and what the level was told; both empty when the clock did, or nobody.
ALTER TABLE complaint ADD COLUMN raised_by TEXT NOT NULL DEFAULT '';
ALTER TABLE complaint ADD COLUMN raised_reason TEXT NOT NULL DEFAULT '';
