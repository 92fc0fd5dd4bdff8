-- +goose Up
-- A message may be about an event and somebody known, wait until a quiet time is over, and be reported on by the carrier that took it. One
-- event tells one addressee once.
CREATE TABLE message_new (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    channel    TEXT NOT NULL CHECK (channel IN ('sms', 'email', 'wechat')),
    kind       TEXT NOT NULL CHECK (kind <> ''),
    person     TEXT NOT NULL,
    about      TEXT NOT NULL,
    cause      TEXT NOT NULL,
    addressee  BYTEA,
    content    BYTEA,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'inbox', 'sent', 'delivered', 'failed', 'expired')),
    tries      BIGINT NOT NULL CHECK (tries >= 0),
    carrier    TEXT NOT NULL,
    reference  TEXT NOT NULL,
    problem    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL CHECK (due_at >= created_at),
    expires_at BIGINT NOT NULL CHECK (expires_at > due_at),
    sent_at    BIGINT,
    ended_at   BIGINT,
    CHECK ((state IN ('waiting', 'inbox')) = (content IS NOT NULL)),
    CHECK ((addressee IS NULL) = (content IS NULL)),
    CHECK ((state IN ('delivered', 'failed', 'expired')) = (ended_at IS NOT NULL))
);
INSERT INTO message_new (id, channel, kind, person, about, cause, addressee, content, state, tries, carrier, reference, problem, created_at, due_at, expires_at,
    sent_at, ended_at)
SELECT id, channel, kind, '', '', '', CASE WHEN content IS NOT NULL THEN addressee END, content, state, tries, '', reference, '', created_at, created_at,
    expires_at, sent_at, CASE WHEN state = 'expired' THEN expires_at END FROM message;
DROP TABLE message;
ALTER TABLE message_new RENAME TO message;
CREATE INDEX message_inbox ON message (id) WHERE state = 'inbox';
CREATE UNIQUE INDEX message_once ON message (cause, person) WHERE cause <> '';
CREATE INDEX message_person ON message (person, id) WHERE person <> '';
CREATE INDEX message_about ON message (about, id) WHERE about <> '';
CREATE INDEX message_reference ON message (carrier, reference) WHERE reference <> '';

-- Where else than by telephone a person may be reached. It counts once it is confirmed; until then it holds the digest of the code that was
-- sent there.
CREATE TABLE contact (
    person       TEXT NOT NULL REFERENCES person (id),
    channel      TEXT NOT NULL CHECK (channel IN ('email', 'wechat')),
    address      BYTEA NOT NULL,
    digest       BYTEA,
    tries        BIGINT NOT NULL CHECK (tries >= 0),
    asked_at     BIGINT NOT NULL,
    confirmed_at BIGINT,
    PRIMARY KEY (person, channel),
    CHECK ((digest IS NULL) = (confirmed_at IS NOT NULL))
);

-- By which way a person wants to be told what happens; 'none' tells nothing.
CREATE TABLE contact_choice (
    person  TEXT PRIMARY KEY NOT NULL REFERENCES person (id),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'email', 'wechat', 'none'))
);
