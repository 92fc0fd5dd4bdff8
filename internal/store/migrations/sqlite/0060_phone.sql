-- +goose Up
-- Whose account corrected a person's telephone number last: whoever did does not invite that person to a staff account, since the number is
-- what shows that the invited person is somebody else.
ALTER TABLE person ADD COLUMN phone_by TEXT NOT NULL DEFAULT '';
