-- +goose Up
-- What an auditor asks by (who acted, for whom, where, what) has no index on the trail: each would touch a page of its own for every row
-- that is written. Rows that have rested for a day are summed up in blocks instead, and a search skips the blocks without its words.
CREATE TABLE audit_block (
    block BIGINT PRIMARY KEY NOT NULL CHECK (block >= 0),
    marks BYTEA NOT NULL
);
