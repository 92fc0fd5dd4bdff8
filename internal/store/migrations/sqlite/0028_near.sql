-- +goose Up
-- The key first: keys that are made one after the other, as a client's UUIDv7 are, then lie beside each other on few pages, and so do those
-- that are forgotten together.
CREATE TABLE idempotency_by_key (
    key         TEXT NOT NULL CHECK (key <> ''),
    actor       TEXT NOT NULL CHECK (actor <> ''),
    command     TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    result      TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    keep_until  INTEGER,
    PRIMARY KEY (key, actor)
) STRICT, WITHOUT ROWID;
INSERT INTO idempotency_by_key (key, actor, command, digest, result, recorded_at, keep_until)
 SELECT key, actor, command, digest, result, recorded_at, keep_until FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE idempotency_by_key RENAME TO idempotency;
CREATE INDEX idempotency_keep_until ON idempotency (keep_until) WHERE keep_until IS NOT NULL;

-- What the nightly work looks for is a few orders among all open ones.
CREATE INDEX service_order_unserved ON service_order (start_at) WHERE state IN ('submitted', 'published', 'accepted', 'fund');
CREATE INDEX service_order_unfunded ON service_order (start_at) WHERE waits_for = 'funding';
