package identity_test

import (
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// open signs an actor in and returns it as a request would see it.
func (w *world) open(t testing.TB, o identity.Opening) (identity.Actor, string) {
	t.Helper()
	var opened identity.Opened
	storetest.Write(t, w.db, func(tx *store.Tx) (err error) {
		o.Origin = "test"
		opened, err = w.s.Open(tx, o)
		return err
	})
	return w.as(t, opened.Token), opened.Token
}

func (w *world) as(t testing.TB, token string) identity.Actor {
	t.Helper()
	actor, err := w.s.Authenticate(t.Context(), token, "test")
	if err != nil {
		t.Fatalf("authenticate: %v", err)
	}
	return actor
}

func want(t testing.TB, what string, err error, code string) {
	t.Helper()
	if got := errs.CodeOf(err); err == nil && code != "" || err != nil && got != code {
		t.Errorf("%s: got %v, want %q", what, err, code)
	}
}

func TestWhatASessionMayDoFollowsFromItsGrade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		citizen, _ := w.open(t, identity.Opening{Of: w.admin, Grade: identity.GradeCitizen})
		want(t, "a role in a citizen's session", citizen.May(identity.CatalogPublish, w.tree.City(), w.tree), "identity.not_allowed")
		want(t, "a person's own right", citizen.MayOwn(identity.LedgerTransfer, "person-admin"), "")

		staff, token := w.open(t, identity.Opening{Of: w.admin, Grade: identity.GradeStaff, Replaces: citizen.Session})
		want(t, "a role without a second factor", staff.May(identity.CatalogPublish, w.tree.City(), w.tree), "")
		want(t, "a guarded right without a second factor", staff.May(identity.LedgerIssuePropose, w.tree.City(), w.tree), identity.CodeStepUp)
		storetest.Write(t, db, func(tx *store.Tx) error { _, err := w.s.StepUp(tx, staff); return err })
		want(t, "a guarded right after a second factor", w.as(t, token).May(identity.LedgerIssuePropose, w.tree.City(), w.tree), "")
		clk.Advance(identity.DefaultLimits.StepUp)
		want(t, "a guarded right a while later", w.as(t, token).May(identity.LedgerIssuePropose, w.tree.City(), w.tree), identity.CodeStepUp)
		want(t, "stepping up in the session that was replaced", db.Write(t.Context(), "test", func(tx *store.Tx) error {
			_, err := w.s.StepUp(tx, citizen)
			return err
		}), "identity.session_ended")

		card, _ := w.open(t, identity.Opening{Of: w.admin, Grade: identity.GradeCard, Behalf: "person-citizen"})
		want(t, "the staff's role in a card's session", card.May(identity.CatalogPublish, w.tree.City(), w.tree), "identity.not_allowed")
		want(t, "ordering by card", card.MayOwn(identity.OrderPlace, "person-citizen"), "")
		want(t, "giving hours away by card", card.MayOwn(identity.LedgerTransfer, "person-citizen"), "identity.not_by_card")
		want(t, "the staff's own right in a card's session", card.MayOwn(identity.OrderPlace, "person-admin"), "identity.not_oneself")
		if got := card.Behalf("person-citizen"); got != "person-citizen" || card.ID != string(w.admin) {
			t.Errorf("the trail would name %q for %q, want the staff for the person", card.ID, got)
		}
		_, err := w.s.Sessions(t.Context(), card, w.admin)
		want(t, "looking at sessions by card", err, "identity.not_by_card")
		_, err = w.s.Derive(t.Context(), card, w.admin, time.Hour, "")
		want(t, "a second session by card", err, "identity.not_by_card")

		derived, err := w.s.Derive(t.Context(), w.as(t, token), w.admin, time.Hour, "second phone")
		if err != nil {
			t.Fatal(err)
		}
		want(t, "a guarded right in a derived session", w.as(t, derived).May(identity.LedgerIssuePropose, w.tree.City(), w.tree), identity.CodeStepUp)
		_, err = w.s.Derive(t.Context(), w.as(t, token), w.citizen, time.Hour, "")
		want(t, "a session for somebody else", err, "identity.not_oneself")
	})
}
