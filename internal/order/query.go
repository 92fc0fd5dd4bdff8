package order

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/photo"
	"timebank/internal/region"
	"timebank/internal/store"
)

// load reads orders with their assignments, locked in id order. ids must be sorted and unique.
func load(tx *store.Tx, ids []ID, lock bool) (map[ID]*Order, error) {
	known := knownOrders(tx)
	found, err := known.Look(ids, func(unknown []ID) (map[ID]*Order, error) { return read(tx, unknown, lock) })
	if known != nil {
		for id, o := range found {
			found[id] = o.copied()
		}
	}
	return found, err
}

func read(tx *store.Tx, ids []ID, lock bool) (map[ID]*Order, error) {
	clause := ""
	if lock {
		clause = tx.ForUpdate()
	}
	found := make(map[ID]*Order, len(ids))
	if err := store.EachIn(tx.Later(), "SELECT "+orderColumns+" FROM service_order WHERE id IN (", ids, ") ORDER BY id"+clause, func(r *store.Rows) error {
		o, err := scanOrder(r)
		found[o.ID] = o
		return err
	}); err != nil {
		return nil, err
	}
	return found, store.EachIn(tx, "SELECT "+assignmentColumns+" FROM assignment WHERE order_id IN (", ids, ") ORDER BY id", func(r *store.Rows) error {
		a, err := scanAssignment(r)
		if o := found[a.Order]; o != nil {
			o.Assignments = append(o.Assignments, a)
		}
		return err
	})
}

// heads reads orders without their assignments.
func heads(tx *store.Tx, ids []ID) (map[ID]*Order, error) {
	orders, err := store.In(tx, "SELECT "+orderColumns+" FROM service_order WHERE id IN (", ids, ")", scanOrder)
	found := make(map[ID]*Order, len(orders))
	for _, o := range orders {
		found[o.ID] = o
	}
	return found, err
}

// knownOrders are the orders, with the places on them, that a transaction has read or saved.
func knownOrders(tx *store.Tx) *store.Memory[ID, *Order] {
	return store.Known[ID, *Order](tx, "service_order", "assignment")
}

// copied is the order as it would be read after it was saved, for somebody who may change it.
func (o *Order) copied() *Order {
	c := *o
	c.changed, c.isNew, c.moved, c.rehoused = false, false, false, false
	for _, t := range []*time.Time{&c.Since, &c.Start, &c.SubmittedAt, &c.LevelSince, &c.ConfirmedAt, &c.SettledAt} {
		*t = clock.FromMicros(clock.Micros(*t))
	}
	c.storedFacts, c.storedEnding = c.facts(), c.ending()
	c.Assignments = make([]*Assignment, len(o.Assignments))
	for i, a := range o.Assignments {
		p := *a
		p.changed, p.isNew, p.moved = false, false, false
		for _, t := range []*time.Time{&p.Start, &p.End, &p.In, &p.Out, &p.AnswerBy} {
			*t = clock.FromMicros(clock.Micros(*t))
		}
		c.Assignments[i] = &p
	}
	slices.SortFunc(c.Assignments, func(a, b *Assignment) int { return cmp.Compare(a.ID, b.ID) })
	return &c
}

// span is the part of a volunteer's diary that the limits look at.
type span struct {
	volunteer string
	from      time.Time
}

// diaries reads the assignments of volunteers from the given times on.
func diaries(tx *store.Tx, spans []span) ([]*Assignment, error) {
	args := make([]any, 0, 2*len(spans))
	for _, s := range spans {
		args = append(args, s.volunteer, clock.Micros(s.from))
	}
	return store.AllWith(tx, "WITH v (volunteer, since) AS (VALUES ", []string{"TEXT", "BIGINT"}, args,
		") SELECT a.id, a.order_id, a.volunteer, a.team, a.how, a.state, a.recipient, a.region, a.start_at, a.end_at, a.in_at, a.out_at,"+
			" a.minutes, a.credit, a.grade, a.flags, a.proof, a.answer_by FROM v JOIN assignment a ON a.volunteer = v.volunteer AND a.start_at >= v.since"+
			" ORDER BY a.volunteer, a.start_at, a.id", scanAssignment)
}

