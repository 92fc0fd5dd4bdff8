-- +goose Up
CREATE TABLE service_order (
    id             TEXT PRIMARY KEY NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('submitted', 'published', 'accepted', 'in_service', 'awaiting', 'confirmed', 'settled',
                                                  'closed', 'cancelled', 'disputed', 'void', 'fund')),
    since          BIGINT NOT NULL,
    phase          BIGINT NOT NULL CHECK (phase IN (0, 1, 2)),
    item           TEXT NOT NULL,
    item_version   BIGINT NOT NULL CHECK (item_version > 0),
    recipient      TEXT NOT NULL,
    placed_by      TEXT NOT NULL,
    placed_as      TEXT NOT NULL CHECK (placed_as IN ('self', 'kin', 'station')),
    payer          TEXT NOT NULL,
    region         TEXT NOT NULL,
    class          TEXT NOT NULL,
    urgency        TEXT NOT NULL CHECK (urgency IN ('everyday', 'within_day', 'at_once')),
    start_at       BIGINT NOT NULL,
    minutes        BIGINT NOT NULL CHECK (minutes > 0),
    volunteers     BIGINT NOT NULL CHECK (volunteers > 0),
    lat_e6         BIGINT NOT NULL,
    lon_e6         BIGINT NOT NULL,
    check_code     TEXT NOT NULL,
    funding        TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    submitted_at   BIGINT NOT NULL,
    level          TEXT NOT NULL CHECK (level IN ('community', 'street', 'district', 'city', 'fund')),
    level_since    BIGINT NOT NULL,
    waits_for      TEXT NOT NULL CHECK (waits_for IN ('', 'funding', 'review', 'volunteer', 'service', 'confirmation', 'follow_up',
                                                      'credit', 'decision', 'provider')),
    confirmed_by   TEXT NOT NULL DEFAULT '' CHECK (confirmed_by IN ('', 'recipient', 'kin', 'station', 'time_out', 'fund')),
    confirmed_at   BIGINT,
    settled_at     BIGINT,
    settled_by     TEXT NOT NULL DEFAULT '',
    outcome        TEXT NOT NULL DEFAULT '',
    reason         TEXT NOT NULL DEFAULT '',
    CHECK (state NOT IN ('settled', 'closed') OR settled_at IS NOT NULL),
    CHECK (phase = CASE state WHEN 'settled' THEN 2 WHEN 'closed' THEN 0 WHEN 'cancelled' THEN 0 WHEN 'void' THEN 0 ELSE 1 END)
);
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
    start_at       BIGINT NOT NULL,
    end_at         BIGINT NOT NULL,
    in_at          BIGINT,
    out_at         BIGINT,
    minutes        BIGINT NOT NULL DEFAULT 0 CHECK (minutes >= 0),
    credit         BIGINT NOT NULL DEFAULT 0 CHECK (credit >= 0),
    grade          TEXT NOT NULL DEFAULT '' CHECK (grade IN ('', 'both', 'one', 'station', 'paper')),
    flags          TEXT NOT NULL DEFAULT '',
    proof          BIGINT NOT NULL DEFAULT 0,
    CHECK (end_at > start_at),
    CHECK (out_at IS NULL OR in_at IS NOT NULL AND out_at >= in_at)
);
CREATE INDEX assignment_order ON assignment (order_id);
CREATE INDEX assignment_volunteer ON assignment (volunteer, start_at);

CREATE TABLE evidence (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    TEXT NOT NULL,
    assignment  TEXT NOT NULL,
    moment      TEXT NOT NULL CHECK (moment IN ('check_in', 'check_out', 'confirm')),
    methods     TEXT NOT NULL CHECK (methods <> ''),
    actor       TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    distance    BIGINT NOT NULL
);
CREATE INDEX evidence_order ON evidence (order_id);

CREATE TABLE fund_claim (
    order_id    TEXT PRIMARY KEY NOT NULL,
    provider    TEXT NOT NULL CHECK (provider <> ''),
    document    TEXT NOT NULL CHECK (document <> ''),
    minutes     BIGINT NOT NULL CHECK (minutes > 0),
    claimed_by  TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);

CREATE TABLE agreement (
    recipient  TEXT NOT NULL,
    item       TEXT NOT NULL,
    document   TEXT NOT NULL CHECK (document <> ''),
    signed_on  TEXT NOT NULL,
    PRIMARY KEY (recipient, item)
);

-- +goose StatementBegin
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- +goose StatementEnd
