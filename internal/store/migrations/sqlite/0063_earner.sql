-- +goose Up
-- Where the earner of a transfer was at home, if not where the transaction says: the volunteers of one visit may come from two districts.
ALTER TABLE ledger_entry ADD COLUMN region_to TEXT NOT NULL DEFAULT '';
