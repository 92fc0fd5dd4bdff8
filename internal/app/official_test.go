package app_test

import (
	"testing"

	"timebank/internal/app"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// TestACityWithoutOfficialsGetsNewOnes: where fewer than two are left who decide, nobody can be appointed in the city itself.
func TestACityWithoutOfficialsGetsNewOnes(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		home, _ := c.Tree.ByID(c.Home())
		official := func(n int, role identity.Role) app.Official {
			return app.Official{Login: string(role), Name: "钱二", IDNumber: citytest.IDNumber("1980-05-05", n), Phone: "1390000099" + string(rune('0'+n%10)),
				Address: "珠江路1号", Community: home.Code, Role: role}
		}
		begin := func(all ...app.Official) ([]app.Invited, error) { return c.Begin(t.Context(), app.Nanjing(), all) }
		one := official(991, identity.Administrator)
		if _, err := begin(one); errs.CodeOf(err) != "app.founding_invalid" {
			t.Errorf("one alone: %v", err)
		}
		if made, err := begin(one, official(992, identity.Reviewer)); err != nil || len(made) != 2 {
			t.Fatalf("a city without officials: %v, %v", made, err)
		}
		if _, err := begin(one, official(993, identity.Reviewer)); errs.CodeOf(err) != "app.founded_already" {
			t.Errorf("while two are left: %v", err)
		}
		holders := func() (held []identity.Held) {
			storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
				held, err = identity.Holders(tx, c.Tree.City())
				return err
			})
			return held
		}
		for _, h := range holders() {
			if h.Role == identity.Reviewer {
				citytest.Got(c.Identity.RevokeRoles(t.Context(), []identity.RevokeRoleCmd{{Actor: identity.System, Key: c.Key(), Grant: h.ID, Reason: "left"}})).Must(t, "revoke")
			}
		}
		// The administrator who is left is a member: it is not registered anew, and keeps its account.
		one.Login = "administrator.again"
		if made, err := begin(one, official(994, identity.Reviewer)); err != nil || len(made) != 2 {
			t.Fatalf("one is left: %v, %v", made, err)
		}
		who := map[identity.ActorID]bool{}
		for _, h := range holders() {
			who[h.Actor] = true
		}
		if len(who) != 2 {
			t.Errorf("two decide: got %d persons", len(who))
		}
	})
}
