package policy

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// View returns the rules as the transaction sees them. It reads one row; everything else is cached until the next publication.
func (s *Service) View(tx *store.Tx) (View, error) {
	newest, err := newestVersion(tx)
	if err != nil {
		return View{}, err
	}
	t := s.cached.Load()
	if t == nil || t.newest != newest {
		var older *timeline
		if t != nil {
			older = t.timeline
		}
		loaded, err := loadTimeline(tx, older)
		if err != nil {
			return View{}, err
		}
		t = &cached{timeline: loaded, newest: loaded.newest()}
		s.cached.Store(t)
	}
	return View{t.timeline}, nil
}

// Current returns the rules in force at the moment for one region, see View.At. Who asks for several regions takes a View.
func (s *Service) Current(tx *store.Tx, at time.Time, path []string) (Rules, error) {
	v, err := s.View(tx)
	if err != nil {
		return Rules{}, err
	}
	return v.At(at, path)
}

// ByVersion returns the rules for one region as of a publication, see View.Version.
func (s *Service) ByVersion(tx *store.Tx, version VersionID, path []string) (Rules, error) {
	v, err := s.View(tx)
	if err != nil {
		return Rules{}, err
	}
	return v.Version(version, path)
}

// GoLive returns what keeps the city from going live on the rules in force now; none means that it may.
func (s *Service) GoLive(tx *store.Tx) ([]Problem, error) {
	v, err := s.View(tx)
	if err != nil {
		return nil, err
	}
	city := v.t.last("", v.t.asOf(clock.Micros(tx.Now())))
	if city < 0 {
		none := Problem{Key: "policy", Code: "policy.none_in_force", Blocker: true}
		return append([]Problem{none}, Check(Defaults())...), nil
	}
	d, err := v.t.order[city].parsed()
	if err != nil {
		return nil, err
	}
	return Check(d), nil
}

// History returns every publication of a region, "" for the city's snapshots, newest first.
func (s *Service) History(tx *store.Tx, region string) ([]Publication, error) {
	return store.All(tx, func(r *store.Rows) (Publication, error) { return scanVersion(r.Scan) },
		"SELECT "+versionColumns+" FROM policy_version WHERE region_id = $1 ORDER BY seq DESC", region)
}

// Publication returns one publication. The error is policy.not_found for an unknown version.
func (s *Service) Publication(tx *store.Tx, version VersionID) (Publication, error) {
	return loadVersion(tx, version)
}

// Proposals returns the proposals in a state, oldest first.
func (s *Service) Proposals(tx *store.Tx, state State) ([]Proposal, error) {
	return store.All(tx, func(r *store.Rows) (Proposal, error) { return scanProposal(r.Scan) },
		"SELECT "+proposalColumns+" FROM policy_proposal WHERE state = $1 ORDER BY id", string(state))
}

// Proposal returns one proposal. The error is policy.not_found for an unknown one.
func (s *Service) Proposal(tx *store.Tx, id ProposalID) (Proposal, error) {
	return loadProposal(tx, id, "")
}
