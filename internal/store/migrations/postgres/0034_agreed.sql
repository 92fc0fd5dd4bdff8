-- +goose Up
-- Relatives see hours only if the person agrees to that too.
ALTER TABLE consent DROP CONSTRAINT consent_purpose_check;
ALTER TABLE consent ADD CONSTRAINT consent_purpose_check
    CHECK (purpose IN ('identity', 'location', 'health', 'allowance', 'kin', 'hours', 'credit', 'honour', 'portrait'));

-- Whoever acts for a relative has said that it will; who acts already has.
ALTER TABLE kin ADD COLUMN willing BIGINT NOT NULL DEFAULT 0 CHECK (willing IN (0, 1));
UPDATE kin SET willing = 1 WHERE EXISTS (SELECT 1 FROM kin d WHERE d.person = kin.relative AND d.relative = kin.person AND d.delegate = 1);

-- The words of a certificate go when it has been over for a while, its row when the years of the law are over.
ALTER TABLE certificate DROP CONSTRAINT certificate_check3;
CREATE INDEX certificate_until ON certificate (until_day);
CREATE INDEX certificate_ended ON certificate (ended_at) WHERE ended_at IS NOT NULL;
