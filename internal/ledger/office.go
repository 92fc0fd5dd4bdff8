package ledger

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// proposalOpen is how long an act of two persons waits for the second (default, ours).
const proposalOpen = 7 * 24 * time.Hour

// Act is what two persons do together: make hours (ForIssue), correct an account (ForAdjustment), or take a transaction back
// (ForReversal).
type Act struct {
	Reason  Reason        `json:"reason"`
	Account Key           `json:"account"`      // ForIssue: a city account; ForAdjustment: the account to correct
	Minutes hours.Minutes `json:"minutes"`      // ForAdjustment: below zero takes away
	Tx      TxID          `json:"tx,omitempty"` // ForReversal
}

// ProposeCmd is the first person's part.
type ProposeCmd struct {
	Actor identity.Actor
	Key   string
	Act   Act
	Note  string // why, in a person's words; it goes into the book and names nobody
}

// Propose puts an act forward for a second person. Nothing moves yet.
//
// Errors: Invalid ledger.act_malformed with all bad fields, NotFound ledger.transaction_unknown, Conflict ledger.reversed_already, Forbidden
// identity.not_allowed and, for one's own account, member.own_case, and those of identity.Propose.
func (s *Service) Propose(ctx context.Context, c ProposeCmd) (identity.ProposalID, error) {
	return s.propose.One(ctx, s.db, c)
}

// rightsOf are the rights to propose and to approve.
var rightsOf = map[Reason][2]identity.Right{
	ForIssue:      {identity.LedgerIssuePropose, identity.LedgerIssueApprove},
	ForAdjustment: {identity.LedgerAdjustPropose, identity.LedgerAdjustApprove},
	ForReversal:   {identity.LedgerReversePropose, identity.LedgerReverseApprove},
}

func (s *Service) runPropose(tx *store.Tx, c *ProposeCmd) (identity.ProposalID, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", err
	}
	bad, rights := c.Act.check(), rightsOf[c.Act.Reason]
	if errs.Blank(c.Note) {
		bad.Add("reason", "identity.reason_missing")
	}
	place, err := c.Act.place(tx, tree)
	switch {
	case errs.KindOf(err) == errs.KindInvalid:
		bad.AddErr("owner", err)
	case err != nil && (bad.Len() == 0 || errs.Fault(err)):
		return "", err
	}
	if err := bad.Err("ledger.act_malformed"); err != nil {
		return "", err
	}
	if err := c.Actor.May(rights[0], place, tree); err != nil {
		return "", err
	}
	if err := c.Act.notFor(tx, c.Actor); err != nil {
		return "", err
	}
	payload, err := json.Marshal(c.Act)
	if err != nil {
		return "", err
	}
	return identity.Propose(tx, c.Actor, identity.Draft{Action: "ledger." + string(c.Act.Reason), Payload: string(payload), Region: place, Needs: rights[1],
		Reason: c.Note, Until: tx.Now().Add(proposalOpen)})
}

// mostMinutes bounds what one act issues or adjusts, in minutes (default, ours): more than a great city serves in a hundred years, and far from what
// an account can hold.
const mostMinutes = 1_000_000_000

// check names every field that is wrong by itself.
func (a *Act) check() (bad errs.Fields) {
	if n := a.Minutes.Int64(); n > mostMinutes || n < -mostMinutes {
		bad.Add("minutes", "ledger.too_many")
	}
	class := a.Account.Class
	switch a.Reason {
	case ForIssue:
		if a.Account.Owner != City {
			bad.Add("owner", "ledger.owner_unknown")
		}
		if !ForIssue.Allows(Issuer, class) {
			bad.Add("class", "ledger.class_not_allowed")
		}
		if a.Minutes.Sign() <= 0 {
			bad.Add("minutes", "ledger.minutes_not_positive")
		}
	case ForAdjustment:
		if class == Issuer || !ForAdjustment.Allows(class, Adjustment) {
			bad.Add("class", "ledger.class_not_allowed")
		}
		if a.Minutes.IsZero() {
			bad.Add("minutes", "ledger.minutes_zero")
		}
	case ForReversal:
		if a.Tx == "" {
			bad.Add("transaction", "ledger.transaction_unknown")
		}
	default:
		bad.Add("act", "ledger.act_malformed")
	}
	return bad
}

