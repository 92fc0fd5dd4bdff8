package app

import (
	"context"
	"fmt"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
)

// Official is one of those who run a new city.
type Official struct {
	Login     string        `toml:"login"`
	Name      string        `toml:"name"`
	IDNumber  string        `toml:"id_number"`
	Phone     string        `toml:"phone"`
	Address   string        `toml:"address"`
	Community string        `toml:"community"` // where it lives: the code of twelve digits
	Role      identity.Role `toml:"role"`      // of an office
}

// Invited is an official with the code by which it chooses its password.
type Invited struct {
	Login   string
	Code    string // shown once
	Expires time.Time
}

// Begin sets a new city up with those who run it, or does nothing. They are two at the least, each with a person and a telephone of its own, because
// whatever makes hours or rules needs two persons. A city of which fewer are left, so that nobody can be appointed any more, gets new ones, and keeps
// its rules and its hours.
//
// Errors: Conflict app.founded_already where enough are left, Invalid app.founding_invalid with every wrong field, and those of the rules.
func (a *App) Begin(ctx context.Context, f Founding, officials []Official) (made []Invited, err error) {
	if led, err := a.Led(ctx); err != nil {
		return nil, err
	} else if led {
		return nil, errs.New(errs.Conflict, "app.founded_already")
	}
	if err := enough(officials); err != nil {
		return nil, err
	}
	err = a.DB.Together(ctx, func(ctx context.Context) error {
		if err := a.Found(ctx, f); err != nil {
			return err
		}
		made, err = a.appoint(ctx, officials)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// Led reports whether a city was founded here and still has those who decide in it.
func (a *App) Led(ctx context.Context) (led bool, err error) {
	err = a.DB.Read(ctx, "app.led", func(tx *store.Tx) error {
		done, err := founded(tx)
		if err == nil && done {
			led, err = ledIn(tx, a.Regions)
		}
		return err
	})
	return led, err
}

func ledIn(tx *store.Tx, regions *region.Service) (bool, error) {
	tree, err := regions.Tree(tx)
	if err != nil {
		return false, err
	}
	return identity.CanDecide(tx, tree)
}

// enough names what is wrong with the officials before anything is done.
func enough(officials []Official) error {
	var bad errs.Fields
	administrators, deciding := 0, 0
	for i, o := range officials {
		switch {
		case !o.Role.Valid() || o.Role.AtPoint():
			bad.Add(official(i)+".role", "identity.role_unknown")
		case o.Role == identity.Administrator:
			administrators++
			deciding++
		case o.Role == identity.Reviewer:
			deciding++
		}
	}
	if administrators < 1 || deciding < 2 {
		bad.Add("official", "app.officials_too_few")
	}
	return bad.Err("app.founding_invalid")
}

// official is the path of an entry of the file.
func official(i int) string { return fmt.Sprintf("official[%d]", i) }

// appoint registers the officials who are not members yet, gives them their roles for the whole city, and invites them.
func (a *App) appoint(ctx context.Context, officials []Official) ([]Invited, error) {
	tree, err := a.Regions.Today(ctx)
	if err != nil {
		return nil, err
	}
	system := identity.System.From("founding")
	var bad errs.Fields
	actors := make([]identity.ActorID, len(officials))
	var register []member.RegisterCmd
	var fresh []int
	for i, o := range officials {
		if known, err := a.Members.LookUp(ctx, system, o.IDNumber, member.LookUpDuty); errs.Fault(err) {
			return nil, err
		} else if len(known) == 1 {
			actors[i] = known[0].Actor
			continue
		}
		home, ok := tree.ByCode(o.Community)
		if !ok {
			bad.Add(official(i)+".community", "region.unknown_code")
		}
		fresh = append(fresh, i)
		register = append(register, member.RegisterCmd{Actor: system, Name: o.Name, IDNumber: o.IDNumber, Phone: o.Phone, Address: o.Address, Region: home.ID,
			Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}})
	}
	if err := bad.Err("app.founding_invalid"); err != nil {
		return nil, err
	}
	people, err := a.Members.RegisterPersons(ctx, register)
	if err != nil {
		return nil, err
	}
	for n, p := range people {
		bad.AddErr(official(fresh[n]), p.Err)
		actors[fresh[n]] = p.Value.Actor
	}
	grants := make([]identity.GrantRoleCmd, len(officials))
	for i, to := range actors {
		grants[i] = identity.GrantRoleCmd{Actor: system, To: to, Role: officials[i].Role, Region: tree.City()}
	}
	if err := bad.Err("app.founding_invalid"); err != nil {
		return nil, err
	}
	given, err := a.Identity.GrantRoles(ctx, grants)
	if err != nil {
		return nil, err
	}
	made := make([]Invited, len(officials))
	for i, g := range given {
		bad.AddErr(official(i), g.Err)
		if g.Err != nil {
			continue
		}
		invitation, err := a.SignIn.Invite(ctx, signin.InviteCmd{Actor: system, To: actors[i], Login: officials[i].Login})
		if errs.Fault(err) {
			return nil, err
		}
		bad.AddErr(official(i), err)
		made[i] = Invited{Login: officials[i].Login, Code: invitation.Code, Expires: invitation.Expires}
	}
	return made, bad.Err("app.founding_invalid")
}
