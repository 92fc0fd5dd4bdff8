package ledger

import (
	"context"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// The kinds of timers by which the book looks after itself.
const (
	TimerGrants = "ledger.grants" // the first hour of a month: last month's grants end, this month's begin
	TimerEstate = "ledger.estate" // the family of somebody who died has not answered

	// TimerTakenBack tells who keeps what was paid for, by its reference, that the office has reversed the payment; the handler is that room's.
	TimerTakenBack = "ledger.taken_back"
)

// Handlers are the timers of the book, by kind.
func (s *Service) Handlers() map[string]timer.Handler {
	return map[string]timer.Handler{TimerPost: PostDue, TimerHoldExpire: ExpireHolds, TimerGrants: s.grantsDue, TimerEstate: s.estateDue, member.TimerJoined: s.joinedDue}
}

// ScheduleGrants sets the timer of the monthly grants for the beginning of the next civil month.
func (s *Service) ScheduleGrants(tx *store.Tx) error {
	next := clock.MonthOf(tx.Now()).Add(1)
	return timer.Set(tx, timer.Timer{Kind: TimerGrants, Ref: City, Due: next.Start()})
}

// grantPage is how many key elders are granted in one go.
const grantPage = 500

// grantsDue ends the grants whose last day is over and grants the month's hours to every key elder, who each get what the rules of
// their place say. Who became a key elder during a month is granted from the next on.
func (s *Service) grantsDue(tx *store.Tx, due []timer.Timer) ([]error, error) {
	today := clock.DayOf(tx.Now())
	for {
		n, err := ExpireGrants(tx, today, audit.System)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
	}
	r, err := s.rulebook(tx)
	if err != nil {
		return nil, err
	}
	for after := member.PersonID(""); ; {
		elders, err := member.KeyElders(tx, after, grantPage)
		if err != nil {
			return nil, err
		}
		if err := s.grant(tx, r, clock.MonthOf(tx.Now()), elders); err != nil {
			return nil, err
		}
		if len(elders) < grantPage {
			break
		}
		after = elders[len(elders)-1].Person.ID
	}
	return make([]error, len(due)), s.ScheduleGrants(tx)
}

// grant gives a page of key elders their hours. An empty pool is no failure of the others: who got nothing is counted in the trail, and
// the board of the city shows the pool.
func (s *Service) grant(tx *store.Tx, r *rulebook, month clock.Month, elders []member.Recipient) error {
	for _, group := range byRules(r, elders) {
		minutes := group.rules.GrantKeyElderMonthly
		if minutes.Sign() <= 0 {
			continue
		}
		all := make([]Grantee, len(group.elders))
		for i, e := range group.elders {
			all[i] = Grantee{Owner: string(e.Person.ID), Minutes: minutes, Region: string(e.Person.Region)}
		}
		expires := month.Add(group.rules.GrantCarryOverMonths).Last().Add(1)
		posted, err := GrantMonthly(tx, month, all, expires, Meta{Actor: audit.System, PolicyVersion: string(group.rules.Version)})
		if err != nil {
			return err
		}
		refused := 0
		for _, p := range posted {
			if p.Err != nil {
				refused++
			}
		}
		if refused > 0 {
			tx.Outbox("ledger.grants_refused", string(month), "{}")
		}
	}
	return nil
}

// joinedDue gives new members what grant.new_member says (default nothing), from the public pool. Who was given it before, as a volunteer or as
// a recipient, gets nothing more; an empty pool is told like that of the monthly grants.
func (s *Service) joinedDue(tx *store.Tx, due []timer.Timer) ([]error, error) {
	r, err := s.rulebook(tx)
	if err != nil {
		return nil, err
	}
	ids := make([]member.PersonID, len(due))
	for i, t := range due {
		ids[i] = member.PersonID(t.Ref)
	}
	people, err := member.LoadPersons(tx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		p := people[id]
		rules, err := r.at(p.Region)
		if err != nil {
			return nil, err
		}
		if p.State != member.PersonActive || rules.GrantNewMember.Sign() <= 0 {
			continue
		}
		posted, err := grantInto(tx, JoiningBucket, []Grantee{{Owner: string(id), Minutes: rules.GrantNewMember, Region: string(p.Region)}}, "",
			Meta{Actor: audit.System, PolicyVersion: string(rules.Version)})
		if err != nil {
			return nil, err
		}
		if errs.CodeOf(posted[0].Err) == errs.CodeOf(errNotEnough) {
			tx.Outbox("ledger.grants_refused", JoiningBucket, "{}")
		}
	}
	return make([]error, len(due)), nil
}

// rulebook finds the rules of places, each once.
type rulebook struct {
	tx    *store.Tx
	tree  *region.Tree
	view  policy.View
	rules map[region.ID]policy.Rules
}

func (s *Service) rulebook(tx *store.Tx) (*rulebook, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	view, err := s.policies.View(tx)
	return &rulebook{tx: tx, tree: tree, view: view, rules: map[region.ID]policy.Rules{}}, err
}

func (r *rulebook) at(place region.ID) (policy.Rules, error) {
	if known, ok := r.rules[place]; ok {
		return known, nil
	}
	rules, err := r.view.At(r.tx.Now(), r.tree.RulePath(place, r.tree.Day()))
	if err == nil {
		r.rules[place] = rules
	}
	return rules, err
}

type grantGroup struct {
	rules  policy.Rules
	elders []member.Recipient
}

// byRules puts neighbours in the list whose rules grant alike into one group, so that a city without local rules is one group a page. Places
// without rules in force get nothing.
func byRules(r *rulebook, elders []member.Recipient) []grantGroup {
	var groups []grantGroup
	for _, e := range elders {
		rules, err := r.at(e.Person.Region)
		if err != nil {
			continue
		}
		if n := len(groups); n > 0 {
			last := &groups[n-1]
			if last.rules.GrantKeyElderMonthly == rules.GrantKeyElderMonthly && last.rules.GrantCarryOverMonths == rules.GrantCarryOverMonths {
				last.elders = append(last.elders, e)
				continue
			}
		}
		groups = append(groups, grantGroup{rules: rules, elders: []member.Recipient{e}})
	}
	return groups
}

// Ended is the book's part of a person's end, in the transaction of the timer that tells of it; the orders have been ended before. Whoever
// left the city keeps a frozen account with a statement; the hours of the dead go to the heir named in life, else the family is asked, else
// they go to the public pool (default). While a hold is open or a posting is on its way to the dead, the end waits a day.
func (s *Service) Ended(tx *store.Tx, due timer.Timer, how member.PersonState) error {
	who := member.PersonID(due.Ref)
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return err
	}
	p, ok := people[who]
	if !ok {
		return errs.New(errs.NotFound, "member.person_unknown")
	}
	r, err := s.rulebook(tx)
	if err != nil {
		return err
	}
	rules, err := r.at(p.Region)
	if err != nil {
		return err
	}
	if how == member.PersonLeft {
		if rules.AccountOnLeaving == policy.LeaveFreeze {
			return s.freeze(tx, p, "ledger.freeze_left")
		}
		return nil
	}
	// An heir who has died or left since inherits nothing: the next step of the rule is taken.
	heirs, err := member.LoadPersons(tx, []member.PersonID{p.Heir})
	if err != nil {
		return err
	}
	for step := range rules.AccountOnDeath.All() {
		switch {
		case step == policy.EstateHeir && heirs[p.Heir].State == member.PersonActive:
			return s.closeOrWait(tx, due, p, Key{Owner: string(p.Heir), Class: Donated}, rules)
		case step == policy.EstateFamily:
			tx.Outbox("ledger.family_to_ask", string(who), "{}")
			if err := timer.Set(tx, timer.Timer{Kind: TimerEstate, Ref: string(who), Due: tx.Now().Add(rules.AccountEstateWait)}); err != nil {
				return err
			}
			return s.freeze(tx, p, "ledger.freeze_estate")
		case step == policy.EstatePool:
			return s.closeOrWait(tx, due, p, PoolAccount, rules)
		}
	}
	return nil
}

