package httpapi

import (
	"context"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Registration is what registers a person.
type Registration struct {
	Name     string   `json:"name" minLength:"1" maxLength:"50" example:"李明" doc:"As on the identity card"`
	IDNumber string   `json:"id_number" minLength:"1" maxLength:"36" example:"11010519491231002X" doc:"Identity number with its check digit; birth and sex come from it"`
	Phone    string   `json:"phone,omitempty" maxLength:"40" example:"13800138000" doc:"Mobile or landline, left out by a person without one"`
	Address  string   `json:"address,omitempty" maxLength:"200" doc:"Where the person lives; shown in steps to volunteers"`
	Region   ID       `json:"region" doc:"The community where the person lives"`
	Point    *Point   `json:"point,omitempty" doc:"Where exactly"`
	Consents []string `json:"consents" maxItems:"20" uniqueItems:"true" enum:"identity,location,health,allowance,kin,hours,credit,honour,portrait" doc:"Purposes that the person agrees to; identity always, location with an address or a point"`
}

// Registered is a new person.
type Registered struct {
	Person   ID       `json:"person"`
	Actor    ID       `json:"actor" doc:"Who the person is when it acts: sessions and roles belong to it"`
	Warnings []string `json:"warnings" doc:"Codes of what somebody should hear of, such as a character that cannot be printed"`
}

func purposes(names []string) []member.Purpose {
	return each(names, func(n string) member.Purpose { return member.Purpose(n) })
}

func (a *api) registerPerson(ctx context.Context, in *Take[Registration]) (Registered, error) {
	b := in.Body
	r, err := first(a.Members.RegisterPersons(ctx, []member.RegisterCmd{{Actor: actor(ctx), Key: in.Key, Name: b.Name, IDNumber: b.IDNumber,
		Phone: b.Phone, Address: b.Address, Region: region.ID(b.Region), Point: b.Point.region(), Consents: purposes(b.Consents)}}))
	return Registered{Person: ID(r.Person), Actor: ID(r.Actor), Warnings: each(r.Warnings, func(w member.Warning) string { return string(w) })}, err
}

// Person is a person with what identifies it. A look by staff is in the audit trail.
type Person struct {
	ID       ID     `json:"id"`
	Actor    ID     `json:"actor"`
	Name     string `json:"name"`
	IDNumber string `json:"id_number" example:"1101**********002X" doc:"Masked; nobody needs the whole number back"`
	Phone    string `json:"phone,omitempty"`
	Address  string `json:"address,omitempty"`
	Birth    Day    `json:"birth"`
	Sex      string `json:"sex" enum:"male,female"`
	Region   ID     `json:"region" doc:"Community of record"`
	Point    *Point `json:"point,omitempty"`
	State    string `json:"state" enum:"active,left,dead"`
	Heir     ID     `json:"heir,omitempty" doc:"Named in life"`

	Recipient *Recipient `json:"recipient,omitempty" doc:"Left out when the person never applied"`
	Volunteer *Volunteer `json:"volunteer,omitempty" doc:"Left out when the person never applied"`
}

// Recipient is a person's standing as one who asks for service.
type Recipient struct {
	State      string     `json:"state" enum:"applied,approved,rejected,left,dead"`
	KeyElder   bool       `json:"key_elder" doc:"Served with granted hours"`
	Why        *Why       `json:"why,omitempty" doc:"Why it is or is not a key elder"`
	Attributes Attributes `json:"attributes"`
}

// Volunteer is a person's standing as one who serves.
type Volunteer struct {
	State          string     `json:"state" enum:"applied,reviewed,studying,certified,suspended,rejected,left"`
	Reviews        int        `json:"reviews" doc:"Levels that said yes"`
	Guardian       ID         `json:"guardian,omitempty" doc:"Who answers for a volunteer under age"`
	CertifiedAt    *time.Time `json:"certified_at,omitempty"`
	SuspendedUntil *time.Time `json:"suspended_until,omitempty"`
	SuspendedFor   string     `json:"suspended_for,omitempty"`
}

// Attributes are what decides who is a key elder. They are assessed at a home visit.
type Attributes struct {
	LivesAlone      bool   `json:"lives_alone,omitempty"`
	ChildrenNear    bool   `json:"children_near,omitempty"`
	Allowance       bool   `json:"allowance,omitempty" doc:"Receives the minimum living allowance"`
	Disability      string `json:"disability,omitempty" enum:"none,half,full" default:"none"`
	RuralLeftBehind bool   `json:"rural_left_behind,omitempty"`
	Hardship        bool   `json:"hardship,omitempty"`
}

func (a Attributes) member() member.Attributes {
	return member.Attributes{LivesAlone: a.LivesAlone, ChildrenNear: a.ChildrenNear, Allowance: a.Allowance,
		Disability: policy.Disability(a.Disability), RuralLeftBehind: a.RuralLeftBehind, Hardship: a.Hardship}
}

func attributesOf(a member.Attributes) Attributes {
	return Attributes{LivesAlone: a.LivesAlone, ChildrenNear: a.ChildrenNear, Allowance: a.Allowance, Disability: string(a.Disability),
		RuralLeftBehind: a.RuralLeftBehind, Hardship: a.Hardship}
}

func recipientOf(r member.Recipient) *Recipient {
	return &Recipient{State: string(r.State), KeyElder: r.KeyElder, Why: whyOf(&r.KeyElderBasis), Attributes: attributesOf(r.Attributes)}
}

func volunteerOf(v member.Volunteer) *Volunteer {
	return &Volunteer{State: string(v.State), Reviews: v.Reviews, Guardian: ID(v.Guardian), CertifiedAt: timeOf(v.CertifiedAt),
		SuspendedUntil: timeOf(v.SuspendedUntil), SuspendedFor: v.SuspendedFor}
}

func (a *api) getPerson(ctx context.Context, in *OneID) (Person, error) {
	who := member.PersonID(in.ID)
	p, d, err := a.Members.Details(ctx, actor(ctx), who)
	if err != nil {
		return Person{}, err
	}
	out := personOf(p)
	// The right to see them was checked, and the look is in the trail.
	out.Name, out.Phone, out.Address, out.IDNumber = d.Name.Reveal(), d.Phone.Reveal(), d.Address.Reveal(), d.IDNumber.String()
	return out, a.standing(ctx, &out)
}

func personOf(p member.Person) Person {
	return Person{ID: ID(p.ID), Actor: ID(p.Actor), Birth: Day(p.Birth), Sex: string(p.Sex), Region: ID(p.Region), Point: pointOf(p.Point, p.HasPoint),
		State: string(p.State), Heir: ID(p.Heir)}
}

// standing adds what the person is besides.
func (a *api) standing(ctx context.Context, p *Person) error {
	who := member.PersonID(p.ID)
	r, known, err := a.Members.Assessed(ctx, actor(ctx), who)
	if err != nil {
		return err
	}
	if known {
		p.Recipient = recipientOf(r)
	}
	return a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		volunteers, err := member.LoadVolunteers(tx, []member.PersonID{who})
		if v, ok := volunteers[who]; ok {
			p.Volunteer = volunteerOf(v)
		}
		return err
	})
}

