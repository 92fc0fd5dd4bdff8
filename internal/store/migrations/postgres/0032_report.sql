-- +goose Up
-- What a carrier reported of a message before we had written down that it took it; a day later it is of nobody we know.
CREATE TABLE message_report (
    carrier     TEXT NOT NULL CHECK (carrier <> ''),
    reference   TEXT NOT NULL CHECK (reference <> ''),
    delivered   BIGINT NOT NULL CHECK (delivered IN (0, 1)),
    problem     TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (carrier, reference)
);
CREATE INDEX message_report_received ON message_report (received_at);

-- Ways by which a person has said that it does not want to be reached: what a sign-in elsewhere says of them is not kept.
CREATE TABLE contact_refused (
    person  TEXT NOT NULL REFERENCES person (id),
    channel TEXT NOT NULL CHECK (channel IN ('wechat')),
    PRIMARY KEY (person, channel)
);
