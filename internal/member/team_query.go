package member

import "timebank/internal/store"

// LoadTeams returns teams by id; an unknown id is missing from the map.
func LoadTeams(tx *store.Tx, ids []TeamID) (map[TeamID]Team, error) {
	teams := make(map[TeamID]Team, len(ids))
	_, err := store.In(tx, "SELECT t.id, t.name, t.kind, t.region, t.manager FROM team t WHERE t.id IN (", ids, ")", func(r *store.Rows) (t Team, err error) {
		err = r.Scan(&t.ID, &t.Name, &t.Kind, &t.Region, &t.Manager)
		teams[t.ID] = t
		return t, err
	})
	return teams, err
}

// membership is a volunteer in a team.
type membership struct {
	team   TeamID
	person PersonID
}

func teamsOf(tx *store.Tx, people []PersonID) (map[membership]bool, error) {
	within := map[membership]bool{}
	_, err := store.In(tx, "SELECT m.team, m.person FROM team_member m WHERE m.until_at IS NULL AND m.person IN (", people, ")",
		func(r *store.Rows) (m membership, err error) {
			err = r.Scan(&m.team, &m.person)
			within[m] = true
			return m, err
		})
	return within, err
}

// InTeam reports whether a volunteer belongs to a team now.
func InTeam(tx *store.Tx, team TeamID, person PersonID) (bool, error) {
	within, err := teamsOf(tx, []PersonID{person})
	return within[membership{team, person}], err
}

// TeamMembers lists who belongs to a team now.
func TeamMembers(tx *store.Tx, team TeamID) ([]PersonID, error) {
	return store.All(tx, func(r *store.Rows) (who PersonID, err error) { return who, r.Scan(&who) },
		"SELECT m.person FROM team_member m WHERE m.team = $1 AND m.until_at IS NULL ORDER BY m.person", string(team))
}
