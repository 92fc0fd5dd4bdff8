package member

import (
	"timebank/internal/clock"
	"timebank/internal/store"
)

const inviteColumns = "SELECT i.id, i.team, t.name, t.kind, i.person, i.code, i.asked_at, i.until_at, i.state FROM team_invite i JOIN team t ON t.id = i.team "

func scanInvite(r *store.Rows) (i Invite, err error) {
	var asked, until int64
	var state string
	err = r.Scan(&i.ID, &i.Team, &i.Name, &i.Kind, &i.Person, &i.Code, &asked, &until, &state)
	i.AskedAt, i.Until, i.waits = clock.FromMicros(asked), clock.FromMicros(until), state == "waiting"
	return i, err
}

func insertInvites(tx *store.Tx, all []Invite, by string) error {
	args := make([]any, 0, 9*len(all))
	for _, i := range all {
		first := int64(0)
		if i.first {
			first = 1
		}
		args = append(args, string(i.ID), string(i.Team), string(i.Person), i.Code, by, clock.Micros(i.AskedAt), clock.Micros(i.Until), "waiting", first)
	}
	_, err := tx.Insert("INSERT INTO team_invite (id, team, person, code, asked_by, asked_at, until_at, state, first)", 9, args, "")
	return err
}

// lockInviteByID returns an invitation, or nothing.
func lockInviteByID(tx *store.Tx, which InviteID) ([]Invite, error) {
	return store.All(tx, scanInvite, inviteColumns+"WHERE i.id = $1"+tx.ForUpdate(), string(which))
}

// lockInviteByCode returns the invitation with a code, or nothing.
func lockInviteByCode(tx *store.Tx, code string) ([]Invite, error) {
	return store.All(tx, scanInvite, inviteColumns+"WHERE i.code = $1 AND i.code <> ''"+tx.ForUpdate(), code)
}

func endInvite(tx *store.Tx, which InviteID, state string) error {
	_, err := tx.Exec("UPDATE team_invite SET state = $1 WHERE id = $2", state, string(which))
	return err
}

// invitesSince counts how often a team has invited since a moment; a number that several people share is one invitation.
func invitesSince(tx *store.Tx, team TeamID, since int64) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM team_invite WHERE team = $1 AND asked_at >= $2 AND first = 1", string(team), since).Scan(&n)
	return n, err
}

func deleteInvites(tx *store.Tx, ids []InviteID) error {
	for _, one := range ids {
		if _, err := tx.Exec("DELETE FROM team_invite WHERE id = $1", string(one)); err != nil {
			return err
		}
	}
	return nil
}

// InvitesFor lists the invitations that wait for a person's answer, oldest first. It checks no right.
func InvitesFor(tx *store.Tx, who PersonID) ([]Invite, error) {
	return store.All(tx, scanInvite, inviteColumns+"WHERE i.person = $1 AND i.person <> '' AND i.state = 'waiting' AND i.until_at > $2 ORDER BY i.id",
		string(who), tx.NowMicros())
}

// CodesOf lists the printed invitations of a team that nobody has used yet, oldest first. It checks no right. What became of the numbers that
// somebody gave is told to nobody.
func CodesOf(tx *store.Tx, team TeamID) ([]Invite, error) {
	return store.All(tx, scanInvite, inviteColumns+"WHERE i.team = $1 AND i.code <> '' AND i.state = 'waiting' AND i.until_at > $2 ORDER BY i.id",
		string(team), tx.NowMicros())
}
