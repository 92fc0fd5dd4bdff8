-- +goose Up
-- Until when a volunteer who is asked can answer (answer_by); the timer of an order is due when the first of them is.
-- A place that the end of an order took from a volunteer is not one that the volunteer gave back; SQLite cannot change a CHECK.
CREATE TABLE assignment_new (
    id             TEXT PRIMARY KEY NOT NULL,
    order_id       TEXT NOT NULL,
    volunteer      TEXT NOT NULL,
    team           TEXT NOT NULL,
    how            TEXT NOT NULL CHECK (how IN ('claimed', 'dispatched', 'paper')),
    state          TEXT NOT NULL CHECK (state IN ('offered', 'accepted', 'checked_in', 'checked_out', 'settled', 'withdrawn', 'called_off', 'no_show',
                                                  'void')),
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
    answer_by      INTEGER,
    CHECK (end_at > start_at),
    CHECK (out_at IS NULL OR in_at IS NOT NULL AND out_at >= in_at)
) STRICT;
INSERT INTO assignment_new (id, order_id, volunteer, team, how, state, recipient, region, start_at, end_at, in_at, out_at, minutes, credit, grade, flags, proof)
SELECT id, order_id, volunteer, team, how, state, recipient, region, start_at, end_at, in_at, out_at, minutes, credit, grade, flags, proof FROM assignment
ORDER BY rowid;
DROP TABLE assignment;
ALTER TABLE assignment_new RENAME TO assignment;
UPDATE assignment SET answer_by = (SELECT t.due FROM timer t WHERE t.kind = 'order.offer_expire' AND t.ref = assignment.order_id) WHERE state = 'offered';
CREATE INDEX assignment_order ON assignment (order_id);
CREATE INDEX assignment_volunteer ON assignment (volunteer, start_at);
