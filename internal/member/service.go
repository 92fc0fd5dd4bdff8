package member

import (
	"encoding/base64"
	"slices"
	"strings"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/photo"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Service registers and changes members. It is safe for concurrent use. Every use-case takes many commands and gives one result for each.
type Service struct {
	db       *store.DB
	regions  *region.Service
	policies *policy.Service
	box      *pii.Box
	photos   *photo.Folder
	geocoder Geocoder
	turns    turns

	register        identity.Call[RegisterCmd, Registered]
	move            identity.Call[MoveCmd, identity.Nothing]
	stay            identity.Call[StayCmd, identity.Nothing]
	pin             identity.Call[PinCmd, identity.Nothing]
	correct         identity.Call[CorrectCmd, identity.Nothing]
	end             identity.Call[EndCmd, identity.Nothing]
	consent         identity.Call[ConsentCmd, identity.Nothing]
	applyRecipient  identity.Call[ApplyRecipientCmd, identity.Nothing]
	reviewRecipient identity.Call[ReviewRecipientCmd, Decided]
	assess          identity.Call[AssessCmd, Decided]
	applyVolunteer  identity.Call[ApplyVolunteerCmd, identity.Nothing]
	reviewVolunteer identity.Call[ReviewVolunteerCmd, VolunteerState]
	suspend         identity.Call[SuspendCmd, identity.Nothing]
	addKin          identity.Call[AddKinCmd, KinState]
	confirmKin      identity.Call[ConfirmKinCmd, identity.Nothing]
	delegate        identity.Call[DelegateCmd, identity.Nothing]
	actFor          identity.Call[ActForCmd, identity.Nothing]
	nameHeir        identity.Call[NameHeirCmd, identity.Nothing]
	endKin          identity.Call[EndKinCmd, identity.Nothing]
	registerTeam    identity.Call[RegisterTeamCmd, TeamID]
	joinTeam        identity.Call[JoinTeamCmd, identity.Nothing]
	invite          identity.Call[InviteCmd, InviteID]
	answerInvite    identity.Call[AnswerInviteCmd, identity.Nothing]
	registerPoint   identity.Call[RegisterPointCmd, PointID]
	changePoint     identity.Call[ChangePointCmd, identity.Nothing]
	showFace        identity.Call[face, identity.Nothing]
	hideFace        identity.Call[HidePortraitCmd, identity.Nothing]
	wishes          identity.Call[WishCmd, identity.Nothing]
}

// New returns the service of one database. The box holds the city's keys for sealed fields, the folder the portraits.
func New(db *store.DB, regions *region.Service, policies *policy.Service, box *pii.Box, photos *photo.Folder) *Service {
	s := &Service{db: db, regions: regions, policies: policies, box: box, photos: photos}
	s.personCalls()
	s.moveCalls()
	s.pinCall()
	s.recipientCalls()
	s.volunteerCalls()
	s.kinCalls()
	s.teamCalls()
	s.pointCalls()
	s.portraitCalls()
	s.wishCalls()
	return s
}

// nothing makes the call of a command without a result.
func nothing[C any](name string, head func(*C, *canon.Writer) (identity.Actor, string),
	run func(*store.Tx, []*C, []*identity.Result[identity.Nothing]) error) identity.Call[C, identity.Nothing] {
	return identity.Call[C, identity.Nothing]{Name: name, Head: head, Encode: identity.NoResult, Decode: identity.AsNothing, Run: run}
}

// word makes the call of a command whose result is one word.
func word[C any, S ~string](name string, head func(*C, *canon.Writer) (identity.Actor, string),
	run func(*store.Tx, []*C, []*identity.Result[S]) error) identity.Call[C, S] {
	return identity.Call[C, S]{Name: name, Head: head, Encode: identity.Same[S], Decode: identity.AsID[S], Run: run}
}

// scene is what the decisions of one transaction look at.
type scene struct {
	tx    *store.Tx
	tree  *region.Tree
	today clock.Day
	view  policy.View
	rules map[region.ID]policy.Rules
	trail []audit.Entry
	turns *turns
}

func (s *Service) scene(tx *store.Tx) (*scene, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	return &scene{tx: tx, tree: tree, today: clock.DayOf(tx.Now()), turns: &s.turns}, nil
}

// ruled is a scene whose decisions follow the policy.
func (s *Service) ruled(tx *store.Tx) (*scene, error) {
	sc, err := s.scene(tx)
	if err != nil {
		return nil, err
	}
	sc.rules = map[region.ID]policy.Rules{}
	sc.view, err = s.policies.View(tx)
	return sc, err
}

// at returns the rules in force for a region.
func (sc *scene) at(place region.ID) (policy.Rules, error) {
	if r, ok := sc.rules[place]; ok {
		return r, nil
	}
	r, err := sc.view.At(sc.tx.Now(), sc.tree.RulePath(place, sc.tree.Day()))
	if err == nil {
		sc.rules[place] = r
	}
	return r, err
}

// note adds an act concerning a person to the trail; done writes all of them.
func (sc *scene) note(by identity.Actor, action, kind, ref string, of Person, before, after string) {
	sc.trail = append(sc.trail, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(of.ID)), Action: action, Kind: kind, Ref: ref, Region: string(of.Region),
		Before: before, After: after, Origin: by.Origin})
}

