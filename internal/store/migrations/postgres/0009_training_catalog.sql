-- +goose Up
CREATE TABLE course (
    code         TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    name_zh      TEXT NOT NULL CHECK (name_zh <> ''),
    name_en      TEXT NOT NULL CHECK (name_en <> ''),
    minutes      BIGINT NOT NULL CHECK (minutes > 0),
    certifies    BIGINT NOT NULL CHECK (certifies IN (0, 1)),
    valid_months BIGINT NOT NULL CHECK (valid_months >= 0),
    recorded_at  BIGINT NOT NULL
);

CREATE TABLE attendance (
    volunteer   TEXT NOT NULL CHECK (volunteer <> ''),
    course      TEXT NOT NULL REFERENCES course (code),
    session     TEXT NOT NULL CHECK (session <> ''),
    mode        TEXT NOT NULL CHECK (mode IN ('online', 'offline')),
    minutes     BIGINT NOT NULL CHECK (minutes > 0),
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL CHECK (recorded_at >= occurred_at),
    PRIMARY KEY (volunteer, course, session)
);

CREATE TABLE exam (
    volunteer   TEXT NOT NULL CHECK (volunteer <> ''),
    course      TEXT NOT NULL REFERENCES course (code),
    occurred_at BIGINT NOT NULL,
    score       BIGINT NOT NULL CHECK (score BETWEEN 0 AND 100),
    recorded_at BIGINT NOT NULL CHECK (recorded_at >= occurred_at),
    PRIMARY KEY (volunteer, course, occurred_at)
);

CREATE TABLE course_certificate (
    volunteer   TEXT NOT NULL CHECK (volunteer <> ''),
    course      TEXT NOT NULL REFERENCES course (code),
    exam_at     BIGINT NOT NULL,
    issued_at   BIGINT NOT NULL CHECK (issued_at >= exam_at),
    valid_until BIGINT CHECK (valid_until > exam_at),
    PRIMARY KEY (volunteer, course, exam_at)
);

CREATE TABLE service_item (
    code        TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    recorded_at BIGINT NOT NULL
);

CREATE TABLE service_item_version (
    id              TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
    revision        BIGINT NOT NULL PRIMARY KEY CHECK (revision > 0),
    code            TEXT NOT NULL REFERENCES service_item (code),
    version         BIGINT NOT NULL CHECK (version > 0),
    state           TEXT NOT NULL CHECK (state IN ('published', 'withdrawn')),
    effective_from  BIGINT NOT NULL,
    published_at    BIGINT NOT NULL CHECK (published_at <= effective_from),
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
    volunteers      BIGINT NOT NULL CHECK (volunteers BETWEEN 1 AND 20),
    course          TEXT REFERENCES course (code),
    family_presence BIGINT NOT NULL CHECK (family_presence IN (0, 1)),
    agreement       BIGINT NOT NULL CHECK (agreement IN (0, 1)),
    insurance       BIGINT NOT NULL CHECK (insurance IN (0, 1)),
    shortest        BIGINT NOT NULL CHECK (shortest > 0),
    usual           BIGINT NOT NULL CHECK (usual >= shortest),
    longest         BIGINT NOT NULL CHECK (longest >= usual),
    from_hour       BIGINT NOT NULL CHECK (from_hour >= 0),
    until_hour      BIGINT NOT NULL CHECK (until_hour > from_hour AND until_hour <= 24),
    steps           TEXT NOT NULL,
    outcomes        TEXT NOT NULL,
    UNIQUE (code, version)
);

CREATE TRIGGER attendance_no_change BEFORE UPDATE OR DELETE ON attendance FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER exam_no_change BEFORE UPDATE OR DELETE ON exam FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER course_certificate_no_change BEFORE UPDATE OR DELETE ON course_certificate FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER service_item_version_no_change BEFORE UPDATE OR DELETE ON service_item_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
