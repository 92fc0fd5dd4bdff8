package identity

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/region"
	"timebank/internal/store"
)

// AppointAction is the action of a proposal to give somebody a role that needs two.
const AppointAction = "identity.appoint"

// appointOpen is how long a proposed appointment waits (default, ours: a round of leave).
const appointOpen = 14 * 24 * time.Hour

// NeedsTwo reports whether a role at a level is given by two persons: whoever holds it may be the second person of what another proposes, and who
// could choose the second alone would need none.
func NeedsTwo(role Role, at region.Level) bool {
	for _, r := range table {
		if r.second && r.allows(role, at) {
			return true
		}
	}
	return false
}

// Appointment is the role that a proposal gives.
type Appointment struct {
	To       ActorID   `json:"to"`
	Role     Role      `json:"role"`
	Region   region.ID `json:"region"`
	Point    string    `json:"point,omitempty"`
	Campaign string    `json:"campaign,omitempty"`
	From     time.Time `json:"from,omitzero"`
	Until    time.Time `json:"until,omitzero"`
}

// ReadAppointment returns what a proposal asks for, ok is false where it is about something else.
func ReadAppointment(p Proposal) (a Appointment, ok bool) {
	return a, p.Action == AppointAction && json.Unmarshal([]byte(p.Payload), &a) == nil
}

// AppointCmd puts forward that somebody be given a role.
type AppointCmd struct {
	GrantRoleCmd
	Reason string // why this person; it names nobody
}

// ApproveAppointmentCmd is the second person's part.
type ApproveAppointmentCmd struct {
	Actor    Actor
	Key      string
	Proposal ProposalID
}

func (s *Service) appointCalls() {
	s.appoint = Call[AppointCmd, ProposalID]{Name: "identity.appoint", Encode: Same[ProposalID], Decode: AsID[ProposalID],
		Head: func(c *AppointCmd, w *canon.Writer) (Actor, string) {
			actor, key := s.grant.Head(&c.GrantRoleCmd, w)
			w.Str(c.Reason)
			return actor, key
		},
		Run: func(tx *store.Tx, cmds []*AppointCmd, out []*Result[ProposalID]) (err error) {
			for i, c := range cmds {
				if out[i].Value, err = s.appointIn(tx, c); err != nil {
					return err
				}
			}
			return nil
		}}
	s.approve = Call[ApproveAppointmentCmd, GrantID]{Name: "identity.approve_appointment", Encode: Same[GrantID], Decode: AsID[GrantID],
		Head: func(c *ApproveAppointmentCmd, w *canon.Writer) (Actor, string) {
			w.Str(string(c.Proposal))
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*ApproveAppointmentCmd, out []*Result[GrantID]) (err error) {
			for i, c := range cmds {
				if out[i].Value, err = s.approveAppointment(tx, c); err != nil {
					return err
				}
			}
			return nil
		}}
}

// Appoint puts forward a role that needs two; nobody holds it yet. Errors: those of [Service.GrantRoles] and of [Propose].
func (s *Service) Appoint(ctx context.Context, c AppointCmd) (ProposalID, error) {
	return s.appoint.One(ctx, s.db, c)
}

// ApproveAppointment gives the role that another person has put forward. Errors: those of [Approve], Conflict identity.not_an_appointment when the
// proposal is about something else, identity.grant_to_self, and identity.grant_invalid when the role would be over by now.
func (s *Service) ApproveAppointment(ctx context.Context, c ApproveAppointmentCmd) (GrantID, error) {
	return s.approve.One(ctx, s.db, c)
}

func (s *Service) appointIn(tx *store.Tx, c *AppointCmd) (ProposalID, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", err
	}
	known, err := loadActors(tx, []ActorID{c.To})
	if err != nil {
		return "", err
	}
	g, err := decideGrant(&c.GrantRoleCmd, known, tx.Now(), tree)
	var bad errs.Fields
	bad.AddErr("", err)
	if errs.Blank(c.Reason) {
		bad.Add("reason", "identity.reason_missing")
	}
	if err := bad.Err("identity.grant_invalid"); err != nil {
		return "", err
	}
	if err := mayGrant(c.Actor, c.To, g, tree); err != nil {
		return "", err
	}
	payload, err := json.Marshal(Appointment{To: c.To, Role: c.Role, Region: c.Region, Point: c.Point, Campaign: c.Campaign, From: c.From, Until: c.Until})
	if err != nil {
		return "", err
	}
	until := tx.Now().Add(appointOpen)
	if !g.Until.IsZero() && g.Until.Before(until) {
		until = g.Until
	}
	return Propose(tx, c.Actor, Draft{Action: AppointAction, Payload: string(payload), Region: c.Region, Needs: IdentityAppoint, Reason: c.Reason, Until: until})
}

func (s *Service) approveAppointment(tx *store.Tx, c *ApproveAppointmentCmd) (GrantID, error) {
	waiting, err := LoadProposal(tx, c.Proposal)
	if err != nil {
		return "", err
	}
	a, ok := ReadAppointment(waiting)
	if !ok {
		return "", errs.New(errs.Conflict, "identity.not_an_appointment").By("record.state", "nobody")
	}
	if c.Actor.ID == string(a.To) {
		return "", errToSelf
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", err
	}
	if _, err := Approve(tx, tree, c.Actor, c.Proposal); err != nil {
		return "", err
	}
	known, err := loadActors(tx, []ActorID{a.To})
	if err != nil {
		return "", err
	}
	begins := a.From
	if begins.Before(tx.Now()) {
		begins = time.Time{} // the second person took longer than the first had thought: it begins now
	}
	g, err := decideGrant(&GrantRoleCmd{Actor: c.Actor, To: a.To, Role: a.Role, Region: a.Region, Point: a.Point, Campaign: a.Campaign, From: begins,
		Until: a.Until}, known, tx.Now(), tree)
	if err != nil {
		return "", err
	}
	g.ID = store.NewID[Grant](tx)
	if err := insertGrants(tx, []grantRow{{g, a.To, c.Actor.ID}}); err != nil {
		return "", err
	}
	return g.ID, audit.Record(tx, g.given(c.Actor, a.To, known[a.To]))
}

// CanDecide reports whether two persons at least, an administrator among them, hold roles for the whole city by which they decide on each other's
// proposals. Without them nobody can be appointed any more.
func CanDecide(tx *store.Tx, tree *region.Tree) (bool, error) {
	held, err := Holders(tx, tree.City())
	if err != nil {
		return false, err
	}
	who := map[ActorID]bool{}
	for _, h := range held {
		if h.Campaign == "" && table[IdentityAppoint].allows(h.Role, region.City) {
			who[h.Actor] = true
		}
	}
	administered := slices.ContainsFunc(held, func(h Held) bool { return h.Campaign == "" && h.Role == Administrator })
	return administered && len(who) >= 2, nil
}

var (
	errToSelf = errs.New(errs.Forbidden, "identity.grant_to_self").Because(twoPersons())
	errTwo    = errs.New(errs.Forbidden, CodeAppoint).Because(twoPersons())
)

// CodeAppoint is the code of the refusal that [Service.Appoint] gets around.
const CodeAppoint = "identity.appointment_needed"
