package member

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// Personal is everything this package stores about a person, in clear: for the person's own copy and for nobody else.
type Personal struct {
	Person       PersonID         `json:"person"`
	Name         string           `json:"name"`
	IDNumber     string           `json:"id_number"`
	Phone        string           `json:"phone,omitempty"`
	Birth        clock.Day        `json:"birth"`
	Sex          pii.Sex          `json:"sex"`
	Region       region.ID        `json:"region"`
	State        PersonState      `json:"state"`
	EndedOn      clock.Day        `json:"ended_on,omitempty"`
	Heir         PersonID         `json:"heir,omitempty"`
	RegisteredAt time.Time        `json:"registered_at"`
	Homes        []PersonalHome   `json:"homes"`
	Consents     []PersonalWord   `json:"consents"`
	Recipient    *PersonalAsker   `json:"recipient,omitempty"`
	Volunteer    *PersonalServer  `json:"volunteer,omitempty"`
	NoShows      []time.Time      `json:"no_shows,omitempty"`
	PortraitAt   *time.Time       `json:"portrait_at,omitempty"` // since when a picture is shown
	Wish         *PersonalWish    `json:"wish,omitempty"`
	Kin          []PersonalKin    `json:"kin"`
	Teams        []PersonalMember `json:"teams"`
	Invites      []PersonalInvite `json:"team_invites,omitempty"` // that wait for the person's answer
}

// PersonalHome is where the person lives, lived or will live.
type PersonalHome struct {
	From    clock.Day `json:"from"`
	Until   clock.Day `json:"until,omitempty"`
	Region  region.ID `json:"region"`
	Address string    `json:"address,omitempty"`
	LatE6   *int64    `json:"lat_e6,omitempty"`
	LonE6   *int64    `json:"lon_e6,omitempty"`
	// LocatedBy says who put it on the map: "hand" a person, else the geocoder that knew the address.
	LocatedBy string `json:"located_by,omitempty"`
}

// PersonalWord is a consent, with its end if it was withdrawn.
type PersonalWord struct {
	Purpose     Purpose    `json:"purpose"`
	GrantedAt   time.Time  `json:"granted_at"`
	GrantedBy   string     `json:"granted_by"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty"`
}

// PersonalAsker is the person as a recipient.
type PersonalAsker struct {
	State           RecipientState `json:"state"`
	AppliedAt       time.Time      `json:"applied_at"`
	ReviewedAt      *time.Time     `json:"reviewed_at,omitempty"`
	Reason          string         `json:"reason,omitempty"`
	LivesAlone      bool           `json:"lives_alone"`
	ChildrenNear    bool           `json:"children_near"`
	Allowance       bool           `json:"allowance"`
	Disability      string         `json:"disability"`
	RuralLeftBehind bool           `json:"rural_left_behind"`
	Hardship        bool           `json:"hardship"`
	KeyElder        bool           `json:"key_elder"`
	PolicyVersion   string         `json:"policy_version,omitempty"`
}

// PersonalServer is the person as a volunteer.
type PersonalServer struct {
	State          VolunteerState `json:"state"`
	AppliedAt      time.Time      `json:"applied_at"`
	Guardian       PersonID       `json:"guardian,omitempty"`
	Reason         string         `json:"reason,omitempty"`
	CertifiedAt    *time.Time     `json:"certified_at,omitempty"`
	SuspendedUntil *time.Time     `json:"suspended_until,omitempty"`
	SuspendedFor   string         `json:"suspended_for,omitempty"`
}

// PersonalWish is what the person asked of the bank: quiet hours of the day, and what becomes of hours above the cap.
type PersonalWish struct {
	QuietFrom  int            `json:"quiet_from"`
	QuietUntil int            `json:"quiet_until"`
	OverCap    policy.Surplus `json:"over_cap,omitempty"`
}

