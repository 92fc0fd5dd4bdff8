-- +goose Up
CREATE TABLE rating (
    order_id  TEXT NOT NULL,
    rater     TEXT NOT NULL,
    ratee     TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('of_volunteer', 'of_recipient')),
    region    TEXT NOT NULL,
    stars     BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    tags      TEXT NOT NULL,
    words     BYTEA,
    rated_by  TEXT NOT NULL,
    rated_at  BIGINT NOT NULL,
    PRIMARY KEY (order_id, rater, ratee),
    CHECK (rater <> ratee)
);
CREATE INDEX rating_ratee ON rating (ratee);

-- +goose StatementBegin
CREATE TRIGGER rating_no_update BEFORE UPDATE ON rating
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- +goose StatementEnd

CREATE TABLE follow_up (
    order_id  TEXT PRIMARY KEY NOT NULL,
    recipient TEXT NOT NULL,
    region    TEXT NOT NULL,
    cause     TEXT NOT NULL CHECK (cause IN ('one_sided', 'proxy', 'first_visits', 'sample')),
    state     TEXT NOT NULL CHECK (state IN ('open', 'done')),
    opened_at BIGINT NOT NULL,
    due_at    BIGINT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    result    TEXT NOT NULL DEFAULT '' CHECK (result IN ('', 'ok', 'problem', 'unreachable')),
    note      TEXT NOT NULL DEFAULT '',
    complaint TEXT NOT NULL DEFAULT '',
    done_by   TEXT NOT NULL DEFAULT '',
    done_at   BIGINT,
    CHECK (state = 'open' OR result <> '' AND done_by <> '' AND done_at IS NOT NULL),
    CHECK (complaint = '' OR result = 'problem')
);
CREATE INDEX follow_up_open ON follow_up (region, due_at) WHERE state = 'open';

CREATE TABLE complaint (
    id             TEXT PRIMARY KEY NOT NULL,
    order_id       TEXT NOT NULL,
    complainant    TEXT NOT NULL,
    filed_by       TEXT NOT NULL,
    filed_at       BIGINT NOT NULL,
    region         TEXT NOT NULL,
    category       TEXT NOT NULL CHECK (category <> ''),
    words          BYTEA,
    state          TEXT NOT NULL CHECK (state IN ('open', 'decided')),
    level          TEXT NOT NULL CHECK (level IN ('community', 'street', 'district', 'city')),
    level_since    BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,
    decision       TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'release', 'reverse')),
    reason         TEXT NOT NULL DEFAULT '',
    decided_by     TEXT NOT NULL DEFAULT '',
    decided_at     BIGINT,
    appealed_at    BIGINT,
    appeal_words   BYTEA,
    first_decision TEXT NOT NULL DEFAULT '' CHECK (first_decision IN ('', 'release', 'reverse')),
    first_by       TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'decided') = (decision <> '')),
    CHECK (decision = '' OR reason <> '' AND decided_by <> '' AND decided_at IS NOT NULL),
    CHECK ((appealed_at IS NULL) = (first_by = '')),
    CHECK (decided_by = '' OR decided_by <> first_by),
    UNIQUE (order_id, complainant)
);
CREATE UNIQUE INDEX complaint_one_open ON complaint (order_id) WHERE state = 'open';
CREATE INDEX complaint_open ON complaint (region, due_at) WHERE state = 'open';
