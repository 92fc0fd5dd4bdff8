-- +goose Up
CREATE TABLE outbox (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic       TEXT NOT NULL CHECK (topic <> ''),
    ref         TEXT NOT NULL,
    payload     TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);

CREATE TABLE idempotency (
    actor       TEXT NOT NULL CHECK (actor <> ''),
    key         TEXT NOT NULL CHECK (key <> ''),
    command     TEXT NOT NULL,
    digest      BYTEA NOT NULL CHECK (length(digest) = 32),
    result      TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    keep_until  BIGINT,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keep_until ON idempotency (keep_until) WHERE keep_until IS NOT NULL;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
