package policy

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

// State is where a proposal stands.
type State string

// The states of a proposal. A proposer may reject their own: that withdraws it.
const (
	Open     State = "open"
	Approved State = "approved"
	Rejected State = "rejected"
)

// ProposalID names a proposal.
type ProposalID = id.ID[Proposal]

// Proposal is a change of rules that waits for a second person, or was decided.
type Proposal struct {
	ID         ProposalID
	Region     string // "" for the city's snapshot
	Level      Level
	Path       []string // the region's ancestors, itself included; empty for the city
	Text       string   // canonical TOML
	Digest     string   // SHA-256 of Text in hexadecimal
	From       time.Time
	Reason     string
	ProposedBy string
	ProposedAt time.Time
	State      State
	DecidedBy  string
	DecidedAt  time.Time
	Decision   string // the decider's reason
}

// Publication is a published version: what was approved, by whom, and from when it holds. It never changes.
type Publication struct {
	ID         VersionID
	Proposal   ProposalID
	Region     string // "" for the city's snapshot
	Level      Level
	From       time.Time
	Text       string // canonical TOML
	Digest     string // SHA-256 of Text in hexadecimal
	ProposedBy string
	ApprovedBy string
	RecordedAt time.Time
}

// ProposeCmd proposes a snapshot for the whole city. Key is the idempotency key. A zero From means from its approval on.
type ProposeCmd struct {
	Key    string
	TOML   []byte
	From   time.Time
	Reason string
}

// OverrideCmd proposes that a region becomes stricter. Path names the region's ancestors and itself, region ids from the city down; the caller
// takes it from the tree of regions. An empty TOML withdraws the region's override.
type OverrideCmd struct {
	Key    string
	Region string
	Level  Level
	Path   []string
	TOML   []byte
	From   time.Time
	Reason string
}

// DecideCmd approves or rejects a proposal. Key is the idempotency key.
type DecideCmd struct {
	Key      string
	Proposal ProposalID
	Reason   string
}

// Service proposes, approves and reads rules. It is safe for concurrent use.
type Service struct {
	db     *store.DB
	cached atomic.Pointer[cached]
}

type cached struct {
	timeline *timeline
	newest   VersionID
}

// New returns the service of one database.
func New(db *store.DB) *Service { return &Service{db: db} }

// Propose records a snapshot of the city's rules that a second person must approve. The error lists all bad fields at once; a From in the
// past is policy.back_dated; whoever may not propose for the city gets the refusal of [By].
func (s *Service) Propose(ctx context.Context, by By, cmd ProposeCmd) (Proposal, error) {
	var bad errs.Fields
	d, err := Parse(cmd.TOML)
	bad.AddErr("", err)
	p := Proposal{Level: City, From: cmd.From, Reason: cmd.Reason}
	return s.propose(ctx, by, cmd.Key, p, d, bad)
}

// ProposeOverride records an override that a second person must approve. Besides what Parse refuses, a value that is not stricter than
// the rules above at From is policy.loosens, one that may not be narrowed policy.not_narrowable; whoever may not propose for the region gets the
// refusal of [By].
func (s *Service) ProposeOverride(ctx context.Context, by By, cmd OverrideCmd) (Proposal, error) {
	var bad errs.Fields
	d, err := ParseOverride(cmd.Level, cmd.TOML)
	bad.AddErr("", err)
	if cmd.Region == "" || !contains(cmd.Path, cmd.Region) {
		bad.Add("region", "policy.bad_region")
	}
	p := Proposal{Region: cmd.Region, Level: cmd.Level, Path: cmd.Path, From: cmd.From, Reason: cmd.Reason}
	return s.propose(ctx, by, cmd.Key, p, d, bad)
}

func contains(path []string, region string) bool {
	for _, r := range path {
		if r == region {
			return true
		}
	}
	return false
}

const mostReason = 500

