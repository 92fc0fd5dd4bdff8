-- +goose Up
-- A line of a passbook that was printed, by the code beside it. The code follows from the anchor under the city's key.
CREATE TABLE printed_line (
    code       TEXT PRIMARY KEY NOT NULL CHECK (code <> ''),
    anchor     TEXT NOT NULL CHECK (anchor <> ''),
    printed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Blank slips that a station printed for a day without computers.
CREATE TABLE slip_batch (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    point      TEXT NOT NULL REFERENCES service_point (id),
    region     TEXT NOT NULL REFERENCES region (id),
    printed_by TEXT NOT NULL CHECK (printed_by <> ''),
    printed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX slip_batch_point ON slip_batch (point, id);

-- A slip is used once. order_id is what its words became.
CREATE TABLE slip (
    code     TEXT PRIMARY KEY NOT NULL CHECK (code <> ''),
    batch    TEXT NOT NULL REFERENCES slip_batch (id),
    n        INTEGER NOT NULL CHECK (n > 0),
    kind     TEXT NOT NULL CHECK (kind IN ('order', 'visit')),
    state    TEXT NOT NULL CHECK (state IN ('open', 'used', 'void')),
    order_id TEXT NOT NULL,
    ended_by TEXT NOT NULL,
    ended_at INTEGER,
    reason   TEXT NOT NULL,
    UNIQUE (batch, n),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((state = 'used') = (order_id <> '')),
    CHECK ((state = 'void') = (reason <> ''))
) STRICT, WITHOUT ROWID;
