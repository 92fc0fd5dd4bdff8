package store

import "strconv"

// The differences between the engines that callers see are these, and each has its reason.

// ForUpdate is the clause that locks the rows a query returns. SQLite has one writer and needs none.
func (tx *Tx) ForUpdate() string {
	if tx.db.engine == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// ForUpdateOf is [Tx.ForUpdate] for a query of several tables that locks the rows of one.
func (tx *Tx) ForUpdateOf(table string) string {
	if tx.db.engine == Postgres {
		return " FOR UPDATE OF " + table
	}
	return ""
}

// SkipLocked is the clause by which several processes share a queue without waiting for each other. SQLite has one writer.
func (tx *Tx) SkipLocked() string {
	if tx.db.engine == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// LockName makes concurrent transactions that name the same lock take turns until they end. SQLite has one writer.
func (tx *Tx) LockName(name string) error {
	if tx.db.engine != Postgres {
		return nil
	}
	_, err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
	return err
}

// next is the placeholder of parameter n in a text whose parameters stand in order. To SQLite $n is a name, which it
// looks up among all names of the statement when it prepares it: for a statement of many rows that is long, and "?" has no name.
func (tx *Tx) next(n int) string {
	if tx.db.engine == Postgres {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}
