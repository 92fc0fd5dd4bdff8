-- +goose Up
CREATE TABLE course (
    code         TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    name_zh      TEXT NOT NULL CHECK (name_zh <> ''),
    name_en      TEXT NOT NULL CHECK (name_en <> ''),
    minutes      INTEGER NOT NULL CHECK (minutes > 0),
    certifies    INTEGER NOT NULL CHECK (certifies IN (0, 1)),
    valid_months INTEGER NOT NULL CHECK (valid_months >= 0),
    recorded_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attendance (
    volunteer   TEXT NOT NULL CHECK (volunteer <> ''),
    course      TEXT NOT NULL REFERENCES course (code),
    session     TEXT NOT NULL CHECK (session <> ''),
    mode        TEXT NOT NULL CHECK (mode IN ('online', 'offline')),
    minutes     INTEGER NOT NULL CHECK (minutes > 0),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL CHECK (recorded_at >= occurred_at),
    PRIMARY KEY (volunteer, course, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE exam (
    volunteer   TEXT NOT NULL CHECK (volunteer <> ''),
    course      TEXT NOT NULL REFERENCES course (code),
    occurred_at INTEGER NOT NULL,
    score       INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
    recorded_at INTEGER NOT NULL CHECK (recorded_at >= occurred_at),
    PRIMARY KEY (volunteer, course, occurred_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE course_certificate (
    volunteer   TEXT NOT NULL CHECK (volunteer <> ''),
    course      TEXT NOT NULL REFERENCES course (code),
    exam_at     INTEGER NOT NULL,
    issued_at   INTEGER NOT NULL CHECK (issued_at >= exam_at),
    valid_until INTEGER CHECK (valid_until > exam_at),
    PRIMARY KEY (volunteer, course, exam_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_item (
    code        TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE service_item_version (
    id              TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
    revision        INTEGER NOT NULL PRIMARY KEY CHECK (revision > 0),
    code            TEXT NOT NULL REFERENCES service_item (code),
    version         INTEGER NOT NULL CHECK (version > 0),
    state           TEXT NOT NULL CHECK (state IN ('published', 'withdrawn')),
    effective_from  INTEGER NOT NULL,
    published_at    INTEGER NOT NULL CHECK (published_at <= effective_from),
    published_by    TEXT NOT NULL CHECK (published_by <> ''),
    category        TEXT NOT NULL,
    class           TEXT NOT NULL,
    urgencies       TEXT NOT NULL,
    name_zh         TEXT NOT NULL CHECK (name_zh <> ''),
    name_en         TEXT NOT NULL CHECK (name_en <> ''),
    description_zh  TEXT NOT NULL,
    description_en  TEXT NOT NULL,
    never_zh        TEXT NOT NULL,
    never_en        TEXT NOT NULL,
    risk            TEXT NOT NULL CHECK (risk IN ('low', 'medium', 'high')),
    volunteers      INTEGER NOT NULL CHECK (volunteers BETWEEN 1 AND 20),
    course          TEXT REFERENCES course (code),
    family_presence INTEGER NOT NULL CHECK (family_presence IN (0, 1)),
    agreement       INTEGER NOT NULL CHECK (agreement IN (0, 1)),
    insurance       INTEGER NOT NULL CHECK (insurance IN (0, 1)),
    shortest        INTEGER NOT NULL CHECK (shortest > 0),
    usual           INTEGER NOT NULL CHECK (usual >= shortest),
    longest         INTEGER NOT NULL CHECK (longest >= usual),
    from_hour       INTEGER NOT NULL CHECK (from_hour >= 0),
    until_hour      INTEGER NOT NULL CHECK (until_hour > from_hour AND until_hour <= 24),
    steps           TEXT NOT NULL,
    outcomes        TEXT NOT NULL,
    UNIQUE (code, version)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER attendance_no_update BEFORE UPDATE ON attendance
BEGIN SELECT RAISE(ABORT, 'attendance is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attendance_no_delete BEFORE DELETE ON attendance
BEGIN SELECT RAISE(ABORT, 'attendance is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER exam_no_update BEFORE UPDATE ON exam
BEGIN SELECT RAISE(ABORT, 'exam is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER exam_no_delete BEFORE DELETE ON exam
BEGIN SELECT RAISE(ABORT, 'exam is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER course_certificate_no_update BEFORE UPDATE ON course_certificate
BEGIN SELECT RAISE(ABORT, 'course_certificate is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER course_certificate_no_delete BEFORE DELETE ON course_certificate
BEGIN SELECT RAISE(ABORT, 'course_certificate is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER service_item_version_no_update BEFORE UPDATE ON service_item_version
BEGIN SELECT RAISE(ABORT, 'service_item_version is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER service_item_version_no_delete BEFORE DELETE ON service_item_version
BEGIN SELECT RAISE(ABORT, 'service_item_version is append-only'); END;
-- +goose StatementEnd
