// Package identity owns who acts: actors, the roles they hold in a region for a time, the one table of rights, sessions, and the
// proposals that need a second person. It also owns the shape of a command that many give at once (see Call), because who acts and
// which attempt it is are the head of every command.
//
// It must never know what a right is used for, keep a secret in clear (a session is stored as the digest of its token), or let a role
// reach beyond its region and its dates. Denied is the default: what the table does not allow is refused.
package identity

import (
	"slices"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/region"
	"timebank/internal/why"
)

// Role is a kind of duty. Which level it is held at follows from the region of its grant.
type Role string

// The roles. Citizen is held by every actor that is a person, without a grant and for itself alone: whether the person is a recipient,
// a volunteer, kin or the manager of a team is a state of the member package, which its use-cases look at.
const (
	Citizen       Role = "citizen"
	PointStaff    Role = "point_staff"
	PointManager  Role = "point_manager"
	Administrator Role = "administrator"
	Reviewer      Role = "reviewer"
	Dispatcher    Role = "dispatcher"
	Auditor       Role = "auditor"
	ReadOnly      Role = "readonly"
)

// Roles lists the roles that can be granted: those of a service point first, then those of an office.
func Roles() []Role {
	return []Role{PointStaff, PointManager, Administrator, Reviewer, Dispatcher, Auditor, ReadOnly}
}

// AtPoint reports whether the role is held at one service point, which its grant then names.
func (r Role) AtPoint() bool { return r == PointStaff || r == PointManager }

// Valid reports whether the role can be granted.
func (r Role) Valid() bool {
	for _, known := range Roles() {
		if r == known {
			return true
		}
	}
	return false
}

// GrantID identifies a granted role.
type GrantID = id.ID[Grant]

// Grant is a role held in a region and all below it, from a moment on and until another; a zero Until has no end.
type Grant struct {
	ID     GrantID
	Role   Role
	Region region.ID
	Point  string // id of the service point for the roles of a point, else ""
	// Campaign limits the role to one call-out: it allows nothing outside of it. "" is for everything.
	Campaign string
	From     time.Time
	Until    time.Time
}

// holds reports whether the grant is in force at the moment.
func (g Grant) holds(at time.Time) bool {
	return !at.Before(g.From) && (g.Until.IsZero() || at.Before(g.Until))
}

// counts reports whether the grant is in force and reaches into a campaign; "" asks for everything outside of campaigns.
func (g Grant) counts(at time.Time, campaign string) bool {
	return g.holds(at) && (g.Campaign == "" || g.Campaign == campaign)
}

// ActorID identifies an actor.
type ActorID = id.ID[Actor]

// Actor is who gives a command: a person, or the system itself.
type Actor struct {
	ID     string    // actor id: the audit trail and idempotency keys name it
	Person string    // id of the member's person, "" for an account that is nobody's (the system, an interface)
	Grants []Grant   // roles of staff; a citizen has none
	At     time.Time // when the actor was authenticated: grants count that are in force then
	Origin string    // id of the request or "replay"

	// Session is where the actor is signed in, "" for one that was loaded inside the installation (a test, a timer, the replay).
	Session SessionID
	// SteppedUp is until when the session may use guarded rights: its holder has shown a second factor lately.
	SteppedUp time.Time
	// ByCard says that staff (ID) gives the command for the Person, who has shown card and day-word at the desk. Such an actor has no
	// grants and a few of the person's own rights.
	ByCard bool

	system bool
}

// System is the installation itself: timers, imports, the first administrator's grant. It may do everything and is nobody.
var System = Actor{ID: audit.System, Origin: audit.System, system: true}

// From returns the actor with another origin: the same system, named after what it works for ("replay").
func (a Actor) From(origin string) Actor {
	a.Origin = origin
	return a
}

// IsSystem reports whether the actor is the installation itself.
func (a Actor) IsSystem() bool { return a.system }

// IsPerson reports whether the actor is the person with the id.
func (a Actor) IsPerson(person string) bool { return a.Person != "" && a.Person == person }

