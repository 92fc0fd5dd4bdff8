package region

import (
	"errors"
	"fmt"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// Load reads every region as of a civil day. It costs three queries over some thousands of rows: use Service.Tree where today's tree
// is meant.
func Load(tx *store.Tx, day clock.Day) (*Tree, error) {
	f, err := loadFacts(tx)
	if err != nil {
		return nil, err
	}
	return newTree(day, f)
}

func loadFacts(tx *store.Tx) (facts, error) {
	var f facts
	var err error
	f.regions, err = store.All(tx, func(r *store.Rows) (one regionFact, err error) {
		var lat, lon *int64
		var successor *ID
		err = r.Scan(&one.id, &one.level, &lat, &lon, &one.from, &one.until, &successor)
		if lat != nil && lon != nil {
			one.seat = &Point{LatE6: *lat, LonE6: *lon}
		}
		if successor != nil {
			one.successor = *successor
		}
		return one, err
	}, "SELECT id, level, lat_e6, lon_e6, from_day, until_day, successor FROM region ORDER BY from_day, id")
	if err != nil {
		return f, err
	}
	f.codes, err = store.All(tx, func(r *store.Rows) (one codeFact, err error) {
		return one, r.Scan(&one.region, &one.code, &one.system, &one.name, &one.from, &one.until)
	}, "SELECT region, code, system, name, from_day, until_day FROM region_code ORDER BY from_day, region")
	if err != nil {
		return f, err
	}
	f.parents, err = store.All(tx, func(r *store.Rows) (one parentFact, err error) {
		return one, r.Scan(&one.region, &one.tree, &one.parent, &one.from, &one.until)
	}, "SELECT region, tree, parent, from_day, until_day FROM region_parent ORDER BY from_day, region, tree")
	return f, err
}

func loadRevision(tx *store.Tx) (int64, error) {
	var revision int64
	err := tx.QueryRow("SELECT revision FROM region_revision WHERE only_row = 1").Scan(&revision)
	if errors.Is(err, store.ErrNoRows) {
		return 0, errs.New(errs.Internal, errs.CodeInternal).With(errors.New("region_revision has lost its row"))
	}
	return revision, err
}

// Within is [WithinSQL] for a place that may be the city: all is inside of that, so that no list of its thousands of regions is made for each
// question. Both parameters are named either way.
func Within(tx *store.Tx, column string, place ID, ancestor, day int) (string, error) {
	var city bool
	err := tx.QueryRow("SELECT COUNT(1) > 0 FROM region WHERE level = 'city' AND id = $1", string(place)).Scan(&city)
	if city {
		return fmt.Sprintf("CAST($%d AS TEXT) <> '' AND CAST($%d AS TEXT) <> ''", ancestor, day), err
	}
	return WithinSQL(column, ancestor, day), err
}

// WithinSQL returns an SQL condition that is true where column holds the id of a region inside the one in parameter $ancestor, by
// either tree, as of the civil day in parameter $day. It is how another package's query selects by region without naming
// this package's tables: WHERE + region.WithinSQL("o.region", 1, 2).
func WithinSQL(column string, ancestor, day int) string {
	return fmt.Sprintf("%s IN (SELECT rc.descendant FROM region_closure rc WHERE rc.ancestor = $%d AND rc.from_day <= $%d AND rc.until_day > $%d)",
		column, ancestor, day, day)
}
