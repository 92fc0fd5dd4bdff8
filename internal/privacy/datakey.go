package privacy

import (
	"strconv"
	"time"

	"timebank/internal/audit"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// DataKey is a key that seals fields, as it stands in the database: wrapped under a key of the ring.
type DataKey struct {
	pii.DataKey
	DrawnAt time.Time
	// SealsFrom is when it takes over from the one before.
	SealsFrom time.Time
}

// Lead is how long a new data key is known before anything is sealed under it: every process of the installation has looked for new ones in the
// meantime and opens what another one seals (default, ours).
const Lead = 10 * time.Minute

// DataKeys returns the keys that seal fields, the first drawn first.
func DataKeys(tx *store.Tx) ([]DataKey, error) { return dataKeys(tx) }

// PrepareDataKeys draws the first data key of a new installation, and wraps under the ring's active key those that an older one wrapped, which is an
// entry. The box holds them after [HoldDataKeys]. Errors: pii.key_unknown when the ring lacks a key that wrapped one, pii.cannot_open.
func PrepareDataKeys(tx *store.Tx, box *pii.Box) error {
	if err := tx.LockName(lockDataKeys); err != nil {
		return err
	}
	keys, err := dataKeys(tx)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return addDataKey(tx, DataKey{DataKey: box.DrawKey(1), DrawnAt: tx.Now(), SealsFrom: tx.Now()})
	}
	for _, k := range keys {
		again, err := box.Rewrap(k.DataKey)
		if err != nil {
			return err
		}
		if again.Under == k.Under {
			continue
		}
		if err := rewrapDataKey(tx, again); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.Entry{Actor: audit.System, Action: "privacy.rewrap_key", Kind: kindDataKey, Ref: strconv.FormatUint(uint64(k.ID), 10),
			Before: "ring key " + strconv.Itoa(int(k.Under)), After: "ring key " + strconv.Itoa(int(again.Under))}); err != nil {
			return err
		}
	}
	return nil
}

const (
	lockDataKeys = "privacy.data_keys"
	kindDataKey  = "data_key"
)

// HoldDataKeys lets a box hold the data keys that there are by now, and seal under the newest whose time has come. The first one's always has: clocks
// of two machines may differ. Errors as for PrepareDataKeys.
func HoldDataKeys(tx *store.Tx, box *pii.Box) error {
	keys, err := dataKeys(tx)
	if err != nil {
		return err
	}
	var active uint32
	plain := make([]pii.DataKey, len(keys))
	for i, k := range keys {
		plain[i] = k.DataKey
		if i == 0 || !k.SealsFrom.After(tx.Now()) {
			active = k.ID
		}
	}
	return box.Hold(active, plain)
}

// RenewDataKey draws another data key, which is an entry. It takes over after [Lead]; the job that seals anew then takes what the ones before have
// sealed.
func RenewDataKey(tx *store.Tx, box *pii.Box) (DataKey, error) {
	if err := tx.LockName(lockDataKeys); err != nil {
		return DataKey{}, err
	}
	keys, err := dataKeys(tx)
	if err != nil {
		return DataKey{}, err
	}
	last := keys[len(keys)-1]
	next := DataKey{DataKey: box.DrawKey(last.ID + 1), DrawnAt: tx.Now(), SealsFrom: tx.Now().Add(Lead)}
	if err := addDataKey(tx, next); err != nil {
		return DataKey{}, err
	}
	err = audit.Record(tx, audit.Entry{Actor: audit.System, Action: "privacy.renew_key", Kind: kindDataKey, Ref: strconv.FormatUint(uint64(next.ID), 10),
		Before: "data key " + strconv.FormatUint(uint64(last.ID), 10), After: "data key " + strconv.FormatUint(uint64(next.ID), 10)})
	return next, err
}

// RenewOldDataKey is RenewDataKey when the newest one was drawn longer ago than age. It reports whether it drew one.
func RenewOldDataKey(tx *store.Tx, box *pii.Box, age time.Duration) (bool, error) {
	if err := tx.LockName(lockDataKeys); err != nil {
		return false, err
	}
	keys, err := dataKeys(tx)
	if err != nil || tx.Now().Sub(keys[len(keys)-1].DrawnAt) < age {
		return false, err
	}
	_, err = RenewDataKey(tx, box)
	return err == nil, err
}
