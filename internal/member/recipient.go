package member

import (
	"context"
	"strings"
	"time"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/timer"
)

func (a Attributes) write(w *canon.Writer) {
	w.Bool(a.LivesAlone).Bool(a.ChildrenNear).Bool(a.Allowance).Str(string(a.Disability)).Bool(a.RuralLeftBehind).Bool(a.Hardship)
}

// Decided is what a review or an assessment of a recipient came to.
type Decided struct {
	State    RecipientState
	KeyElder bool
}

func (d Decided) encode() string {
	if d.KeyElder {
		return string(d.State) + " key_elder"
	}
	return string(d.State)
}

func decodeDecided(s string) (Decided, error) {
	state, key, found := strings.Cut(s, " ")
	return Decided{RecipientState(state), found && key == "key_elder"}, nil
}

func (s *Service) recipientCalls() {
	s.applyRecipient = nothing("member.apply_recipient", func(c *ApplyRecipientCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person))
		c.Attributes.write(w)
		purposes(w, c.Consents)
		return c.Actor, c.Key
	}, s.runApplyRecipient)
	s.reviewRecipient = identity.Call[ReviewRecipientCmd, Decided]{Name: "member.review_recipient", Encode: Decided.encode, Decode: decodeDecided,
		Run: s.runReviewRecipient, Head: func(c *ReviewRecipientCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Person)).Bool(c.Approve).Str(c.Reason)
			if c.Assessed == nil {
				w.None()
			} else {
				c.Assessed.write(w)
			}
			return c.Actor, c.Key
		}}
	s.assess = identity.Call[AssessCmd, Decided]{Name: "member.assess", Encode: Decided.encode, Decode: decodeDecided,
		Run: s.runAssess, Head: func(c *AssessCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Person))
			c.Attributes.write(w)
			return c.Actor, c.Key
		}}
}

// ApplyRecipientCmd asks for a person to become a recipient, with what it tells about itself and the consents that this needs.
type ApplyRecipientCmd struct {
	Actor      identity.Actor
	Key        string
	Person     PersonID
	Attributes Attributes
	Consents   []Purpose // in addition to those the person has given
}

// ApplyRecipients takes applications. Errors of a command: member.recipient_invalid with all bad fields, member.person_unknown,
// member.person_not_active, member.recipient_exists, identity.not_allowed.
func (s *Service) ApplyRecipients(ctx context.Context, cmds []ApplyRecipientCmd) ([]identity.Result[identity.Nothing], error) {
	return s.applyRecipient.Perform(ctx, s.db, cmds)
}

func (s *Service) runApplyRecipient(tx *store.Tx, cmds []*ApplyRecipientCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *ApplyRecipientCmd) []PersonID { return []PersonID{c.Person} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	known, err := LoadRecipients(tx, ids)
	if err != nil {
		return err
	}
	given, err := consentsOf(tx, ids)
	if err != nil {
		return err
	}
	var rows []Recipient
	var consents []consentRow
	for i, c := range cmds {
		p, err := sc.whom(people, c.Actor, identity.MemberApply, c.Person, identity.MemberApplyFor)
		r, exists := known[c.Person]
		if err == nil && exists && (r.State == RecipientApplied || r.State == RecipientApproved) {
			err = errs.New(errs.Conflict, "member.recipient_exists").By("record.once", "nobody")
		}
		var bad errs.Fields
		c.Attributes.check(&bad)
		for n, purpose := range c.Consents {
			if !purpose.valid() {
				checkPurposes(&bad, c.Consents[n:n+1], nil)
			}
		}
		checkPurposes(&bad, append(given[c.Person], c.Consents...), c.Attributes.needed())
		if err == nil {
			err = bad.Err("member.recipient_invalid")
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		r = Recipient{Person: p, State: RecipientApplied, Attributes: c.Attributes}
		known[p.ID] = r
		rows = append(rows, r)
		for _, purpose := range uniquePurposes(c.Consents) {
			consents = append(consents, consentRow{p.ID, purpose, c.Actor.ID})
		}
		sc.note(c.Actor, "member.apply_recipient", "recipient", string(p.ID), p, "", string(RecipientApplied))
	}
	if err := putRecipients(tx, rows); err != nil {
		return err
	}
	if err := grantConsents(tx, consents); err != nil {
		return err
	}
	return sc.done()
}

// ReviewRecipientCmd decides an application after the home visit, with the attributes as they were found there.
type ReviewRecipientCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID
	Approve  bool
	Assessed *Attributes // nil: as applied
	Reason   string      // needed to reject
}

