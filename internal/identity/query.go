package identity

import (
	"errors"
	"maps"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/region"
	"timebank/internal/store"
)

func fromMicros(at *int64) time.Time {
	if at == nil {
		return time.Time{}
	}
	return clock.FromMicros(*at)
}

// loadActors returns the persons of actors, "" for an actor without one.
func loadActors(tx *store.Tx, ids []ActorID) (map[ActorID]string, error) {
	known := make(map[ActorID]string, len(ids))
	_, err := store.In(tx, "SELECT id, person FROM actor WHERE id IN (", ids, ")", func(r *store.Rows) (none struct{}, err error) {
		var actor ActorID
		var person *string
		if err = r.Scan(&actor, &person); err == nil {
			known[actor] = ""
			if person != nil {
				known[actor] = *person
			}
		}
		return none, err
	})
	return known, err
}

// PersonsOf returns the persons that actors are, for pages that say who did something; an actor that is no person is missing.
func PersonsOf(tx *store.Tx, ids []ActorID) (map[ActorID]string, error) {
	known, err := loadActors(tx, ids)
	maps.DeleteFunc(known, func(_ ActorID, person string) bool { return person == "" })
	return known, err
}

// ActorOf returns the actor that a person is, or NotFound with the code identity.actor_unknown.
func ActorOf(tx *store.Tx, person string) (actor ActorID, err error) {
	err = tx.QueryRow("SELECT id FROM actor WHERE person = $1", person).Scan(&actor)
	if errors.Is(err, store.ErrNoRows) {
		err = errs.New(errs.NotFound, "identity.actor_unknown")
	}
	return actor, err
}

const grantColumns = "SELECT id, actor, role, region, point, campaign, from_at, until_at, granted_by FROM role_grant"

func scanGrant(r *store.Rows) (g grantRow, err error) {
	var from int64
	var until *int64
	err = r.Scan(&g.ID, &g.to, &g.Role, &g.Region, &g.Point, &g.Campaign, &from, &until, &g.by)
	g.From, g.Until = clock.FromMicros(from), fromMicros(until)
	return g, err
}

// loadGrants returns the grants of actors that are not over, oldest first.
func loadGrants(tx *store.Tx, ids []ActorID) (map[ActorID][]Grant, error) {
	rows, err := store.In(tx, grantColumns+" WHERE actor IN (", ids, ") ORDER BY id", scanGrant)
	if err != nil {
		return nil, err
	}
	grants := map[ActorID][]Grant{}
	for _, g := range rows {
		if g.Until.IsZero() || g.Until.After(tx.Now()) {
			grants[g.to] = append(grants[g.to], g.Grant)
		}
	}
	return grants, nil
}

func loadGrant(tx *store.Tx, which GrantID) (grantRow, error) {
	rows, err := store.All(tx, scanGrant, grantColumns+" WHERE id = $1"+tx.ForUpdate(), string(which))
	if err == nil && len(rows) == 0 {
		err = store.ErrNoRows
	}
	if err != nil {
		return grantRow{}, err
	}
	return rows[0], nil
}

// Held is a role that somebody holds.
type Held struct {
	Grant
	Actor ActorID
	By    string // who granted it
}

// Holders lists who holds a role in exactly this region now, oldest grant first.
func Holders(tx *store.Tx, place region.ID) ([]Held, error) {
	return store.All(tx, func(r *store.Rows) (Held, error) {
		g, err := scanGrant(r)
		return Held{g.Grant, g.to, g.by}, err
	}, grantColumns+" WHERE region = $1 AND from_at <= $2 AND (until_at IS NULL OR until_at > $2) ORDER BY id", string(place), tx.NowMicros())
}

// Staffed reports whether anybody holds a role at a service point now or will.
func Staffed(tx *store.Tx, point string) (held bool, err error) {
	err = tx.QueryRow("SELECT COUNT(1) > 0 FROM role_grant WHERE point = $1 AND (until_at IS NULL OR until_at > $2)", point, tx.NowMicros()).Scan(&held)
	return held, err
}