// servedBefore returns which of the recipients have had an order that got past review.
func servedBefore(tx *store.Tx, recipients []string) (map[string]bool, error) {
	args := make([]any, len(recipients))
	for i, r := range recipients {
		args[i] = r
	}
	// The first order that counts is enough: a recipient of many years has hundreds.
	found, err := store.AllWith(tx, "WITH v (recipient) AS (VALUES ", []string{"TEXT"}, args, `) SELECT v.recipient FROM v
 WHERE EXISTS (SELECT 1 FROM service_order o WHERE o.recipient = v.recipient AND o.state NOT IN ('submitted', 'cancelled'))`,
		func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) })
	m := make(map[string]bool, len(found))
	for _, f := range found {
		m[f] = true
	}
	return m, err
}

// askedBy reads what is open for recipients, each with its time.
func askedBy(tx *store.Tx, recipients []member.PersonID) (map[member.PersonID][]asked, error) {
	all := make(map[member.PersonID][]asked, len(recipients))
	_, err := store.In(tx, "SELECT recipient, item, start_at, minutes FROM service_order WHERE phase = 1 AND recipient IN (", recipients, ")",
		func(r *store.Rows) (none struct{}, err error) {
			var who member.PersonID
			var one asked
			var start int64
			var long hours.Minutes
			err = r.Scan(&who, &one.item, &start, &long)
			one.from = clock.FromMicros(start)
			one.to = one.from.Add(minutes(long))
			all[who] = append(all[who], one)
			return none, err
		})
	return all, err
}

// signed tells whether the recipient has signed the agreement about the item.
func signed(tx *store.Tx, recipient, item string) (bool, error) {
	n, err := store.All(tx, func(r *store.Rows) (n int64, err error) { return n, r.Scan(&n) },
		"SELECT 1 FROM agreement WHERE recipient = $1 AND item = $2", recipient, item)
	return len(n) > 0, err
}

func evidenceOf(tx *store.Tx, id ID) ([]Evidence, error) {
	return store.All(tx, func(r *store.Rows) (e Evidence, err error) {
		var methods string
		var occurred, recorded int64
		err = r.Scan(&e.Order, &e.Assignment, &e.Moment, &methods, &e.Actor, &occurred, &recorded, &e.Distance)
		for _, m := range strings.Fields(methods) {
			e.Methods = append(e.Methods, Method(m))
		}
		e.OccurredAt, e.RecordedAt = clock.FromMicros(occurred), clock.FromMicros(recorded)
		return e, err
	}, "SELECT order_id, assignment, moment, methods, actor, occurred_at, recorded_at, distance FROM evidence WHERE order_id = $1 ORDER BY seq", string(id))
}

// photosOf returns the pictures of an order, oldest first.
func photosOf(tx *store.Tx, id ID) ([]Photo, error) {
	return store.All(tx, func(r *store.Rows) (p Photo, err error) {
		var recorded int64
		err = r.Scan(&p.ID, &p.Order, &p.Moment, &p.Actor, &recorded, &p.Hash, &p.Place, &p.Width, &p.Height)
		p.RecordedAt = clock.FromMicros(recorded)
		return p, err
	}, "SELECT id, order_id, moment, actor, recorded_at, digest, place, width, height FROM visit_photo WHERE order_id = $1 ORDER BY id", string(id))
}

// PhotosNamed returns which of some pictures an order still names.
func PhotosNamed(tx *store.Tx, all []photo.Hash) ([]photo.Hash, error) {
	return store.In(tx, "SELECT DISTINCT digest FROM visit_photo WHERE digest IN (", all, ")",
		func(r *store.Rows) (h photo.Hash, err error) { return h, r.Scan(&h) })
}

// publishedIn reads the published orders of communities.
func publishedIn(tx *store.Tx, communities []region.ID) ([]*Order, error) {
	ids, err := store.In(tx, "SELECT id FROM service_order WHERE phase = 1 AND region IN (", communities, ") AND state = 'published' ORDER BY id", scanID)
	if err != nil {
		return nil, err
	}
	found, err := load(tx, ids, false)
	out := make([]*Order, 0, len(ids))
	for _, id := range ids {
		out = append(out, found[id])
	}
	return out, err
}

func scanID(r *store.Rows) (id ID, err error) { return id, r.Scan(&id) }

