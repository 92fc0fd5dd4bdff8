-- +goose Up
-- What a session may do follows from how its holder signed in.
ALTER TABLE session ADD COLUMN grade TEXT NOT NULL DEFAULT 'open' CHECK (grade IN ('open', 'citizen', 'staff', 'card'));
ALTER TABLE session ADD COLUMN behalf TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN stepped_up_until BIGINT;

-- Addressee and content are sealed, and the content is gone once a carrier has taken it.
CREATE TABLE message (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    channel    TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
    kind       TEXT NOT NULL CHECK (kind <> ''),
    addressee  BYTEA NOT NULL,
    content    BYTEA,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'inbox', 'sent', 'expired')),
    tries      BIGINT NOT NULL CHECK (tries >= 0),
    reference  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > created_at),
    sent_at    BIGINT,
    CHECK ((state IN ('waiting', 'inbox')) = (content IS NOT NULL))
);
CREATE INDEX message_inbox ON message (id) WHERE state = 'inbox';

-- How often something was tried lately. The subject is a keyed index of a number, a device or an address.
CREATE TABLE signin_limit (
    scope   TEXT NOT NULL CHECK (scope <> ''),
    subject TEXT NOT NULL CHECK (subject <> ''),
    hits    BIGINT NOT NULL CHECK (hits >= 0),
    last_at BIGINT NOT NULL,
    PRIMARY KEY (scope, subject)
);

-- A ticket is something that is shown once: a code, a choice, an invitation, a ceremony. Its secret is stored as a digest.
CREATE TABLE signin_ticket (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    kind       TEXT NOT NULL CHECK (kind IN ('code', 'choice', 'invitation', 'enrolment', 'passkey_new', 'passkey', 'openid')),
    subject    TEXT NOT NULL,
    digest     BYTEA NOT NULL CHECK (length(digest) IN (16, 32)),
    sealed     BYTEA,
    tries      BIGINT NOT NULL CHECK (tries >= 0),
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX signin_ticket_expires ON signin_ticket (expires_at);

-- A telephone number that nobody has registered with, and the account its holder signed in to.
CREATE TABLE signin_guest (
    phone_index TEXT PRIMARY KEY NOT NULL CHECK (length(phone_index) = 22),
    actor       TEXT NOT NULL UNIQUE REFERENCES actor (id)
);

CREATE TABLE signin_password (
    actor      TEXT PRIMARY KEY NOT NULL REFERENCES actor (id),
    login      TEXT NOT NULL UNIQUE CHECK (login <> ''),
    digest     TEXT NOT NULL CHECK (digest <> ''),
    changed_at BIGINT NOT NULL
);

CREATE TABLE signin_totp (
    actor     TEXT PRIMARY KEY NOT NULL REFERENCES actor (id),
    secret    BYTEA NOT NULL,
    last_step BIGINT NOT NULL
);

CREATE TABLE signin_recovery (
    actor   TEXT NOT NULL REFERENCES actor (id),
    digest  TEXT NOT NULL CHECK (length(digest) = 22),
    used_at BIGINT,
    PRIMARY KEY (actor, digest)
);

CREATE TABLE signin_passkey (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    actor      TEXT NOT NULL REFERENCES actor (id),
    credential BYTEA NOT NULL,
    label      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX signin_passkey_actor ON signin_passkey (actor);

CREATE TABLE signin_card (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    person     TEXT NOT NULL REFERENCES person (id),
    digest     TEXT NOT NULL UNIQUE CHECK (length(digest) = 22),
    issued_by  TEXT NOT NULL CHECK (issued_by <> ''),
    issued_at  BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX signin_card_person ON signin_card (person) WHERE revoked_at IS NULL;

CREATE TABLE signin_link (
    provider  TEXT NOT NULL CHECK (provider <> ''),
    subject   TEXT NOT NULL CHECK (subject <> ''),
    actor     TEXT NOT NULL REFERENCES actor (id),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX signin_link_actor ON signin_link (actor);
