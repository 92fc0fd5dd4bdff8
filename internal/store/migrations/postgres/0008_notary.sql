-- +goose Up
CREATE TABLE notary_head (
    log         TEXT NOT NULL PRIMARY KEY CHECK (log <> ''),
    size        BIGINT NOT NULL CHECK (size > 0),
    root        BYTEA NOT NULL CHECK (length(root) = 32),
    checkpoint  TEXT NOT NULL CHECK (checkpoint <> ''),
    signed_at   BIGINT NOT NULL,
    lease_owner TEXT NOT NULL CHECK (lease_owner <> ''),
    lease_until BIGINT NOT NULL
);

CREATE TABLE notary_tile (
    log   TEXT NOT NULL CHECK (log <> ''),
    level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 6),
    n     BIGINT NOT NULL CHECK (n >= 0),
    width BIGINT NOT NULL CHECK (width BETWEEN 1 AND 256),
    data  BYTEA NOT NULL CHECK (length(data) = width * 32),
    PRIMARY KEY (log, level, n)
);
-- Hashes do not compress; trying to costs time at each write.
ALTER TABLE notary_tile ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TRIGGER notary_head_only_grows BEFORE UPDATE ON notary_head FOR EACH ROW
    WHEN (NEW.log <> OLD.log OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notary_head_no_delete BEFORE DELETE ON notary_head FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notary_tile_only_grows BEFORE UPDATE ON notary_tile FOR EACH ROW
    WHEN (NEW.log <> OLD.log OR NEW.level <> OLD.level OR NEW.n <> OLD.n OR NEW.width <= OLD.width
        OR substring(NEW.data FROM 1 FOR length(OLD.data)) <> OLD.data)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notary_tile_no_delete BEFORE DELETE ON notary_tile FOR EACH ROW EXECUTE FUNCTION refuse_change();
