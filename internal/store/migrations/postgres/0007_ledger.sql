-- +goose Up
-- An account is found by (owner, class, bucket) and named by its row number inside the database, where narrow rows keep the book small.
CREATE TABLE account (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      TEXT NOT NULL CHECK (owner <> ''),
    class      TEXT NOT NULL CHECK (class IN (
        'saved', 'grant', 'donated', 'group', 'campaign', 'pool', 'fund', 'issuer',
        'retired', 'recovery', 'adjustment')),
    bucket     TEXT NOT NULL,
    balance    BIGINT NOT NULL,
    held       BIGINT NOT NULL CHECK (held >= 0),
    frozen     BIGINT NOT NULL CHECK (frozen IN (0, 1)),
    pseudonym  BYTEA NOT NULL CHECK (length(pseudonym) = 16),
    expires_on TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,
    CONSTRAINT account_floor CHECK (balance >= held OR class IN ('issuer', 'recovery')),
    CONSTRAINT account_debt CHECK (balance <= 0 OR class <> 'recovery')
);
CREATE UNIQUE INDEX account_key ON account (owner, class, bucket);
CREATE INDEX account_expiry ON account (expires_on) WHERE expires_on <> '';

CREATE TABLE ledger_tx (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             TEXT NOT NULL CHECK (length(id) = 26),
    number         BIGINT CHECK (number >= 0),
    reason         TEXT NOT NULL CHECK (reason IN (
        'service', 'over_cap', 'grant', 'grant_expire', 'issue', 'transfer', 'donate', 'honour',
        'fund_claim', 'adjust', 'reverse', 'repay', 'close_heir', 'close_pool', 'retire')),
    ref            TEXT NOT NULL,
    reverses       TEXT,
    service        TEXT NOT NULL,
    grade          TEXT NOT NULL,
    region         TEXT NOT NULL,
    region_to      TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    occurred_at    BIGINT NOT NULL,
    recorded_at    BIGINT NOT NULL,
    day            TEXT NOT NULL CHECK (length(day) = 10),
    actor          TEXT NOT NULL CHECK (actor <> ''),
    note           TEXT NOT NULL,
    salt           BYTEA CHECK (length(salt) = 32),
    private_hash   BYTEA CHECK (length(private_hash) = 32),
    leaf           BYTEA NOT NULL CHECK (length(leaf) = 32),
    CONSTRAINT ledger_tx_erasure CHECK ((salt IS NULL) <> (private_hash IS NULL)),
    CONSTRAINT ledger_tx_reversal CHECK ((reason = 'reverse') = (reverses IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_tx_id ON ledger_tx (id);
CREATE INDEX ledger_tx_ref ON ledger_tx (ref) WHERE ref <> '';
CREATE UNIQUE INDEX ledger_tx_reverses ON ledger_tx (reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX ledger_tx_number ON ledger_tx (number) WHERE number IS NOT NULL;
CREATE INDEX ledger_tx_unnumbered ON ledger_tx (seq) WHERE number IS NULL;

-- One transfer. Its accounts and its transaction are not foreign keys: on PostgreSQL each would take a share lock on the pool's row,
-- and the book writes them in one transaction anyway. What is missing is found by verify.
CREATE TABLE ledger_entry (
    tx          BIGINT NOT NULL,
    n           BIGINT NOT NULL CHECK (n >= 0),
    reason      TEXT NOT NULL CHECK (reason IN (
        'service', 'over_cap', 'grant', 'grant_expire', 'issue', 'transfer', 'donate', 'honour',
        'fund_claim', 'adjust', 'reverse', 'repay', 'close_heir', 'close_pool', 'retire')),
    source      BIGINT NOT NULL,
    destination BIGINT NOT NULL CHECK (destination <> source),
    minutes     BIGINT NOT NULL CHECK (minutes > 0),
    PRIMARY KEY (tx, n)
);
CREATE INDEX ledger_entry_source ON ledger_entry (source, tx, n);
CREATE INDEX ledger_entry_destination ON ledger_entry (destination, tx, n);

-- Open holds only: a hold that is paid or released is deleted, and the book says what became of it.
CREATE TABLE hold (
    ref        TEXT NOT NULL CHECK (ref <> ''),
    n          BIGINT NOT NULL CHECK (n >= 0),
    account    BIGINT NOT NULL,
    minutes    BIGINT NOT NULL CHECK (minutes > 0),
    reason     TEXT NOT NULL CHECK (reason <> ''),
    expires_at BIGINT,
    held_at    BIGINT NOT NULL,
    PRIMARY KEY (ref, n)
);
CREATE INDEX hold_account ON hold (account, ref, n);

CREATE TABLE pending_posting (
    id             TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    reason         TEXT NOT NULL CHECK (reason IN (
        'service', 'over_cap', 'grant', 'grant_expire', 'issue', 'transfer', 'donate', 'honour',
        'fund_claim', 'adjust', 'reverse', 'repay', 'close_heir', 'close_pool', 'retire')),
    from_owner     TEXT NOT NULL CHECK (from_owner <> ''),
    from_class     TEXT NOT NULL,
    from_bucket    TEXT NOT NULL,
    to_owner       TEXT NOT NULL CHECK (to_owner <> ''),
    to_class       TEXT NOT NULL,
    to_bucket      TEXT NOT NULL,
    minutes        BIGINT NOT NULL CHECK (minutes > 0),
    cap            BIGINT NOT NULL CHECK (cap >= 0),
    over_owner     TEXT NOT NULL,
    over_class     TEXT NOT NULL,
    over_bucket    TEXT NOT NULL,
    ref            TEXT NOT NULL,
    service        TEXT NOT NULL,
    grade          TEXT NOT NULL,
    region         TEXT NOT NULL,
    region_to      TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    occurred_at    BIGINT NOT NULL,
    actor          TEXT NOT NULL CHECK (actor <> ''),
    note           TEXT NOT NULL,
    due_at         BIGINT NOT NULL,
    recorded_at    BIGINT NOT NULL
);
CREATE INDEX pending_posting_from ON pending_posting (from_owner);
CREATE INDEX pending_posting_to ON pending_posting (to_owner);

CREATE TRIGGER account_same BEFORE UPDATE OF seq, owner, class, bucket, pseudonym, opened_at ON account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_tx_no_update BEFORE UPDATE OF seq, id, reason, ref, reverses, service, grade, region, region_to, policy_version, occurred_at, recorded_at, day, actor, note, leaf ON ledger_tx
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_tx_number_once BEFORE UPDATE OF number ON ledger_tx
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_tx_erase_only BEFORE UPDATE OF salt, private_hash ON ledger_tx
    FOR EACH ROW WHEN (OLD.salt IS NULL OR NEW.salt IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_tx_no_delete BEFORE DELETE ON ledger_tx
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
