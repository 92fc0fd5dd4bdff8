-- +goose Up
-- Keys that seal fields, each wrapped under a key of the ring, which is kept elsewhere. Turning the ring replaces the wrapping; nothing else of a row
-- changes and none goes, because whatever a key sealed would go with it.
CREATE TABLE data_key (
    id         INTEGER PRIMARY KEY NOT NULL CHECK (id BETWEEN 1 AND 4294967295),
    under      INTEGER NOT NULL CHECK (under BETWEEN 1 AND 255),
    wrapped    BLOB NOT NULL,
    drawn_at   INTEGER NOT NULL,
    seals_from INTEGER NOT NULL
);
-- +goose StatementBegin
CREATE TRIGGER data_key_no_update BEFORE UPDATE OF id, drawn_at, seals_from ON data_key
BEGIN SELECT RAISE(ABORT, 'a data key stays'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER data_key_no_delete BEFORE DELETE ON data_key
BEGIN SELECT RAISE(ABORT, 'a data key stays'); END;
-- +goose StatementEnd