// LookUp asks who has a number.
type LookUp struct {
	Body struct {
		Number string `json:"number" minLength:"1" maxLength:"40" example:"13800138000" doc:"A whole identity number or phone number"`
		Reason string `json:"reason,omitempty" enum:"caller,visit,relative,register,duty,danger" doc:"Why somebody is looked for who lives outside one's own place; left out: only there"`
	}
}

// Found are the people who have a number.
type Found struct {
	Persons []FoundPerson `json:"persons"`
}

// FoundPerson is a person without what identifies it.
type FoundPerson struct {
	ID           ID     `json:"id" doc:"Names the person in a further command"`
	Actor        ID     `json:"actor" doc:"Names its account"`
	Name         string `json:"name" example:"李**" doc:"Masked"`
	District     string `json:"district"`
	Station      string `json:"station,omitempty" doc:"The service point of the home"`
	StationPhone string `json:"station_phone,omitempty"`
	Region       ID     `json:"region,omitempty" doc:"Left out of who lives outside one's own place, as is the state"`
	State        string `json:"state,omitempty" enum:"active,left,dead"`
}

func (a *api) lookUp(ctx context.Context, in *LookUp) (Found, error) {
	found, err := a.Members.LookUp(ctx, actor(ctx), in.Body.Number, member.LookUpReason(in.Body.Reason))
	if err != nil {
		return Found{}, err
	}
	tree, err := a.Regions.Today(ctx)
	if err != nil {
		return Found{}, err
	}
	return Found{each(found, func(s member.Sighting) FoundPerson {
		f := FoundPerson{ID: ID(s.Person), Actor: ID(s.Actor), Name: s.Name.String(), District: tree.Name(s.District), Station: s.Station.Name, StationPhone: s.Station.Phone}
		if s.Own != nil {
			f.Region, f.State = ID(s.Own.Region), string(s.Own.State)
		}
		return f
	})}, nil
}

