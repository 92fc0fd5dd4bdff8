-- +goose Up
-- An invitation to a team, until its time is over: then the row is gone. person is '' when the number that was given is no volunteer's, and
-- when there is a code: whoever invites is not told. first marks one row of each invitation, since a number may be shared.
CREATE TABLE team_invite (
    id       TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    team     TEXT NOT NULL REFERENCES team (id),
    person   TEXT NOT NULL,
    code     TEXT NOT NULL,
    asked_by TEXT NOT NULL CHECK (asked_by <> ''),
    asked_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'declined')),
    first    INTEGER NOT NULL CHECK (first IN (0, 1)),
    CHECK (person = '' OR code = ''),
    CHECK (until_at > asked_at)
);
CREATE UNIQUE INDEX team_invite_code ON team_invite (code) WHERE code <> '';
CREATE INDEX team_invite_team ON team_invite (team, asked_at);
CREATE INDEX team_invite_person ON team_invite (person) WHERE person <> '';
