-- +goose Up
-- What an auditor asks by (who acted, for whom, where, what) has no index on the trail: each would touch a page of its own for every row
-- that is written. Rows that have rested for a day are summed up in blocks instead, and a search skips the blocks without its words.
CREATE TABLE audit_block (
    block BIGINT PRIMARY KEY NOT NULL CHECK (block >= 0),
    marks BYTEA NOT NULL
);

-- 32 bits each of a keyed digest of what may be typed to find the person; see member/search.go.
ALTER TABLE person ADD COLUMN marks BYTEA;

-- What identified the person is gone; name and id_number are empty then, and id_index is random.
ALTER TABLE person ADD COLUMN erased_at BIGINT;
-- The record that this one turned out to be.
ALTER TABLE person ADD COLUMN merged_into TEXT CHECK (merged_into <> id);
CREATE INDEX person_ended ON person (ended_on) WHERE ended_on <> '' AND erased_at IS NULL;

-- The words of a rating may be destroyed or sealed anew, and nothing else of it changed.
DROP TRIGGER rating_no_update ON rating;
CREATE TRIGGER rating_no_update BEFORE UPDATE OF order_id, rater, ratee, direction, region, stars, tags, rated_by, rated_at ON rating
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rating_no_later_words BEFORE UPDATE OF words ON rating
    FOR EACH ROW WHEN (OLD.words IS NULL) EXECUTE FUNCTION refuse_change();
