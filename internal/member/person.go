package member

import (
	"context"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// RegisterCmd registers a person. Staff registers whoever asks at the desk; an actor that is no person yet registers itself.
type RegisterCmd struct {
	Actor    identity.Actor
	Key      string
	Name     string
	IDNumber string
	Phone    string // "" for a person without one
	Address  string
	Region   region.ID     // the community where the person lives
	Point    *region.Point // where exactly, nil if not known
	Consents []Purpose
}

// Registered is a new person with the actor it acts as.
type Registered struct {
	Person   PersonID
	Actor    identity.ActorID
	Warnings []Warning
}

func (r Registered) encode() string {
	words := []string{string(r.Person), string(r.Actor)}
	for _, w := range r.Warnings {
		words = append(words, string(w))
	}
	return strings.Join(words, " ")
}

func decodeRegistered(s string) (r Registered, err error) {
	words := strings.Fields(s)
	if len(words) < 2 {
		return r, errs.New(errs.Internal, errs.CodeInternal)
	}
	r.Person, r.Actor = PersonID(words[0]), identity.ActorID(words[1])
	for _, w := range words[2:] {
		r.Warnings = append(r.Warnings, Warning(w))
	}
	return r, nil
}

func writePoint(w *canon.Writer, p *region.Point) {
	if p == nil {
		w.None()
		return
	}
	w.Int(p.LatE6).Int(p.LonE6)
}

func purposes(w *canon.Writer, list []Purpose) {
	w.List(len(list))
	for _, p := range list {
		w.Str(string(p))
	}
}

func (s *Service) personCalls() {
	s.register = identity.Call[RegisterCmd, Registered]{Name: "member.register", Encode: Registered.encode, Decode: decodeRegistered, Run: s.runRegister,
		Head: func(c *RegisterCmd, w *canon.Writer) (identity.Actor, string) {
			w.Blob(s.blind(c.Name, c.IDNumber, c.Phone, c.Address)).Str(string(c.Region))
			writePoint(w, c.Point)
			purposes(w, c.Consents)
			return c.Actor, c.Key
		}}
	s.correct = nothing("member.correct", func(c *CorrectCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Blob(s.blind(c.Name, c.IDNumber, c.Phone, c.Address)).Str(c.Reason)
		return c.Actor, c.Key
	}, s.runCorrect)
	s.end = nothing("member.end", func(c *EndCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.How)).Str(string(c.On)).Str(c.Document)
		return c.Actor, c.Key
	}, s.runEnd)
	s.consent = nothing("member.consent", func(c *ConsentCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Purpose)).Bool(c.Withdraw)
		return c.Actor, c.Key
	}, s.runConsent)
}

// RegisterPersons registers people. Errors of a command: member.person_invalid with all bad fields, member.identity_taken when the identity
// number is somebody's already, TooMany member.identity_asked_often for an account that has learnt that of several, identity.not_allowed. A name that the font cannot print is a warning of the result.
func (s *Service) RegisterPersons(ctx context.Context, cmds []RegisterCmd) ([]identity.Result[Registered], error) {
	return s.register.Perform(ctx, s.db, cmds)
}

// personRow is a person with what is sealed about it, on its way into the database.
type personRow struct {
	Person
	sealedName, sealedID, sealedPhone, sealedAddress any
	idIndex, phoneIndex                              string
	marks                                            []byte
}

