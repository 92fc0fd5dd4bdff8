package identity

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// micros stores a zero time as NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return clock.Micros(t)
}

func insertActors(tx *store.Tx, ids []ActorID, persons []string) error {
	args := make([]any, 0, 3*len(ids))
	for i, actor := range ids {
		var person any
		if persons[i] != "" {
			person = persons[i]
		}
		args = append(args, string(actor), person, tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO actor (id, person, created_at)", 3, args, "")
	return err
}

// grantRow is a grant with whose it is and who gave it.
type grantRow struct {
	Grant
	to ActorID
	by string
}

func insertGrants(tx *store.Tx, rows []grantRow) error {
	args := make([]any, 0, 10*len(rows))
	for _, g := range rows {
		args = append(args, string(g.ID), string(g.to), string(g.Role), string(g.Region), g.Point, g.Campaign, clock.Micros(g.From), micros(g.Until), g.by, tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO role_grant (id, actor, role, region, point, campaign, from_at, until_at, granted_by, granted_at)", 10, args, "")
	return err
}

func endGrant(tx *store.Tx, which GrantID, at time.Time, by string) error {
	_, err := tx.Exec("UPDATE role_grant SET until_at = $1, revoked_by = $2 WHERE id = $3", clock.Micros(at), by, string(which))
	return err
}

func insertSession(tx *store.Tx, digest [32]byte, s sessionRow) error {
	_, err := tx.Exec(`INSERT INTO session (id, token, actor, label, created_at, seen_at, idle, ends_at, grade, behalf, stepped_up_until)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)`, string(s.ID), digest[:], string(s.actor), s.Label, tx.NowMicros(), s.idle.Microseconds(),
		clock.Micros(s.Ends), string(s.Grade), s.behalf, micros(s.steppedUp))
	return err
}

func saveStepUp(tx *store.Tx, which SessionID, until time.Time) (int64, error) {
	return tx.Exec("UPDATE session SET stepped_up_until = $1 WHERE id = $2 AND revoked_at IS NULL AND grade = 'staff'", clock.Micros(until), string(which))
}

func touchSession(tx *store.Tx, which SessionID) error {
	_, err := tx.Exec("UPDATE session SET seen_at = $1 WHERE id = $2 AND seen_at < $1", tx.NowMicros(), string(which))
	return err
}

// revokeSessions ends one session of an actor, or all when which is "".
func revokeSessions(tx *store.Tx, of ActorID, which SessionID) error {
	_, err := tx.Exec("UPDATE session SET revoked_at = $1 WHERE actor = $2 AND revoked_at IS NULL AND (CAST($3 AS TEXT) = '' OR id = $3)",
		tx.NowMicros(), string(of), string(which))
	return err
}

func replaceSession(tx *store.Tx, which SessionID) error {
	_, err := tx.Exec("UPDATE session SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL", tx.NowMicros(), string(which))
	return err
}

func insertProposal(tx *store.Tx, p Proposal) error {
	_, err := tx.Insert(`INSERT INTO proposal (id, action, payload, digest, region, level, needs, reason, proposed_by, proposer, proposed_at,
		expires_at, state, decided_by, decider, decision)`, 16,
		[]any{string(p.ID), p.Action, p.Payload, p.Digest[:], string(p.Region), string(p.Level), string(p.Needs), p.Reason, string(p.By), p.Person,
			clock.Micros(p.ProposedAt), clock.Micros(p.Until), string(p.State), "", "", ""}, "")
	return err
}

func saveDecision(tx *store.Tx, p Proposal, person string) error {
	_, err := tx.Exec("UPDATE proposal SET state = $1, decided_by = $2, decider = $3, decided_at = $4, decision = $5 WHERE id = $6",
		string(p.State), p.DecidedBy, person, clock.Micros(p.DecidedAt), p.Decision, string(p.ID))
	return err
}

func bindActor(tx *store.Tx, actor ActorID, person string) (int64, error) {
	return tx.Exec("UPDATE actor SET person = $1 WHERE id = $2 AND person IS NULL", person, string(actor))
}

// endGrants ends every role of an actor, and what its sessions were called.
func endGrants(tx *store.Tx, of ActorID) error {
	if _, err := tx.Exec("UPDATE role_grant SET until_at = $1, revoked_by = 'system' WHERE actor = $2 AND from_at <= $1 AND (until_at IS NULL OR until_at > $1)",
		tx.NowMicros(), string(of)); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM role_grant WHERE actor = $1 AND from_at > $2", string(of), tx.NowMicros()); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE session SET label = '' WHERE actor = $1", string(of))
	return err
}

func deleteSessions(tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec("DELETE FROM session WHERE ends_at < $1 OR seen_at + idle < $1 OR revoked_at < $1", clock.Micros(before))
}