func (sc *scene) done() error { return audit.Record(sc.tx, sc.trail...) }

var (
	errUnknown  = errs.New(errs.NotFound, "member.person_unknown")
	errInactive = errs.New(errs.Conflict, "member.person_not_active").By("record.state", "nobody")
	errTaken    = errs.New(errs.Conflict, "member.identity_taken").By("record.one_person", "law")
	errAsked    = errs.New(errs.TooMany, "member.identity_asked_often").By("limits.account", "city")
	errOwnCase  = errs.New(errs.Forbidden, "member.own_case").By("identity.two_persons", "law")
)

// active returns the person if it is known and takes part.
func active(all map[PersonID]Person, which PersonID) (Person, error) {
	p, ok := all[which]
	switch {
	case !ok:
		return p, errUnknown
	case p.State != PersonActive:
		return p, errInactive
	}
	return p, nil
}

// mayFor checks the own right of a person or that of the staff where the person lives.
func (sc *scene) mayFor(by identity.Actor, own identity.Right, p Person, staff identity.Right) error {
	return by.MayFor(own, string(p.ID), staff, p.Region, sc.tree)
}

// known returns a person for an actor that may act for it by its own right or by that of the staff where it lives. Somebody without a role is refused
// alike whether there is such a person or not, so that a stranger learns neither that nor where somebody lives.
func (sc *scene) known(people map[PersonID]Person, by identity.Actor, own identity.Right, which PersonID, staff identity.Right) (Person, error) {
	p, ok := people[which]
	if !ok {
		if len(by.Grants) > 0 {
			return p, errUnknown
		}
		p = Person{ID: which, Region: sc.tree.City()}
	}
	if err := sc.mayFor(by, own, p, staff); err != nil {
		return p, err
	}
	if !ok {
		return p, errUnknown
	}
	return p, nil
}

// whom is known for a person who has to take part.
func (sc *scene) whom(people map[PersonID]Person, by identity.Actor, own identity.Right, which PersonID, staff identity.Right) (Person, error) {
	p, err := sc.known(people, by, own, which, staff)
	if err != nil {
		return p, err
	}
	return active(people, which)
}

// unique sorts ids and drops repetitions, which is also the order in which rows are locked.
func unique[S ~string](ids []S) []S {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func idsOf[C any](cmds []*C, of func(*C) []PersonID) []PersonID {
	ids := make([]PersonID, 0, len(cmds))
	for _, c := range cmds {
		for _, one := range of(c) {
			if one != "" {
				ids = append(ids, one)
			}
		}
	}
	return unique(ids)
}

// The kinds under which fields are sealed and indexed.
const (
	fieldName     = "person.name"
	fieldIDNumber = "person.id_number"
	fieldPhone    = "person.phone"
	fieldAddress  = "person.address"
)

// index is the blind index of a field as it is stored: 22 characters.
func (s *Service) index(field, clear string) string {
	return encodeIndex(s.box.Index(field, clear))
}

func encodeIndex(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// blind stands for personal input in a digest: without the city's key it tells nothing.
func (s *Service) blind(parts ...string) []byte {
	return s.box.Index("member.command", strings.Join(parts, "\x00"))
}

// seal returns nil for a field that was not given.
func (s *Service) seal(field, clear string) any {
	if clear == "" {
		return nil
	}
	return s.box.Seal(field, clear)
}
