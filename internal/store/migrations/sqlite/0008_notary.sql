-- +goose Up
CREATE TABLE notary_head (
    log         TEXT NOT NULL PRIMARY KEY CHECK (log <> ''),
    size        INTEGER NOT NULL CHECK (size > 0),
    root        BLOB NOT NULL CHECK (length(root) = 32),
    checkpoint  TEXT NOT NULL CHECK (checkpoint <> ''),
    signed_at   INTEGER NOT NULL,
    lease_owner TEXT NOT NULL CHECK (lease_owner <> ''),
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notary_tile (
    log   TEXT NOT NULL CHECK (log <> ''),
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 6),
    n     INTEGER NOT NULL CHECK (n >= 0),
    width INTEGER NOT NULL CHECK (width BETWEEN 1 AND 256),
    data  BLOB NOT NULL CHECK (length(data) = width * 32),
    PRIMARY KEY (log, level, n)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER notary_head_only_grows BEFORE UPDATE ON notary_head
WHEN NEW.log <> OLD.log OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
BEGIN SELECT RAISE(ABORT, 'notary_head only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER notary_head_no_delete BEFORE DELETE ON notary_head
BEGIN SELECT RAISE(ABORT, 'notary_head only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER notary_tile_only_grows BEFORE UPDATE ON notary_tile
WHEN NEW.log <> OLD.log OR NEW.level <> OLD.level OR NEW.n <> OLD.n OR NEW.width <= OLD.width
    OR substr(NEW.data, 1, length(OLD.data)) <> OLD.data
BEGIN SELECT RAISE(ABORT, 'notary_tile only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER notary_tile_no_delete BEFORE DELETE ON notary_tile
BEGIN SELECT RAISE(ABORT, 'notary_tile only grows'); END;
-- +goose StatementEnd