// notFor refuses whoever gains or loses by the act: nobody is one of the two persons for its own hours.
func (a *Act) notFor(tx *store.Tx, actor identity.Actor) error {
	own := actor.IsPerson(a.Account.Owner)
	if a.Reason == ForReversal {
		found, err := loadOriginals(tx, []TxID{a.Tx})
		if err != nil {
			return err
		}
		if o := found[a.Tx]; o != nil {
			own = slices.ContainsFunc(o.entries, func(e originalEntry) bool { return actor.IsPerson(e.payer) || actor.IsPerson(e.owner) })
		}
	}
	if own {
		return errs.New(errs.Forbidden, "member.own_case").By("identity.two_persons", "law")
	}
	return nil
}

// place is the region in which the act must be allowed: the payer's region of a transaction, a person's home, else the whole city.
func (a *Act) place(tx *store.Tx, tree *region.Tree) (region.ID, error) {
	if a.Reason == ForReversal {
		found, err := loadOriginals(tx, []TxID{a.Tx})
		if err != nil {
			return "", err
		}
		o := found[a.Tx]
		switch {
		case o == nil:
			return "", errUnknownTx
		case o.reversed:
			return "", errReversed
		case o.reason == ForReversal:
			return "", errIsReversal
		case o.meta.Region != "":
			return region.ID(o.meta.Region), nil
		}
		return tree.City(), nil
	}
	people, err := member.LoadPersons(tx, []member.PersonID{member.PersonID(a.Account.Owner)})
	if err != nil {
		return "", err
	}
	if p, ok := people[member.PersonID(a.Account.Owner)]; ok {
		return p.Region, nil
	}
	return tree.City(), a.owned(tx)
}

// owned refuses an owner that is neither the city nor a team and has no account either: hours booked to it would be nobody's.
func (a *Act) owned(tx *store.Tx) error {
	if a.Account.Owner == City {
		return nil
	}
	teams, err := member.LoadTeams(tx, []member.TeamID{member.TeamID(a.Account.Owner)})
	if err != nil || len(teams) > 0 {
		return err
	}
	accounts, err := accountsOf(tx, a.Account.Owner)
	if err != nil || len(accounts) > 0 {
		return err
	}
	return errs.Invalid("ledger.act_malformed", errs.Field{Code: "ledger.owner_unknown"})
}

// ApproveCmd is the second person's part.
type ApproveCmd struct {
	Actor    identity.Actor
	Key      string
	Proposal identity.ProposalID
}

// Approve carries out what another person proposed and returns the transaction.
//
// Errors: those of identity.Approve, Forbidden member.own_case for one's own account, Conflict ledger.not_of_the_book when the proposal is about something else, and those of [Book]
// and [Reverse].
func (s *Service) Approve(ctx context.Context, c ApproveCmd) (TxID, error) {
	return s.approve.One(ctx, s.db, c)
}

func (s *Service) runApprove(tx *store.Tx, c *ApproveCmd) (TxID, error) {
	waiting, err := identity.LoadProposal(tx, c.Proposal)
	if err != nil {
		return "", err
	}
	var act Act
	if err := json.Unmarshal([]byte(waiting.Payload), &act); err != nil || waiting.Action != "ledger."+string(act.Reason) || rightsOf[act.Reason][1] != waiting.Needs {
		return "", errs.New(errs.Conflict, "ledger.not_of_the_book").By("ledger.pattern", "law")
	}
	// Before anything is written: a refused approval leaves the proposal open for another.
	if err := act.notFor(tx, c.Actor); err != nil {
		return "", err
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", err
	}
	if _, err := identity.Approve(tx, tree, c.Actor, c.Proposal); err != nil {
		return "", err
	}
	accounts, err := act.accounts(tx)
	if err != nil {
		return "", err
	}
	before, err := balancesIn(tx, accounts)
	if err != nil {
		return "", err
	}
	posted, err := act.try(tx, c.Actor.ID, waiting)
	if err != nil {
		return "", err
	}
	if posted.Err != nil {
		// The approval is written already: it goes back with the rest, so that the proposal stays open.
		return "", &lateRefusal{posted.Err}
	}
	after, err := balancesIn(tx, accounts)
	if err != nil {
		return "", err
	}
	return posted.Tx, audit.Record(tx, audit.Entry{Actor: c.Actor.ID, OnBehalf: behalf(accounts), Action: waiting.Action, Kind: "ledger_tx", Ref: string(posted.Tx),
		Region: string(waiting.Region), Before: before, After: after + "; proposal " + string(waiting.ID), Origin: c.Actor.Origin})
}