func (s *Service) runRegister(tx *store.Tx, cmds []*RegisterCmd, out []*identity.Result[Registered]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	checked := make([]registration, len(cmds))
	indexes := make([]string, len(cmds))
	for i, c := range cmds {
		if checked[i], out[i].Err = decideRegister(c, sc.today, sc.tree); out[i].Err == nil {
			out[i].Err = mayRegister(sc, c)
		}
		if out[i].Err == nil && registersItself(c.Actor) {
			out[i].Err = mayAskAgain(tx, c.Actor)
		}
		if errs.Fault(out[i].Err) {
			return out[i].Err
		}
		if out[i].Err == nil {
			indexes[i] = s.index(fieldIDNumber, checked[i].details.IDNumber.Reveal())
		}
	}
	taken, err := takenIndexes(tx, unique(indexes))
	if err != nil {
		return err
	}
	var rows []personRow
	var fresh []int
	var persons []string
	var consents []consentRow
	for i, c := range cmds {
		if out[i].Err != nil {
			continue
		}
		if taken[indexes[i]] {
			if out[i].Err = errTaken; registersItself(c.Actor) {
				if err := s.asked(sc, c.Actor, indexes[i]); err != nil {
					return err
				}
			}
			continue
		}
		taken[indexes[i]] = true
		d := checked[i].details
		row := personRow{Person: Person{ID: store.NewID[Person](tx), Birth: d.IDNumber.Birth(), Sex: d.IDNumber.Sex(), Region: c.Region, State: PersonActive},
			idIndex: indexes[i], sealedName: s.seal(fieldName, d.Name.Reveal()), sealedID: s.seal(fieldIDNumber, d.IDNumber.Reveal()),
			sealedPhone: s.seal(fieldPhone, d.Phone.Reveal()), sealedAddress: s.seal(fieldAddress, d.Address.Reveal()),
			marks: s.marks(d)}
		if !d.Phone.IsZero() {
			row.phoneIndex = s.index(fieldPhone, d.Phone.Reveal())
		}
		if c.Point != nil {
			row.Point, row.HasPoint = *c.Point, true
		}
		rows = append(rows, row)
		if !registersItself(c.Actor) {
			fresh, persons = append(fresh, len(rows)-1), append(persons, string(row.ID))
		} else if err := identity.Bind(tx, identity.ActorID(c.Actor.ID), string(row.ID)); err != nil {
			return err
		} else {
			rows[len(rows)-1].Actor = identity.ActorID(c.Actor.ID)
		}
		for _, p := range uniquePurposes(c.Consents) {
			consents = append(consents, consentRow{row.ID, p, c.Actor.ID})
		}
		out[i].Value = Registered{Person: row.ID, Warnings: checked[i].warnings}
	}
	actors, err := identity.Register(tx, persons)
	if err != nil {
		return err
	}
	for n, at := range fresh {
		rows[at].Actor = actors[n]
	}
	n := 0
	for i, c := range cmds {
		if out[i].Err == nil {
			out[i].Value.Actor = rows[n].Actor
			sc.note(c.Actor, "member.register", "person", string(rows[n].ID), rows[n].Person, "", string(PersonActive))
			if rows[n].sealedAddress != nil && !rows[n].HasPoint {
				s.askWhere(tx, rows[n].ID)
			}
			n++
		}
	}
	if err := insertPersons(tx, rows, sc.today); err != nil {
		return err
	}
	if err := grantConsents(tx, consents); err != nil {
		return err
	}
	return sc.done()
}

// registersItself reports whether the actor is somebody who has signed in and is nobody yet.
func registersItself(a identity.Actor) bool {
	return a.Person == "" && len(a.Grants) == 0 && !a.IsSystem()
}

// asksADay bounds how often an account that is nobody yet is told in a day that an identity number is registered (default, ours): a slip of the
// finger and another one, and not a list of numbers.
const asksADay = 3

// asked notes in the trail that an account has learnt that a number is registered, and whose it is.
func (s *Service) asked(sc *scene, by identity.Actor, index string) error {
	owner, err := ownerOf(sc.tx, index)
	sc.note(by, "member.identity_asked", "actor", by.ID, Person{ID: owner}, "", "")
	return err
}

func mayAskAgain(tx *store.Tx, by identity.Actor) error {
	done, err := audit.Of(tx, by.ID)
	if err != nil {
		return err
	}
	told := 0
	for _, e := range done {
		if e.Action == "member.identity_asked" && e.At.After(tx.Now().Add(-24*time.Hour)) {
			told++
		}
	}
	if told >= asksADay {
		return errAsked
	}
	return nil
}

func mayRegister(sc *scene, c *RegisterCmd) error {
	if registersItself(c.Actor) {
		return nil
	}
	return c.Actor.May(identity.MemberRegisterFor, c.Region, sc.tree)
}

func uniquePurposes(list []Purpose) []Purpose { return unique(list) }

// CorrectCmd corrects what identifies a person; an empty field stays. A person corrects its phone and address, the desk the rest after
// seeing a document.
type CorrectCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID
	Name     string
	IDNumber string
	Phone    string
	Address  string
	Reason   string
}

