-- +goose Up
-- Minutes of service that a thousand held minutes buy, as the rules said when they were set aside.
ALTER TABLE hold ADD COLUMN ratio INTEGER NOT NULL DEFAULT 1000 CHECK (ratio > 0);

-- With it the pseudonym in the log commits to whose account it is; NULL for accounts that were opened before.
ALTER TABLE account ADD COLUMN salt BLOB CHECK (length(salt) = 16);
-- +goose StatementBegin
CREATE TRIGGER account_salt_same BEFORE UPDATE OF salt, expires_on ON account
BEGIN SELECT RAISE(ABORT, 'account names do not change'); END;
-- +goose StatementEnd