// accounts are those whose balances the act may change: the account that it is about, or all that the transaction moved hours between, and the debts of
// their owners, which taking back makes and giving repays. What passes through the adjustment account stays nowhere.
func (a *Act) accounts(tx *store.Tx) ([]Key, error) {
	keys := []Key{a.Account}
	if a.Reason == ForReversal {
		found, err := loadOriginals(tx, []TxID{a.Tx})
		if err != nil || found[a.Tx] == nil {
			return nil, err // Reverse says that there is no such transaction
		}
		var seqs []AccountID
		for _, e := range found[a.Tx].entries {
			seqs = append(seqs, e.source, e.destination)
		}
		slices.Sort(seqs)
		moved, err := loadBySeq(tx, slices.Compact(seqs), "")
		if err != nil {
			return nil, err
		}
		keys = keys[:0]
		for _, m := range moved {
			keys = append(keys, m.key)
		}
	}
	for _, k := range keys {
		if k.Owner != City {
			keys = append(keys, Key{Owner: k.Owner, Class: Recovery})
		}
	}
	slices.SortFunc(keys, func(x, y Key) int { return strings.Compare(x.String(), y.String()) })
	return slices.Compact(keys), nil
}

// behalf is the person whose hours the act changes: nobody where they are the city's own, or several people's.
func behalf(accounts []Key) string {
	owner := ""
	for _, k := range accounts {
		switch {
		case k.Owner == City || k.Owner == owner:
		case owner != "":
			return ""
		default:
			owner = k.Owner
		}
	}
	return owner
}

// balancesIn says what stands in accounts as the trail keeps it: "pool city 20000h; saved 01h… 1h30m". One that was never opened is not there.
func balancesIn(tx *store.Tx, accounts []Key) (string, error) {
	all, err := Balances(tx, accounts)
	if err != nil {
		return "", err
	}
	var words []string
	for _, k := range accounts {
		if b, open := all[k]; open {
			words = append(words, strings.Join(strings.Fields(string(k.Class)+" "+k.Bucket+" "+k.Owner+" "+b.Balance.String()), " "))
		}
	}
	if len(words) == 0 {
		return "none open", nil
	}
	return strings.Join(words, "; "), nil
}

func (a *Act) try(tx *store.Tx, actor string, p identity.Proposal) (Posted, error) {
	m := Meta{Actor: actor, Note: p.Reason, Region: string(p.Region), Ref: string(p.ID)}
	var transfers []Transfer
	switch {
	case a.Reason == ForReversal:
		return a.takeBack(tx, Reversal{Tx: a.Tx, Actor: actor, Note: p.Reason})
	case a.Reason == ForIssue:
		transfers = []Transfer{{IssuerAccount, a.Account, a.Minutes}}
	case a.Minutes.Sign() > 0:
		transfers = []Transfer{{IssuerAccount, AdjustmentAccount, a.Minutes}, {AdjustmentAccount, a.Account, a.Minutes}}
	default:
		transfers = []Transfer{{a.Account, AdjustmentAccount, a.Minutes.Neg()}}
	}
	posted, err := Book(tx, []Posting{{Meta: m, Reason: a.Reason, Transfers: transfers}})
	if err != nil {
		return Posted{}, err
	}
	return posted[0], nil
}

// takeBack reverses a transaction. What a dispute holds of a service is let go of first: else it would be missing, and become a debt. Whoever keeps what
// was paid for is told by a timer that is due at once, because it has to know that nothing is paid any more.
func (a *Act) takeBack(tx *store.Tx, r Reversal) (Posted, error) {
	found, err := loadOriginals(tx, []TxID{r.Tx})
	if err != nil {
		return Posted{}, err
	}
	paidFor := ""
	if o := found[r.Tx]; o != nil && (o.reason == ForService || o.reason == ForFundClaim) {
		paidFor = o.meta.Ref
	}
	if paidFor != "" {
		if err := Unfreeze(tx, paidFor); err != nil {
			return Posted{}, err
		}
	}
	posted, err := Reverse(tx, []Reversal{r})
	if err != nil {
		return Posted{}, err
	}
	if paidFor != "" && posted[0].Err == nil {
		err = timer.Set(tx, timer.Timer{Kind: TimerTakenBack, Ref: paidFor, Due: tx.Now()})
	}
	return posted[0], err
}
