package report

import (
	"timebank/internal/clock"
	"timebank/internal/region"
	"timebank/internal/store"
)

// kept is a figure of a month that is over, as it was computed.
type kept struct {
	month clock.Month
	place region.ID
	code  Code
	value int64
}

type keptKey struct {
	place region.ID
	code  Code
}

func keptOf(tx *store.Tx, month clock.Month) (map[keptKey]int64, error) {
	all := map[keptKey]int64{}
	_, err := store.All(tx, func(r *store.Rows) (none struct{}, err error) {
		var k keptKey
		var value int64
		err = r.Scan(&k.place, &k.code, &value)
		all[k] = value
		return none, err
	}, "SELECT place, figure, value FROM month_figure WHERE month = $1", string(month))
	return all, err
}

func keep(tx *store.Tx, rows []kept) error {
	args := make([]any, 0, 5*len(rows))
	for _, k := range rows {
		args = append(args, string(k.month), string(k.place), string(k.code), k.value, tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO month_figure (month, place, figure, value, computed_at)", 5, args,
		" ON CONFLICT (month, place, figure) DO UPDATE SET value = excluded.value, computed_at = excluded.computed_at")
	return err
}

func insertDifferences(tx *store.Tx, rows []Difference) error {
	args := make([]any, 0, 7*len(rows))
	for _, d := range rows {
		args = append(args, string(store.NewID[Difference](tx)), string(d.Month), string(d.Place), string(d.Code), d.Was, d.Is, tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO figure_difference (id, month, place, figure, was, is_now, found_at)", 7, args, "")
	return err
}

// Differences returns up to limit differences that nightly recomputing found in a place and below it, newest first, after the one with the id of
// before; "" begins.
func Differences(tx *store.Tx, place region.ID, before string, limit int) ([]Difference, error) {
	within, err := region.Within(tx, "place", place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, func(r *store.Rows) (d Difference, err error) {
		var at int64
		err = r.Scan(&d.ID, &d.Month, &d.Place, &d.Code, &d.Was, &d.Is, &at)
		d.FoundAt = clock.FromMicros(at)
		return d, err
	}, "SELECT id, month, place, figure, was, is_now, found_at FROM figure_difference WHERE "+within+" AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4",
		string(place), string(clock.DayOf(tx.Now())), before, limit)
}

// checked returns when the figures were last recomputed, zero when they never were.
func checked(tx *store.Tx) (string, error) { return store.Setting(tx, settingChecked) }

// credited sums what the orders say was credited to volunteers, by the volunteers' region as of the day, without what was taken back.
func credited(tx *store.Tx) (map[region.ID]int64, error) {
	all := map[region.ID]int64{}
	_, err := store.All(tx, func(r *store.Rows) (none struct{}, err error) {
		var id region.ID
		var n int64
		err = r.Scan(&id, &n)
		all[id] = n
		return none, err
	}, "SELECT a.region, CAST(SUM(a.credit) AS BIGINT) FROM assignment a JOIN service_order o ON o.id = a.order_id WHERE a.state = 'settled' AND NOT EXISTS ("+
		"SELECT 1 FROM ledger_tx b WHERE b.reverses = o.settled_by AND o.settled_by <> '') GROUP BY a.region")
	return all, err
}
