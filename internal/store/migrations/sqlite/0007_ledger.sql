-- +goose Up
-- An account is found by (owner, class, bucket) and named by its row number inside the database, where narrow rows keep the book small.
CREATE TABLE account (
    seq        INTEGER PRIMARY KEY,
    owner      TEXT NOT NULL CHECK (owner <> ''),
    class      TEXT NOT NULL CHECK (class IN (
        'saved', 'grant', 'donated', 'group', 'campaign', 'pool', 'fund', 'issuer',
        'retired', 'recovery', 'adjustment')),
    bucket     TEXT NOT NULL,
    balance    INTEGER NOT NULL,
    held       INTEGER NOT NULL CHECK (held >= 0),
    frozen     INTEGER NOT NULL CHECK (frozen IN (0, 1)),
    pseudonym  BLOB NOT NULL CHECK (length(pseudonym) = 16),
    expires_on TEXT NOT NULL,
    opened_at  INTEGER NOT NULL,
    CONSTRAINT account_floor CHECK (balance >= held OR class IN ('issuer', 'recovery')),
    CONSTRAINT account_debt CHECK (balance <= 0 OR class <> 'recovery')
) STRICT;
CREATE UNIQUE INDEX account_key ON account (owner, class, bucket);
CREATE INDEX account_expiry ON account (expires_on) WHERE expires_on <> '';

CREATE TABLE ledger_tx (
    seq            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL CHECK (length(id) = 26),
    number         INTEGER CHECK (number >= 0),
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
    occurred_at    INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    day            TEXT NOT NULL CHECK (length(day) = 10),
    actor          TEXT NOT NULL CHECK (actor <> ''),
    note           TEXT NOT NULL,
    salt           BLOB CHECK (length(salt) = 32),
    private_hash   BLOB CHECK (length(private_hash) = 32),
    leaf           BLOB NOT NULL CHECK (length(leaf) = 32),
    CONSTRAINT ledger_tx_erasure CHECK ((salt IS NULL) <> (private_hash IS NULL)),
    CONSTRAINT ledger_tx_reversal CHECK ((reason = 'reverse') = (reverses IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX ledger_tx_id ON ledger_tx (id);
CREATE INDEX ledger_tx_ref ON ledger_tx (ref) WHERE ref <> '';
CREATE UNIQUE INDEX ledger_tx_reverses ON ledger_tx (reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX ledger_tx_number ON ledger_tx (number) WHERE number IS NOT NULL;
CREATE INDEX ledger_tx_unnumbered ON ledger_tx (seq) WHERE number IS NULL;

-- One transfer. Its accounts and its transaction are not foreign keys: on PostgreSQL each would take a share lock on the pool's row,
-- and the book writes them in one transaction anyway. What is missing is found by verify.
CREATE TABLE ledger_entry (
    tx          INTEGER NOT NULL,
    n           INTEGER NOT NULL CHECK (n >= 0),
    reason      TEXT NOT NULL CHECK (reason IN (
        'service', 'over_cap', 'grant', 'grant_expire', 'issue', 'transfer', 'donate', 'honour',
        'fund_claim', 'adjust', 'reverse', 'repay', 'close_heir', 'close_pool', 'retire')),
    source      INTEGER NOT NULL,
    destination INTEGER NOT NULL CHECK (destination <> source),
    minutes     INTEGER NOT NULL CHECK (minutes > 0),
    PRIMARY KEY (tx, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_entry_source ON ledger_entry (source, tx, n);
CREATE INDEX ledger_entry_destination ON ledger_entry (destination, tx, n);

-- Open holds only: a hold that is paid or released is deleted, and the book says what became of it.
CREATE TABLE hold (
    ref        TEXT NOT NULL CHECK (ref <> ''),
    n          INTEGER NOT NULL CHECK (n >= 0),
    account    INTEGER NOT NULL,
    minutes    INTEGER NOT NULL CHECK (minutes > 0),
    reason     TEXT NOT NULL CHECK (reason <> ''),
    expires_at INTEGER,
    held_at    INTEGER NOT NULL,
    PRIMARY KEY (ref, n)
) STRICT, WITHOUT ROWID;
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
    minutes        INTEGER NOT NULL CHECK (minutes > 0),
    cap            INTEGER NOT NULL CHECK (cap >= 0),
    over_owner     TEXT NOT NULL,
    over_class     TEXT NOT NULL,
    over_bucket    TEXT NOT NULL,
    ref            TEXT NOT NULL,
    service        TEXT NOT NULL,
    grade          TEXT NOT NULL,
    region         TEXT NOT NULL,
    region_to      TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    occurred_at    INTEGER NOT NULL,
    actor          TEXT NOT NULL CHECK (actor <> ''),
    note           TEXT NOT NULL,
    due_at         INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_posting_from ON pending_posting (from_owner);
CREATE INDEX pending_posting_to ON pending_posting (to_owner);

-- +goose StatementBegin
CREATE TRIGGER account_same BEFORE UPDATE OF seq, owner, class, bucket, pseudonym, opened_at ON account
BEGIN SELECT RAISE(ABORT, 'account names do not change'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
BEGIN SELECT RAISE(ABORT, 'accounts are not deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_tx_no_update BEFORE UPDATE OF seq, id, reason, ref, reverses, service, grade, region, region_to, policy_version, occurred_at, recorded_at, day, actor, note, leaf ON ledger_tx
BEGIN SELECT RAISE(ABORT, 'ledger_tx is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_tx_number_once BEFORE UPDATE OF number ON ledger_tx WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'ledger_tx is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_tx_erase_only BEFORE UPDATE OF salt, private_hash ON ledger_tx WHEN OLD.salt IS NULL OR NEW.salt IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'ledger_tx is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_tx_no_delete BEFORE DELETE ON ledger_tx
BEGIN SELECT RAISE(ABORT, 'ledger_tx is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold
BEGIN SELECT RAISE(ABORT, 'a hold is paid or released, never changed'); END;
-- +goose StatementEnd
