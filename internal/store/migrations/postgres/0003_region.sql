-- +goose Up
CREATE TABLE region (
    id        TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),
    level     TEXT NOT NULL CHECK (level IN ('city', 'district', 'street', 'community')),
    lat_e6    BIGINT CHECK (lat_e6 BETWEEN -90000000 AND 90000000),
    lon_e6    BIGINT CHECK (lon_e6 BETWEEN -180000000 AND 180000000),
    from_day  TEXT NOT NULL CHECK (length(from_day) = 10),
    until_day TEXT NOT NULL CHECK (length(until_day) = 10),
    successor TEXT REFERENCES region (id),
    CHECK (from_day < until_day),
    CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL)),
    CHECK (successor IS NULL OR (successor <> id AND until_day <> '9999-12-31'))
);
CREATE UNIQUE INDEX region_one_city ON region (level) WHERE level = 'city';

CREATE TABLE region_code (
    region    TEXT NOT NULL REFERENCES region (id),
    code      TEXT NOT NULL CHECK (length(code) BETWEEN 2 AND 12),
    system    TEXT NOT NULL CHECK (system IN ('official', 'private')),
    name      TEXT NOT NULL CHECK (name <> ''),
    from_day  TEXT NOT NULL CHECK (length(from_day) = 10),
    until_day TEXT NOT NULL CHECK (length(until_day) = 10),
    PRIMARY KEY (region, from_day),
    CHECK (from_day < until_day)
);
CREATE UNIQUE INDEX region_code_began ON region_code (code, from_day);
CREATE UNIQUE INDEX region_code_open ON region_code (code) WHERE until_day = '9999-12-31';
CREATE UNIQUE INDEX region_code_one_open ON region_code (region) WHERE until_day = '9999-12-31';

CREATE TABLE region_parent (
    region    TEXT NOT NULL REFERENCES region (id),
    tree      TEXT NOT NULL CHECK (tree IN ('administrative', 'reporting')),
    parent    TEXT NOT NULL REFERENCES region (id),
    from_day  TEXT NOT NULL CHECK (length(from_day) = 10),
    until_day TEXT NOT NULL CHECK (length(until_day) = 10),
    PRIMARY KEY (region, tree, from_day),
    CHECK (region <> parent),
    CHECK (from_day < until_day)
);
CREATE UNIQUE INDEX region_parent_one_open ON region_parent (region, tree) WHERE until_day = '9999-12-31';

CREATE TABLE region_closure (
    tree       TEXT NOT NULL CHECK (tree IN ('administrative', 'reporting')),
    ancestor   TEXT NOT NULL REFERENCES region (id),
    descendant TEXT NOT NULL REFERENCES region (id),
    depth      BIGINT NOT NULL CHECK (depth BETWEEN 0 AND 3),
    from_day   TEXT NOT NULL CHECK (length(from_day) = 10),
    until_day  TEXT NOT NULL CHECK (length(until_day) = 10),
    PRIMARY KEY (tree, descendant, ancestor, from_day),
    CHECK (from_day < until_day),
    CHECK ((depth = 0) = (ancestor = descendant))
);
CREATE INDEX region_closure_ancestor ON region_closure (ancestor, from_day, until_day);

CREATE TABLE region_revision (
    only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
    revision BIGINT NOT NULL CHECK (revision >= 0)
);
INSERT INTO region_revision (only_row, revision) VALUES (1, 0);
