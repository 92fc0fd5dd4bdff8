-- +goose Up
-- Pictures of a visit. The picture itself lies sealed in a file named by its digest; the place where the camera stood is not kept.
CREATE TABLE visit_photo (
    id          TEXT PRIMARY KEY NOT NULL,
    order_id    TEXT NOT NULL,
    moment      TEXT NOT NULL CHECK (moment IN ('check_in', 'check_out')),
    actor       TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    digest      TEXT NOT NULL CHECK (length(digest) = 64),
    place       TEXT NOT NULL CHECK (place IN ('', 'inside', 'outside')),
    width       INTEGER NOT NULL CHECK (width > 0),
    height      INTEGER NOT NULL CHECK (height > 0)
) STRICT;
CREATE INDEX visit_photo_order ON visit_photo (order_id);
CREATE INDEX visit_photo_digest ON visit_photo (digest);
CREATE INDEX visit_photo_age ON visit_photo (recorded_at);

-- The face of a volunteer, as long as the volunteer agrees to show it.
CREATE TABLE portrait (
    person      TEXT PRIMARY KEY NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    digest      TEXT NOT NULL CHECK (length(digest) = 64)
) STRICT;
CREATE INDEX portrait_digest ON portrait (digest);

-- Another purpose to consent to; SQLite cannot change a CHECK.
CREATE TABLE consent_new (
    person       TEXT NOT NULL REFERENCES person (id),
    purpose      TEXT NOT NULL CHECK (purpose IN ('identity', 'location', 'health', 'allowance', 'kin', 'credit', 'honour', 'portrait')),
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
