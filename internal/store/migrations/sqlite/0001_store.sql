-- +goose Up
-- A number is never used twice, though the table is empty most of the time: receivers know an event by it.
CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    topic       TEXT NOT NULL CHECK (topic <> ''),
    ref         TEXT NOT NULL,
    payload     TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE idempotency (
    actor       TEXT NOT NULL CHECK (actor <> ''),
    key         TEXT NOT NULL CHECK (key <> ''),
    command     TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    result      TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    keep_until  INTEGER,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keep_until ON idempotency (keep_until) WHERE keep_until IS NOT NULL;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;
