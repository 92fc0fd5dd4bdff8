-- +goose Up
CREATE TABLE audit (
    seq         INTEGER PRIMARY KEY,
    number      INTEGER CHECK (number >= 0),
    recorded_at INTEGER NOT NULL,
    actor       TEXT NOT NULL CHECK (actor <> ''),
    on_behalf   TEXT NOT NULL,
    action      TEXT NOT NULL CHECK (action <> ''),
    kind        TEXT NOT NULL,
    ref         TEXT NOT NULL,
    region      TEXT NOT NULL,
    before      TEXT NOT NULL,
    after       TEXT NOT NULL,
    origin      TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE INDEX audit_ref ON audit (ref);
CREATE UNIQUE INDEX audit_number ON audit (number) WHERE number IS NOT NULL;
CREATE INDEX audit_unnumbered ON audit (seq) WHERE number IS NULL;

CREATE TABLE timer (
    seq       INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind <> ''),
    ref       TEXT NOT NULL CHECK (ref <> ''),
    due       INTEGER NOT NULL,
    arg       TEXT NOT NULL,
    parked_at INTEGER,
    problem   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX timer_ref ON timer (ref, kind);
CREATE INDEX timer_due ON timer (due, seq) WHERE parked_at IS NULL;

-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE OF seq, recorded_at, actor, on_behalf, action, kind, ref, region, before, after, origin, digest ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_number_once BEFORE UPDATE OF number ON audit WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
-- +goose StatementEnd