func checkReason(reason string) error {
	if errs.Blank(reason) || utf8.RuneCountInString(reason) > mostReason {
		return errs.Invalid("policy.invalid", errs.Field{Path: "reason", Code: "policy.bad_text", Params: []any{"most", mostReason}})
	}
	return nil
}

// propose records a proposal of what was read, unless something is bad about it: then it names that with whatever else is.
func (s *Service) propose(ctx context.Context, by By, key string, p Proposal, d Draft, bad errs.Fields) (Proposal, error) {
	p.Reason = strings.TrimSpace(p.Reason)
	bad.AddErr("", checkReason(p.Reason))
	if bad.Len() == 0 {
		p.Text = d.Text()
	}
	k := store.Key{Actor: by.ID, Key: key, Command: "policy.propose", Digest: canon.New("policy.propose", 1).
		Str(p.Region).Str(string(p.Level)).Strs(p.Path).Str(p.Text).Bool(p.From.IsZero()).Time(p.From).Str(p.Reason).Digest()}
	var out Proposal
	err := s.db.Write(ctx, "policy.propose", func(tx *store.Tx) error {
		if err := by.may(tx, Proposing, p.Region); err != nil {
			return err
		}
		if bad.Len() > 0 {
			all := bad
			checkFrom(&all, tx.Now(), p.From)
			return all.Err("policy.invalid")
		}
		ref, err := once(tx, k, func() (string, error) {
			p := p
			p.Digest, p.State = digest(p.Text), Open
			p.ID, p.ProposedBy, p.ProposedAt = store.NewID[Proposal](tx), by.ID, tx.Now()
			if err := s.allowed(tx, p, d); err != nil {
				return "", err
			}
			if err := insertProposal(tx, p); err != nil {
				return "", err
			}
			if err := timer.Set(tx, timer.Timer{Kind: TimerProposalExpire, Ref: string(p.ID), Due: p.Until()}); err != nil {
				return "", err
			}
			return string(p.ID), audit.Record(tx, audit.Entry{Actor: by.ID, Action: "policy.propose", Kind: "policy_proposal",
				Ref: string(p.ID), Region: p.Region, After: p.Digest, Origin: by.Origin})
		})
		if err != nil {
			return err
		}
		out, err = loadProposal(tx, ProposalID(ref), "")
		return err
	})
	return out, err
}

// once runs fn unless the key was used before, and returns the id that the first run returned.
func once(tx *store.Tx, key store.Key, fn func() (string, error)) (string, error) {
	keys := []store.Key{key}
	seen, err := store.Claims(tx, keys)
	if err != nil {
		return "", err
	}
	if seen[0].Found {
		return seen[0].Result, seen[0].Err()
	}
	ref, err := fn()
	if err != nil {
		return "", err
	}
	return ref, store.Done(tx, keys, []string{ref})
}

// furthest is how many years ahead rules can be proposed (default, ours).
const furthest = 10

// checkFrom names a day from which rules cannot begin to hold; the zero time is their approval's.
func checkFrom(bad *errs.Fields, now, from time.Time) {
	switch {
	case from.IsZero():
	case from.Before(now):
		bad.Add("from", "policy.back_dated")
	case from.After(now.AddDate(furthest, 0, 0)):
		bad.Add("from", "policy.too_far")
	}
}

// allowed refuses a proposal that is back-dated, or too far ahead, or, for a region, not stricter than the rules above it when it takes effect.
func (s *Service) allowed(tx *store.Tx, p Proposal, d Draft) error {
	from := p.From
	if from.IsZero() {
		from = tx.Now()
	}
	var f errs.Fields
	if checkFrom(&f, tx.Now(), from); f.Len() > 0 || p.Level == City {
		return f.Err("policy.invalid")
	}
	above := make([]string, 0, len(p.Path))
	for _, r := range p.Path {
		if r != p.Region {
			above = append(above, r)
		}
	}
	base, err := s.Current(tx, from, above)
	if err != nil {
		return err
	}
	for _, problem := range checkOverride(base, p.Level, d) {
		f.Add(problem.Key, problem.Code, problem.Params...)
	}
	return f.Err("policy.invalid")
}

