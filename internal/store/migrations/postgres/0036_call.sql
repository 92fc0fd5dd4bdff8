-- +goose Up
-- A call that a station answered. The words are sealed, and destroyed when their days are over.
CREATE TABLE call (
    id       TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    person   TEXT NOT NULL REFERENCES person (id),
    order_id TEXT NOT NULL,
    region   TEXT NOT NULL CHECK (region <> ''),
    reason   TEXT NOT NULL CHECK (reason <> ''),
    words    BYTEA,
    taken_by TEXT NOT NULL CHECK (taken_by <> ''),
    taken_at BIGINT NOT NULL
);
CREATE INDEX call_person ON call (person, id);
CREATE INDEX call_order ON call (order_id, id) WHERE order_id <> '';
CREATE INDEX call_worded ON call (taken_at) WHERE words IS NOT NULL;
