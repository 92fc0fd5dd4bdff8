-- +goose Up
-- Keys that seal fields, each wrapped under a key of the ring, which is kept elsewhere. Turning the ring replaces the wrapping; nothing else of a row
-- changes and none goes, because whatever a key sealed would go with it.
CREATE TABLE data_key (
    id         BIGINT PRIMARY KEY NOT NULL CHECK (id BETWEEN 1 AND 4294967295),
    under      BIGINT NOT NULL CHECK (under BETWEEN 1 AND 255),
    wrapped    BYTEA NOT NULL,
    drawn_at   BIGINT NOT NULL,
    seals_from BIGINT NOT NULL
);
CREATE TRIGGER data_key_no_update BEFORE UPDATE OF id, drawn_at, seals_from ON data_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER data_key_no_delete BEFORE DELETE ON data_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
