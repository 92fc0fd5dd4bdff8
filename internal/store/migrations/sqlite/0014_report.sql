-- +goose Up
-- The figures of months that are over, as they were last computed, and what a night found to be different from the night before.
CREATE TABLE month_figure (
    month       TEXT NOT NULL CHECK (length(month) = 7),
    place       TEXT NOT NULL CHECK (place <> ''),
    figure      TEXT NOT NULL CHECK (figure <> ''),
    value       INTEGER NOT NULL,
    computed_at INTEGER NOT NULL,
    PRIMARY KEY (month, place, figure)
) STRICT, WITHOUT ROWID;

CREATE TABLE figure_difference (
    id       TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),
    month    TEXT NOT NULL CHECK (length(month) IN (0, 7)),
    place    TEXT NOT NULL CHECK (place <> ''),
    figure   TEXT NOT NULL CHECK (figure <> ''),
    was      INTEGER NOT NULL,
    is_now   INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    CHECK (was <> is_now)
) STRICT, WITHOUT ROWID;
