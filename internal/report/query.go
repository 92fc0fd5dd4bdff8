package report

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/ledger"
	"timebank/internal/region"
	"timebank/internal/store"
)

// figure is one selection of rows. In where and in from, {place} stands for the test of the place's column and {since} for the moment from which on
// a volunteer counts as active.
type figure struct {
	code  string
	unit  Unit
	group Group
	stock bool
	kind  string
	// from is what is read; figures of the same one are summed in one pass.
	from string
	// key is a unique text, at the moment in microseconds, place the column of the region. named is an indexed identifier that was made at that moment,
	// "" for none.
	key, at, named, ref, person, place, what, value, where string
}

// What is read. The book's lines name the accounts on both sides and, for what takes something back, the transaction that is taken back.
const (
	fromOrders      = "service_order o"
	fromAssignments = "assignment a JOIN service_order o ON o.id = a.order_id"
	fromBook        = "ledger_entry e JOIN ledger_tx t ON t.seq = e.tx JOIN account s ON s.seq = e.source JOIN account d ON d.seq = e.destination" +
		" LEFT JOIN ledger_tx b ON b.id = t.reverses"
	fromClaims     = "fund_claim f JOIN service_order o ON o.id = f.order_id"
	fromPersons    = "person p"
	fromRecipients = "recipient r JOIN person p ON p.id = r.person"
	fromVolunteers = "volunteer v JOIN person p ON p.id = v.person"
	fromPoints     = "service_point s"
	fromComplaints = "complaint c"
	fromFollowUps  = "follow_up f"
	fromAttendance = "attendance a JOIN person p ON p.id = a.volunteer"
	fromAccounts   = "account a LEFT JOIN person p ON p.id = a.owner LEFT JOIN team m ON m.id = a.owner"
)

// The sides of the book that belong to people. What was spent before it was taken back becomes the debt of whom it had gone to (fromDebt), so that
// it comes from there in their place. A payment also repays an earner's debt and takes what is above the cap to the pool: that is neither spent nor
// anything taken back from the earned, and when it is undone it comes from the earner's own debt, from the pool, or from the city's debt for want of
// hours in the pool.
const (
	fromDebt   = "s.class = 'recovery' AND s.owner <> d.owner AND s.owner <> '" + ledger.City + "'"
	earnedHere = "t.reason = 'service' AND d.class IN ('saved', 'group')"
	earnedBack = "b.reason = 'service' AND (s.class IN ('saved', 'group') OR " + fromDebt + ")"
	spentHere  = "t.reason = 'service' AND s.class IN ('saved', 'donated') AND e.reason IN ('service', 'adjust')"
	spentBack  = "b.reason = 'service' AND d.class IN ('saved', 'donated') AND (s.class IN ('saved', 'group', 'adjustment') OR " + fromDebt + ")"
	lineKey    = "t.id || '-' || e.n"
	// What was taken back by a decision stays served, as its order stays completed: the two count the same visits.
	servedAndPaid = "a.state = 'settled' OR a.state = 'void' AND o.settled_at IS NOT NULL"
)

