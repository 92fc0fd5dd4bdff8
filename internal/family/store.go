package family

import (
	"strconv"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/store"
)

const askColumns = "SELECT id, asker, asked_by, person, relation, act, message, asked_at, state FROM family_ask "

func scanAsk(r *store.Rows) (a Ask, err error) {
	var at int64
	err = r.Scan(&a.ID, &a.Asker, &a.askedBy, &a.Person, &a.Relation, &a.Act, &a.Message, &at, &a.State)
	a.AskedAt = clock.FromMicros(at)
	return a, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func insertAsk(tx *store.Tx, a Ask) error {
	_, err := tx.Exec("INSERT INTO family_ask (id, asker, asked_by, person, relation, act, message, asked_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		string(a.ID), string(a.Asker), a.askedBy, string(a.Person), string(a.Relation), flag(a.Act), flag(a.Message), clock.Micros(a.AskedAt), string(a.State))
	return err
}

func lockAsk(tx *store.Tx, which AskID) (Ask, error) {
	rows, err := store.All(tx, scanAsk, askColumns+"WHERE id = $1"+tx.ForUpdate(), string(which))
	if err == nil && len(rows) == 0 {
		err = errAsk
	}
	if err != nil {
		return Ask{}, err
	}
	return rows[0], nil
}

func saveAsk(tx *store.Tx, which AskID, to AskState) error {
	_, err := tx.Exec("UPDATE family_ask SET state = $1, ended_at = $2 WHERE id = $3", string(to), tx.NowMicros(), string(which))
	return err
}

func asksSince(tx *store.Tx, asker member.PersonID, since time.Time) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM family_ask WHERE asker = $1 AND asked_at >= $2", string(asker), clock.Micros(since)).Scan(&n)
	return n, err
}

func asksFor(tx *store.Tx, person member.PersonID) ([]Ask, error) {
	return store.All(tx, scanAsk, askColumns+"WHERE person = $1 AND person <> '' AND state = 'waiting' ORDER BY id", string(person))
}

func asksBy(tx *store.Tx, asker member.PersonID) ([]Ask, error) {
	return store.All(tx, scanAsk, askColumns+"WHERE asker = $1 AND state IN ('waiting', 'refused') ORDER BY id", string(asker))
}

func asksOf(tx *store.Tx, who member.PersonID) ([]Ask, error) {
	return store.All(tx, scanAsk, askColumns+"WHERE asker = $1 OR person = $1 ORDER BY id", string(who))
}

// line is one side's yes to messages.
type line struct {
	person, relative member.PersonID
	by               string
}

func openLine(tx *store.Tx, l line) error {
	_, err := tx.Insert("INSERT INTO family_line (person, relative, opened_at, opened_by)", 4,
		[]any{string(l.person), string(l.relative), tx.NowMicros(), l.by}, "ON CONFLICT DO NOTHING")
	return err
}

func closeLine(tx *store.Tx, person, relative member.PersonID) error {
	_, err := tx.Exec("DELETE FROM family_line WHERE person = $1 AND relative = $2", string(person), string(relative))
	return err
}

func linesOf(tx *store.Tx, who member.PersonID) ([]line, error) {
	return store.All(tx, func(r *store.Rows) (l line, err error) { return l, r.Scan(&l.person, &l.relative, &l.by) },
		"SELECT person, relative, opened_by FROM family_line WHERE person = $1 OR relative = $1 ORDER BY person, relative", string(who))
}

const messageColumns = "SELECT id, sender, receiver, order_id, words, sent_at, seen_at, withdrawn_at FROM family_message "

func scanMessage(r *store.Rows) (m Message, err error) {
	var sent int64
	var seen, withdrawn *int64
	err = r.Scan(&m.ID, &m.From, &m.To, &m.Order, &m.sealed, &sent, &seen, &withdrawn)
	m.SentAt, m.gone = clock.FromMicros(sent), withdrawn != nil
	if seen != nil {
		m.SeenAt = clock.FromMicros(*seen)
	}
	return m, err
}

func insertMessage(tx *store.Tx, m Message) error {
	_, err := tx.Exec("INSERT INTO family_message (id, sender, receiver, order_id, words, sent_at) VALUES ($1, $2, $3, $4, $5, $6)",
		string(m.ID), string(m.From), string(m.To), string(m.Order), m.sealed, clock.Micros(m.SentAt))
	return err
}

func lockMessage(tx *store.Tx, which MessageID) (Message, error) {
	rows, err := store.All(tx, scanMessage, messageColumns+"WHERE id = $1"+tx.ForUpdate(), string(which))
	if err == nil && len(rows) == 0 {
		err = errMessage
	}
	if err != nil {
		return Message{}, err
	}
	return rows[0], nil
}

// Concerned says of acts on messages, wishes and lines, by what they are about, which people's pages show them: both sides of each.
func Concerned(tx *store.Tx, acts []audit.Recorded) (map[string][]member.PersonID, error) {
	all := map[string][]member.PersonID{}
	about := map[string][]string{}
	for _, a := range acts {
		if strings.HasPrefix(a.Action, "family.") {
			about[a.Kind] = append(about[a.Kind], a.Ref)
		}
	}
	for _, ref := range about["kin"] {
		one, other, _ := strings.Cut(ref, " ")
		all[ref] = []member.PersonID{member.PersonID(one), member.PersonID(other)}
	}
	for kind, query := range map[string]string{"message": "SELECT id, sender, receiver FROM family_message WHERE id IN (", "ask": "SELECT id, asker, person FROM family_ask WHERE id IN ("} {
		_, err := store.In(tx, query, about[kind], ")", func(r *store.Rows) (none struct{}, err error) {
			var ref string
			var one, other member.PersonID
			err = r.Scan(&ref, &one, &other)
			all[ref] = []member.PersonID{one, other}
			return none, err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func markSeen(tx *store.Tx, which MessageID) error {
	_, err := tx.Exec("UPDATE family_message SET seen_at = $1 WHERE id = $2", tx.NowMicros(), string(which))
	return err
}

func destroyWords(tx *store.Tx, which MessageID) error {
	_, err := tx.Exec("UPDATE family_message SET words = NULL, withdrawn_at = $1 WHERE id = $2", tx.NowMicros(), string(which))
	return err
}

// Forget destroys the words of messages that were sent before a moment; that there was one stays, and nobody is shown it any more.
func Forget(tx *store.Tx, before time.Time) error {
	_, err := tx.Exec("UPDATE family_message SET words = NULL, withdrawn_at = $1 WHERE sent_at < $2 AND withdrawn_at IS NULL", tx.NowMicros(), clock.Micros(before))
	return err
}

func sentSince(tx *store.Tx, from, to member.PersonID, since time.Time) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM family_message WHERE sender = $1 AND receiver = $2 AND sent_at >= $3", string(from), string(to), clock.Micros(since)).Scan(&n)
	return n, err
}

// messagesWith lists what passed between the reader and some relatives.
func messagesWith(tx *store.Tx, f MessageFilter, relatives []member.PersonID) ([]Message, error) {
	args := []any{string(f.Person), f.Limit}
	holes := make([]string, len(relatives))
	for i, r := range relatives {
		args = append(args, string(r))
		holes[i] = "$" + strconv.Itoa(len(args))
	}
	with := strings.Join(holes, ", ")
	where := "WHERE withdrawn_at IS NULL AND (receiver = $1 AND sender IN (" + with + ") OR sender = $1 AND receiver IN (" + with + "))"
	if f.Unseen {
		where += " AND receiver = $1 AND seen_at IS NULL"
	}
	if f.Order != "" {
		args = append(args, string(f.Order))
		where += " AND order_id = $" + strconv.Itoa(len(args))
	}
	if f.Before != "" {
		args = append(args, string(f.Before))
		where += " AND id < $" + strconv.Itoa(len(args))
	}
	return store.All(tx, scanMessage, messageColumns+where+" ORDER BY id DESC LIMIT $2", args...)
}

// messagesOf returns every message of a person that still has its words.
func messagesOf(tx *store.Tx, who member.PersonID) ([]Message, error) {
	return store.All(tx, scanMessage, messageColumns+"WHERE withdrawn_at IS NULL AND (sender = $1 OR receiver = $1) ORDER BY id", string(who))
}

func messagesAfter(tx *store.Tx, after string, max int) ([]Message, error) {
	return store.All(tx, scanMessage, messageColumns+"WHERE id > $1 ORDER BY id LIMIT $2", after, max)
}

func saveWords(tx *store.Tx, which MessageID, sealed []byte) error {
	_, err := tx.Exec("UPDATE family_message SET words = $1 WHERE id = $2", sealed, string(which))
	return err
}

// merge hands to one record what another of the same person said, heard, asked and agreed; what passed between the two is gone.
func merge(tx *store.Tx, keep, drop member.PersonID) error {
	for _, text := range []string{
		"DELETE FROM family_message WHERE (sender = $1 AND receiver = $2) OR (sender = $2 AND receiver = $1)",
		"UPDATE family_message SET sender = $1 WHERE sender = $2",
		"UPDATE family_message SET receiver = $1 WHERE receiver = $2",
		"DELETE FROM family_line WHERE (person = $1 AND relative = $2) OR (person = $2 AND relative = $1)",
		"DELETE FROM family_line WHERE person = $2 AND relative IN (SELECT relative FROM family_line WHERE person = $1)",
		"DELETE FROM family_line WHERE relative = $2 AND person IN (SELECT person FROM family_line WHERE relative = $1)",
		"UPDATE family_line SET person = $1 WHERE person = $2",
		"UPDATE family_line SET relative = $1 WHERE relative = $2",
		"DELETE FROM family_ask WHERE (asker = $1 AND person = $2) OR (asker = $2 AND person = $1)",
		"UPDATE family_ask SET asker = $1 WHERE asker = $2",
		"UPDATE family_ask SET person = $1 WHERE person = $2",
	} {
		if _, err := tx.Exec(text, string(keep), string(drop)); err != nil {
			return err
		}
	}
	return nil
}

// erase destroys what a person said and what others said to it, and what was asked and agreed.
func erase(tx *store.Tx, who member.PersonID) error {
	for _, one := range []struct {
		text string
		args []any
	}{
		{"UPDATE family_message SET words = NULL, withdrawn_at = $2 WHERE (sender = $1 OR receiver = $1) AND withdrawn_at IS NULL", []any{string(who), tx.NowMicros()}},
		{"DELETE FROM family_line WHERE person = $1 OR relative = $1", []any{string(who)}},
		{"DELETE FROM family_ask WHERE asker = $1 OR person = $1", []any{string(who)}},
	} {
		if _, err := tx.Exec(one.text, one.args...); err != nil {
			return err
		}
	}
	return nil
}
