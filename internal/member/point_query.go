package member

import (
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/region"
	"timebank/internal/store"
)

const pointQuery = "SELECT s.id, s.name, s.kind, s.region, s.lat_e6, s.lon_e6, s.phone, s.open_days, s.open_from, s.open_until, s.closed_at FROM service_point s WHERE "

func scanPoint(r *store.Rows) (p ServicePoint, err error) {
	var lat, lon, closed *int64
	err = r.Scan(&p.ID, &p.Name, &p.Kind, &p.Region, &lat, &lon, &p.Phone, &p.Hours.Days, &p.Hours.From, &p.Hours.Until, &closed)
	p.Point, p.HasPoint = point(lat, lon)
	if closed != nil {
		p.Closed = clock.FromMicros(*closed)
	}
	return p, err
}

// PointsIn lists the service points of a region and below that are open, by name.
func PointsIn(tx *store.Tx, place region.ID) ([]ServicePoint, error) {
	within, err := region.Within(tx, "s.region", place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, scanPoint, pointQuery+"s.closed_at IS NULL AND "+within+" ORDER BY s.name, s.id", string(place), string(clock.DayOf(tx.Now())))
}

// CountPoints counts the open service points of each region that has any of its own.
func CountPoints(tx *store.Tx) (map[region.ID]int, error) {
	count := map[region.ID]int{}
	_, err := store.All(tx, func(r *store.Rows) (none struct{}, err error) {
		var in region.ID
		var n int
		err = r.Scan(&in, &n)
		count[in] = n
		return none, err
	}, "SELECT s.region, COUNT(1) FROM service_point s WHERE s.closed_at IS NULL GROUP BY s.region")
	return count, err
}

// PointsFor lists the service points that a home belongs to, by name: those of its community, else those of its street and below.
func PointsFor(tx *store.Tx, tree *region.Tree, home region.ID) ([]ServicePoint, error) {
	points, err := PointsIn(tx, home)
	if err == nil && len(points) == 0 {
		points, err = PointsIn(tx, tree.StreetOf(home))
	}
	return points, err
}

// EveryPointIn is a page of at most limit service points of a region and below after one of them ("" for the first), by name and id, the closed
// ones included.
func EveryPointIn(tx *store.Tx, place region.ID, after PointID, limit int) ([]ServicePoint, error) {
	args := []any{string(place), string(clock.DayOf(tx.Now())), limit}
	later := ""
	if after != "" {
		later = " AND (s.name, s.id) > (SELECT a.name, a.id FROM service_point a WHERE a.id = $4)"
		args = append(args, string(after))
	}
	within, err := region.Within(tx, "s.region", place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, scanPoint, pointQuery+within+later+" ORDER BY s.name, s.id LIMIT $3", args...)
}

// LoadPoint returns a service point, open or closed, or NotFound with the code member.point_unknown.
func LoadPoint(tx *store.Tx, which PointID) (ServicePoint, error) { return onePoint(tx, which, "") }

// lockPoint is LoadPoint for a change.
func lockPoint(tx *store.Tx, which PointID) (ServicePoint, error) {
	return onePoint(tx, which, tx.ForUpdate())
}

func onePoint(tx *store.Tx, which PointID, lock string) (ServicePoint, error) {
	rows, err := store.All(tx, scanPoint, pointQuery+"s.id = $1"+lock, string(which))
	if err == nil && len(rows) == 0 {
		err = errs.New(errs.NotFound, "member.point_unknown")
	}
	if err != nil {
		return ServicePoint{}, err
	}
	return rows[0], nil
}

type pointName struct {
	region region.ID
	name   string
}

func pointNames(tx *store.Tx, regions []region.ID) (map[pointName]bool, error) {
	names := map[pointName]bool{}
	_, err := store.In(tx, "SELECT s.region, s.name FROM service_point s WHERE s.region IN (", regions, ")", func(r *store.Rows) (n pointName, err error) {
		err = r.Scan(&n.region, &n.name)
		names[n] = true
		return n, err
	})
	return names, err
}
