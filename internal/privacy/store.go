package privacy

import (
	"timebank/internal/clock"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// dataKeys returns the keys that seal fields, the first drawn first.
func dataKeys(tx *store.Tx) ([]DataKey, error) {
	return store.All(tx, func(r *store.Rows) (k DataKey, err error) {
		var id, under, drawn, from int64
		err = r.Scan(&id, &under, &k.Wrapped, &drawn, &from)
		k.ID, k.Under = uint32(id), byte(under) // #nosec G115 -- the table holds no others
		k.DrawnAt, k.SealsFrom = clock.FromMicros(drawn), clock.FromMicros(from)
		return k, err
	}, "SELECT id, under, wrapped, drawn_at, seals_from FROM data_key ORDER BY id")
}

func addDataKey(tx *store.Tx, k DataKey) error {
	_, err := tx.Exec("INSERT INTO data_key (id, under, wrapped, drawn_at, seals_from) VALUES ($1, $2, $3, $4, $5)",
		int64(k.ID), int64(k.Under), k.Wrapped, clock.Micros(k.DrawnAt), clock.Micros(k.SealsFrom))
	return err
}

func rewrapDataKey(tx *store.Tx, k pii.DataKey) error {
	_, err := tx.Exec("UPDATE data_key SET under = $1, wrapped = $2 WHERE id = $3", int64(k.Under), k.Wrapped, int64(k.ID))
	return err
}