// Approve publishes a proposal: from then on, or from its date, the rules hold. Errors: policy.second_person when the proposer approves,
// policy.already_decided, policy.proposal_expired, policy.back_dated when its date has passed, policy.loosens when the rules above have become stricter meanwhile.
// Whoever may not decide for the proposal's region gets the refusal of [By].
func (s *Service) Approve(ctx context.Context, by By, cmd DecideCmd) (Publication, error) {
	var out Publication
	err := s.db.Write(ctx, "policy.approve", func(tx *store.Tx) error {
		if err := mayDecide(tx, by, cmd.Proposal, false); err != nil {
			return err
		}
		ref, err := once(tx, decideKey(by.ID, "policy.approve", cmd), func() (string, error) {
			if err := tx.LockName("policy"); err != nil {
				return "", err
			}
			p, err := openProposal(tx, cmd.Proposal)
			if err != nil {
				return "", err
			}
			if p.ProposedBy == by.ID {
				return "", errs.New(errs.Forbidden, "policy.second_person").By("identity.two_persons", "law")
			}
			d, err := stored(p.Text, p.Level == City)
			if err != nil {
				return "", err
			}
			if err := s.allowed(tx, p, d); err != nil {
				return "", err
			}
			return s.publish(tx, by, cmd.Reason, p)
		})
		if err != nil {
			return err
		}
		out, err = loadVersion(tx, VersionID(ref))
		return err
	})
	return out, err
}

func (s *Service) publish(tx *store.Tx, by By, reason string, p Proposal) (string, error) {
	if p.From.IsZero() {
		p.From = tx.Now()
	}
	p.State, p.DecidedBy, p.DecidedAt, p.Decision = Approved, by.ID, tx.Now(), reason
	if err := decideProposal(tx, p); err != nil {
		return "", err
	}
	v := Publication{ID: store.NewID[Version](tx), Proposal: p.ID, Region: p.Region, Level: p.Level, From: p.From, Text: p.Text, Digest: p.Digest,
		ProposedBy: p.ProposedBy, ApprovedBy: by.ID, RecordedAt: tx.Now()}
	all, err := s.History(tx, p.Region)
	if err != nil {
		return "", err
	}
	var was Publication
	if len(all) > 0 {
		was = all[0]
	}
	if err := insertVersion(tx, v); err != nil {
		return "", err
	}
	if v.Region == "" {
		if err := timer.Set(tx, timer.Timer{Kind: TimerBegins, Ref: string(v.ID), Due: v.From}); err != nil {
			return "", err
		}
	}
	before, after := changed(was, v)
	return string(v.ID), audit.Record(tx, audit.Entry{Actor: by.ID, Action: "policy.approve", Kind: "policy_version",
		Ref: string(v.ID), Region: v.Region, Before: before, After: after + "; proposal " + string(p.ID), Origin: by.Origin})
}

