-- +goose Up
CREATE TABLE audit (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      BIGINT CHECK (number >= 0),
    recorded_at BIGINT NOT NULL,
    actor       TEXT NOT NULL CHECK (actor <> ''),
    on_behalf   TEXT NOT NULL,
    action      TEXT NOT NULL CHECK (action <> ''),
    kind        TEXT NOT NULL,
    ref         TEXT NOT NULL,
    region      TEXT NOT NULL,
    before      TEXT NOT NULL,
    after       TEXT NOT NULL,
    origin      TEXT NOT NULL,
    digest      BYTEA NOT NULL CHECK (length(digest) = 32)
);
CREATE INDEX audit_ref ON audit (ref);
CREATE UNIQUE INDEX audit_number ON audit (number) WHERE number IS NOT NULL;
CREATE INDEX audit_unnumbered ON audit (seq) WHERE number IS NULL;

CREATE TABLE timer (
    seq       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind <> ''),
    ref       TEXT NOT NULL CHECK (ref <> ''),
    due       BIGINT NOT NULL,
    arg       TEXT NOT NULL,
    parked_at BIGINT,
    problem   TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX timer_ref ON timer (ref, kind);
CREATE INDEX timer_due ON timer (due, seq) WHERE parked_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_no_update BEFORE UPDATE OF seq, recorded_at, actor, on_behalf, action, kind, ref, region, before, after, origin, digest ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_number_once BEFORE UPDATE OF number ON audit
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
