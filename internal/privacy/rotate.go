package privacy

import (
	"context"
	"strconv"
	"strings"

	"timebank/internal/store"
)

// Sealed is a kind of rows with sealed fields, which its room seals anew.
type Sealed struct {
	// Name is what progress is remembered by.
	Name string
	// Reseal seals anew up to max rows after the given one, and returns the last row it looked at, "" at the end, and how many it changed.
	Reseal func(tx *store.Tx, after string, max int) (last string, changed int, err error)
}

// resealBatch is how many rows one transaction seals anew: few enough not to keep other writes waiting.
const resealBatch = 200

// Rotate seals anew, under the active data key, everything that others sealed, and the ring itself before there were data keys, in short
// transactions, and returns how many rows it changed. It goes on where it was interrupted, and looks at nothing when all was done under this key.
// What is registered meanwhile is sealed under the active key already.
func (s *Service) Rotate(ctx context.Context, active uint32) (changed int, err error) {
	// Settings of the time before there were data keys name the ring's key, which is a number alone.
	under := "data-key-" + strconv.FormatUint(uint64(active), 10)
	for _, kind := range s.sealed {
		for done := false; !done; {
			n := 0
			err := s.db.Write(ctx, "privacy.rotate", func(tx *store.Tx) error {
				n = 0
				setting := "privacy.reseal." + kind.Name
				state, err := store.Setting(tx, setting)
				if err != nil {
					return err
				}
				key, after, _ := strings.Cut(state, " ")
				if key != under {
					key, after = under, ""
				}
				if done = after == finished; done {
					return nil
				}
				last := ""
				if last, n, err = kind.Reseal(tx, after, resealBatch); err != nil {
					return err
				}
				if last == "" {
					last = finished
				}
				return store.SetSetting(tx, setting, key+" "+last)
			})
			if err != nil {
				return changed, err
			}
			changed += n
		}
	}
	return changed, nil
}

// finished stands for the last row when there is no more.
const finished = "done"