func (s *Service) freeze(tx *store.Tx, p member.Person, action string) error {
	if err := SetFrozen(tx, string(p.ID), true); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: audit.System, OnBehalf: string(p.ID), Action: action, Kind: "account", Ref: string(p.ID), Region: string(p.Region),
		Before: "open", After: "frozen"})
}

// closeOrWait closes an account, or comes back in a day while something is still held or on its way there.
func (s *Service) closeOrWait(tx *store.Tx, due timer.Timer, p member.Person, to Key, rules policy.Rules) error {
	err := closeAccount(tx, identity.System, p, to, string(rules.Version), "")
	if errs.CodeOf(err) == errs.CodeOf(errHoldsOpen) {
		due.Due = tx.Now().Add(24 * time.Hour)
		return timer.Set(tx, due)
	}
	return err
}

func closeAccount(tx *store.Tx, by identity.Actor, p member.Person, to Key, version, note string) error {
	posted, err := Close(tx, string(p.ID), to, Meta{Region: string(p.Region), PolicyVersion: version, Actor: by.ID, Note: note})
	if err != nil {
		return err
	}
	if posted.Err != nil {
		return posted.Err
	}
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: string(p.ID), Action: "ledger.close", Kind: "account", Ref: string(p.ID), Region: string(p.Region),
		Before: "open", After: strings.TrimSpace("closed to " + string(to.Class) + " " + note), Origin: by.Origin})
}