// table is every figure, in the order of a page.
var table = []figure{
	{code: "figure.redeemed", unit: Minutes, group: OfHours, kind: "transaction", from: fromBook, key: lineKey, at: "t.recorded_at", named: "t.id", ref: "COALESCE(b.id, t.id)",
		person: "CASE WHEN " + spentHere + " THEN s.owner ELSE d.owner END", place: "COALESCE(b.region, t.region)", what: "COALESCE(b.service, t.service)",
		value: "CASE WHEN " + spentHere + " THEN e.minutes ELSE -e.minutes END", where: "(" + spentHere + " OR " + spentBack + ")"},
	{code: "figure.earned", unit: Minutes, group: OfHours, kind: "transaction", from: fromBook, key: lineKey, at: "t.recorded_at", named: "t.id", ref: "COALESCE(b.id, t.id)",
		person: "CASE WHEN " + earnedHere + " THEN d.owner ELSE s.owner END", place: "CASE WHEN e.region_to <> '' THEN e.region_to ELSE COALESCE(b.region_to, t.region_to) END", what: "COALESCE(b.service, t.service)",
		value: "CASE WHEN " + earnedHere + " THEN e.minutes ELSE -e.minutes END", where: "(" + earnedHere + " OR " + earnedBack + ")"},
	{code: "figure.granted", unit: Minutes, group: OfHours, kind: "transaction", from: fromBook, key: lineKey, at: "t.recorded_at", named: "t.id", ref: "t.id", person: "d.owner",
		place: "t.region", what: "t.reason", value: "e.minutes", where: "t.reason = 'grant' AND d.class = 'grant'"},
	{code: "figure.given", unit: Minutes, group: OfHours, kind: "transaction", from: fromBook, key: lineKey, at: "t.recorded_at", named: "t.id", ref: "t.id", person: "s.owner",
		place: "t.region", what: "t.reason", value: "e.minutes", where: "t.reason IN ('transfer', 'donate') AND s.class IN ('saved', 'group', 'donated')"},
	{code: "figure.fund", unit: Minutes, group: OfHours, kind: "order", from: fromClaims, key: "f.order_id", at: "f.recorded_at", ref: "f.order_id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "f.minutes", where: "1 = 1"},
	{code: "figure.liability", unit: Minutes, group: OfHours, stock: true, kind: "person", from: fromAccounts, key: "CAST(a.seq AS TEXT)", at: "a.opened_at", ref: "a.owner",
		person: "a.owner", place: "COALESCE(p.region, m.region, '')", what: "a.class", value: "a.balance",
		where: "a.balance <> 0 AND a.class IN ('saved', 'donated', 'grant', 'group')"},

	{code: "figure.asked", unit: Count, group: OfOrders, kind: "order", from: fromOrders, key: "o.id", at: "o.submitted_at", named: "o.id", ref: "o.id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "1", where: "1 = 1"},
	{code: "figure.completed", unit: Count, group: OfOrders, kind: "order", from: fromOrders, key: "o.id", at: "o.settled_at", ref: "o.id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "1", where: "o.settled_at IS NOT NULL"},
	{code: "figure.minutes", unit: Minutes, group: OfOrders, kind: "order", from: fromAssignments, key: "a.id", at: "o.settled_at", ref: "o.id", person: "a.volunteer",
		place: "o.region", what: "o.item", value: "a.credit", where: "(" + servedAndPaid + ")"},
	{code: "figure.cancelled", unit: Count, group: OfOrders, kind: "order", from: fromOrders, key: "o.id", at: "o.since", ref: "o.id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "1", where: "o.state = 'cancelled'"},
	{code: "figure.open", unit: Count, group: OfOrders, stock: true, kind: "order", from: fromOrders, key: "o.id", at: "o.since", ref: "o.id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "1", where: "o.phase = 1"},
	{code: "figure.unfilled", unit: Count, group: OfOrders, stock: true, kind: "order", from: fromOrders, key: "o.id", at: "o.since", ref: "o.id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "1", where: "o.phase = 1 AND o.waits_for = 'volunteer'"},
	{code: "figure.disputed", unit: Count, group: OfOrders, stock: true, kind: "order", from: fromOrders, key: "o.id", at: "o.since", ref: "o.id", person: "o.recipient",
		place: "o.region", what: "o.item", value: "1", where: "o.phase = 1 AND o.state = 'disputed'"},

	{code: "figure.joined", unit: Count, group: OfPeople, kind: "person", from: fromVolunteers, key: "v.person", at: "v.applied_at", ref: "v.person", person: "v.person",
		place: "p.region", what: "v.state", value: "1", where: "v.state NOT IN ('rejected', 'left')"},
	{code: "figure.newly_certified", unit: Count, group: OfPeople, kind: "person", from: fromVolunteers, key: "v.person", at: "v.certified_at", ref: "v.person", person: "v.person",
		place: "p.region", what: "v.state", value: "1", where: "v.state IN ('certified', 'suspended')"},
	{code: "figure.new_recipients", unit: Count, group: OfPeople, kind: "person", from: fromRecipients, key: "r.person", at: "r.reviewed_at", ref: "r.person", person: "r.person",
		place: "p.region", what: "r.state", value: "1", where: "r.state = 'approved'"},
	{code: "figure.persons", unit: Count, group: OfPeople, stock: true, kind: "person", from: fromPersons, key: "p.id", at: "p.registered_at", ref: "p.id", person: "p.id",
		place: "p.region", what: "p.state", value: "1", where: "p.state = 'active'"},
	{code: "figure.recipients", unit: Count, group: OfPeople, stock: true, kind: "person", from: fromRecipients, key: "r.person", at: "r.reviewed_at", ref: "r.person",
		person: "r.person", place: "p.region", what: "r.state", value: "1", where: "r.state = 'approved'"},
	{code: "figure.key_elders", unit: Count, group: OfPeople, stock: true, kind: "person", from: fromRecipients, key: "r.person", at: "r.reviewed_at", ref: "r.person",
		person: "r.person", place: "p.region", what: "r.state", value: "1", where: "r.state = 'approved' AND r.key_elder = 1"},
	{code: "figure.volunteers", unit: Count, group: OfPeople, stock: true, kind: "person", from: fromVolunteers, key: "v.person", at: "v.applied_at", ref: "v.person",
		person: "v.person", place: "p.region", what: "v.state", value: "1", where: "v.state NOT IN ('rejected', 'left')"},
	{code: "figure.certified", unit: Count, group: OfPeople, stock: true, kind: "person", from: fromVolunteers, key: "v.person", at: "v.certified_at", ref: "v.person",
		person: "v.person", place: "p.region", what: "v.state", value: "1", where: "v.state IN ('certified', 'suspended')"},
	{code: "figure.active", unit: Count, group: OfPeople, stock: true, kind: "person", from: fromVolunteers, key: "v.person", at: "v.certified_at", ref: "v.person",
		person: "v.person", place: "p.region", what: "v.state", value: "1",
		where: "EXISTS (SELECT 1 FROM assignment a WHERE a.volunteer = v.person AND a.state = 'settled' AND a.start_at >= {since})"},
	{code: "figure.points", unit: Count, group: OfPeople, stock: true, kind: "point", from: fromPoints, key: "s.id", at: "s.opened_at", ref: "s.id", person: "''",
		place: "s.region", what: "s.kind", value: "1", where: "s.closed_at IS NULL"},

	{code: "figure.complaints", unit: Count, group: OfQuality, kind: "complaint", from: fromComplaints, key: "c.id", at: "c.filed_at", ref: "c.id", person: "c.complainant",
		place: "c.region", what: "c.category", value: "1", where: "1 = 1"},
	{code: "figure.complaints_open", unit: Count, group: OfQuality, stock: true, kind: "complaint", from: fromComplaints, key: "c.id", at: "c.level_since", ref: "c.id",
		person: "c.complainant", place: "c.region", what: "c.category", value: "1", where: "c.state = 'open'"},
	{code: "figure.follow_ups", unit: Count, group: OfQuality, kind: "order", from: fromFollowUps, key: "f.order_id", at: "f.done_at", ref: "f.order_id", person: "f.recipient",
		place: "f.region", what: "f.result", value: "1", where: "f.state = 'done'"},
	{code: "figure.attendances", unit: Count, group: OfQuality, kind: "person", from: fromAttendance, key: "a.volunteer || '-' || a.course || '-' || a.session",
		at: "a.occurred_at", ref: "a.volunteer", person: "a.volunteer", place: "p.region", what: "a.course", value: "1", where: "1 = 1"},
}

func figureOf(code Code) (figure, error) {
	for _, f := range table {
		if f.code == string(code) {
			return f, nil
		}
	}
	return figure{}, errs.New(errs.NotFound, "report.figure_unknown")
}

// activeDays is how long a volunteer counts as active after a service (domain: "active in the last 90 days").
const activeDays = 90

// question builds a query with its arguments. The place is asked of the regions' closure except for the city, which has everything.
type question struct {
	tx    *store.Tx
	place region.ID
	args  []any
	since string
}

func ask(tx *store.Tx, tree *region.Tree, place region.ID) *question {
	q := &question{tx: tx}
	if place != tree.City() {
		q.place = place
		q.arg(string(place))
		q.arg(string(clock.DayOf(tx.Now())))
	}
	return q
}

func (q *question) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// list are parameters for numbers, of which it takes one or several; some stand twice, so that statements of few lengths are prepared.
func (q *question) list(numbers []int64) string {
	var b strings.Builder
	for i := range 1 << bits.Len(uint(len(numbers)-1)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(q.arg(numbers[min(i, len(numbers)-1)]))
	}
	return b.String()
}

// filter is the condition of a figure in a span.
func (q *question) filter(f figure, s Span) string {
	where := f.where
	if strings.Contains(where, "{since}") {
		if q.since == "" {
			q.since = "CAST(" + q.arg(clock.Micros(q.tx.Now().AddDate(0, 0, -activeDays))) + " AS BIGINT)"
		}
		where = strings.ReplaceAll(where, "{since}", q.since)
	}
	if q.place != "" {
		where += " AND " + region.WithinSQL(f.place, 1, 2)
	}
	if from, until := s.micros(); !f.stock {
		if from > 0 {
			where += " AND " + f.at + " >= " + q.arg(from)
		}
		// A row without its moment has not happened.
		where += " AND " + f.at + " < " + q.arg(until)
	}
	return where
}

// among is the filter with what spares looking at every row: an identifier begins with the time at which it was made, or a later one where the
// clock had been put back.
func (q *question) among(f figure, s Span) string {
	where := q.filter(f, s)
	if f.named == "" {
		return where
	}
	from, until := s.micros()
	end := "~" // sorts after every identifier
	if until < latest {
		end = firstID(until + disorder)
	}
	if from > 0 || until < latest {
		// An engine takes a range with two ends for a small one.
		where += " AND " + f.named + " >= " + q.arg(firstID(from)) + " AND " + f.named + " < " + q.arg(end)
	}
	return where
}

// firstID is the lowest identifier that is made at a moment or after it.
func firstID(micros int64) string {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(max(micros, 0)/1000)<<16)
	return string(id.From[struct{}](u))
}

// disorder bounds in microseconds (default, ours) how far a clock is put back, how long a transaction that writes runs, and how far the clocks of
// two processes are apart.
const disorder = int64(time.Hour / time.Microsecond)

// Measure returns every figure of a place and all below it in each span; a stock figure is the same in all of them.
func Measure(tx *store.Tx, tree *region.Tree, place region.ID, spans ...Span) ([]map[Code]int64, error) {
	out := make([]map[Code]int64, len(spans))
	for i := range out {
		out[i] = map[Code]int64{}
	}
	for _, from := range sources() {
		if err := measure(tx, tree, place, from, spans, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sources lists what is read, each once.
func sources() (all []string) {
	seen := map[string]bool{}
	for _, f := range table {
		if !seen[f.from] {
			seen[f.from] = true
			all = append(all, f.from)
		}
	}
	return all
}

// measure sums the figures of one source in one pass.
func measure(tx *store.Tx, tree *region.Tree, place region.ID, from string, spans []Span, out []map[Code]int64) error {
	q := ask(tx, tree, place)
	type cell struct {
		code  Code
		spans []int
	}
	var cells []cell
	var sums []string
	for _, f := range table {
		if f.from != from {
			continue
		}
		every := make([]int, len(spans))
		for i := range spans {
			every[i] = i
		}
		if f.stock {
			cells = append(cells, cell{Code(f.code), every})
			sums = append(sums, q.sum(f, Span{}))
			continue
		}
		for i, s := range spans {
			cells = append(cells, cell{Code(f.code), []int{i}})
			sums = append(sums, q.sum(f, s))
		}
	}
	values := make([]int64, len(cells))
	into := make([]any, len(cells))
	for i := range values {
		into[i] = &values[i]
	}
	if err := tx.QueryRow("SELECT "+strings.Join(sums, ", ")+" FROM "+from, q.args...).Scan(into...); err != nil {
		return err
	}
	for i, c := range cells {
		for _, s := range c.spans {
			out[s][c.code] = values[i]
		}
	}
	return nil
}

func (q *question) sum(f figure, s Span) string {
	return "CAST(COALESCE(SUM(CASE WHEN " + q.filter(f, s) + " THEN " + f.value + " ELSE 0 END), 0) AS BIGINT)"
}

// One returns one figure of a place in a span, and how many entries it has.
func One(tx *store.Tx, tree *region.Tree, place region.ID, code Code, s Span) (value, lines int64, err error) {
	f, err := figureOf(code)
	if err != nil {
		return 0, 0, err
	}
	q := ask(tx, tree, place)
	err = tx.QueryRow("SELECT CAST(COALESCE(SUM("+f.value+"), 0) AS BIGINT), COUNT(1) FROM "+f.from+" WHERE "+q.among(f, s), q.args...).Scan(&value, &lines)
	return value, lines, err
}

// ByRegion returns one figure of the city in a span by the region of its entries, for the caller to add up.
func ByRegion(tx *store.Tx, tree *region.Tree, code Code, s Span) (map[region.ID]int64, error) {
	f, err := figureOf(code)
	if err != nil {
		return nil, err
	}
	q := ask(tx, tree, tree.City())
	where := q.among(f, s)
	out := map[region.ID]int64{}
	_, err = store.All(tx, func(r *store.Rows) (none struct{}, err error) {
		var id region.ID
		var n int64
		err = r.Scan(&id, &n)
		out[id] = n
		return none, err
	}, "SELECT "+f.place+", CAST(SUM("+f.value+") AS BIGINT) FROM "+f.from+" WHERE "+where+" GROUP BY "+f.place, q.args...)
	return out, err
}

// Below returns one figure for each place, added up from ByRegion: a region that lies in two of the places counts in both, as it does when
// each is asked for by itself.
func Below(tree *region.Tree, byRegion map[region.ID]int64, places []region.ID) map[region.ID]int64 {
	out := make(map[region.ID]int64, len(places))
	for id, n := range byRegion {
		for _, p := range places {
			if tree.Contains(p, id) {
				out[p] += n
			}
		}
	}
	return out
}

// mostRows bounds a page of entries.
const mostRows = 1000

var errCursor = errs.New(errs.KindInvalid, "report.cursor_malformed")

// cursor splits the cursor of a page of entries.
func cursor(after string) (micros int64, key string, err error) {
	moment, key, ok := strings.Cut(after, ".")
	micros, err = strconv.ParseInt(moment, 10, 64)
	if !ok || err != nil || key == "" {
		return 0, "", errCursor
	}
	return micros, key, nil
}

// List returns a page of at most limit entries (1 to 1,000) behind a figure, newest first, with the figure itself. Error: Invalid
// report.cursor_malformed, NotFound report.figure_unknown.
func List(tx *store.Tx, tree *region.Tree, place region.ID, code Code, s Span, after string, limit int) (p Page, err error) {
	if after == "" {
		return entries(tx, tree, place, code, s, "", limit, true)
	}
	value, lines, err := One(tx, tree, place, code, s)
	if err != nil {
		return p, err
	}
	p, err = entries(tx, tree, place, code, s, after, limit, false)
	p.Value, p.Lines = value, lines
	return p, err
}

// row is an entry with what pages are cut by.
type row struct {
	Entry
	key    string
	micros int64
}

// entries reads a page of rows, and with them, if it is the first page and all are to be added up, the figure itself.
func entries(tx *store.Tx, tree *region.Tree, place region.ID, code Code, s Span, after string, limit int, sum bool) (p Page, err error) {
	f, err := figureOf(code)
	if err != nil {
		return p, err
	}
	limit = bounded(limit)
	if !sum {
		rest := s
		if after != "" {
			micros, _, err := cursor(after)
			if err != nil {
				return p, err
			}
			rest.Until = clock.FromMicros(micros)
		}
		if s.From, err = newest(tx, tree, place, f, rest, limit+1); err != nil {
			return p, err
		}
	}
	q := ask(tx, tree, place)
	rows, err := q.rows(f, q.among(f, s), after, limit+1, sum, &p)
	if err != nil {
		return p, err
	}
	p.cut(rows, limit)
	return p, nil
}

func bounded(limit int) int { return min(max(limit, 1), mostRows) }

// cut leaves a page of the rows and says where the next one begins.
func (p *Page) cut(rows []row, limit int) {
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		p.Next = strconv.FormatInt(last.micros, 10) + "." + last.key
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, r.Entry)
	}
}

// newest is a moment from which on a span has its so many newest entries, where identifiers say which they are: the earliest of those that were
// named last. The span's beginning where nothing says so, or it has fewer.
func newest(tx *store.Tx, tree *region.Tree, place region.ID, f figure, s Span, lines int) (time.Time, error) {
	if f.named == "" {
		return s.From, nil
	}
	q := ask(tx, tree, place)
	var n int
	var from int64
	err := tx.QueryRow("SELECT COUNT(1), COALESCE(MIN(w.moment), 0) FROM (SELECT "+f.at+" AS moment FROM "+f.from+" WHERE "+q.among(f, s)+
		" ORDER BY "+f.named+" DESC LIMIT "+q.arg(lines)+") w", q.args...).Scan(&n, &from)
	if err != nil || n < lines {
		return s.From, err
	}
	return clock.FromMicros(from), nil
}

// rows reads at most so many rows that meet a condition, newest first, after a cursor, and with them, if asked for, the sum and the number of all.
func (q *question) rows(f figure, where, after string, limit int, sum bool, p *Page) ([]row, error) {
	at := f.at
	if f.stock {
		at = "COALESCE(" + f.at + ", 0)"
	}
	if after != "" {
		micros, key, err := cursor(after)
		if err != nil {
			return nil, err
		}
		m := q.arg(micros)
		where += fmt.Sprintf(" AND (%s < %s OR %s = %s AND %s < %s)", at, m, at, m, f.key, q.arg(key))
	}
	whole := []string{"0", "0"}
	if sum {
		whole = []string{"CAST(SUM(" + f.value + ") OVER () AS BIGINT)", "COUNT(1) OVER ()"}
	}
	return store.All(q.tx, func(r *store.Rows) (e row, err error) {
		err = r.Scan(&e.key, &e.micros, &e.Ref, &e.Person, &e.Region, &e.What, &e.Value, &p.Value, &p.Lines)
		if e.micros > 0 {
			e.At = clock.FromMicros(e.micros)
		}
		return e, err
	}, "SELECT "+strings.Join(append([]string{f.key, at, f.ref, f.person, f.place, f.what, f.value}, whole...), ", ")+" FROM "+f.from+" WHERE "+where+
		" ORDER BY 2 DESC, 1 DESC LIMIT "+q.arg(limit), q.args...)
}

// Owed is what people who turn a given age in one year may redeem.
type Owed struct {
	Year    int // in which the redeem age is reached; 0 for teams, whose hours can only be donated
	People  int64
	Minutes int64
}

// born is what people of a region who were born in one year have saved and been given; the year is 0 for teams.
type born struct {
	in              region.ID
	year            int
	people, minutes int64
}

// owed splits what is saved and given by region and year of birth. Grants are left out: they are for now and end by themselves.
func owed(tx *store.Tx) ([]born, error) {
	return store.All(tx, func(r *store.Rows) (b born, err error) {
		var year string
		if err := r.Scan(&b.in, &year, &b.people, &b.minutes); err != nil || year == "" {
			return b, err
		}
		b.year, err = strconv.Atoi(year)
		return b, err
	}, "SELECT COALESCE(p.region, m.region, ''), COALESCE(SUBSTR(p.birth, 1, 4), ''), COUNT(DISTINCT a.owner), CAST(SUM(a.balance) AS BIGINT) FROM "+fromAccounts+
		" WHERE a.balance <> 0 AND a.class IN ('saved', 'donated', 'group') GROUP BY 1, 2")
}

// owedBy adds up what is owed in the regions of a place by the year in which people reach the redeem age, earliest first.
func owedBy(all []born, redeemAge int, in func(region.ID) bool) (out []Owed) {
	sums := map[int]Owed{}
	for _, b := range all {
		if !in(b.in) {
			continue
		}
		o := sums[b.year]
		if b.year > 0 {
			o.Year = b.year + redeemAge
		}
		o.People, o.Minutes = o.People+b.people, o.Minutes+b.minutes
		sums[b.year] = o
	}
	for _, year := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, sums[year])
	}
	return out
}