// changed says for the trail what a publication replaces and what it puts there: both digests, and the lines that differ. All lines of a first one are
// new, and stand in the version itself.
func changed(was, is Publication) (before, after string) {
	if was.ID == "" {
		return "none", is.Digest
	}
	differ := func(these, others string) string {
		var lines []string
		known := strings.Split(others, "\n")
		for _, line := range strings.Split(these, "\n") {
			if line != "" && !slices.Contains(known, line) {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "; ")
	}
	return strings.TrimSpace(was.Digest + " " + differ(was.Text, is.Text)), strings.TrimSpace(is.Digest + " " + differ(is.Text, was.Text))
}

// Reject ends a proposal without effect; its own proposer thereby withdraws it. The error is policy.already_decided for one that is not
// open, policy.invalid for want of a reason, or the refusal of [By] for somebody else's.
func (s *Service) Reject(ctx context.Context, by By, cmd DecideCmd) (Proposal, error) {
	var out Proposal
	err := s.db.Write(ctx, "policy.reject", func(tx *store.Tx) error {
		if err := mayDecide(tx, by, cmd.Proposal, true); err != nil {
			return err
		}
		if err := checkReason(cmd.Reason); err != nil {
			return err
		}
		ref, err := once(tx, decideKey(by.ID, "policy.reject", cmd), func() (string, error) {
			p, err := openProposal(tx, cmd.Proposal)
			if err != nil {
				return "", err
			}
			p.State, p.DecidedBy, p.DecidedAt, p.Decision = Rejected, by.ID, tx.Now(), cmd.Reason
			if err := decideProposal(tx, p); err != nil {
				return "", err
			}
			return string(p.ID), audit.Record(tx, audit.Entry{Actor: by.ID, Action: "policy.reject", Kind: "policy_proposal",
				Ref: string(p.ID), Region: p.Region, Before: string(Open), After: string(Rejected), Origin: by.Origin})
		})
		if err != nil {
			return err
		}
		out, err = loadProposal(tx, ProposalID(ref), "")
		return err
	})
	return out, err
}

// mayDecide lets those through who may decide on a proposal; its own proposer may withdraw it.
func mayDecide(tx *store.Tx, by By, which ProposalID, withdraw bool) error {
	p, err := loadProposal(tx, which, "")
	if err != nil || withdraw && p.ProposedBy == by.ID && by.ID != "" {
		return err
	}
	return by.may(tx, Deciding, p.Region)
}

func decideKey(by, command string, cmd DecideCmd) store.Key {
	return store.Key{Actor: by, Key: cmd.Key, Command: command,
		Digest: canon.New(command, 1).Str(string(cmd.Proposal)).Str(cmd.Reason).Digest()}
}

func openProposal(tx *store.Tx, id ProposalID) (Proposal, error) {
	p, err := loadProposal(tx, id, tx.ForUpdate())
	switch {
	case err != nil:
		return p, err
	case p.State != Open:
		return p, errs.New(errs.Conflict, "policy.already_decided").By("record.once", "nobody")
	case !tx.Now().Before(p.Until()):
		return p, errs.New(errs.Conflict, "policy.proposal_expired").
			Because(why.Rule("identity.two_persons", "", "law").With("until", p.Until().In(clock.Zone).Format(time.RFC3339)))
	}
	return p, nil
}

// proposalOpen is how long proposed rules wait for the second person (default, ours): a change of rules is read by many before it is signed.
const proposalOpen = 30 * 24 * time.Hour

// Until is when the proposal lapses if nobody has decided on it.
func (p Proposal) Until() time.Time { return p.ProposedAt.Add(proposalOpen) }

// TimerBegins is the kind of the timer, due when a snapshot of the city's rules begins to hold, by which others hear of it: what a rule decided of
// people is decided anew. Its Ref is the version; the composition root registers the handler.
const TimerBegins = "policy.begins"

// TimerProposalExpire is the kind of the timer that lapses proposed rules; ExpireProposals is its handler.
const TimerProposalExpire = "policy.proposal_expire"

// ExpireProposals rejects proposed rules that nobody decided on in time. It is the handler of TimerProposalExpire.
func ExpireProposals(tx *store.Tx, due []timer.Timer) ([]error, error) {
	failed := make([]error, len(due))
	for i, t := range due {
		p, err := loadProposal(tx, ProposalID(t.Ref), tx.ForUpdate())
		if errs.KindOf(err) == errs.NotFound {
			failed[i] = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.State != Open {
			continue
		}
		p.State, p.DecidedBy, p.DecidedAt, p.Decision = Rejected, audit.System, tx.Now(), "nobody decided in time"
		if err := decideProposal(tx, p); err != nil {
			return nil, err
		}
		if err := audit.Record(tx, audit.Entry{Actor: audit.System, Action: "policy.expire", Kind: "policy_proposal", Ref: string(p.ID), Region: p.Region,
			Before: string(Open), After: string(Rejected), Origin: audit.System}); err != nil {
			return nil, err
		}
	}
	return failed, nil
}
