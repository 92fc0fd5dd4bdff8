// Package member owns the people and places of the bank: persons, recipients and who of them is a key elder, volunteers on their way to
// being certified, kin, teams of volunteers, service points, and what each person has consented to.
//
// One identity number is one person: the blind index of the number is unique. What identifies a person is sealed in the database and
// opened only for somebody with the right to see it, and the look is in the audit trail. The package must never hold hours or orders, and
// must never put a name, a number or an address into a log, an audit entry, an outbox row or an error.
package member

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/why"
)

// PersonID identifies a person for ever, wherever the person moves.
type PersonID = id.ID[Person]

// PersonState says whether a person takes part.
type PersonState string

// The states of a person. Who left the city keeps its book, frozen, and its records.
const (
	PersonActive PersonState = "active"
	PersonLeft   PersonState = "left"
	PersonDead   PersonState = "dead"
)

// Person is what decisions need of a person and nothing that identifies one to a human reader: see Details.
type Person struct {
	ID       PersonID
	Actor    identity.ActorID
	Birth    clock.Day
	Sex      pii.Sex
	Region   region.ID    // region of record: the community where the person lives now
	Point    region.Point // where the person lives, meaningful if HasPoint
	HasPoint bool
	State    PersonState
	Heir     PersonID // named in life, "" when nobody is
}

// AgeOn returns the person's age in whole years on a day.
func (p Person) AgeOn(day clock.Day) int { return clock.AgeAt(p.Birth, day) }

// Details is what identifies a person. Every value prints its mask; Reveal is for a screen that the right allows.
type Details struct {
	Name     pii.Name
	IDNumber pii.IDNumber
	Phone    pii.Phone   // zero when the person has none
	Address  pii.Address // zero when it was not given
}

// Warning is something about an accepted command that a person should hear of. It is an i18n key.
type Warning string

// WarnGlyph says that the name has a character outside GB 2312 and Latin, which the embedded font cannot print: it is to be written by
// hand on paper until the font has it.
const WarnGlyph Warning = "member.glyph_missing"

// RecipientState is where a recipient stands.
type RecipientState string

// The states of a recipient: applied → approved or rejected; a rejected person may apply again.
const (
	RecipientApplied  RecipientState = "applied"
	RecipientApproved RecipientState = "approved"
	RecipientRejected RecipientState = "rejected"
	RecipientLeft     RecipientState = "left"
	RecipientDead     RecipientState = "dead"
)

// VolunteerState is where a volunteer stands.
type VolunteerState string

// The states of a volunteer (published: applies, is reviewed at one or two levels, studies, passes an exam and only then serves):
// applied → reviewed → studying → certified ⇄ suspended. Registered is not certified.
const (
	VolunteerApplied   VolunteerState = "applied"
	VolunteerReviewed  VolunteerState = "reviewed" // the first of two levels said yes
	VolunteerStudying  VolunteerState = "studying"
	VolunteerCertified VolunteerState = "certified"
	VolunteerSuspended VolunteerState = "suspended"
	VolunteerRejected  VolunteerState = "rejected"
	VolunteerLeft      VolunteerState = "left"
)

// Attributes are what decides who is a key elder. All of them are assessed at a home visit, none is computed.
type Attributes struct {
	LivesAlone      bool
	ChildrenNear    bool
	Allowance       bool              // receives the minimum living allowance
	Disability      policy.Disability // "" counts as none
	RuralLeftBehind bool
	Hardship        bool
}

// At returns the attributes as a rule sees them, with the person's age in whole years.
func (a Attributes) At(age int) policy.Attributes {
	return policy.Attributes{Age: age, LivesAlone: a.LivesAlone, ChildrenNear: a.ChildrenNear, Allowance: a.Allowance,
		Disability: a.Disability, RuralLeftBehind: a.RuralLeftBehind, Hardship: a.Hardship}
}

// Recipient is a person who asks for service.
type Recipient struct {
	Person        Person
	State         RecipientState
	Attributes    Attributes
	KeyElder      bool
	KeyElderBasis why.Why          // the rule, its version, and the values that decided; zero before the first review
	PolicyVersion policy.VersionID // the rules under which KeyElder was decided
}

// MayAsk reports whether the recipient may place orders.
func (r Recipient) MayAsk() bool {
	return r.State == RecipientApproved && r.Person.State == PersonActive
}

