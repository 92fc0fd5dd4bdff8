-- +goose Up
CREATE TABLE service_order (
    id             TEXT PRIMARY KEY NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('submitted', 'published', 'accepted', 'in_service', 'awaiting', 'confirmed', 'settled',
                                                  'closed', 'cancelled', 'disputed', 'void', 'fund')),
    since          INTEGER NOT NULL,
    phase          INTEGER NOT NULL CHECK (phase IN (0, 1, 2)),
    item           TEXT NOT NULL,
    item_version   INTEGER NOT NULL CHECK (item_version > 0),
    recipient      TEXT NOT NULL,
    placed_by      TEXT NOT NULL,
    placed_as      TEXT NOT NULL CHECK (placed_as IN ('self', 'kin', 'station')),
    payer          TEXT NOT NULL,
    region         TEXT NOT NULL,
    class          TEXT NOT NULL,
    urgency        TEXT NOT NULL CHECK (urgency IN ('everyday', 'within_day', 'at_once')),
    start_at       INTEGER NOT NULL,
    minutes        INTEGER NOT NULL CHECK (minutes > 0),
    volunteers     INTEGER NOT NULL CHECK (volunteers > 0),
    lat_e6         INTEGER NOT NULL,
    lon_e6         INTEGER NOT NULL,
    check_code     TEXT NOT NULL,
    funding        TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    submitted_at   INTEGER NOT NULL,
    level          TEXT NOT NULL CHECK (level IN ('community', 'street', 'district', 'city', 'fund')),
    level_since    INTEGER NOT NULL,
    waits_for      TEXT NOT NULL CHECK (waits_for IN ('', 'funding', 'review', 'volunteer', 'service', 'confirmation', 'follow_up',
                                                      'credit', 'decision', 'provider')),
    confirmed_by   TEXT NOT NULL DEFAULT '' CHECK (confirmed_by IN ('', 'recipient', 'kin', 'station', 'time_out', 'fund')),
    confirmed_at   INTEGER,
    settled_at     INTEGER,
    settled_by     TEXT NOT NULL DEFAULT '',
    outcome        TEXT NOT NULL DEFAULT '',
    reason         TEXT NOT NULL DEFAULT '',
    CHECK (state NOT IN ('settled', 'closed') OR settled_at IS NOT NULL),
    CHECK (phase = CASE state WHEN 'settled' THEN 2 WHEN 'closed' THEN 0 WHEN 'cancelled' THEN 0 WHEN 'void' THEN 0 ELSE 1 END)
) STRICT;
CREATE INDEX service_order_open ON service_order (region, start_at) WHERE phase = 1;
CREATE INDEX service_order_recipient ON service_order (recipient, id);
CREATE INDEX service_order_settled ON service_order (settled_at) WHERE phase = 2;

CREATE TABLE assignment (
    id             TEXT PRIMARY KEY NOT NULL,
    order_id       TEXT NOT NULL,
    volunteer      TEXT NOT NULL,
    team           TEXT NOT NULL,
    how            TEXT NOT NULL CHECK (how IN ('claimed', 'dispatched', 'paper')),
    state          TEXT NOT NULL CHECK (state IN ('offered', 'accepted', 'checked_in', 'checked_out', 'settled', 'withdrawn', 'no_show', 'void')),
    recipient      TEXT NOT NULL,
    region         TEXT NOT NULL,
    start_at       INTEGER NOT NULL,
    end_at         INTEGER NOT NULL,
    in_at          INTEGER,
    out_at         INTEGER,
    minutes        INTEGER NOT NULL DEFAULT 0 CHECK (minutes >= 0),
    credit         INTEGER NOT NULL DEFAULT 0 CHECK (credit >= 0),
    grade          TEXT NOT NULL DEFAULT '' CHECK (grade IN ('', 'both', 'one', 'station', 'paper')),
    flags          TEXT NOT NULL DEFAULT '',
    proof          INTEGER NOT NULL DEFAULT 0,
    CHECK (end_at > start_at),
    CHECK (out_at IS NULL OR in_at IS NOT NULL AND out_at >= in_at)
) STRICT;
CREATE INDEX assignment_order ON assignment (order_id);
CREATE INDEX assignment_volunteer ON assignment (volunteer, start_at);

CREATE TABLE evidence (
    seq         INTEGER PRIMARY KEY,
    order_id    TEXT NOT NULL,
    assignment  TEXT NOT NULL,
    moment      TEXT NOT NULL CHECK (moment IN ('check_in', 'check_out', 'confirm')),
    methods     TEXT NOT NULL CHECK (methods <> ''),
    actor       TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    distance    INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_order ON evidence (order_id);

CREATE TABLE fund_claim (
    order_id    TEXT PRIMARY KEY NOT NULL,
    provider    TEXT NOT NULL CHECK (provider <> ''),
    document    TEXT NOT NULL CHECK (document <> ''),
    minutes     INTEGER NOT NULL CHECK (minutes > 0),
    claimed_by  TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agreement (
    recipient  TEXT NOT NULL,
    item       TEXT NOT NULL,
    document   TEXT NOT NULL CHECK (document <> ''),
    signed_on  TEXT NOT NULL,
    PRIMARY KEY (recipient, item)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
-- +goose StatementEnd
