package member_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// A point is told to open at other hours, moves, closes and opens again; while somebody has a role at it, it does neither.
func TestAServicePointChanges(t *testing.T) {
	citytest.Each(t, func(t *testing.T, w *citytest.City) {
		ctx := t.Context()
		city, desk := w.Staff(identity.Administrator, w.Tree.City()).Actor, w.Staff(identity.Dispatcher, w.Home()).Actor
		home, street := w.Home(), w.Tree.StreetOf(w.Home())
		made, err := w.Members.RegisterPoints(ctx, []member.RegisterPointCmd{
			{Actor: city, Key: w.Key(), Name: "驿站", Kind: member.PointCommunity, Region: home}, {Actor: city, Key: w.Key(), Name: "驿站", Kind: member.PointCommunity, Region: street},
		})
		wants(t, "points", made, err, "", "")
		point := made[0].Value
		week := member.OpenHours{Days: "12345", From: 510, Until: 1050}
		change := func(by identity.Actor, into func(*member.ChangePointCmd)) member.ChangePointCmd {
			c := member.ChangePointCmd{Actor: by, Key: w.Key(), Point: point, Name: "驿站", Region: home, Phone: "025-85311234", Hours: week, Reason: "spring"}
			if into != nil {
				into(&c)
			}
			return c
		}
		read := func() (p member.ServicePoint, listed int) {
			t.Helper()
			storetest.Read(t, w.DB, func(tx *store.Tx) (err error) {
				if p, err = member.LoadPoint(tx, point); err != nil {
					return err
				}
				open, err := member.PointsIn(tx, street)
				listed = len(open)
				return err
			})
			return p, listed
		}
		out, err := w.Members.ChangePoints(ctx, []member.ChangePointCmd{change(city, nil), change(desk, nil), change(city, func(c *member.ChangePointCmd) { c.Point = "nowhere" }),
			change(city, func(c *member.ChangePointCmd) { c.Region = street }), change(city, func(c *member.ChangePointCmd) { c.Hours.Days, c.Reason = "21", "" })})
		wants(t, "change", out, err, "", "identity.not_allowed", "member.point_unknown", "member.point_exists", "member.point_invalid")
		if p, listed := read(); p.Hours != week || p.Hours.Span() != "08:30–17:30" || p.Phone == "" || listed != 2 {
			t.Errorf("changed: got %+v, %d listed", p, listed)
		}
		role, err := w.Identity.GrantRoles(ctx, []identity.GrantRoleCmd{{Actor: identity.System, Key: w.Key(), To: identity.ActorID(w.Person(30, home).Actor.ID), Role: identity.PointStaff, Region: home, Point: string(point)}})
		wants(t, "grant", role, err, "")
		out, err = w.Members.ChangePoints(ctx, []member.ChangePointCmd{change(city, func(c *member.ChangePointCmd) { c.Closed = true }),
			change(city, func(c *member.ChangePointCmd) { c.Name, c.Region = "新驿站", street }), change(city, func(c *member.ChangePointCmd) { c.Phone = "" })})
		wants(t, "with staff", out, err, "member.point_has_staff", "member.point_has_staff", "")
		revoked, err := w.Identity.RevokeRoles(ctx, []identity.RevokeRoleCmd{{Actor: identity.System, Key: w.Key(), Grant: role[0].Value, Reason: "test"}})
		wants(t, "revoke", revoked, err, "")
		w.Clock.Advance(time.Second)
		out, err = w.Members.ChangePoints(ctx, []member.ChangePointCmd{change(city, func(c *member.ChangePointCmd) { c.Name, c.Region, c.Closed = "新驿站", street, true })})
		wants(t, "close", out, err, "")
		if p, listed := read(); p.Closed != w.Clock.Now() || p.Region != street || listed != 1 {
			t.Errorf("closed: got %+v, %d listed", p, listed)
		}
		storetest.Read(t, w.DB, func(tx *store.Tx) error {
			first, err := member.EveryPointIn(tx, street, "", 1)
			if err != nil {
				return err
			}
			second, err := member.EveryPointIn(tx, street, first[0].ID, 5)
			if len(second) != 1 || second[0].ID == first[0].ID {
				t.Errorf("the office's list: got %v, then %v, want each point once", first, second)
			}
			return err
		})
		out, err = w.Members.ChangePoints(ctx, []member.ChangePointCmd{change(city, nil)})
		wants(t, "open again", out, err, "")
		if p, listed := read(); !p.Closed.IsZero() || p.Region != home || listed != 2 {
			t.Errorf("open again: got %+v, %d listed", p, listed)
		}
	})
}