// openIn reads where the open orders of a place and below it stand, the longest waiting first.
func openIn(tx *store.Tx, place region.ID, day clock.Day) ([]Line, error) {
	within, err := region.Within(tx, "region", place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, func(r *store.Rows) (l Line, err error) {
		var since int64
		err = r.Scan(&l.ID, &l.Region, &l.State, &l.WaitsFor, &l.Level, &since)
		l.Since = clock.FromMicros(since)
		return l, err
	}, "SELECT id, region, state, waits_for, level, since FROM service_order WHERE phase = 1 AND "+within+" ORDER BY since, id", string(place), string(day))
}

// sorted puts what a query found in the order of its identifiers. A query that is asked for that order reads the whole book in it instead of a
// few rows by their index.
func sorted(ids []ID, err error) ([]ID, error) {
	slices.Sort(ids)
	return ids, err
}

// staleSince finds orders that should have begun before the moment and that nobody has begun to serve.
func staleSince(tx *store.Tx, before time.Time) ([]ID, error) {
	return sorted(store.All(tx, scanID, `SELECT id FROM service_order
 WHERE (state = 'submitted' OR state = 'published' OR state = 'accepted' OR state = 'fund') AND start_at < $1`, clock.Micros(before)))
}

// waitingForHours finds orders that begin after the moment and have found no source of hours.
func waitingForHours(tx *store.Tx, after time.Time) ([]ID, error) {
	return sorted(store.All(tx, scanID, "SELECT id FROM service_order WHERE waits_for = 'funding' AND state = 'submitted' AND start_at > $1",
		clock.Micros(after)))
}

func idsOf(tx *store.Tx, f Filter) ([]ID, error) {
	before := string(f.Before)
	if before == "" {
		before = "~" // sorts after every identifier
	}
	open := ""
	if f.OpenOnly {
		open = " AND o.phase = 1"
	}
	if f.Volunteer != "" {
		return store.All(tx, scanID, "SELECT DISTINCT o.id FROM assignment a JOIN service_order o ON o.id = a.order_id WHERE a.volunteer = $1 AND o.id < $2"+
			open+" ORDER BY o.id DESC LIMIT $3", string(f.Volunteer), before, f.Limit)
	}
	return store.All(tx, scanID, "SELECT o.id FROM service_order o WHERE o.recipient = $1 AND o.id < $2"+open+" ORDER BY o.id DESC LIMIT $3",
		string(f.Recipient), before, f.Limit)
}

func checkCodes(tx *store.Tx, ids []ID) (map[ID]string, error) {
	type pair struct {
		id   ID
		code string
	}
	rows, err := store.In(tx, "SELECT id, check_code FROM service_order WHERE id IN (", ids, ")",
		func(r *store.Rows) (p pair, err error) { return p, r.Scan(&p.id, &p.code) })
	codes := make(map[ID]string, len(rows))
	for _, p := range rows {
		codes[p.id] = p.code
	}
	return codes, err
}

// Visit is what a sample of visits looks at.
type Visit struct {
	ID        ID
	Recipient member.PersonID
	PlacedAs  PlacedAs
	Region    region.ID
	Nth       int64 // which of the recipient's paid visits it is, counted from 1; 0 for one that is not paid
}

func scanVisit(r *store.Rows) (v Visit, err error) {
	return v, r.Scan(&v.ID, &v.Recipient, &v.PlacedAs, &v.Region, &v.Nth)
}

// SettledBetween returns the visits that were paid from one moment, inclusive, to another, and are neither disputed nor closed, in the
// order of their ids. What the guarantee fund bought is no visit.
func SettledBetween(tx *store.Tx, from, to time.Time) ([]Visit, error) {
	return store.All(tx, scanVisit, `SELECT o.id, o.recipient, o.placed_as, o.region, (SELECT COUNT(1) FROM service_order e
 WHERE e.recipient = o.recipient AND (e.settled_at < o.settled_at OR e.settled_at = o.settled_at AND e.id <= o.id)) FROM service_order o
 WHERE o.phase = 2 AND o.settled_at >= $1 AND o.settled_at < $2 AND o.confirmed_by <> 'fund' ORDER BY o.id`,
		clock.Micros(from), clock.Micros(to))
}

// VisitsOf returns the visits of orders, in the order of their ids.
func VisitsOf(tx *store.Tx, ids []ID) ([]Visit, error) {
	return store.In(tx, "SELECT id, recipient, placed_as, region, 0 FROM service_order WHERE id IN (", ids, ") ORDER BY id", scanVisit)
}

