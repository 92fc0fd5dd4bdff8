-- +goose Up
-- Relatives see hours only if the person agrees to that too; SQLite cannot change a CHECK.
CREATE TABLE consent_new (
    person       TEXT NOT NULL REFERENCES person (id),
    purpose      TEXT NOT NULL CHECK (purpose IN ('identity', 'location', 'health', 'allowance', 'kin', 'hours', 'credit', 'honour', 'portrait')),
    granted_at   INTEGER NOT NULL,
    granted_by   TEXT NOT NULL CHECK (granted_by <> ''),
    withdrawn_at INTEGER CHECK (withdrawn_at >= granted_at),
    withdrawn_by TEXT NOT NULL,
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by = '')),
    PRIMARY KEY (person, purpose, granted_at)
) STRICT, WITHOUT ROWID;
INSERT INTO consent_new (person, purpose, granted_at, granted_by, withdrawn_at, withdrawn_by)
SELECT person, purpose, granted_at, granted_by, withdrawn_at, withdrawn_by FROM consent;
DROP TABLE consent;
ALTER TABLE consent_new RENAME TO consent;
CREATE UNIQUE INDEX consent_now ON consent (person, purpose) WHERE withdrawn_at IS NULL;

-- Whoever acts for a relative has said that it will; who acts already has.
ALTER TABLE kin ADD COLUMN willing INTEGER NOT NULL DEFAULT 0 CHECK (willing IN (0, 1));
UPDATE kin SET willing = 1 WHERE EXISTS (SELECT 1 FROM kin d WHERE d.person = kin.relative AND d.relative = kin.person AND d.delegate = 1);

-- The words of a certificate go when it has been over for a while, its row when the years of the law are over.
CREATE TABLE certificate_new (
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
    CHECK ((ended_at IS NULL) = (ending = ''))
) STRICT, WITHOUT ROWID;
INSERT INTO certificate_new (id, number, person, purpose, naming, issued_on, until_day, issued_at, issued_by, ended_at, ending, statement)
SELECT id, number, person, purpose, naming, issued_on, until_day, issued_at, issued_by, ended_at, ending, statement FROM certificate;
DROP TABLE certificate;
ALTER TABLE certificate_new RENAME TO certificate;
CREATE INDEX certificate_person ON certificate (person, id);
CREATE INDEX certificate_until ON certificate (until_day);
CREATE INDEX certificate_ended ON certificate (ended_at) WHERE ended_at IS NOT NULL;