// estateDue gives the hours of the dead whose family has not answered to the public pool.
func (s *Service) estateDue(tx *store.Tx, due []timer.Timer) ([]error, error) {
	failed := make([]error, len(due))
	for i, t := range due {
		who := member.PersonID(t.Ref)
		people, err := member.LoadPersons(tx, []member.PersonID{who})
		if err != nil {
			return nil, err
		}
		r, err := s.rulebook(tx)
		if err != nil {
			return nil, err
		}
		rules, err := r.at(people[who].Region)
		if err != nil {
			return nil, err
		}
		failed[i] = s.closeOrWait(tx, t, people[who], PoolAccount, rules)
	}
	return failed, nil
}

// CloseCmd is the family's answer about the hours of somebody who died, or the wish of somebody who left, as the office records it.
type CloseCmd struct {
	Actor  identity.Actor
	Key    string
	Person member.PersonID
	// To gets the saved hours and gifts: a relative confirmed in life, since one officer alone gives nobody's hours to a stranger. "" gives them
	// to the public pool.
	To   member.PersonID
	Note string // what the family or the person said, a must; it goes into the book and names nobody
}

// CloseAccount closes the account of a person who has died or left. Errors: Forbidden identity.not_allowed and, for who would get the hours
// itself, member.own_case, or for who is no confirmed relative, ledger.not_of_the_family, Invalid ledger.close_invalid for want of a reason, Conflict ledger.still_active and
// ledger.holds_open, NotFound member.person_unknown.
func (s *Service) CloseAccount(ctx context.Context, c CloseCmd) error {
	call := each("ledger.close", s.runClose, func(c *CloseCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.To)).Str(c.Note)
		return c.Actor, c.Key
	})
	_, err := call.One(ctx, s.db, c)
	return err
}

func (s *Service) runClose(tx *store.Tx, c *CloseCmd) (member.PersonID, error) {
	people, err := member.LoadPersons(tx, []member.PersonID{c.Person, c.To})
	if err != nil {
		return "", err
	}
	p, ok := people[c.Person]
	heir, known := people[c.To]
	if !ok || c.To != "" && !known {
		return "", errs.New(errs.NotFound, "member.person_unknown")
	}
	r, err := s.rulebook(tx)
	if err != nil {
		return "", err
	}
	if err := c.Actor.May(identity.LedgerClose, p.Region, r.tree); err != nil {
		return "", err
	}
	if c.Actor.IsPerson(string(c.To)) {
		return "", errs.New(errs.Forbidden, "member.own_case").By("identity.two_persons", "law")
	}
	if errs.Blank(c.Note) {
		return "", errs.Invalid("ledger.close_invalid", errs.Field{Path: "note", Code: "identity.reason_missing"})
	}
	if p.State == member.PersonActive || c.To != "" && heir.State != member.PersonActive {
		return "", errs.New(errs.Conflict, "ledger.still_active").By("record.state", "nobody")
	}
	if c.To != "" {
		kin, err := member.KinOf(tx, c.Person)
		if err != nil {
			return "", err
		}
		if member.RelationTo(kin, c.Person, c.To) == "" {
			return "", errs.New(errs.Forbidden, "ledger.not_of_the_family").By("identity.two_persons", "law")
		}
	}
	rules, err := r.at(p.Region)
	if err != nil {
		return "", err
	}
	to := PoolAccount
	if c.To != "" {
		to = Key{Owner: string(c.To), Class: Donated}
	}
	if err := timer.Cancel(tx, TimerEstate, string(c.Person)); err != nil {
		return "", err
	}
	if err := closeAccount(tx, c.Actor, p, to, string(rules.Version), c.Note); err != nil {
		return "", &lateRefusal{err}
	}
	return c.Person, nil
}