// Move gives a person another home.
type Move struct {
	Region  ID     `json:"region" doc:"The community of the new home"`
	Address string `json:"address,omitempty" maxLength:"200"`
	Point   *Point `json:"point,omitempty"`
	From    Day    `json:"from" doc:"First day in the new home: today or later"`
}

func (a *api) movePerson(ctx context.Context, in *With[Move]) error {
	b := in.Body
	return done(a.Members.Move(ctx, []member.MoveCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Region: region.ID(b.Region),
		Address: b.Address, Point: b.Point.region(), From: clock.Day(b.From)}}))
}

// Pin says where exactly a home is.
type Pin struct {
	Point Point `json:"point" doc:"Within ten kilometres of the community of record"`
}

func (a *api) pinHome(ctx context.Context, in *With[Pin]) error {
	return done(a.Members.Pin(ctx, []member.PinCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Point: *in.Body.Point.region()}}))
}

// Correction corrects what identifies a person; what is left out stays.
type Correction struct {
	Name     string `json:"name,omitempty" maxLength:"50"`
	IDNumber string `json:"id_number,omitempty" maxLength:"36"`
	Phone    string `json:"phone,omitempty" maxLength:"40"`
	Address  string `json:"address,omitempty" maxLength:"200"`
	Reason   string `json:"reason" minLength:"1" maxLength:"200" doc:"What was wrong, and which document showed it"`
}

func (a *api) correctPerson(ctx context.Context, in *With[Correction]) error {
	b := in.Body
	return done(a.Members.Correct(ctx, []member.CorrectCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Name: b.Name,
		IDNumber: b.IDNumber, Phone: b.Phone, Address: b.Address, Reason: b.Reason}}))
}

// Consent gives or withdraws a consent.
type Consent struct {
	Purpose  string `json:"purpose" enum:"identity,location,health,allowance,kin,hours,credit,honour,portrait"`
	Withdraw bool   `json:"withdraw,omitempty"`
}

func (a *api) consent(ctx context.Context, in *With[Consent]) error {
	return done(a.Members.Consent(ctx, []member.ConsentCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID),
		Purpose: member.Purpose(in.Body.Purpose), Withdraw: in.Body.Withdraw}}))
}

// Ending records a death or a departure.
type Ending struct {
	How      string `json:"how" enum:"dead,left"`
	On       Day    `json:"on" doc:"The day on which it happened"`
	Document string `json:"document,omitempty" maxLength:"100" doc:"Number of the document that shows it; needed for a death"`
}

func (a *api) endPerson(ctx context.Context, in *With[Ending]) error {
	return done(a.Members.End(ctx, []member.EndCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), How: member.PersonState(in.Body.How),
		On: clock.Day(in.Body.On), Document: in.Body.Document}}))
}

// Application asks for a person to become a recipient.
type Application struct {
	Attributes Attributes `json:"attributes,omitempty"`
	Consents   []string   `json:"consents,omitempty" maxItems:"20" enum:"identity,location,health,allowance,kin,hours,credit,honour,portrait" doc:"In addition to those given"`
}

