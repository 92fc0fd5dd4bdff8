-- +goose Up
-- What an auditor asks by (who acted, for whom, where, what) has no index on the trail: each would touch a page of its own for every row
-- that is written. Rows that have rested for a day are summed up in blocks instead, and a search skips the blocks without its words.
CREATE TABLE audit_block (
    block INTEGER PRIMARY KEY NOT NULL CHECK (block >= 0),
    marks BLOB NOT NULL
) STRICT;

-- 32 bits each of a keyed digest of what may be typed to find the person; see member/search.go.
ALTER TABLE person ADD COLUMN marks BLOB;

-- What identified the person is gone; name and id_number are empty then, and id_index is random.
ALTER TABLE person ADD COLUMN erased_at INTEGER;
-- The record that this one turned out to be.
ALTER TABLE person ADD COLUMN merged_into TEXT CHECK (merged_into <> id);
CREATE INDEX person_ended ON person (ended_on) WHERE ended_on <> '' AND erased_at IS NULL;

-- The words of a rating may be destroyed or sealed anew, and nothing else of it changed.
DROP TRIGGER rating_no_update;
-- +goose StatementBegin
CREATE TRIGGER rating_no_update BEFORE UPDATE OF order_id, rater, ratee, direction, region, stars, tags, rated_by, rated_at ON rating
BEGIN SELECT RAISE(ABORT, 'rating is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER rating_no_later_words BEFORE UPDATE OF words ON rating WHEN OLD.words IS NULL
BEGIN SELECT RAISE(ABORT, 'rating is append-only'); END;
-- +goose StatementEnd
