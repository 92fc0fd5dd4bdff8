-- +goose Up
CREATE TABLE policy_proposal (
    id             TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    region_id      TEXT NOT NULL,
    level          TEXT NOT NULL CHECK (level IN ('city', 'district', 'street', 'community')),
    path           TEXT NOT NULL,
    text           TEXT NOT NULL,
    digest         TEXT NOT NULL CHECK (length(digest) = 64),
    effective_from INTEGER,
    reason         TEXT NOT NULL,
    proposed_by    TEXT NOT NULL CHECK (proposed_by <> ''),
    proposed_at    INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('open', 'approved', 'rejected')),
    decided_by     TEXT NOT NULL DEFAULT '',
    decided_at     INTEGER,
    decision       TEXT NOT NULL DEFAULT '',
    CHECK ((level = 'city') = (region_id = '')),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'open') = (decided_by = '')),
    CHECK (state <> 'approved' OR decided_by <> proposed_by)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_proposal_state ON policy_proposal (state, id);

-- A version is one publication: the city's whole snapshot, or the override of one region. seq is gap-free, in the order of approval.
CREATE TABLE policy_version (
    seq            INTEGER NOT NULL PRIMARY KEY CHECK (seq > 0),
    id             TEXT NOT NULL CHECK (id <> ''),
    proposal_id    TEXT NOT NULL REFERENCES policy_proposal (id),
    region_id      TEXT NOT NULL,
    level          TEXT NOT NULL CHECK (level IN ('city', 'district', 'street', 'community')),
    effective_from INTEGER NOT NULL,
    text           TEXT NOT NULL,
    digest         TEXT NOT NULL CHECK (length(digest) = 64),
    proposed_by    TEXT NOT NULL CHECK (proposed_by <> ''),
    approved_by    TEXT NOT NULL CHECK (approved_by <> ''),
    recorded_at    INTEGER NOT NULL,
    CHECK ((level = 'city') = (region_id = '')),
    CHECK (effective_from >= recorded_at),
    CHECK (approved_by <> proposed_by)
) STRICT;
CREATE UNIQUE INDEX policy_version_id ON policy_version (id);
CREATE UNIQUE INDEX policy_version_proposal ON policy_version (proposal_id);
CREATE INDEX policy_version_region ON policy_version (region_id, seq);

-- +goose StatementBegin
CREATE TRIGGER policy_version_no_update BEFORE UPDATE ON policy_version
BEGIN SELECT RAISE(ABORT, 'policy_version is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_version_no_delete BEFORE DELETE ON policy_version
BEGIN SELECT RAISE(ABORT, 'policy_version is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_proposal_decided BEFORE UPDATE ON policy_proposal WHEN OLD.state <> 'open' OR NEW.text <> OLD.text
    OR NEW.proposed_by <> OLD.proposed_by OR NEW.region_id <> OLD.region_id OR NEW.level <> OLD.level
BEGIN SELECT RAISE(ABORT, 'policy_proposal is decided once'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_proposal_no_delete BEFORE DELETE ON policy_proposal
BEGIN SELECT RAISE(ABORT, 'policy_proposal is append-only'); END;
-- +goose StatementEnd