func (a *api) applyRecipient(ctx context.Context, in *With[Application]) error {
	return done(a.Members.ApplyRecipients(ctx, []member.ApplyRecipientCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID),
		Attributes: in.Body.Attributes.member(), Consents: purposes(in.Body.Consents)}}))
}

// RecipientReview decides an application.
type RecipientReview struct {
	Approve  bool        `json:"approve"`
	Assessed *Attributes `json:"assessed,omitempty" doc:"What the home visit found; left out: as applied"`
	Reason   string      `json:"reason,omitempty" maxLength:"200" doc:"Needed to reject"`
}

// Standing is what a decision made of a recipient.
type Standing struct {
	State    string `json:"state" enum:"applied,approved,rejected,left,dead"`
	KeyElder bool   `json:"key_elder"`
}

func (a *api) reviewRecipient(ctx context.Context, in *With[RecipientReview]) (Standing, error) {
	cmd := member.ReviewRecipientCmd{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Approve: in.Body.Approve, Reason: in.Body.Reason}
	if in.Body.Assessed != nil {
		attributes := in.Body.Assessed.member()
		cmd.Assessed = &attributes
	}
	d, err := first(a.Members.ReviewRecipients(ctx, []member.ReviewRecipientCmd{cmd}))
	return Standing{string(d.State), d.KeyElder}, err
}

func (a *api) assess(ctx context.Context, in *With[Attributes]) (Standing, error) {
	d, err := first(a.Members.Assess(ctx, []member.AssessCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Attributes: in.Body.member()}}))
	return Standing{string(d.State), d.KeyElder}, err
}

// VolunteerApplication asks for a person to become a volunteer.
type VolunteerApplication struct {
	Guardian ID `json:"guardian,omitempty" doc:"Who answers for an applicant under age"`
}

func (a *api) applyVolunteer(ctx context.Context, in *With[VolunteerApplication]) error {
	return done(a.Members.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID),
		Guardian: member.PersonID(in.Body.Guardian)}}))
}

// VolunteerReview is one level's answer to an applicant.
type VolunteerReview struct {
	Approve bool   `json:"approve"`
	Reason  string `json:"reason,omitempty" maxLength:"200" doc:"Needed to reject"`
}

// VolunteerStanding is where a volunteer stands now.
type VolunteerStanding struct {
	State string `json:"state" enum:"applied,reviewed,studying,certified,suspended,rejected,left"`
}

func (a *api) reviewVolunteer(ctx context.Context, in *With[VolunteerReview]) (VolunteerStanding, error) {
	state, err := first(a.Members.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID),
		Approve: in.Body.Approve, Reason: in.Body.Reason}}))
	return VolunteerStanding{string(state)}, err
}

// Suspension keeps a volunteer from serving for a while.
type Suspension struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason" minLength:"1" maxLength:"200"`
}

func (a *api) suspend(ctx context.Context, in *With[Suspension]) error {
	return done(a.Members.Suspend(ctx, []member.SuspendCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Until: in.Body.Until.UTC(),
		Reason: in.Body.Reason}}))
}

// mayRead asks whether the actor is the person, its delegate, or staff of its place with the right.
func mayRead(tx *store.Tx, tree *region.Tree, by identity.Actor, own identity.Right, who member.PersonID, staff identity.Right) error {
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return err
	}
	p, known := people[who]
	if !known {
		// An unknown person and a stranger look the same to who may not know.
		p.Region = tree.City()
	}
	refused := by.MayFor(own, string(who), staff, p.Region, tree)
	switch {
	case refused == nil && !known:
		return errs.New(errs.NotFound, "member.person_unknown")
	case refused == nil || !known:
		return refused
	}
	delegate, err := member.IsDelegate(tx, who, member.PersonID(by.Person))
	switch {
	case err != nil:
		return err
	case !delegate:
		return refused
	case own == identity.LedgerRead:
		return member.SeeingHours(tx, who)
	}
	return nil
}