// Correct corrects people's details; another date of birth decides anew who is a key elder. Errors of a command: member.person_invalid with all bad
// fields, member.identity_taken, member.key_elder_rule_fails, member.person_unknown, identity.not_allowed, member.own_case for one's own name or identity number. The audit trail names the fields and not
// their values.
func (s *Service) Correct(ctx context.Context, cmds []CorrectCmd) ([]identity.Result[identity.Nothing], error) {
	return s.correct.Perform(ctx, s.db, cmds)
}

func (s *Service) runCorrect(tx *store.Tx, cmds []*CorrectCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *CorrectCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.known(people, c.Actor, identity.MemberCorrect, c.Person, identity.MemberCorrectFor)
		if err != nil {
			out[i].Err = err
			continue
		}
		fields, err := s.correctOne(sc, c, p)
		if errs.Fault(err) {
			return err
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		sc.note(c.Actor, "member.correct", "person", string(p.ID), p, strings.Join(fields, " "), c.Reason)
	}
	return sc.done()
}

func (s *Service) correctOne(sc *scene, c *CorrectCmd, p Person) (fields []string, err error) {
	if c.Name == "" && c.IDNumber == "" {
		err = sc.mayFor(c.Actor, identity.MemberCorrect, p, identity.MemberCorrectFor)
	} else {
		// Nobody is its own witness of what its papers say.
		if err = c.Actor.May(identity.MemberCorrectFor, p.Region, sc.tree); err == nil && c.Actor.IsPerson(string(p.ID)) {
			err = errOwnCase
		}
	}
	if err != nil {
		return nil, err
	}
	gone, err := erased(sc.tx, p.ID)
	if err != nil {
		return nil, err
	}
	if gone {
		return nil, errErased
	}
	var bad errs.Fields
	var d Details
	parse := func(path, text string, read func() error) {
		if text != "" {
			fields = append(fields, path)
			bad.AddErr(path, read())
		}
	}
	parse("name", c.Name, func() (err error) { d.Name, err = pii.ParseName(c.Name); return err })
	parse("id_number", c.IDNumber, func() (err error) { d.IDNumber, err = pii.ParseIDNumber(c.IDNumber); return err })
	parse("phone", c.Phone, func() (err error) { d.Phone, err = pii.ParsePhone(c.Phone); return err })
	parse("address", c.Address, func() (err error) { d.Address, err = pii.ParseAddress(c.Address); return err })
	if c.Address != "" {
		given, err := ConsentsOf(sc.tx, p.ID)
		if err != nil {
			return nil, err
		}
		checkPurposes(&bad, given, []Purpose{PurposeLocation})
	}
	if len(fields) == 0 {
		bad.Add("name", "member.nothing_to_correct")
	}
	if errs.Blank(c.Reason) {
		bad.Add("reason", "member.reason_missing")
	}
	if err := bad.Err("member.person_invalid"); err != nil {
		return nil, err
	}
	if !d.IDNumber.IsZero() {
		index := s.index(fieldIDNumber, d.IDNumber.Reveal())
		owner, err := ownerOf(sc.tx, index)
		if err != nil {
			return nil, err
		}
		if owner != "" && owner != p.ID {
			return nil, errTaken
		}
		if err := sc.born(c.Actor, p, d.IDNumber.Birth()); err != nil {
			return nil, err
		}
		if err := saveIDNumber(sc.tx, p.ID, s.seal(fieldIDNumber, d.IDNumber.Reveal()), index, d.IDNumber.Birth(), d.IDNumber.Sex()); err != nil {
			return nil, err
		}
	}
	if !d.Name.IsZero() {
		if err := saveName(sc.tx, p.ID, s.seal(fieldName, d.Name.Reveal())); err != nil {
			return nil, err
		}
	}
	if !d.Phone.IsZero() {
		if err := savePhone(sc.tx, p.ID, s.seal(fieldPhone, d.Phone.Reveal()), s.index(fieldPhone, d.Phone.Reveal()), c.Actor.ID); err != nil {
			return nil, err
		}
	}
	if !d.Address.IsZero() {
		if err := saveAddress(sc.tx, p.ID, s.seal(fieldAddress, d.Address.Reveal()), sc.today); err != nil {
			return nil, err
		}
	}
	if !d.Address.IsZero() {
		s.askWhere(sc.tx, p.ID)
	}
	if !d.Name.IsZero() || !d.Phone.IsZero() || !d.Address.IsZero() {
		return fields, s.markAgain(sc.tx, p.ID)
	}
	return fields, nil
}