// Behalf is whom the trail names as acted for when the actor does something that concerns a person: nobody when the person acts itself,
// the person when somebody else does or staff does with the person's card.
func (a Actor) Behalf(person string) string {
	if a.IsPerson(person) && !a.ByCard {
		return ""
	}
	return person
}

// Is reports whether the actor holds the role anywhere at its time.
func (a Actor) Is(role Role) bool {
	if role == Citizen {
		return a.Person != ""
	}
	for _, g := range a.Grants {
		if g.Role == role && g.counts(a.At, "") {
			return true
		}
	}
	return false
}

// AtPoint reports whether the actor works at the service point at its time.
func (a Actor) AtPoint(point string) bool {
	for _, g := range a.Grants {
		if g.Point != "" && g.Point == point && g.counts(a.At, "") {
			return true
		}
	}
	return false
}

var (
	errNotAllowed = errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
	errNotOneself = errs.New(errs.Forbidden, "identity.not_oneself").By("identity.rights", "law")
	errNotByCard  = errs.New(errs.Forbidden, "identity.not_by_card").By("signin.card", "nobody")
	errStepUp     = errs.New(errs.Forbidden, CodeStepUp).By("identity.step_up", "law")
)

// CodeStepUp is the code of the refusal that the actor lifts itself by showing a second factor again.
const CodeStepUp = "identity.step_up_needed"

// May reports whether a granted role allows the right in the place: nil, or Forbidden with the code identity.not_allowed that says which
// right is missing, or identity.step_up_needed when the right is guarded and the session's holder has not shown a second factor lately. It
// never looks at a citizen's own rights: see MayOwn.
func (a Actor) May(right Right, place region.ID, tree *region.Tree) error {
	return a.mayAt(right, place, tree, "", "")
}

// MayIn is May within a campaign: a role that is held for this campaign alone counts too. A use-case that is about a campaign asks by it.
func (a Actor) MayIn(campaign string, right Right, place region.ID, tree *region.Tree) error {
	return a.mayAt(right, place, tree, "", campaign)
}

// mayAt is May by a grant whose region is at the level or above; "" asks for no level.
func (a Actor) mayAt(right Right, place region.ID, tree *region.Tree, level region.Level, campaign string) error {
	if a.system {
		return nil
	}
	rule := table[right]
	for _, g := range a.Grants {
		at := tree.Level(g.Region)
		if level != "" && at.Rank() > level.Rank() {
			continue
		}
		if rule.allows(g.Role, at) && g.counts(a.At, campaign) && tree.Contains(g.Region, place) {
			if rule.guarded && a.Session != "" && !a.At.Before(a.SteppedUp) {
				return errStepUp.Because(why.Rule("identity.step_up", "", "law").With("right", string(right)))
			}
			return nil
		}
	}
	w := why.Rule("identity.rights", "", "law").With("right", string(right))
	// Where somebody lives, or something is, is told to those alone who have some business there.
	if slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.holds(a.At) && tree.Contains(g.Region, place) }) {
		w = w.With("region", string(place))
	}
	if level != "" {
		w = w.With("level", string(level))
	}
	if campaign != "" {
		w = w.With("campaign", campaign)
	}
	return errNotAllowed.Because(w)
}

// MayOwn reports whether a citizen may use the right for itself and is the person: nil, or Forbidden with the code
// identity.not_oneself, or identity.not_by_card when the person would have to come without the desk's help. The use-case decides for whom besides, such as a delegate for its kin, by passing that person's delegate.
func (a Actor) MayOwn(right Right, person string) error {
	if a.system || table[right].own && a.IsPerson(person) && (!a.ByCard || table[right].card) {
		return nil
	}
	if a.ByCard && a.IsPerson(person) {
		return errNotByCard.Because(why.Rule("identity.rights", "", "law").With("right", string(right)))
	}
	return errNotOneself.Because(why.Rule("identity.rights", "", "law").With("right", string(right)))
}

// MayFor reports whether the actor may use one right for itself, or the other as staff of the place where the person is at home.
func (a Actor) MayFor(own Right, person string, staff Right, place region.ID, tree *region.Tree) error {
	if a.MayOwn(own, person) == nil {
		return nil
	}
	return a.May(staff, place, tree)
}
