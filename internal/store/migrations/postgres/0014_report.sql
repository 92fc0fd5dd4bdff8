-- +goose Up
-- The figures of months that are over, as they were last computed, and what a night found to be different from the night before.
CREATE TABLE month_figure (
    month       TEXT NOT NULL CHECK (length(month) = 7),
    place       TEXT NOT NULL CHECK (place <> ''),
    figure      TEXT NOT NULL CHECK (figure <> ''),
    value       BIGINT NOT NULL,
    computed_at BIGINT NOT NULL,
    PRIMARY KEY (month, place, figure)
);

CREATE TABLE figure_difference (
    id       TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),
    month    TEXT NOT NULL CHECK (length(month) IN (0, 7)),
    place    TEXT NOT NULL CHECK (place <> ''),
    figure   TEXT NOT NULL CHECK (figure <> ''),
    was      BIGINT NOT NULL,
    is_now   BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    CHECK (was <> is_now)
);
