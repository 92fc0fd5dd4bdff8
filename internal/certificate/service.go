package certificate

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notary"
	"timebank/internal/order"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// Service holds the use-cases of certificates. It is safe for concurrent use.
type Service struct {
	db       *store.DB
	ids      id.Source
	regions  *region.Service
	policies *policy.Service
	members  *member.Service
	notary   *notary.Service
	box      *pii.Box

	issue  identity.Call[IssueCmd, ID]
	revoke identity.Call[RevokeCmd, identity.Nothing]
}

// New returns the service of one database. The box seals what certificates say; numbers come from the source.
func New(db *store.DB, ids id.Source, regions *region.Service, policies *policy.Service, members *member.Service, signer *notary.Service, box *pii.Box) *Service {
	s := &Service{db: db, ids: ids, regions: regions, policies: policies, members: members, notary: signer, box: box}
	s.issue = identity.Call[IssueCmd, ID]{Name: "certificate.issue", Encode: identity.Same[ID], Decode: identity.AsID[ID],
		Head: func(c *IssueCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Person)).Str(string(c.Purpose)).Str(string(c.Naming)).Int(int64(c.Months)).Str(string(c.From)).Str(string(c.To))
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*IssueCmd, out []*identity.Result[ID]) error {
			return each(cmds, func(i int, c *IssueCmd) error {
				var err error
				out[i].Value, err = s.runIssue(tx, c)
				out[i].Err = err
				return err
			})
		}}
	s.revoke = identity.Call[RevokeCmd, identity.Nothing]{Name: "certificate.revoke", Encode: identity.NoResult, Decode: identity.AsNothing,
		Head: func(c *RevokeCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Certificate)).Str(c.Reason)
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*RevokeCmd, out []*identity.Result[identity.Nothing]) error {
			return each(cmds, func(i int, c *RevokeCmd) error {
				out[i].Err = s.runRevoke(tx, c)
				return out[i].Err
			})
		}}
	return s
}

// each runs commands one after the other: these are rare. Only what is not the command's own fault ends the whole.
func each[C any](cmds []*C, run func(i int, c *C) error) error {
	for i, c := range cmds {
		err := run(i, c)
		if errs.Fault(err) {
			return err
		}
	}
	return nil
}

// IssueCmd takes out a certificate of the actor's own service.
type IssueCmd struct {
	Actor   identity.Actor
	Key     string
	Person  member.PersonID
	Purpose Purpose
	Naming  Naming
	Months  int // for how long it holds; one of [Months]
	// From and To are the first and the last day of service that it counts; "" for all since the beginning, and until today.
	From, To clock.Day
}

// Issue takes out certificates. Errors of a command: certificate.invalid with every bad field, certificate.not_a_volunteer,
// certificate.too_many with the rule, member.person_unknown, identity.not_oneself, and those of notary.Service.Sign.
func (s *Service) Issue(ctx context.Context, cmds []IssueCmd) ([]identity.Result[ID], error) {
	return s.issue.Perform(ctx, s.db, cmds)
}

var errUnknown = errs.New(errs.NotFound, "certificate.unknown")

func (s *Service) runIssue(tx *store.Tx, c *IssueCmd) (ID, error) {
	if err := c.Actor.MayOwn(identity.CertificateIssue, string(c.Person)); err != nil {
		return "", err
	}
	today := clock.DayOf(tx.Now())
	from, to, err := check(c, today)
	if err != nil {
		return "", err
	}
	people, err := member.LoadVolunteers(tx, []member.PersonID{c.Person})
	if err != nil {
		return "", err
	}
	v, ok := people[c.Person]
	if !ok {
		return "", errs.New(errs.Conflict, "certificate.not_a_volunteer").By("record.state", "nobody")
	}
	if err := s.within(tx, c.Person, today); err != nil {
		return "", err
	}
	said, err := s.state(tx, c, v, from, to)
	if err != nil {
		return "", err
	}
	said.Number, said.IssuedOn, said.Until = id.Code(s.ids, 12), today, clock.DayOf(today.Start().In(clock.Zone).AddDate(0, c.Months, 0))
	signed, err := s.notary.Sign(KeyName, said.text())
	if err != nil {
		return "", err
	}
	made := Certificate{ID: store.NewID[Certificate](tx), Number: said.Number, Person: c.Person, Purpose: c.Purpose, Naming: c.Naming, IssuedOn: today, Until: said.Until,
		sealed: s.box.Seal(fieldStatement, string(signed))}
	if err := insert(tx, made, c.Actor.ID); err != nil {
		return "", err
	}
	return made.ID, s.note(tx, c.Actor, "certificate.issue", made, v.Person, "", "until "+string(made.Until))
}

