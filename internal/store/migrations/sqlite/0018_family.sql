-- +goose Up
-- What a relative asked for. person is '' when nobody has the number that was given: whoever asks is not told.
CREATE TABLE family_ask (
    id       TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    asker    TEXT NOT NULL REFERENCES person (id),
    asked_by TEXT NOT NULL CHECK (asked_by <> ''),
    person   TEXT NOT NULL,
    relation TEXT NOT NULL CHECK (relation IN ('spouse', 'parent', 'child', 'grandparent', 'grandchild')),
    act      INTEGER NOT NULL CHECK (act IN (0, 1)),
    message  INTEGER NOT NULL CHECK (message IN (0, 1)),
    asked_at INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'agreed', 'refused', 'withdrawn')),
    ended_at INTEGER,
    CHECK (asker <> person),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX family_ask_asker ON family_ask (asker, asked_at);
CREATE INDEX family_ask_waiting ON family_ask (person) WHERE state = 'waiting' AND person <> '';

-- One side's yes to messages between two relatives; they pass while both sides have one.
CREATE TABLE family_line (
    person    TEXT NOT NULL REFERENCES person (id),
    relative  TEXT NOT NULL REFERENCES person (id),
    opened_at INTEGER NOT NULL,
    opened_by TEXT NOT NULL CHECK (opened_by <> ''),
    CHECK (person <> relative),
    PRIMARY KEY (person, relative)
) STRICT, WITHOUT ROWID;

-- The words are sealed, and gone once the message is taken back.
CREATE TABLE family_message (
    id           TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    sender       TEXT NOT NULL REFERENCES person (id),
    receiver     TEXT NOT NULL REFERENCES person (id),
    order_id     TEXT NOT NULL,
    words        BLOB,
    sent_at      INTEGER NOT NULL,
    seen_at      INTEGER CHECK (seen_at >= sent_at),
    withdrawn_at INTEGER CHECK (withdrawn_at >= sent_at),
    CHECK (sender <> receiver),
    CHECK ((words IS NULL) = (withdrawn_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX family_message_receiver ON family_message (receiver, id);
CREATE INDEX family_message_sender ON family_message (sender, id);

-- Where a service point is called; '' means the city's own number.
ALTER TABLE service_point ADD COLUMN phone TEXT NOT NULL DEFAULT '';