// PersonalKin is a relation: what the relative is to the person. The relative's own data are the relative's.
type PersonalKin struct {
	Relative PersonID `json:"relative"`
	Relation Relation `json:"relation"`
	State    KinState `json:"state"`
	Delegate bool     `json:"delegate"`
	Willing  bool     `json:"willing"` // the person will act for the relative
}

// PersonalMember is a membership of a team.
type PersonalMember struct {
	Team  TeamID     `json:"team"`
	Name  string     `json:"name"`
	From  time.Time  `json:"from"`
	Until *time.Time `json:"until,omitempty"`
}

// PersonalInvite is an invitation to a team.
type PersonalInvite struct {
	Team    TeamID    `json:"team"`
	Name    string    `json:"name"`
	AskedAt time.Time `json:"asked_at"`
	Until   time.Time `json:"until"`
}

// PersonalData gathers what is stored about a person. It checks no right; the use-case that hands it out does. Error:
// member.person_unknown.
func (s *Service) PersonalData(tx *store.Tx, which PersonID) (Personal, error) {
	d, err := s.Open(tx, which)
	if err != nil {
		return Personal{}, err
	}
	p, err := loadPersonal(tx, which)
	if err != nil {
		return p, err
	}
	p.Name, p.IDNumber, p.Phone = d.Name.Reveal(), d.IDNumber.Reveal(), d.Phone.Reveal()
	invites, err := InvitesFor(tx, which)
	if err != nil {
		return p, err
	}
	for _, i := range invites {
		p.Invites = append(p.Invites, PersonalInvite{i.Team, i.Name, i.AskedAt, i.Until})
	}
	wishes, err := WishesOf(tx, []PersonID{which})
	if err != nil {
		return p, err
	}
	if w, ok := wishes[which]; ok {
		p.Wish = &PersonalWish{QuietFrom: w.Quiet.From, QuietUntil: w.Quiet.Until, OverCap: w.OverCap}
	}
	homes, err := homesOf(tx, which)
	if err != nil {
		return p, err
	}
	for _, h := range homes {
		if h.sealed != nil {
			if h.Address, err = s.box.Open(fieldAddress, h.sealed); err != nil {
				return p, errs.New(errs.Internal, errs.CodeInternal).With(err)
			}
		}
		p.Homes = append(p.Homes, h.PersonalHome)
	}
	return p, nil
}

var errErased = errs.New(errs.Conflict, "member.erased").By("record.state", "nobody")

// Erase destroys what identifies a person who has left or died: name, numbers, birthday, addresses, kin, what a home visit found, and every
// index by which the person could be found. The id stays: it is the pseudonym under which the record of hours goes on, and belongs to nobody
// any more. It checks no right and nothing that is open; the use-case that asks for it does. Errors: member.person_unknown, member.erased.
func (s *Service) Erase(tx *store.Tx, which PersonID) error {
	people, err := lockPersons(tx, []PersonID{which})
	if err != nil {
		return err
	}
	if _, ok := people[which]; !ok {
		return errUnknown
	}
	gone, err := erased(tx, which)
	if err != nil {
		return err
	}
	if gone {
		return errErased
	}
	for _, kind := range []string{TimerMove, TimerKeyElder, TimerSuspensionEnd} {
		if err := timer.Cancel(tx, kind, string(which)); err != nil {
			return err
		}
	}
	return erasePerson(tx, which, people[which].Birth, s.noIndex(tx))
}

// noIndex takes the place of a blind index: random, so that no number leads to it.
func (s *Service) noIndex(tx *store.Tx) string {
	var random [16]byte
	tx.Fill(random[:])
	return encodeIndex(random[:])
}

// Merge makes one record of two: the relations of the one that goes become those of the one that stays, and what identifies it is destroyed. It
// checks no right and nothing that is open; the use-case that asks for it does.
func (s *Service) Merge(tx *store.Tx, keep, drop PersonID) error {
	if err := mergeInto(tx, keep, drop, clock.DayOf(tx.Now())); err != nil {
		return err
	}
	return s.Erase(tx, drop)
}
