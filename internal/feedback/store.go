package feedback

import (
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/store"
)

// micros is a time as it is stored, nil when it has not come.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return clock.Micros(t)
}

// sealed is a sealed text as it is stored, nil when there is none.
func sealed(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

func insertRatings(tx *store.Tx, all []Rating) error {
	const cols = 10
	args := make([]any, 0, cols*len(all))
	for _, r := range all {
		tags := make([]string, len(r.Tags))
		for i, t := range r.Tags {
			tags[i] = string(t)
		}
		args = append(args, string(r.Order), string(r.Rater), string(r.Ratee), string(r.Direction), string(r.Region), r.Stars,
			strings.Join(tags, " "), sealed(r.sealed), r.RatedBy, clock.Micros(r.RatedAt))
	}
	_, err := tx.Insert("INSERT INTO rating ("+ratingColumns+")", cols, args, "")
	return err
}

func insertFollowUps(tx *store.Tx, all []FollowUp, suffix string) error {
	const cols = 13
	args := make([]any, 0, cols*len(all))
	for _, f := range all {
		args = append(args, string(f.Order), string(f.Recipient), string(f.Region), string(f.Cause), openOr(f.Done, "done"), clock.Micros(f.OpenedAt),
			clock.Micros(f.DueAt), f.Tries, string(f.Result), string(f.Note), string(f.Complaint), f.DoneBy, micros(f.DoneAt))
	}
	_, err := tx.Insert("INSERT INTO follow_up ("+followUpColumns+")", cols, args, suffix)
	return err
}

// openFollowUps opens follow-ups, anew where one was done; one that is open stays as it is. What was found before stands in the trail.
func openFollowUps(tx *store.Tx, all []FollowUp) error {
	return insertFollowUps(tx, all, `ON CONFLICT (order_id) DO UPDATE SET cause = excluded.cause, state = excluded.state, opened_at = excluded.opened_at,
 due_at = excluded.due_at, tries = excluded.tries, result = excluded.result, note = excluded.note, complaint = excluded.complaint,
 done_by = excluded.done_by, done_at = excluded.done_at WHERE follow_up.state = 'done'`)
}

func openOr(over bool, word string) string {
	if over {
		return word
	}
	return "open"
}

// saveFollowUps writes what was found; a nil one was refused.
func saveFollowUps(tx *store.Tx, all []*FollowUp) error {
	var fresh []FollowUp
	args := make([]any, 0, 9*len(all))
	for _, f := range all {
		switch {
		case f == nil:
		case f.fresh:
			fresh = append(fresh, *f)
			f.fresh = false
		default:
			args = append(args, string(f.Order), openOr(f.Done, "done"), clock.Micros(f.DueAt), f.Tries, string(f.Result), string(f.Note),
				string(f.Complaint), f.DoneBy, micros(f.DoneAt))
		}
	}
	if err := openFollowUps(tx, fresh); err != nil {
		return err
	}
	_, err := tx.With("WITH v (id, state, due_at, tries, result, note, complaint, done_by, done_at) AS (VALUES ",
		[]string{"TEXT", "TEXT", "BIGINT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT", "BIGINT"}, args,
		`) UPDATE follow_up SET state = v.state, due_at = v.due_at, tries = v.tries, result = v.result, note = v.note, complaint = v.complaint,
 done_by = v.done_by, done_at = v.done_at FROM v WHERE follow_up.order_id = v.id`)
	return err
}

func insertComplaints(tx *store.Tx, all []*Complaint) error {
	const cols = 12
	args := make([]any, 0, cols*len(all))
	for _, c := range all {
		args = append(args, string(c.ID), string(c.Order), string(c.Complainant), c.FiledBy, clock.Micros(c.FiledAt), string(c.Region),
			string(c.Category), sealed(c.words), openOr(!c.Open, "decided"), string(c.Level), clock.Micros(c.LevelSince), clock.Micros(c.DueAt))
	}
	_, err := tx.Insert(`INSERT INTO complaint (id, order_id, complainant, filed_by, filed_at, region, category, words, state, level, level_since,
 due_at)`, cols, args, "")
	return err
}

// updateComplaints writes one complaint at a time: they are few, and their words are bytes.
func updateComplaints(tx *store.Tx, all []*Complaint) error {
	for _, c := range all {
		_, err := tx.Exec(`UPDATE complaint SET state = $2, level = $3, level_since = $4, due_at = $5, decision = $6, reason = $7, decided_by = $8,
 decided_at = $9, appealed_at = $10, appeal_words = $11, first_decision = $12, first_by = $13, raised_by = $14, raised_reason = $15 WHERE id = $1`,
			string(c.ID), openOr(!c.Open, "decided"), string(c.Level), clock.Micros(c.LevelSince), clock.Micros(c.DueAt), string(c.Decision),
			c.Reason, c.DecidedBy, micros(c.DecidedAt), micros(c.AppealedAt), sealed(c.appealWords), string(c.FirstDecision), c.FirstBy, c.RaisedBy, c.RaisedReason)
		if err != nil {
			return err
		}
	}
	return nil
}

// EraseWords destroys what was said by a person and about it; stars, categories and decisions stay.
func EraseWords(tx *store.Tx, who member.PersonID) error {
	for _, text := range []string{
		"UPDATE rating SET words = NULL WHERE (rater = $1 OR ratee = $1) AND words IS NOT NULL",
		"UPDATE complaint SET words = NULL, appeal_words = NULL WHERE complainant = $1",
	} {
		if _, err := tx.Exec(text, string(who)); err != nil {
			return err
		}
	}
	return nil
}

func saveRatingWords(tx *store.Tx, r Rating, sealed []byte) error {
	_, err := tx.Exec("UPDATE rating SET words = $1 WHERE order_id = $2 AND rater = $3 AND ratee = $4 AND words IS NOT NULL", sealed, string(r.Order), string(r.Rater),
		string(r.Ratee))
	return err
}

func saveComplaintWords(tx *store.Tx, c *Complaint) error {
	_, err := tx.Exec("UPDATE complaint SET words = $1, appeal_words = $2 WHERE id = $3", c.words, c.appealWords, string(c.ID))
	return err
}