// within refuses one certificate more than the city's rules allow in a day.
func (s *Service) within(tx *store.Tx, person member.PersonID, today clock.Day) error {
	n, err := issuedSince(tx, person, today.Start())
	if err != nil {
		return err
	}
	rules, err := s.rules(tx)
	if err != nil || n < rules.CertificateMaxPerDay {
		return err
	}
	return errs.New(errs.Refused, "certificate.too_many").Because(rules.Why("certificate.max_per_day", why.Value{Name: "issued", Value: strconv.Itoa(n)}))
}

// rules are the city's as they hold now.
func (s *Service) rules(tx *store.Tx) (policy.Rules, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return policy.Rules{}, err
	}
	return s.policies.Current(tx, tx.Now(), []string{string(tree.City())})
}

// check finds what is wrong with a wish and fills in its days.
func check(c *IssueCmd, today clock.Day) (from, to clock.Day, err error) {
	var bad errs.Fields
	if !slices.Contains(Purposes, c.Purpose) {
		bad.Add("purpose", "certificate.purpose_unknown")
	}
	if !slices.Contains(Namings, c.Naming) {
		bad.Add("naming", "certificate.naming_unknown")
	}
	if !slices.Contains(Months, c.Months) {
		bad.Add("months", "certificate.months_unknown")
	}
	from, to = c.From, c.To
	if to == "" {
		to = today
	}
	if from != "" && !valid(from) || from > today {
		bad.Add("from", "certificate.day_malformed")
	}
	if !valid(to) || to > today {
		bad.Add("to", "certificate.day_malformed")
	} else if from > to && from <= today {
		bad.Add("from", "certificate.days_reversed")
	}
	return from, to, bad.Err("certificate.invalid")
}

func valid(d clock.Day) bool {
	_, err := clock.ParseDay(string(d))
	return err == nil
}

// state gathers what the records say about a volunteer.
func (s *Service) state(tx *store.Tx, c *IssueCmd, v member.Volunteer, from, to clock.Day) (said Statement, err error) {
	// What is in dispute may come to be nothing: a certificate outlives the decision, so it waits for it.
	disputed, err := order.DisputedOf(tx, c.Person)
	if err != nil {
		return said, err
	}
	except := make([]string, len(disputed))
	for i, id := range disputed {
		except[i] = string(id)
	}
	served, err := ledger.ServedBy(tx, string(c.Person), from, to, except...)
	if err != nil {
		return said, err
	}
	if from == "" {
		// All of it: from the first service, or from today when there was none.
		from = to
		if served.First != "" {
			from = served.First
		}
	}
	said = Statement{Purpose: c.Purpose, From: from, To: to, Visits: served.Visits, Minutes: served.Minutes}
	if v.State == member.VolunteerCertified {
		said.Certified = clock.DayOf(v.CertifiedAt)
	}
	names, err := s.members.Names(tx, []member.PersonID{c.Person})
	if err != nil {
		return said, err
	}
	switch name := names[c.Person]; c.Naming {
	case FullName:
		said.Name = name.Reveal()
	case MaskedName:
		said.Name = name.String()
	case NoName:
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return said, err
	}
	said.By = tree.Name(tree.City())
	rules, err := s.rules(tx)
	if err != nil {
		return said, err
	}
	if rules.BrandName != "" {
		said.By += " " + rules.BrandName
	}
	said.By = strings.Join(strings.Fields(said.By), " ")
	return said, nil
}

// RevokeCmd takes a certificate back: its holder, or the station where the holder lives when what it says is wrong.
type RevokeCmd struct {
	Actor       identity.Actor
	Key         string
	Certificate ID
	Reason      string // what it says that is wrong; the holder need not give one
}