// ReviewRecipients decides applications; who is approved is held against the key elder rule at once. Errors of a command:
// member.recipient_invalid with all bad fields, member.recipient_unknown, member.recipient_not_waiting, member.own_case,
// identity.not_allowed, member.key_elder_rule_fails.
func (s *Service) ReviewRecipients(ctx context.Context, cmds []ReviewRecipientCmd) ([]identity.Result[Decided], error) {
	return s.reviewRecipient.Perform(ctx, s.db, cmds)
}

// verdict is a recipient as a decision leaves it.
type verdict struct {
	Recipient
	by     string
	reason string
}

func (s *Service) runReviewRecipient(tx *store.Tx, cmds []*ReviewRecipientCmd, out []*identity.Result[Decided]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *ReviewRecipientCmd) []PersonID { return []PersonID{c.Person} })
	known, err := lockRecipients(tx, ids)
	if err != nil {
		return err
	}
	given, err := consentsOf(tx, ids)
	if err != nil {
		return err
	}
	var rows []verdict
	for i, c := range cmds {
		r, err := sc.reviewed(known, c, given[c.Person])
		if err == nil && c.Approve {
			err = sc.decide(&r)
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if c.Approve {
			if err := sc.joined(r.Person); err != nil {
				return err
			}
		}
		known[r.Person.ID] = r
		rows = append(rows, verdict{r, c.Actor.ID, c.Reason})
		out[i].Value = Decided{r.State, r.KeyElder}
		sc.note(c.Actor, "member.review_recipient", "recipient", string(r.Person.ID), r.Person, string(RecipientApplied), out[i].Value.encode())
	}
	return sc.save(rows)
}

func (sc *scene) reviewed(known map[PersonID]Recipient, c *ReviewRecipientCmd, given []Purpose) (Recipient, error) {
	r, ok := known[c.Person]
	switch {
	case !ok:
		return r, errs.New(errs.NotFound, "member.recipient_unknown")
	case c.Actor.IsPerson(string(c.Person)):
		return r, errOwnCase
	}
	if err := c.Actor.May(identity.MemberReviewRecipient, r.Person.Region, sc.tree); err != nil {
		return r, err
	}
	var bad errs.Fields
	if c.Assessed != nil {
		r.Attributes = *c.Assessed
		r.Attributes.check(&bad)
		checkPurposes(&bad, given, r.Attributes.needed())
	}
	if !c.Approve && errs.Blank(c.Reason) {
		bad.Add("reason", "member.reason_missing")
	}
	if err := bad.Err("member.recipient_invalid"); err != nil {
		return r, err
	}
	if r.State != RecipientApplied {
		return r, errs.New(errs.Conflict, "member.recipient_not_waiting").By("record.state", "nobody")
	}
	r.State = RecipientRejected
	if c.Approve {
		r.State = RecipientApproved
	}
	return r, nil
}

// decide holds a recipient against the key elder rule in force where it lives.
func (sc *scene) decide(r *Recipient) error {
	rules, err := sc.at(r.Person.Region)
	if err != nil {
		return err
	}
	r.KeyElder, r.KeyElderBasis, err = decideKeyElder(rules, r.Attributes, r.Person.Birth, sc.today)
	r.PolicyVersion = rules.Version
	return err
}

// save writes decisions and the trail.
func (sc *scene) save(rows []verdict) error {
	if err := sc.keep(rows); err != nil {
		return err
	}
	return sc.done()
}

// keep writes decisions, and lets those wait whose next birthday turns the answer.
func (sc *scene) keep(rows []verdict) error {
	if err := saveVerdicts(sc.tx, rows); err != nil {
		return err
	}
	return sc.wait(rows)
}