// born decides anew, for who is approved as a recipient, whether a corrected date of birth makes a key elder, and from which birthday on. It
// refuses, as any review would, with member.key_elder_rule_fails.
func (sc *scene) born(by identity.Actor, p Person, on clock.Day) error {
	known, err := lockRecipients(sc.tx, []PersonID{p.ID})
	if err != nil {
		return err
	}
	r, ok := known[p.ID]
	if !ok || r.State != RecipientApproved || r.Person.Birth == on {
		return nil
	}
	before := Decided{r.State, r.KeyElder}
	r.Person.Birth = on
	if err := sc.decide(&r); err != nil {
		return err
	}
	sc.note(by, "member.assess", "recipient", string(p.ID), p, before.encode(), Decided{r.State, r.KeyElder}.encode())
	return sc.again([]verdict{{r, by.ID, ""}})
}

// EndCmd records that a person died or left the city, on a day that is not in the future, after the document named.
type EndCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID
	How      PersonState // PersonDead or PersonLeft
	On       clock.Day
	Document string // what shows it: a must for a death, and for whoever says of another that it has left
}

// TimerEnded is the kind of the timer, due at once, by which others hear that a person died or left: the ledger closes the account. Its
// Ref is the person, its Arg the new state; the composition root registers the handler.
const TimerEnded = "member.ended"

// End records deaths and departures. The person is no recipient and no volunteer any more; what becomes of the hours is the ledger's.
// Errors of a command: member.end_invalid with all bad fields, member.person_unknown, member.person_not_active, identity.not_allowed.
func (s *Service) End(ctx context.Context, cmds []EndCmd) ([]identity.Result[identity.Nothing], error) {
	return s.end.Perform(ctx, s.db, cmds)
}

func (s *Service) runEnd(tx *store.Tx, cmds []*EndCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *EndCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.mayEnd(people, c)
		if err == nil {
			err = decideEnd(sc, c, p)
		}
		if out[i].Err = err; err != nil {
			continue
		}
		if err := endPerson(tx, p.ID, c.How, c.On); err != nil {
			return err
		}
		for _, kind := range []string{TimerMove, TimerKeyElder, TimerSuspensionEnd} {
			if err := timer.Cancel(tx, kind, string(p.ID)); err != nil {
				return err
			}
		}
		if err := timer.Set(tx, timer.Timer{Kind: TimerEnded, Ref: string(p.ID), Due: tx.Now(), Arg: string(c.How)}); err != nil {
			return err
		}
		sc.note(c.Actor, "member.end", "person", string(p.ID), p, string(p.State), strings.TrimSpace(string(c.How)+" "+string(c.On)+" "+c.Document))
		p.State = c.How
		people[p.ID] = p
	}
	return sc.done()
}

// mayEnd returns the person whose end the actor may record: its own leaving, or as staff of its place. It asks before anything is compared with the
// record, so that nobody else finds out when somebody was born.
func (sc *scene) mayEnd(people map[PersonID]Person, c *EndCmd) (Person, error) {
	if c.How != PersonDead {
		return sc.known(people, c.Actor, identity.MemberLeave, c.Person, identity.MemberLeaveFor)
	}
	p, ok := people[c.Person]
	if !ok {
		p.Region = sc.tree.City()
	}
	if c.Actor.IsPerson(string(c.Person)) {
		return p, errOwnCase
	}
	if err := c.Actor.May(identity.MemberRecordDeath, p.Region, sc.tree); err != nil {
		return p, err
	}
	if !ok {
		return p, errUnknown
	}
	return p, nil
}

func decideEnd(sc *scene, c *EndCmd, p Person) error {
	var bad errs.Fields
	if c.How != PersonDead && c.How != PersonLeft {
		bad.Add("how", "member.end_unknown")
	}
	if _, err := clock.ParseDay(string(c.On)); err != nil {
		bad.AddErr("on", err)
	} else if c.On > sc.today || c.On < p.Birth {
		bad.Add("on", "member.day_impossible")
	}
	// Who leaves need not say why; who says it of another does.
	if (c.How == PersonDead || !c.Actor.IsPerson(string(c.Person)) && !c.Actor.IsSystem()) && errs.Blank(c.Document) {
		bad.Add("document", "member.document_missing")
	}
	if err := bad.Err("member.end_invalid"); err != nil {
		return err
	}
	if c.How == PersonLeft && p.State != PersonActive || p.State == PersonDead {
		return errInactive
	}
	return nil
}
