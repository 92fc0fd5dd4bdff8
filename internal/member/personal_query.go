package member

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

func timeAt(at *int64) *time.Time {
	if at == nil {
		return nil
	}
	t := clock.FromMicros(*at)
	return &t
}

// loadPersonal reads what needs no key.
func loadPersonal(tx *store.Tx, which PersonID) (p Personal, err error) {
	id := string(which)
	var registered int64
	err = tx.QueryRow("SELECT id, birth, sex, region, state, ended_on, heir, registered_at FROM person WHERE id = $1", id).
		Scan(&p.Person, &p.Birth, &p.Sex, &p.Region, &p.State, &p.EndedOn, &p.Heir, &registered)
	if err != nil {
		return p, err
	}
	p.RegisteredAt = clock.FromMicros(registered)
	if p.Consents, err = store.All(tx, func(r *store.Rows) (c PersonalWord, err error) {
		var granted int64
		var withdrawn *int64
		err = r.Scan(&c.Purpose, &granted, &c.GrantedBy, &withdrawn)
		c.GrantedAt, c.WithdrawnAt = clock.FromMicros(granted), timeAt(withdrawn)
		return c, err
	}, "SELECT purpose, granted_at, granted_by, withdrawn_at FROM consent WHERE person = $1 ORDER BY granted_at, purpose", id); err != nil {
		return p, err
	}
	faces, err := store.All(tx, func(r *store.Rows) (at int64, err error) { return at, r.Scan(&at) }, "SELECT recorded_at FROM portrait WHERE person = $1", id)
	if err != nil {
		return p, err
	}
	for i := range faces {
		p.PortraitAt = timeAt(&faces[i])
	}
	askers, err := store.All(tx, func(r *store.Rows) (*PersonalAsker, error) {
		a := &PersonalAsker{}
		var applied int64
		var reviewed *int64
		err := r.Scan(&a.State, &applied, &reviewed, &a.Reason, &a.LivesAlone, &a.ChildrenNear, &a.Allowance, &a.Disability, &a.RuralLeftBehind,
			&a.Hardship, &a.KeyElder, &a.PolicyVersion)
		a.AppliedAt, a.ReviewedAt = clock.FromMicros(applied), timeAt(reviewed)
		return a, err
	}, `SELECT state, applied_at, reviewed_at, reason, lives_alone, children_near, allowance, disability, rural_left_behind, hardship, key_elder,
		policy_version FROM recipient WHERE person = $1`, id)
	if err != nil {
		return p, err
	}
	for _, a := range askers {
		p.Recipient = a
	}
	servers, err := store.All(tx, func(r *store.Rows) (*PersonalServer, error) {
		v := &PersonalServer{}
		var applied int64
		var certified, suspended *int64
		err := r.Scan(&v.State, &applied, &v.Guardian, &v.Reason, &certified, &suspended, &v.SuspendedFor)
		v.AppliedAt, v.CertifiedAt, v.SuspendedUntil = clock.FromMicros(applied), timeAt(certified), timeAt(suspended)
		return v, err
	}, "SELECT state, applied_at, guardian, reason, certified_at, suspended_until, suspended_for FROM volunteer WHERE person = $1", id)
	if err != nil {
		return p, err
	}
	for _, v := range servers {
		p.Volunteer = v
	}
	if p.NoShows, err = store.All(tx, func(r *store.Rows) (time.Time, error) {
		var at int64
		err := r.Scan(&at)
		return clock.FromMicros(at), err
	}, "SELECT at FROM no_show WHERE volunteer = $1 ORDER BY at", id); err != nil {
		return p, err
	}
	if p.Kin, err = store.All(tx, func(r *store.Rows) (PersonalKin, error) {
		k, err := scanKin(r)
		return PersonalKin{k.Relative, k.Relation, k.State, k.Delegate, k.Willing}, err
	}, kinQuery+"k.person = $1 ORDER BY k.relative", id); err != nil {
		return p, err
	}
	p.Teams, err = store.All(tx, func(r *store.Rows) (m PersonalMember, err error) {
		var from int64
		var until *int64
		err = r.Scan(&m.Team, &m.Name, &from, &until)
		m.From, m.Until = clock.FromMicros(from), timeAt(until)
		return m, err
	}, "SELECT m.team, t.name, m.from_at, m.until_at FROM team_member m JOIN team t ON t.id = m.team WHERE m.person = $1 ORDER BY m.from_at, m.team", id)
	return p, err
}

// sealedHome is a home whose address is not open yet.
type sealedHome struct {
	PersonalHome
	sealed []byte
}

func homesOf(tx *store.Tx, which PersonID) ([]sealedHome, error) {
	return store.All(tx, func(r *store.Rows) (h sealedHome, err error) {
		err = r.Scan(&h.From, &h.Until, &h.Region, &h.sealed, &h.LatE6, &h.LonE6, &h.LocatedBy)
		if string(h.Until) == forever {
			h.Until = ""
		}
		return h, err
	}, "SELECT from_day, until_day, region, address, lat_e6, lon_e6, located_by FROM address WHERE person = $1 ORDER BY from_day", string(which))
}