// wait lets those wait whose next birthday turns the answer.
func (sc *scene) wait(rows []verdict) error {
	var wait []timer.Timer
	for _, r := range rows {
		if r.State != RecipientApproved {
			continue
		}
		rules, err := sc.at(r.Person.Region)
		if err != nil {
			return err
		}
		if day := sc.turns.turning(rules, r.Attributes, r.Person.Birth, sc.today); day != "" {
			wait = append(wait, timer.Timer{Kind: TimerKeyElder, Ref: string(r.Person.ID), Due: day.Start()})
		}
	}
	return timer.Set(sc.tx, wait...)
}

// TimerJoined is the kind of the timer, due at once, by which others hear that a person was taken up as a recipient or a volunteer: the ledger
// gives what grant.new_member says, once in a life. It is set only where that is something.
const TimerJoined = "member.joined"

func (sc *scene) joined(p Person) error {
	rules, err := sc.at(p.Region)
	if err != nil || rules.GrantNewMember.Sign() <= 0 {
		return err
	}
	return timer.Set(sc.tx, timer.Timer{Kind: TimerJoined, Ref: string(p.ID), Due: sc.tx.Now()})
}

// AssessCmd records a change of what decides who is a key elder: a child moved away, an allowance began.
type AssessCmd struct {
	Actor      identity.Actor
	Key        string
	Person     PersonID
	Attributes Attributes
	// KeepDisability leaves the degree of a disability as it stands, which a home visit does not ask about.
	KeepDisability bool
}

// Assess records changed attributes of approved recipients and decides anew. Errors of a command: member.recipient_invalid with all bad
// fields, member.recipient_unknown, member.recipient_not_approved, member.own_case, identity.not_allowed, member.key_elder_rule_fails.
func (s *Service) Assess(ctx context.Context, cmds []AssessCmd) ([]identity.Result[Decided], error) {
	return s.assess.Perform(ctx, s.db, cmds)
}

func (s *Service) runAssess(tx *store.Tx, cmds []*AssessCmd, out []*identity.Result[Decided]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *AssessCmd) []PersonID { return []PersonID{c.Person} })
	known, err := lockRecipients(tx, ids)
	if err != nil {
		return err
	}
	given, err := consentsOf(tx, ids)
	if err != nil {
		return err
	}
	var rows []verdict
	for i, c := range cmds {
		r, ok := known[c.Person]
		before := Decided{r.State, r.KeyElder}
		found := c.Attributes
		if c.KeepDisability {
			found.Disability = r.Attributes.Disability
		}
		var bad errs.Fields
		found.check(&bad)
		checkPurposes(&bad, given[c.Person], found.needed())
		switch {
		case !ok:
			err = errs.New(errs.NotFound, "member.recipient_unknown")
		case c.Actor.IsPerson(string(c.Person)):
			err = errOwnCase
		default:
			err = c.Actor.May(identity.MemberAssess, r.Person.Region, sc.tree)
		}
		if err == nil {
			err = bad.Err("member.recipient_invalid")
		}
		if err == nil && r.State != RecipientApproved {
			err = errs.New(errs.Conflict, "member.recipient_not_approved").By("record.state", "nobody")
		}
		if err == nil {
			r.Attributes = found
			err = sc.decide(&r)
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		known[c.Person] = r
		rows = append(rows, verdict{r, c.Actor.ID, ""})
		out[i].Value = Decided{r.State, r.KeyElder}
		sc.note(c.Actor, "member.assess", "recipient", string(r.Person.ID), r.Person, before.encode(), out[i].Value.encode())
	}
	// A turning point that no longer comes must not wait: save sets the ones that do.
	if err := cancelFor(tx, TimerKeyElder, rows); err != nil {
		return err
	}
	return sc.save(rows)
}

// again writes what the key elder rule says of recipients without anybody having reviewed them anew.
func (sc *scene) again(rows []verdict) error {
	if err := saveKeyElders(sc.tx, rows); err != nil {
		return err
	}
	if err := cancelFor(sc.tx, TimerKeyElder, rows); err != nil {
		return err
	}
	return sc.wait(rows)
}