// Revoke takes certificates back; one that was taken back stays so. Errors of a command: certificate.unknown, identity.not_allowed,
// certificate.revoke_invalid for want of the station's reason.
func (s *Service) Revoke(ctx context.Context, cmds []RevokeCmd) ([]identity.Result[identity.Nothing], error) {
	return s.revoke.Perform(ctx, s.db, cmds)
}

func (s *Service) runRevoke(tx *store.Tx, c *RevokeCmd) error {
	cert, err := lock(tx, c.Certificate)
	if err != nil {
		return err
	}
	people, err := member.LoadPersons(tx, []member.PersonID{cert.Person})
	if err != nil {
		return err
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	p := people[cert.Person]
	if err := c.Actor.MayFor(identity.CertificateIssue, string(cert.Person), identity.CertificateRevokeFor, p.Region, tree); err != nil {
		if c.Actor.Person != "" && len(c.Actor.Grants) == 0 {
			// Another citizen is not told that there is such a one.
			return errUnknown
		}
		return err
	}
	if !cert.EndedAt.IsZero() {
		return nil
	}
	ending := Wrong
	if c.Actor.IsPerson(string(cert.Person)) {
		ending = ByHolder
	} else if errs.Blank(c.Reason) {
		return errs.Invalid("certificate.revoke_invalid", errs.Field{Path: "reason", Code: "identity.reason_missing"})
	}
	if err := end(tx, cert.ID, ending); err != nil {
		return err
	}
	return s.note(tx, c.Actor, "certificate.revoke", cert, p, "valid", strings.TrimSpace("revoked "+string(ending)+" "+c.Reason))
}

// note writes an act into the trail, which learns neither what the certificate says nor its number.
func (s *Service) note(tx *store.Tx, by identity.Actor, action string, c Certificate, of member.Person, before, after string) error {
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(of.ID)), Action: action, Kind: "certificate", Ref: string(c.ID), Region: string(of.Region),
		Before: before, After: after, Origin: by.Origin})
}

// Of lists a person's certificates, newest first, at most limit of them before the given one. Error: identity.not_allowed.
func (s *Service) Of(tx *store.Tx, tree *region.Tree, by identity.Actor, who member.PersonID, before ID, limit int) ([]Certificate, error) {
	if err := s.mayRead(tx, tree, by, who); err != nil {
		return nil, err
	}
	return listOf(tx, who, before, limit)
}

func (s *Service) mayRead(tx *store.Tx, tree *region.Tree, by identity.Actor, who member.PersonID) error {
	if by.MayOwn(identity.CertificateIssue, string(who)) == nil {
		return nil
	}
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return err
	}
	return by.May(identity.CertificateRevokeFor, people[who].Region, tree)
}

// Open returns a certificate with its signed statement, to its holder alone. Error: certificate.unknown, also for another's and for one whose
// words were destroyed.
func (s *Service) Open(tx *store.Tx, by identity.Actor, which ID) (Certificate, []byte, error) {
	c, err := load(tx, which)
	if err != nil {
		return c, nil, err
	}
	if by.MayOwn(identity.CertificateIssue, string(c.Person)) != nil || c.sealed == nil {
		return Certificate{}, nil, errUnknown
	}
	signed, err := s.box.Open(fieldStatement, c.sealed)
	if err != nil {
		return c, nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
	}
	return c, []byte(signed), nil
}

// Numbered returns the certificate of a person that bears a number, as it stands on the paper. Error: certificate.unknown, also for somebody
// else's.
func Numbered(tx *store.Tx, number string, of member.PersonID) (ID, error) {
	c, known, err := byNumber(tx, number)
	if err == nil && (!known || c.Person != of) {
		err = errUnknown
	}
	return c.ID, err
}

// Standing is where a certificate stands now, by its number: to whoever holds it, and without a word about its holder.
func Standing(tx *store.Tx, number string) (State, time.Time, error) {
	c, known, err := byNumber(tx, number)
	if err != nil || !known {
		return Unknown, time.Time{}, err
	}
	return c.StateOn(clock.DayOf(tx.Now())), c.EndedAt, nil
}
