package order

import (
	"slices"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
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

func fromMicros(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return clock.FromMicros(*n)
}

const orderColumns = `id, state, since, item, item_version, recipient, placed_by, placed_as, payer, region, class, urgency, start_at, minutes,
 volunteers, lat_e6, lon_e6, check_code, funding, policy_version, submitted_at, level, level_since, waits_for, confirmed_by, confirmed_at,
 settled_at, settled_by, outcome, reason, disputed_by`

func scanOrder(r *store.Rows) (*Order, error) {
	o := &Order{}
	var start, submitted, since, levelSince int64
	var confirmed, settled *int64
	err := r.Scan(&o.ID, &o.State, &since, &o.Item, &o.ItemVersion, &o.Recipient, &o.PlacedBy, &o.PlacedAs, &o.Payer, &o.Region, &o.Class, &o.Urgency,
		&start, &o.Minutes, &o.Volunteers, &o.Point.LatE6, &o.Point.LonE6, &o.CheckCode, &o.Funding, &o.PolicyVersion, &submitted, &o.Level,
		&levelSince, &o.WaitsFor, &o.ConfirmedBy, &confirmed, &settled, &o.SettledBy, &o.Outcome, &o.Reason, &o.DisputedBy)
	o.Start, o.SubmittedAt, o.LevelSince = clock.FromMicros(start), clock.FromMicros(submitted), clock.FromMicros(levelSince)
	o.Since = clock.FromMicros(since)
	o.ConfirmedAt, o.SettledAt = fromMicros(confirmed), fromMicros(settled)
	o.storedFacts, o.storedEnding = o.facts(), o.ending()
	return o, err
}

func insertOrders(tx *store.Tx, all []*Order) error {
	const cols = 26
	args := make([]any, 0, cols*len(all))
	for _, o := range all {
		args = append(args, string(o.ID), string(o.State), clock.Micros(o.Since), o.State.phase(), o.Item, o.ItemVersion, string(o.Recipient), o.PlacedBy, string(o.PlacedAs),
			string(o.Payer), string(o.Region), string(o.Class), string(o.Urgency), clock.Micros(o.Start), o.Minutes.Int64(), o.Volunteers,
			o.Point.LatE6, o.Point.LonE6, o.CheckCode, o.Funding, o.PolicyVersion, clock.Micros(o.SubmittedAt), string(o.Level),
			clock.Micros(o.LevelSince), string(o.WaitsFor), o.Reason)
	}
	_, err := tx.Insert(`INSERT INTO service_order (id, state, since, phase, item, item_version, recipient, placed_by, placed_as, payer, region, class,
 urgency, start_at, minutes, volunteers, lat_e6, lon_e6, check_code, funding, policy_version, submitted_at, level, level_since, waits_for, reason)`,
		cols, args, "")
	return err
}

// facts are the columns of an order that most of its steps leave alone.
type facts struct {
	level           Level
	levelSince      time.Time
	funding         string
	confirmedBy     ConfirmedBy
	confirmedAt     time.Time
	outcome, reason string
	disputedBy      string
	minutes         hours.Minutes
}

// ending are the columns of an order that say whether it is over, and paid; indexes look at them.
type ending struct {
	phase     int64
	settledAt time.Time
	settledBy string
}

func (o *Order) facts() facts {
	return facts{level: o.Level, levelSince: o.LevelSince, funding: o.Funding, confirmedBy: o.ConfirmedBy, confirmedAt: o.ConfirmedAt, outcome: o.Outcome,
		reason: o.Reason, disputedBy: o.DisputedBy, minutes: o.Minutes}
}

func (o *Order) ending() ending {
	return ending{phase: o.State.phase(), settledAt: o.SettledAt, settledBy: o.SettledBy}
}

// column is one that a statement writes.
type column struct{ name, kind string }

var (
	stepColumns = []column{{"id", "TEXT"}, {"state", "TEXT"}, {"since", "BIGINT"}, {"waits_for", "TEXT"}}
	factColumns = []column{{"level", "TEXT"}, {"level_since", "BIGINT"}, {"funding", "TEXT"}, {"confirmed_by", "TEXT"}, {"confirmed_at", "BIGINT"},
		{"outcome", "TEXT"}, {"reason", "TEXT"}, {"disputed_by", "TEXT"}, {"minutes", "BIGINT"}}
	endColumns = []column{{"phase", "BIGINT"}, {"settled_at", "BIGINT"}, {"settled_by", "TEXT"}}
)

// updating is a statement that changes orders.
type updating struct {
	prefix, suffix string
	kinds          []string
}

func updatingOf(columns ...[]column) (u updating) {
	var names, sets []string
	for i, c := range slices.Concat(columns...) {
		names, u.kinds = append(names, c.name), append(u.kinds, c.kind)
		if i > 0 {
			sets = append(sets, c.name+" = v."+c.name)
		}
	}
	u.prefix = "WITH v (" + strings.Join(names, ", ") + ") AS (VALUES "
	u.suffix = ") UPDATE service_order SET " + strings.Join(sets, ", ") + " FROM v WHERE service_order.id = v.id"
	return u
}

// orderUpdates are by what has changed besides the step: nothing, facts, the ending, both.
var orderUpdates = [...]updating{updatingOf(stepColumns), updatingOf(stepColumns, factColumns), updatingOf(stepColumns, endColumns),
	updatingOf(stepColumns, factColumns, endColumns)}

// updateOrders saves changed orders. A step that only moves an order on writes three columns, and more where more has changed: that halves what
// a step costs.
func updateOrders(tx *store.Tx, all []*Order) error {
	tx = tx.Later()
	var rows [len(orderUpdates)][]any
	var moved, rehoused []any
	for _, o := range all {
		if o.moved {
			moved = append(moved, string(o.ID), clock.Micros(o.Start))
		}
		if o.rehoused {
			rehoused = append(rehoused, string(o.ID), string(o.Region), o.Point.LatE6, o.Point.LonE6)
		}
		row := []any{string(o.ID), string(o.State), clock.Micros(o.Since), string(o.WaitsFor)}
		which := 0
		if now := o.facts(); now != o.storedFacts {
			which++
			row = append(row, string(now.level), clock.Micros(now.levelSince), now.funding, string(now.confirmedBy), micros(now.confirmedAt), now.outcome,
				now.reason, now.disputedBy, now.minutes.Int64())
		}
		if now := o.ending(); now != o.storedEnding {
			which += 2
			row = append(row, now.phase, micros(now.settledAt), now.settledBy)
		}
		rows[which] = append(rows[which], row...)
	}
	for i, u := range orderUpdates {
		if _, err := tx.With(u.prefix, u.kinds, rows[i], u.suffix); err != nil {
			return err
		}
	}
	if _, err := tx.With("WITH v (id, start_at) AS (VALUES ", []string{"TEXT", "BIGINT"}, moved,
		") UPDATE service_order SET start_at = v.start_at FROM v WHERE service_order.id = v.id"); err != nil {
		return err
	}
	_, err := tx.With("WITH v (id, region, lat_e6, lon_e6) AS (VALUES ", []string{"TEXT", "TEXT", "BIGINT", "BIGINT"}, rehoused,
		") UPDATE service_order SET region = v.region, lat_e6 = v.lat_e6, lon_e6 = v.lon_e6 FROM v WHERE service_order.id = v.id")
	return err
}

const assignmentColumns = `id, order_id, volunteer, team, how, state, recipient, region, start_at, end_at, in_at, out_at, minutes, credit, grade,
 flags, proof, answer_by`

func scanAssignment(r *store.Rows) (*Assignment, error) {
	a := &Assignment{}
	var start, end int64
	var in, out, answer *int64
	err := r.Scan(&a.ID, &a.Order, &a.Volunteer, &a.Team, &a.How, &a.State, &a.Recipient, &a.Region, &start, &end, &in, &out, &a.Minutes,
		&a.Credit, &a.Grade, &a.Flags, &a.proof, &answer)
	a.Start, a.End, a.In, a.Out = clock.FromMicros(start), clock.FromMicros(end), fromMicros(in), fromMicros(out)
	a.AnswerBy = fromMicros(answer)
	return a, err
}

func insertAssignments(tx *store.Tx, all []*Assignment) error {
	const cols = 18
	args := make([]any, 0, cols*len(all))
	for _, a := range all {
		args = append(args, string(a.ID), string(a.Order), string(a.Volunteer), a.Team, a.How, string(a.State), string(a.Recipient),
			string(a.Region), clock.Micros(a.Start), clock.Micros(a.End), micros(a.In), micros(a.Out), a.Minutes.Int64(), a.Credit.Int64(),
			string(a.Grade), a.Flags, int64(a.proof), micros(a.AnswerBy))
	}
	_, err := tx.Insert("INSERT INTO assignment ("+assignmentColumns+")", cols, args, "")
	return err
}

// updateAssignments saves changed places. Only a check-out and another time change the span, by which the diary is found, and only another time is asked
// about anew.
func updateAssignments(tx *store.Tx, all []*Assignment) error {
	var steps, spans []any
	for _, a := range all {
		row := []any{string(a.ID), string(a.State), micros(a.In), micros(a.Out), a.Minutes.Int64(), a.Credit.Int64(), string(a.Grade), a.Flags, int64(a.proof)}
		if a.moved {
			spans = append(spans, append(row, clock.Micros(a.Start), clock.Micros(a.End), micros(a.AnswerBy))...)
		} else {
			steps = append(steps, row...)
		}
	}
	const (
		columns = "id, state, in_at, out_at, minutes, credit, grade, flags, proof"
		set     = `) UPDATE assignment SET state = v.state, in_at = v.in_at, out_at = v.out_at, minutes = v.minutes, credit = v.credit, grade = v.grade,
 flags = v.flags, proof = v.proof`
		where = " FROM v WHERE assignment.id = v.id"
	)
	tx = tx.Later()
	types := []string{"TEXT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT", "TEXT", "BIGINT"}
	if _, err := tx.With("WITH v ("+columns+") AS (VALUES ", types, steps, set+where); err != nil {
		return err
	}
	_, err := tx.With("WITH v ("+columns+", start_at, end_at, answer_by) AS (VALUES ", append(types, "BIGINT", "BIGINT", "BIGINT"), spans,
		set+", start_at = v.start_at, end_at = v.end_at, answer_by = v.answer_by"+where)
	return err
}

func insertEvidence(tx *store.Tx, all []Evidence) {
	args := make([]any, 0, 8*len(all))
	for _, e := range all {
		methods := make([]string, len(e.Methods))
		for i, m := range e.Methods {
			methods[i] = string(m)
		}
		args = append(args, string(e.Order), string(e.Assignment), string(e.Moment), strings.Join(methods, " "), e.Actor,
			clock.Micros(e.OccurredAt), tx.NowMicros(), e.Distance)
	}
	tx.Append("evidence", "order_id, assignment, moment, methods, actor, occurred_at, recorded_at, distance", args...)
}

func insertClaim(tx *store.Tx, id ID, provider, document string, m hours.Minutes, by string) error {
	_, err := tx.Exec("INSERT INTO fund_claim (order_id, provider, document, minutes, claimed_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)",
		string(id), provider, document, m.Int64(), by, tx.NowMicros())
	return err
}

func insertAgreement(tx *store.Tx, recipient, item, document string, on clock.Day) error {
	_, err := tx.Exec(`INSERT INTO agreement (recipient, item, document, signed_on) VALUES ($1, $2, $3, $4)
 ON CONFLICT (recipient, item) DO UPDATE SET document = excluded.document, signed_on = excluded.signed_on`, recipient, item, document, string(on))
	return err
}

// closeSettled closes what was settled before the time, and after a dispute what has been settled again since before it: who lost may appeal as long.
func closeSettled(tx *store.Tx, before time.Time) error {
	known := knownOrders(tx)
	closed, err := store.All(tx.Answering("service_order"), func(r *store.Rows) (id ID, err error) { return id, r.Scan(&id) },
		"UPDATE service_order SET state = 'closed', phase = 0 WHERE phase = 2 AND settled_at < $1 AND since < $1 RETURNING id", clock.Micros(before))
	for _, id := range closed {
		known.Drop(id)
	}
	return err
}

// evidencePage is how many of the oldest proofs are looked at in one statement.
const evidencePage = 2000

// DestroyEvidence removes evidence that is older than policy keeps it. The grade on the assignment and the digest in the book stay. The rows
// lie in the order of their recording, so the oldest are looked at until one is young enough.
func DestroyEvidence(tx *store.Tx, before time.Time) (total int64, err error) {
	for {
		n, err := tx.Exec(`DELETE FROM evidence WHERE seq IN (SELECT o.seq FROM (SELECT e.seq, e.recorded_at FROM evidence e ORDER BY e.seq LIMIT $2) o
 WHERE o.recorded_at < $1)`, clock.Micros(before), evidencePage)
		total += n
		if err != nil || n < evidencePage {
			return total, err
		}
	}
}

func insertPhoto(tx *store.Tx, p Photo) error {
	_, err := tx.Exec(`INSERT INTO visit_photo (id, order_id, moment, actor, recorded_at, digest, place, width, height)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, string(p.ID), string(p.Order), string(p.Moment), p.Actor, tx.NowMicros(), string(p.Hash), string(p.Place), p.Width, p.Height)
	return err
}

// destroyPhotos forgets the pictures that are older than policy keeps evidence; a sweep then removes the files.
func destroyPhotos(tx *store.Tx, before time.Time) error {
	_, err := tx.Exec("DELETE FROM visit_photo WHERE recorded_at < $1", clock.Micros(before))
	return err
}

// RaiseDisputes says that from now on another level has to decide on disputed orders. One that is not disputed is left alone.
func RaiseDisputes(tx *store.Tx, level Level, ids ...ID) error {
	args := make([]any, 0, 3*len(ids))
	for _, one := range ids {
		args = append(args, string(one), string(level), tx.NowMicros())
	}
	_, err := tx.With("WITH v (id, level, since) AS (VALUES ", []string{"TEXT", "TEXT", "BIGINT"}, args,
		`) UPDATE service_order SET level = v.level, level_since = v.since FROM v WHERE service_order.id = v.id AND service_order.state = 'disputed'`)
	return err
}

// ErasePlaces takes from a person's closed orders where they were served, the words of the desk, and the papers signed; what was served, how
// long and by whose pseudonym stays.
func ErasePlaces(tx *store.Tx, person member.PersonID) error {
	for _, text := range []string{
		"UPDATE service_order SET lat_e6 = 0, lon_e6 = 0, check_code = '', reason = '' WHERE recipient = $1",
		"DELETE FROM agreement WHERE recipient = $1",
	} {
		if _, err := tx.Exec(text, string(person)); err != nil {
			return err
		}
	}
	return nil
}