func cancelFor(tx *store.Tx, kind string, rows []verdict) error {
	refs := make([]string, len(rows))
	for i, r := range rows {
		refs[i] = string(r.Person.ID)
	}
	return timer.Cancel(tx, kind, refs...)
}

// TimerKeyElder is the kind of the timer that decides anew on a birthday that turns the key elder rule's answer; Service.Birthday is its
// handler.
const TimerKeyElder = "member.key_elder"

// Birthday decides anew who is a key elder among those whose age now matters. It is the handler of TimerKeyElder.
func (s *Service) Birthday(tx *store.Tx, due []timer.Timer) ([]error, error) {
	sc, err := s.ruled(tx)
	if err != nil {
		return nil, err
	}
	ids := make([]PersonID, len(due))
	for i, t := range due {
		ids[i] = PersonID(t.Ref)
	}
	known, err := lockRecipients(tx, unique(ids))
	if err != nil {
		return nil, err
	}
	failed := make([]error, len(due))
	var rows []verdict
	for i, which := range ids {
		r, ok := known[which]
		if !ok || !r.MayAsk() {
			continue
		}
		before := Decided{r.State, r.KeyElder}
		if failed[i] = sc.decide(&r); failed[i] != nil {
			continue
		}
		rows = append(rows, verdict{r, identity.System.ID, ""})
		sc.note(identity.System, "member.birthday", "recipient", string(which), r.Person, before.encode(), Decided{r.State, r.KeyElder}.encode())
	}
	return failed, sc.save(rows)
}

// rulePage is how many recipients are decided anew in one transaction.
const rulePage = 500

// RulesBegan decides anew who is a key elder when a snapshot of the city's rules begins whose key_elder.rule is another than the one before. It is the
// handler of policy.TimerBegins and comes back for every page of people, so that nobody waits for all of a city.
func (s *Service) RulesBegan(tx *store.Tx, due []timer.Timer) ([]error, error) {
	sc, err := s.ruled(tx)
	if err != nil {
		return nil, err
	}
	failed := make([]error, len(due))
	for i, t := range due {
		turned := t.Arg != ""
		if !turned {
			turned, failed[i] = sc.turned(t.Due)
		}
		if turned {
			if err := sc.ruleAgain(t); err != nil {
				return nil, err
			}
		}
	}
	return failed, sc.done()
}

// turned reports whether the key elder rule of now is another than the one before a moment; where there was none, there was nobody to decide about.
func (sc *scene) turned(from time.Time) (bool, error) {
	now, err := sc.view.At(sc.tx.Now(), nil)
	if err != nil {
		return false, err
	}
	before, err := sc.view.At(from.Add(-time.Microsecond), nil)
	if errs.CodeOf(err) == "policy.none_in_force" {
		return false, nil
	}
	return err == nil && before.KeyElderRule.String() != now.KeyElderRule.String(), err
}

// ruleAgain decides anew about the page of recipients that follows the person in the timer, and sets it for the next. Whom the rule fails for stays
// as decided.
func (sc *scene) ruleAgain(t timer.Timer) error {
	ids, err := approvedAfter(sc.tx, PersonID(t.Arg), rulePage)
	if err != nil || len(ids) == 0 {
		return err
	}
	known, err := lockRecipients(sc.tx, ids)
	if err != nil {
		return err
	}
	rows := make([]verdict, 0, len(ids))
	for _, id := range ids {
		r := known[id]
		before := Decided{r.State, r.KeyElder}
		if err := sc.decide(&r); errs.Fault(err) {
			return err
		} else if err != nil || r.State != RecipientApproved {
			continue
		}
		rows = append(rows, verdict{r, identity.System.ID, ""})
		if after := (Decided{r.State, r.KeyElder}); after != before {
			sc.note(identity.System, "member.rule_began", "recipient", string(id), r.Person, before.encode(), after.encode())
		}
	}
	if err := sc.again(rows); err != nil || len(ids) < rulePage {
		return err
	}
	return timer.Set(sc.tx, timer.Timer{Kind: t.Kind, Ref: t.Ref, Due: sc.tx.Now(), Arg: string(ids[len(ids)-1])})
}
