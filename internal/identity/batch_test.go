package identity_test

import (
	"testing"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// A command that meets a full disk half way is no refused command: what it wrote, and its neighbours, go back, and the caller hears of the disk.
func TestAFaultEndsTheWholeGroup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		call := identity.Call[string, identity.Nothing]{Name: "test.fault", Encode: identity.NoResult, Decode: identity.AsNothing,
			Head: func(c *string, w *canon.Writer) (identity.Actor, string) {
				w.Str(*c)
				return identity.System, *c
			},
			Run: func(tx *store.Tx, cmds []*string, out []*identity.Result[identity.Nothing]) error {
				for i, c := range cmds {
					tx.Outbox("test.written", *c, "{}")
					if *c == "full" {
						out[i].Err = errs.New(errs.Unavailable, "store.full")
					}
				}
				return nil
			}}
		if _, err := call.Perform(t.Context(), db, []string{"well", "full"}); errs.CodeOf(err) != "store.full" {
			t.Errorf("got %v, want the full disk", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			left, err := store.WaitingEvents(tx, 10)
			if len(left) != 0 {
				t.Errorf("%d events stayed", len(left))
			}
			return err
		})
	})
}
