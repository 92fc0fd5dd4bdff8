-- +goose Up
-- Pictures of a visit. The picture itself lies sealed in a file named by its digest; the place where the camera stood is not kept.
CREATE TABLE visit_photo (
    id          TEXT PRIMARY KEY NOT NULL,
    order_id    TEXT NOT NULL,
    moment      TEXT NOT NULL CHECK (moment IN ('check_in', 'check_out')),
    actor       TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    digest      TEXT NOT NULL CHECK (length(digest) = 64),
    place       TEXT NOT NULL CHECK (place IN ('', 'inside', 'outside')),
    width       BIGINT NOT NULL CHECK (width > 0),
    height      BIGINT NOT NULL CHECK (height > 0)
);
CREATE INDEX visit_photo_order ON visit_photo (order_id);
CREATE INDEX visit_photo_digest ON visit_photo (digest);
CREATE INDEX visit_photo_age ON visit_photo (recorded_at);

-- The face of a volunteer, as long as the volunteer agrees to show it.
CREATE TABLE portrait (
    person      TEXT PRIMARY KEY NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    digest      TEXT NOT NULL CHECK (length(digest) = 64)
);
CREATE INDEX portrait_digest ON portrait (digest);

-- Another purpose to consent to.
ALTER TABLE consent DROP CONSTRAINT consent_purpose_check;
ALTER TABLE consent ADD CONSTRAINT consent_purpose_check
    CHECK (purpose IN ('identity', 'location', 'health', 'allowance', 'kin', 'credit', 'honour', 'portrait'));