type sessionRow struct {
	Session
	actor     ActorID
	idle      time.Duration
	behalf    string
	steppedUp time.Time
}

const sessionColumns = "SELECT id, actor, label, created_at, seen_at, idle, ends_at, revoked_at, grade, behalf, stepped_up_until FROM session"

func scanSession(r *store.Rows) (s sessionRow, err error) {
	var created, seen, idle, ends int64
	var revoked, stepped *int64
	err = r.Scan(&s.ID, &s.actor, &s.Label, &created, &seen, &idle, &ends, &revoked, &s.Grade, &s.behalf, &stepped)
	s.Created, s.Seen, s.Ends, s.Revoked = clock.FromMicros(created), clock.FromMicros(seen), clock.FromMicros(ends), fromMicros(revoked)
	s.idle, s.steppedUp = time.Duration(idle)*time.Microsecond, fromMicros(stepped)
	return s, err
}

func loadSession(tx *store.Tx, digest [32]byte) (sessionRow, error) {
	rows, err := store.All(tx, scanSession, sessionColumns+" WHERE token = $1", digest[:])
	if err == nil && len(rows) == 0 {
		err = store.ErrNoRows
	}
	if err != nil {
		return sessionRow{}, err
	}
	return rows[0], nil
}

func loadSessions(tx *store.Tx, of ActorID) ([]Session, error) {
	return store.All(tx, func(r *store.Rows) (Session, error) {
		s, err := scanSession(r)
		return s.Session, err
	}, sessionColumns+" WHERE actor = $1 AND revoked_at IS NULL AND ends_at > $2 AND seen_at + idle > $2 ORDER BY id DESC", string(of), tx.NowMicros())
}

func gradeOf(tx *store.Tx, which SessionID) (grade Grade, err error) {
	err = tx.QueryRow("SELECT grade FROM session WHERE id = $1", string(which)).Scan(&grade)
	return grade, err
}

const proposalColumns = `SELECT id, action, payload, digest, region, level, needs, reason, proposed_by, proposer, proposed_at, expires_at,
	state, decided_by, decided_at, decision FROM proposal`

func scanProposal(r *store.Rows) (p Proposal, err error) {
	var digest []byte
	var proposed, until int64
	var decided *int64
	err = r.Scan(&p.ID, &p.Action, &p.Payload, &digest, &p.Region, &p.Level, &p.Needs, &p.Reason, &p.By, &p.Person, &proposed, &until,
		&p.State, &p.DecidedBy, &decided, &p.Decision)
	copy(p.Digest[:], digest)
	p.ProposedAt, p.Until, p.DecidedAt = clock.FromMicros(proposed), clock.FromMicros(until), fromMicros(decided)
	return p, err
}

var errNoProposal = errs.New(errs.NotFound, "identity.proposal_unknown")

// LoadProposal returns a proposal, or NotFound with the code identity.proposal_unknown.
func LoadProposal(tx *store.Tx, which ProposalID) (Proposal, error) {
	return loadProposal(tx, which, "")
}

// loadProposal locks the proposal by the given clause: a read may not.
func loadProposal(tx *store.Tx, which ProposalID, lock string) (Proposal, error) {
	rows, err := store.All(tx, scanProposal, proposalColumns+" WHERE id = $1"+lock, string(which))
	if err == nil && len(rows) == 0 {
		err = errNoProposal
	}
	if err != nil {
		return Proposal{}, err
	}
	return rows[0], nil
}

// OpenProposals lists the proposals that wait for a decision in a region and below, oldest first.
func OpenProposals(tx *store.Tx, place region.ID) ([]Proposal, error) {
	within, err := region.Within(tx, "region", place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, scanProposal, proposalColumns+" WHERE state = 'open' AND "+within+" ORDER BY id",
		string(place), string(clock.DayOf(tx.Now())))
}

// grantsOf returns every grant of an actor, those that are over included, oldest first.
func grantsOf(tx *store.Tx, of ActorID) ([]grantRow, error) {
	return store.All(tx, scanGrant, grantColumns+" WHERE actor = $1 ORDER BY id", string(of))
}