func recipientsOf(tx *store.Tx, ids []ID) (map[ID]member.PersonID, error) {
	found := map[ID]member.PersonID{}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	_, err := store.In(tx, "SELECT id, recipient FROM service_order WHERE id IN (", slices.Compact(ids), ")", func(r *store.Rows) (id ID, err error) {
		var who member.PersonID
		err = r.Scan(&id, &who)
		found[id] = who
		return id, err
	})
	return found, err
}

// PlaceOf returns where an order is to be served.
func PlaceOf(tx *store.Tx, id ID) (p region.Point, err error) {
	return p, tx.QueryRow("SELECT lat_e6, lon_e6 FROM service_order WHERE id = $1", string(id)).Scan(&p.LatE6, &p.LonE6)
}

// openOf lists the orders in which a person still has a part, in the order of their ids.
func openOf(tx *store.Tx, person member.PersonID) ([]ID, error) {
	return store.All(tx, scanID, `SELECT id FROM service_order WHERE phase = 1 AND recipient = $1
 UNION SELECT o.id FROM assignment a JOIN service_order o ON o.id = a.order_id WHERE a.volunteer = $1 AND a.state IN ('offered', 'accepted') AND o.phase = 1
 ORDER BY 1`, string(person))
}

// unpaid reports whether a person's service on an open order waits for its hours.
func unpaid(tx *store.Tx, volunteer member.PersonID) (yes bool, err error) {
	return yes, tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM assignment a JOIN service_order o ON o.id = a.order_id
 WHERE a.volunteer = $1 AND a.state IN ('checked_in', 'checked_out') AND o.phase = 1)`, string(volunteer)).Scan(&yes)
}

// openFor lists the orders for a person on which somebody still has to act, in the order of their ids.
func openFor(tx *store.Tx, recipient member.PersonID) ([]ID, error) {
	return sorted(store.All(tx, scanID, "SELECT id FROM service_order WHERE phase = 1 AND recipient = $1", string(recipient)))
}

// Counts are the figures of orders in a region, each by its definition.
type Counts struct {
	Open      int64         // somebody still has to act, confirmation and credit included
	Unfilled  int64         // of these, published and not yet taken by enough volunteers
	Completed int64         // paid, whatever was complained about or reversed afterwards
	Cancelled int64         // ended before a service
	Disputed  int64         // wait for a decision
	Minutes   hours.Minutes // credited to volunteers for the completed ones, whatever was reversed afterwards
	Active    int64         // volunteers paid for a service that began in the last 90 days
}

// activeDays is how long a volunteer counts as active after a service (domain: "active in the last 90 days").
const activeDays = 90

// Count counts the orders of a region and below.
func Count(tx *store.Tx, place region.ID) (c Counts, err error) {
	day := string(clock.DayOf(tx.Now()))
	in := region.WithinSQL("o.region", 1, 2)
	type group struct {
		state State
		waits WaitsFor
		n     int64
		paid  int64
	}
	groups, err := store.All(tx, func(r *store.Rows) (g group, err error) { return g, r.Scan(&g.state, &g.waits, &g.n, &g.paid) },
		"SELECT o.state, o.waits_for, COUNT(1), COUNT(o.settled_at) FROM service_order o WHERE "+in+" GROUP BY o.state, o.waits_for", string(place), day)
	if err != nil {
		return c, err
	}
	for _, g := range groups {
		c.Completed += g.paid
		switch {
		case g.state == Cancelled:
			c.Cancelled += g.n
		case g.state.Open():
			c.Open += g.n
		}
		if g.state == Disputed {
			c.Disputed += g.n
		}
		if g.waits == ForVolunteer {
			c.Unfilled += g.n
		}
	}
	const served = " FROM assignment a JOIN service_order o ON o.id = a.order_id WHERE "
	if err := tx.QueryRow("SELECT CAST(COALESCE(SUM(a.credit), 0) AS BIGINT)"+served+"(a.state = 'settled' OR a.state = 'void' AND o.settled_at IS NOT NULL) AND "+in,
		string(place), day).Scan(&c.Minutes); err != nil {
		return c, err
	}
	since := clock.Micros(tx.Now().AddDate(0, 0, -activeDays))
	return c, tx.QueryRow("SELECT COUNT(DISTINCT a.volunteer)"+served+"a.state = 'settled' AND "+in+" AND a.start_at >= $3", string(place), day, since).Scan(&c.Active)
}

// OfPerson returns every order of a person as one who asks or serves, oldest first.
func OfPerson(tx *store.Tx, person member.PersonID) ([]ID, error) {
	return store.All(tx, scanID, "SELECT id FROM service_order WHERE recipient = $1 UNION SELECT order_id FROM assignment WHERE volunteer = $1 ORDER BY 1", string(person))
}

// Unfinished returns the orders of a person that are not closed: somebody still has to act, or may still complain about what was paid.
func Unfinished(tx *store.Tx, person member.PersonID) ([]ID, error) {
	return store.All(tx, scanID, `SELECT id FROM service_order WHERE recipient = $1 AND phase <> 0
 UNION SELECT o.id FROM assignment a JOIN service_order o ON o.id = a.order_id
 WHERE a.volunteer = $1 AND a.state NOT IN ('withdrawn', 'called_off', 'no_show', 'void') AND o.phase <> 0 ORDER BY 1`, string(person))
}

// DisputedOf returns the orders on which a volunteer has served and whose minutes stand still until somebody decides.
func DisputedOf(tx *store.Tx, volunteer member.PersonID) ([]ID, error) {
	return sorted(store.All(tx, scanID, `SELECT DISTINCT o.id FROM assignment a JOIN service_order o ON o.id = a.order_id
 WHERE a.volunteer = $1 AND o.state = 'disputed'`, string(volunteer)))
}

// Past returns a recipient's orders that are over, at most so many, the latest first: those that were to begin before a moment, and of those at
// that moment the ones below an id.
func Past(tx *store.Tx, recipient member.PersonID, before time.Time, id ID, most int) ([]*Order, error) {
	ids, err := store.All(tx, scanID, `SELECT id FROM service_order WHERE recipient = $1 AND phase <> 1 AND (start_at, id) < ($2, $3)
 ORDER BY start_at DESC, id DESC LIMIT $4`, string(recipient), clock.Micros(before), string(id), most)
	if err != nil {
		return nil, err
	}
	found, err := Load(tx, ids)
	out := make([]*Order, 0, len(ids))
	for _, id := range ids {
		out = append(out, found[id])
	}
	return out, err
}

// Diary returns the orders on which a volunteer has or had a place that begins in a span of time, in the order of their beginning.
func Diary(tx *store.Tx, volunteer member.PersonID, from, to time.Time) ([]*Order, error) {
	ids, err := store.All(tx, scanID, "SELECT order_id FROM assignment WHERE volunteer = $1 AND start_at >= $2 AND start_at < $3 ORDER BY start_at, order_id",
		string(volunteer), clock.Micros(from), clock.Micros(to))
	if err != nil {
		return nil, err
	}
	found, err := Load(tx, ids)
	out := make([]*Order, 0, len(ids))
	seen := make(map[ID]bool, len(ids))
	for _, id := range ids {
		if o := found[id]; o != nil && !seen[id] {
			seen[id] = true
			out = append(out, o)
		}
	}
	return out, err
}

// fundedOrders are the orders that say that they hold minutes. One that was paid and is disputed since holds none: its hours are in the book.
func fundedOrders(tx *store.Tx) (map[ID]bool, error) {
	funded := map[ID]bool{}
	_, err := store.All(tx, func(r *store.Rows) (none struct{}, err error) {
		var id ID
		err = r.Scan(&id)
		funded[id] = true
		return none, err
	}, "SELECT id FROM service_order WHERE phase = 1 AND funding <> '' AND settled_at IS NULL")
	return funded, err
}

// paidOrder is an order and the transaction that it names as its payment.
type paidOrder struct {
	id ID
	by ledger.TxID
}

func paidOrders(tx *store.Tx, after ID, most int) ([]paidOrder, error) {
	return store.All(tx, func(r *store.Rows) (p paidOrder, err error) { return p, r.Scan(&p.id, &p.by) },
		"SELECT id, settled_by FROM service_order WHERE id > $1 AND settled_at IS NOT NULL ORDER BY id LIMIT $2", string(after), most)
}
