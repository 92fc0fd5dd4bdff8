package region

import (
	"timebank/internal/clock"
	"timebank/internal/store"
)

// beginChange numbers a change of the regions. The row's lock makes changes wait for each other, so that what one decides on stays true
// until it commits.
func beginChange(tx *store.Tx) (int64, error) {
	var revision int64
	err := tx.QueryRow("UPDATE region_revision SET revision = revision + 1 WHERE only_row = 1 RETURNING revision").Scan(&revision)
	return revision, err
}

// insertFacts writes new rows, regions before what refers to them.
func insertFacts(tx *store.Tx, f facts) error {
	args := make([]any, 0, 6*len(f.regions))
	for _, r := range f.regions {
		var lat, lon any
		if r.seat != nil {
			lat, lon = r.seat.LatE6, r.seat.LonE6
		}
		args = append(args, string(r.id), string(r.level), lat, lon, string(r.from), string(r.until))
	}
	if _, err := tx.Insert("INSERT INTO region (id, level, lat_e6, lon_e6, from_day, until_day)", 6, args, ""); err != nil {
		return err
	}
	args = args[:0]
	for _, c := range f.codes {
		args = append(args, string(c.region), c.code, string(c.system), c.name, string(c.from), string(c.until))
	}
	if _, err := tx.Insert("INSERT INTO region_code (region, code, system, name, from_day, until_day)", 6, args, ""); err != nil {
		return err
	}
	args = args[:0]
	for _, p := range f.parents {
		args = append(args, string(p.region), string(p.tree), string(p.parent), string(p.from), string(p.until))
	}
	_, err := tx.Insert("INSERT INTO region_parent (region, tree, parent, from_day, until_day)", 5, args, "")
	return err
}

func insertClosure(tx *store.Tx, rows []closureRow) error {
	args := make([]any, 0, 6*len(rows))
	for _, r := range rows {
		args = append(args, string(r.tree), string(r.ancestor), string(r.descendant), r.depth, string(r.from), string(r.until))
	}
	_, err := tx.Insert("INSERT INTO region_closure (tree, ancestor, descendant, depth, from_day, until_day)", 6, args, "")
	return err
}

func deleteClosure(tx *store.Tx, tree TreeName, descendants []ID) error {
	for _, d := range descendants {
		if _, err := tx.Exec("DELETE FROM region_closure WHERE tree = $1 AND descendant = $2", string(tree), string(d)); err != nil {
			return err
		}
	}
	return nil
}

// endParent closes the row that is open in a tree.
func endParent(tx *store.Tx, region ID, tree TreeName, until clock.Day) error {
	_, err := tx.Exec("UPDATE region_parent SET until_day = $1 WHERE region = $2 AND tree = $3 AND until_day = $4",
		string(until), string(region), string(tree), string(Forever))
	return err
}

// endCode closes the row that is open.
func endCode(tx *store.Tx, region ID, until clock.Day) error {
	_, err := tx.Exec("UPDATE region_code SET until_day = $1 WHERE region = $2 AND until_day = $3",
		string(until), string(region), string(Forever))
	return err
}

func endRegion(tx *store.Tx, region, successor ID, until clock.Day) error {
	_, err := tx.Exec("UPDATE region SET until_day = $1, successor = $2 WHERE id = $3", string(until), string(successor), string(region))
	return err
}