// Standing is what may be seen of a recipient without a look at what a home visit found out.
type Standing struct {
	State    RecipientState
	KeyElder bool
	MayAsk   bool // see [Recipient.MayAsk]
}

// Volunteer is a person who serves.
type Volunteer struct {
	Person         Person
	State          VolunteerState
	Reviews        int       // levels that said yes
	Guardian       PersonID  // who answers for a volunteer below the minimum age, else ""
	CertifiedAt    time.Time // zero until certified
	SuspendedUntil time.Time // zero unless suspended
	SuspendedFor   string    // the reason's code, such as "penalty.no_show_count"
}

// Serves reports whether the volunteer may take orders at the moment: certified, and not suspended beyond it.
func (v Volunteer) Serves(at time.Time) bool {
	if v.Person.State != PersonActive || v.CertifiedAt.IsZero() {
		return false
	}
	return v.State == VolunteerCertified || v.State == VolunteerSuspended && !at.Before(v.SuspendedUntil)
}

// Relation says what a relative is to a person.
type Relation string

// The relations that the bank knows. All but the spouse are lineal.
const (
	Spouse      Relation = "spouse"
	Parent      Relation = "parent"
	Child       Relation = "child"
	Grandparent Relation = "grandparent"
	Grandchild  Relation = "grandchild"
)

// Inverse returns what the person is to the relative, and "" for an unknown relation.
func (r Relation) Inverse() Relation {
	switch r {
	case Spouse:
		return Spouse
	case Parent:
		return Child
	case Child:
		return Parent
	case Grandparent:
		return Grandchild
	case Grandchild:
		return Grandparent
	}
	return ""
}

// Lineal reports whether the relation is one of direct descent.
func (r Relation) Lineal() bool { return r.Inverse() != "" && r != Spouse }

// KinState is whether both sides have said yes.
type KinState string

// The states of a relation.
const (
	KinProposed  KinState = "proposed"
	KinConfirmed KinState = "confirmed"
)

// Kin is one side of a relation: what the relative is to the person. The other side is a row of its own.
type Kin struct {
	Person   PersonID
	Relative PersonID
	Relation Relation // the relative is the person's Relation
	State    KinState
	Delegate bool // the person lets the relative act for it: order, confirm, redeem
	Willing  bool // the person has said that it will act for the relative, if it is let
	Accepted bool // the relative has said that it will act for the person
	Agreed   bool // the person's own side has said yes
}

// Acts reports whether the relative acts for the person: the one lets it, the other has said that it will.
func (k Kin) Acts() bool { return k.Delegate && k.Accepted }

// Purpose is what personal data may be used for. Each needs its own consent (law: separate consent for sensitive data).
type Purpose string

// The purposes.
const (
	PurposeIdentity  Purpose = "identity"  // identity number: one person, one account
	PurposeLocation  Purpose = "location"  // address and place: who lives near
	PurposeHealth    Purpose = "health"    // disability
	PurposeAllowance Purpose = "allowance" // allowance and hardship
	PurposeKin       Purpose = "kin"       // relatives may see visits
	PurposeHours     Purpose = "hours"     // relatives who act for the person may see its hours
	PurposeCredit    Purpose = "credit"    // an employer may check what a volunteer has done
	PurposeHonour    Purpose = "honour"    // the name may appear in public honours
	PurposePortrait  Purpose = "portrait"  // whom a volunteer visits may see its face
)

// Purposes lists every purpose.
func Purposes() []Purpose {
	return []Purpose{PurposeIdentity, PurposeLocation, PurposeHealth, PurposeAllowance, PurposeKin, PurposeHours, PurposeCredit, PurposeHonour, PurposePortrait}
}

// TeamID identifies a team.
type TeamID = id.ID[Team]

// TeamKind says what a team of volunteers is.
type TeamKind string

// The kinds of 团体志愿者.
const (
	TeamCompany TeamKind = "company"
	TeamSchool  TeamKind = "school"
	TeamGroup   TeamKind = "team"
)

// Team is a company, school or other group whose members serve in its name. Its hours can only be donated (published).
type Team struct {
	ID      TeamID
	Name    string
	Kind    TeamKind
	Region  region.ID
	Manager PersonID
}
