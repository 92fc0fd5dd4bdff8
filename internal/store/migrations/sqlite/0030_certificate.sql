-- +goose Up
-- A certificate that a volunteer took out of its own service. What it says is sealed, and gone once its holder's record is destroyed.
CREATE TABLE certificate (
    id        TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    number    TEXT NOT NULL UNIQUE CHECK (number <> ''),
    person    TEXT NOT NULL REFERENCES person (id),
    purpose   TEXT NOT NULL CHECK (purpose IN ('work', 'school', 'award', 'myself')),
    naming    TEXT NOT NULL CHECK (naming IN ('full', 'masked', 'none')),
    issued_on TEXT NOT NULL,
    until_day TEXT NOT NULL CHECK (until_day > issued_on),
    issued_at INTEGER NOT NULL,
    issued_by TEXT NOT NULL CHECK (issued_by <> ''),
    ended_at  INTEGER CHECK (ended_at >= issued_at),
    ending    TEXT NOT NULL CHECK (ending IN ('', 'holder', 'wrong', 'erased')),
    statement BLOB,
    CHECK ((ended_at IS NULL) = (ending = '')),
    CHECK (statement IS NOT NULL OR ended_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_person ON certificate (person, id);
