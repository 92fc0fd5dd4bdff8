-- +goose Up
CREATE TABLE actor (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    person     TEXT CHECK (person <> ''),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX actor_person ON actor (person) WHERE person IS NOT NULL;

CREATE TABLE role_grant (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    actor      TEXT NOT NULL REFERENCES actor (id),
    role       TEXT NOT NULL CHECK (role IN ('point_staff', 'point_manager', 'administrator', 'reviewer', 'dispatcher', 'auditor', 'readonly')),
    region     TEXT NOT NULL CHECK (region <> ''),
    point      TEXT NOT NULL,
    from_at    INTEGER NOT NULL,
    until_at   INTEGER CHECK (until_at >= from_at),
    granted_by TEXT NOT NULL CHECK (granted_by <> actor),
    granted_at INTEGER NOT NULL,
    revoked_by TEXT,
    CHECK ((point <> '') = (role IN ('point_staff', 'point_manager')))
) STRICT, WITHOUT ROWID;
CREATE INDEX role_grant_actor ON role_grant (actor);
CREATE INDEX role_grant_region ON role_grant (region);

CREATE TABLE session (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    token      BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    actor      TEXT NOT NULL REFERENCES actor (id),
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL CHECK (seen_at >= created_at),
    idle       INTEGER NOT NULL CHECK (idle > 0),
    ends_at    INTEGER NOT NULL CHECK (ends_at > created_at),
    revoked_at INTEGER
) STRICT;
CREATE INDEX session_actor ON session (actor);

CREATE TABLE proposal (
    id          TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    action      TEXT NOT NULL CHECK (action <> ''),
    payload     TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    region      TEXT NOT NULL CHECK (region <> ''),
    level       TEXT NOT NULL,
    needs       TEXT NOT NULL CHECK (needs <> ''),
    reason      TEXT NOT NULL CHECK (reason <> ''),
    proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
    proposer    TEXT NOT NULL CHECK (proposer <> ''),
    proposed_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL CHECK (expires_at > proposed_at),
    state       TEXT NOT NULL CHECK (state IN ('open', 'approved', 'rejected', 'withdrawn', 'expired')),
    decided_by  TEXT NOT NULL,
    decider     TEXT NOT NULL,
    decided_at  INTEGER,
    decision    TEXT NOT NULL,
    CHECK (state <> 'approved' OR (decided_by <> '' AND decider <> '' AND decided_by <> proposed_by AND decider <> proposer)),
    CHECK ((state = 'open') = (decided_at IS NULL))
) STRICT;
CREATE INDEX proposal_open ON proposal (region) WHERE state = 'open';

-- +goose StatementBegin
CREATE TRIGGER proposal_no_change BEFORE UPDATE OF id, action, payload, digest, region, level, needs, reason, proposed_by, proposer, proposed_at, expires_at ON proposal
BEGIN SELECT RAISE(ABORT, 'proposal is fixed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER proposal_decided_once BEFORE UPDATE OF state, decided_by, decider, decided_at, decision ON proposal WHEN OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'proposal is decided'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER proposal_no_delete BEFORE DELETE ON proposal
BEGIN SELECT RAISE(ABORT, 'proposal is kept'); END;
-- +goose StatementEnd
