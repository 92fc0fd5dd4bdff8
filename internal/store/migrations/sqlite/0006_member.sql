-- +goose Up
-- An index of sealed text is kept as text too, because keys of a set are text on both engines.
CREATE TABLE person (
    id            TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    actor         TEXT NOT NULL UNIQUE REFERENCES actor (id),
    name          BLOB NOT NULL,
    id_number     BLOB NOT NULL,
    id_index      TEXT NOT NULL CHECK (length(id_index) = 22),
    phone         BLOB,
    phone_index   TEXT NOT NULL,
    birth         TEXT NOT NULL CHECK (length(birth) = 10),
    sex           TEXT NOT NULL CHECK (sex IN ('male', 'female')),
    region        TEXT NOT NULL CHECK (region <> ''),
    lat_e6        INTEGER CHECK (lat_e6 BETWEEN -90000000 AND 90000000),
    lon_e6        INTEGER CHECK (lon_e6 BETWEEN -180000000 AND 180000000),
    state         TEXT NOT NULL CHECK (state IN ('active', 'left', 'dead')),
    ended_on      TEXT NOT NULL,
    heir          TEXT NOT NULL CHECK (heir <> id),
    registered_at INTEGER NOT NULL,
    CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL)),
    CHECK ((phone IS NULL) = (phone_index = '')),
    CHECK ((state = 'active') = (ended_on = ''))
) STRICT;
CREATE UNIQUE INDEX person_id_index ON person (id_index);
CREATE INDEX person_phone_index ON person (phone_index) WHERE phone_index <> '';
CREATE INDEX person_region ON person (region);

CREATE TABLE address (
    person    TEXT NOT NULL REFERENCES person (id),
    from_day  TEXT NOT NULL CHECK (length(from_day) = 10),
    until_day TEXT NOT NULL CHECK (until_day > from_day),
    region    TEXT NOT NULL CHECK (region <> ''),
    address   BLOB,
    lat_e6    INTEGER,
    lon_e6    INTEGER,
    CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL)),
    PRIMARY KEY (person, from_day)
) STRICT, WITHOUT ROWID;

CREATE TABLE recipient (
    person            TEXT PRIMARY KEY NOT NULL REFERENCES person (id),
    state             TEXT NOT NULL CHECK (state IN ('applied', 'approved', 'rejected', 'left', 'dead')),
    applied_at        INTEGER NOT NULL,
    reviewed_at       INTEGER,
    reviewed_by       TEXT NOT NULL,
    reason            TEXT NOT NULL,
    lives_alone       INTEGER NOT NULL CHECK (lives_alone IN (0, 1)),
    children_near     INTEGER NOT NULL CHECK (children_near IN (0, 1)),
    allowance         INTEGER NOT NULL CHECK (allowance IN (0, 1)),
    disability        TEXT NOT NULL CHECK (disability IN ('none', 'half', 'full')),
    rural_left_behind INTEGER NOT NULL CHECK (rural_left_behind IN (0, 1)),
    hardship          INTEGER NOT NULL CHECK (hardship IN (0, 1)),
    key_elder         INTEGER NOT NULL CHECK (key_elder IN (0, 1)),
    basis             TEXT NOT NULL,
    policy_version    TEXT NOT NULL,
    CHECK (key_elder = 0 OR basis <> ''),
    CHECK (state <> 'approved' OR reviewed_by <> '')
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_key_elder ON recipient (person) WHERE key_elder = 1 AND state = 'approved';

CREATE TABLE volunteer (
    person          TEXT PRIMARY KEY NOT NULL REFERENCES person (id),
    state           TEXT NOT NULL CHECK (state IN ('applied', 'reviewed', 'studying', 'certified', 'suspended', 'rejected', 'left')),
    applied_at      INTEGER NOT NULL,
    reviews         INTEGER NOT NULL CHECK (reviews >= 0),
    reviewers       TEXT NOT NULL,
    guardian        TEXT NOT NULL CHECK (guardian <> person),
    reason          TEXT NOT NULL,
    certified_at    INTEGER,
    suspended_until INTEGER,
    suspended_for   TEXT NOT NULL,
    CHECK ((state = 'suspended') = (suspended_until IS NOT NULL)),
    CHECK (state NOT IN ('certified', 'suspended') OR certified_at IS NOT NULL),
    CHECK (state NOT IN ('studying', 'certified') OR reviews > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE no_show (
    volunteer TEXT NOT NULL REFERENCES volunteer (person),
    at        INTEGER NOT NULL,
    PRIMARY KEY (volunteer, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE kin (
    person      TEXT NOT NULL REFERENCES person (id),
    relative    TEXT NOT NULL REFERENCES person (id),
    relation    TEXT NOT NULL CHECK (relation IN ('spouse', 'parent', 'child', 'grandparent', 'grandchild')),
    state       TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed')),
    delegate    INTEGER NOT NULL CHECK (delegate IN (0, 1)),
    agreed      INTEGER NOT NULL CHECK (agreed IN (0, 1)),
    agreed_by   TEXT NOT NULL,
    CHECK (person <> relative),
    CHECK (state = 'proposed' OR agreed = 1),
    CHECK (delegate = 0 OR state = 'confirmed'),
    PRIMARY KEY (person, relative)
) STRICT, WITHOUT ROWID;

CREATE TABLE team (
    id         TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    name       TEXT NOT NULL CHECK (name <> ''),
    kind       TEXT NOT NULL CHECK (kind IN ('company', 'school', 'team')),
    region     TEXT NOT NULL CHECK (region <> ''),
    manager    TEXT NOT NULL REFERENCES person (id),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX team_region ON team (region);

CREATE TABLE team_member (
    team     TEXT NOT NULL REFERENCES team (id),
    person   TEXT NOT NULL REFERENCES volunteer (person),
    from_at  INTEGER NOT NULL,
    until_at INTEGER CHECK (until_at >= from_at),
    PRIMARY KEY (team, person, from_at)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX team_member_now ON team_member (person, team) WHERE until_at IS NULL;

CREATE TABLE service_point (
    id        TEXT PRIMARY KEY NOT NULL CHECK (id <> ''),
    name      TEXT NOT NULL CHECK (name <> ''),
    kind      TEXT NOT NULL CHECK (kind IN ('community', 'street', 'organisation')),
    region    TEXT NOT NULL CHECK (region <> ''),
    lat_e6    INTEGER CHECK (lat_e6 BETWEEN -90000000 AND 90000000),
    lon_e6    INTEGER CHECK (lon_e6 BETWEEN -180000000 AND 180000000),
    opened_at INTEGER NOT NULL,
    CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX service_point_name ON service_point (region, name);

CREATE TABLE consent (
    person       TEXT NOT NULL REFERENCES person (id),
    purpose      TEXT NOT NULL CHECK (purpose IN ('identity', 'location', 'health', 'allowance', 'kin', 'credit', 'honour')),
    granted_at   INTEGER NOT NULL,
    granted_by   TEXT NOT NULL CHECK (granted_by <> ''),
    withdrawn_at INTEGER CHECK (withdrawn_at >= granted_at),
    withdrawn_by TEXT NOT NULL,
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by = '')),
    PRIMARY KEY (person, purpose, granted_at)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX consent_now ON consent (person, purpose) WHERE withdrawn_at IS NULL;
