package member

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"timebank/internal/clock"
	"timebank/internal/photo"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
)

// forever ends an address that is not left yet.
const forever = string(region.Forever)

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// micros stores a zero time as NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return clock.Micros(t)
}

func coordinates(p region.Point, known bool) (lat, lon any) {
	if known {
		return p.LatE6, p.LonE6
	}
	return nil, nil
}

func insertPersons(tx *store.Tx, rows []personRow, today clock.Day) error {
	people, homes := make([]any, 0, 17*len(rows)), make([]any, 0, 8*len(rows))
	for _, p := range rows {
		lat, lon := coordinates(p.Point, p.HasPoint)
		people = append(people, string(p.ID), string(p.Actor), p.sealedName, p.sealedID, p.idIndex, p.sealedPhone, p.phoneIndex,
			string(p.Birth), string(p.Sex), string(p.Region), lat, lon, string(p.State), "", "", tx.NowMicros(), p.marks)
		homes = append(homes, string(p.ID), string(today), forever, string(p.Region), p.sealedAddress, lat, lon, locatedBy(p.HasPoint))
	}
	// Whom nobody has known yet leaves what is known of others as it is.
	_, err := tx.Answering("person").Insert(`INSERT INTO person (id, actor, name, id_number, id_index, phone, phone_index, birth, sex, region, lat_e6, lon_e6, state, ended_on,
		heir, registered_at, marks)`, 17, people, "")
	if err != nil {
		return err
	}
	_, err = tx.Insert("INSERT INTO address (person, from_day, until_day, region, address, lat_e6, lon_e6, located_by)", 8, homes, "")
	return err
}

// byHand is the word for a home that a person put on the map.
const byHand = "hand"

func locatedBy(pinned bool) string {
	if pinned {
		return byHand
	}
	return ""
}

// home is where a person lives from a day on.
type home struct {
	person PersonID
	region region.ID
	sealed any
	point  *region.Point
	from   clock.Day
}

// putAddress lets a home follow the present one; it takes the place of any that was planned.
func putAddress(tx *store.Tx, h home) error {
	today := string(clock.DayOf(tx.Now()))
	if _, err := tx.Exec("DELETE FROM address WHERE person = $1 AND (from_day > $2 OR from_day = $3)", string(h.person), today, string(h.from)); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE address SET until_day = $2 WHERE person = $1 AND from_day = (SELECT MAX(a.from_day) FROM address a WHERE a.person = $1)",
		string(h.person), string(h.from)); err != nil {
		return err
	}
	var lat, lon any
	if h.point != nil {
		lat, lon = h.point.LatE6, h.point.LonE6
	}
	_, err := tx.Insert("INSERT INTO address (person, from_day, until_day, region, address, lat_e6, lon_e6, located_by)", 8,
		[]any{string(h.person), string(h.from), forever, string(h.region), h.sealed, lat, lon, locatedBy(h.point != nil)}, "")
	return err
}

// dropPlannedHome forgets a home that begins after today; the present one stays.
func dropPlannedHome(tx *store.Tx, which PersonID, today clock.Day) error {
	if _, err := tx.Exec("DELETE FROM address WHERE person = $1 AND from_day > $2", string(which), string(today)); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE address SET until_day = $3 WHERE person = $1 AND from_day <= $2 AND until_day > $2", string(which), string(today), forever)
	return err
}

// moveNow makes the home of the day the person's region of record.
func moveNow(tx *store.Tx, which PersonID, today clock.Day) error {
	_, err := tx.Exec(`UPDATE person SET region = a.region, lat_e6 = a.lat_e6, lon_e6 = a.lon_e6 FROM address a
		WHERE a.person = person.id AND person.id = $1 AND a.from_day <= $2 AND a.until_day > $2`, string(which), string(today))
	return err
}

// saveAddress corrects the present address. A place that a geocoder found for the old words goes with them; one that a person chose stays.
func saveAddress(tx *store.Tx, which PersonID, sealed any, today clock.Day) error {
	for _, text := range []string{
		"UPDATE person SET lat_e6 = NULL, lon_e6 = NULL WHERE id = $1 AND EXISTS (SELECT 1 FROM address a WHERE a.person = person.id AND a.from_day <= $2 AND a.until_day > $2 AND a.located_by NOT IN ('', 'hand'))",
		"UPDATE address SET lat_e6 = NULL, lon_e6 = NULL, located_by = '' WHERE person = $1 AND from_day <= $2 AND until_day > $2 AND located_by <> 'hand'",
	} {
		if _, err := tx.Exec(text, string(which), string(today)); err != nil {
			return err
		}
	}
	_, err := tx.Exec("UPDATE address SET address = $1 WHERE person = $2 AND from_day <= $3 AND until_day > $3", sealed, string(which), string(today))
	return err
}

// savePoint puts the present home, and the person with it, on the map.
func savePoint(tx *store.Tx, which PersonID, at region.Point, today clock.Day) error {
	_, err := tx.Exec("UPDATE address SET lat_e6 = $1, lon_e6 = $2, located_by = 'hand' WHERE person = $3 AND from_day <= $4 AND until_day > $4",
		at.LatE6, at.LonE6, string(which), string(today))
	if err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE person SET lat_e6 = $1, lon_e6 = $2 WHERE id = $3", at.LatE6, at.LonE6, string(which))
	return err
}

// saveFound puts the home that begins on a day where a geocoder found it, unless somebody has put it on the map meanwhile.
func saveFound(tx *store.Tx, which PersonID, from, today clock.Day, at region.Point, by string) error {
	_, err := tx.Exec("UPDATE address SET lat_e6 = $1, lon_e6 = $2, located_by = $3 WHERE person = $4 AND from_day = $5 AND lat_e6 IS NULL",
		at.LatE6, at.LonE6, by, string(which), string(from))
	if err != nil {
		return err
	}
	return moveNow(tx, which, today)
}

func saveName(tx *store.Tx, which PersonID, sealed any) error {
	_, err := tx.Exec("UPDATE person SET name = $1 WHERE id = $2", sealed, string(which))
	return err
}

func saveIDNumber(tx *store.Tx, which PersonID, sealed any, index string, birth clock.Day, sex pii.Sex) error {
	_, err := tx.Exec("UPDATE person SET id_number = $1, id_index = $2, birth = $3, sex = $4 WHERE id = $5",
		sealed, index, string(birth), string(sex), string(which))
	return err
}

// markedRow is a person with the marks that are stored.
type markedRow struct {
	id    PersonID
	marks []byte
}

// marksAfter returns up to max people who are not erased, after the given one, with their marks, locked.
func marksAfter(tx *store.Tx, after string, max int) ([]markedRow, error) {
	return store.All(tx, func(r *store.Rows) (row markedRow, err error) { return row, r.Scan(&row.id, &row.marks) },
		"SELECT id, marks FROM person WHERE id > $1 AND erased_at IS NULL ORDER BY id LIMIT $2"+tx.ForUpdate(), after, max)
}

// saveMarks keeps no marks at all of who is erased.
func saveMarks(tx *store.Tx, which PersonID, marks []byte) error {
	_, err := tx.Exec("UPDATE person SET marks = $1 WHERE id = $2 AND erased_at IS NULL", marks, string(which))
	return err
}

func savePhone(tx *store.Tx, which PersonID, sealed any, index, by string) error {
	_, err := tx.Exec("UPDATE person SET phone = $1, phone_index = $2, phone_by = $3 WHERE id = $4", sealed, index, by, string(which))
	return err
}

func saveHeir(tx *store.Tx, which, heir PersonID) error {
	_, err := tx.Exec("UPDATE person SET heir = $1 WHERE id = $2", string(heir), string(which))
	return err
}

// endPerson ends what the person was besides.
func endPerson(tx *store.Tx, which PersonID, how PersonState, on clock.Day) error {
	if _, err := tx.Exec("UPDATE person SET state = $1, ended_on = $2 WHERE id = $3", string(how), string(on), string(which)); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE recipient SET state = $1 WHERE person = $2", string(how), string(which)); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE volunteer SET state = 'left', suspended_until = NULL, suspended_for = '' WHERE person = $1", string(which)); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE team_member SET until_at = $1 WHERE person = $2 AND until_at IS NULL", tx.NowMicros(), string(which))
	return err
}

// CountedTeam is a team with how many volunteers belong to it now.
type CountedTeam struct {
	Team
	Members int
}

// TeamsIn lists up to max teams of a region and below, after the given one, in the order of their registration.
func TeamsIn(tx *store.Tx, place region.ID, after TeamID, max int) ([]CountedTeam, error) {
	return store.All(tx, func(r *store.Rows) (t CountedTeam, err error) {
		return t, r.Scan(&t.ID, &t.Name, &t.Kind, &t.Region, &t.Manager, &t.Members)
	}, `SELECT t.id, t.name, t.kind, t.region, t.manager, (SELECT COUNT(*) FROM team_member m WHERE m.team = t.id AND m.until_at IS NULL)
		FROM team t WHERE t.id > $3 AND `+region.WithinSQL("t.region", 1, 2)+" ORDER BY t.id LIMIT $4", string(place), string(clock.DayOf(tx.Now())), string(after), max)
}

// TeamsManaged are the teams that a person answers for, by name.
func TeamsManaged(tx *store.Tx, manager PersonID) ([]CountedTeam, error) {
	return store.All(tx, func(r *store.Rows) (t CountedTeam, err error) {
		return t, r.Scan(&t.ID, &t.Name, &t.Kind, &t.Region, &t.Manager, &t.Members)
	}, `SELECT t.id, t.name, t.kind, t.region, t.manager, (SELECT COUNT(*) FROM team_member m WHERE m.team = t.id AND m.until_at IS NULL)
		FROM team t WHERE t.manager = $1 ORDER BY t.name, t.id`, string(manager))
}

// TeamsOf returns the teams that volunteers belong to now, by name; who belongs to none is missing from the map.
func TeamsOf(tx *store.Tx, people []PersonID) (map[PersonID][]Team, error) {
	all := map[PersonID][]Team{}
	_, err := store.In(tx, `SELECT m.person, t.id, t.name, t.kind, t.region, t.manager FROM team_member m JOIN team t ON t.id = m.team
		WHERE m.until_at IS NULL AND m.person IN (`, people, ") ORDER BY t.name, t.id", func(r *store.Rows) (none struct{}, err error) {
		var who PersonID
		var t Team
		err = r.Scan(&who, &t.ID, &t.Name, &t.Kind, &t.Region, &t.Manager)
		all[who] = append(all[who], t)
		return none, err
	})
	return all, err
}

// consentRow is a consent with the actor that recorded it.
type consentRow struct {
	person  PersonID
	purpose Purpose
	by      string
}

// grantConsents records consents; what is given already stays as it is.
func grantConsents(tx *store.Tx, rows []consentRow) error {
	args := make([]any, 0, 5*len(rows))
	for _, c := range rows {
		args = append(args, string(c.person), string(c.purpose), tx.NowMicros(), c.by, "")
	}
	_, err := tx.Insert("INSERT INTO consent (person, purpose, granted_at, granted_by, withdrawn_by)", 5, args, "ON CONFLICT DO NOTHING")
	return err
}

func withdrawConsent(tx *store.Tx, c consentRow) error {
	_, err := tx.Exec("UPDATE consent SET withdrawn_at = $1, withdrawn_by = $2 WHERE person = $3 AND purpose = $4 AND withdrawn_at IS NULL",
		tx.NowMicros(), c.by, string(c.person), string(c.purpose))
	return err
}

// putRecipients records applications; that of somebody who was rejected before begins anew.
func putRecipients(tx *store.Tx, rows []Recipient) error {
	args := make([]any, 0, 14*len(rows))
	for _, r := range rows {
		a := r.Attributes
		args = append(args, string(r.Person.ID), string(r.State), tx.NowMicros(), "", "", flag(a.LivesAlone), flag(a.ChildrenNear), flag(a.Allowance),
			string(a.Disability), flag(a.RuralLeftBehind), flag(a.Hardship), 0, "", "")
	}
	known := knownRecipients(tx)
	for _, r := range rows {
		known.Drop(r.Person.ID)
	}
	_, err := tx.Answering("recipient").Insert(`INSERT INTO recipient (person, state, applied_at, reviewed_by, reason, lives_alone, children_near, allowance, disability,
		rural_left_behind, hardship, key_elder, basis, policy_version)`, 14, args,
		`ON CONFLICT (person) DO UPDATE SET state = excluded.state, applied_at = excluded.applied_at, reviewed_at = NULL, reviewed_by = '', reason = '',
		lives_alone = excluded.lives_alone, children_near = excluded.children_near, allowance = excluded.allowance, disability = excluded.disability,
		rural_left_behind = excluded.rural_left_behind, hardship = excluded.hardship, key_elder = 0, basis = '', policy_version = ''`)
	return err
}

// saveVerdicts writes what was decided about recipients, the last verdict of each.
func saveVerdicts(tx *store.Tx, rows []verdict) error {
	last := make(map[PersonID]verdict, len(rows))
	for _, r := range rows {
		last[r.Person.ID] = r
	}
	args := make([]any, 0, 14*len(last))
	for _, which := range slices.Sorted(maps.Keys(last)) {
		r := last[which]
		knownRecipients(tx).Drop(which)
		basis, err := basisText(r.Recipient)
		if err != nil {
			return err
		}
		a := r.Attributes
		args = append(args, string(which), string(r.State), tx.NowMicros(), r.by, r.reason, flag(a.LivesAlone), flag(a.ChildrenNear), flag(a.Allowance),
			string(a.Disability), flag(a.RuralLeftBehind), flag(a.Hardship), flag(r.KeyElder), basis, string(r.PolicyVersion))
	}
	const t, n = "TEXT", "BIGINT"
	_, err := tx.Answering("recipient").With(`WITH v (person, state, reviewed_at, reviewed_by, reason, lives_alone, children_near, allowance, disability, rural_left_behind, hardship,
		key_elder, basis, policy_version) AS (VALUES `, []string{t, t, n, t, t, n, n, n, t, n, n, n, t, t}, args,
		`) UPDATE recipient SET state = v.state, reviewed_at = v.reviewed_at, reviewed_by = v.reviewed_by, reason = v.reason, lives_alone = v.lives_alone,
		children_near = v.children_near, allowance = v.allowance, disability = v.disability, rural_left_behind = v.rural_left_behind, hardship = v.hardship,
		key_elder = v.key_elder, basis = v.basis, policy_version = v.policy_version FROM v WHERE recipient.person = v.person`)
	return err
}

// saveKeyElders writes what the key elder rule says of recipients, by which version and why.
func saveKeyElders(tx *store.Tx, rows []verdict) error {
	args := make([]any, 0, 4*len(rows))
	for _, r := range rows {
		knownRecipients(tx).Drop(r.Person.ID)
		basis, err := basisText(r.Recipient)
		if err != nil {
			return err
		}
		args = append(args, string(r.Person.ID), flag(r.KeyElder), basis, string(r.PolicyVersion))
	}
	_, err := tx.Answering("recipient").With("WITH v (person, key_elder, basis, policy_version) AS (VALUES ", []string{"TEXT", "BIGINT", "TEXT", "TEXT"}, args,
		") UPDATE recipient SET key_elder = v.key_elder, basis = v.basis, policy_version = v.policy_version FROM v WHERE recipient.person = v.person")
	return err
}

// basisText is why somebody is a key elder, or is not, as it is stored.
func basisText(r Recipient) (string, error) {
	if r.KeyElderBasis.Rule == "" {
		return "", nil
	}
	b, err := json.Marshal(r.KeyElderBasis)
	return string(b), err
}

// putVolunteers records applications; that of somebody who was rejected or left begins anew.
func putVolunteers(tx *store.Tx, rows []Volunteer) error {
	args := make([]any, 0, 8*len(rows))
	for _, v := range rows {
		args = append(args, string(v.Person.ID), string(v.State), tx.NowMicros(), 0, "", string(v.Guardian), "", "")
	}
	known := knownVolunteers(tx)
	for _, v := range rows {
		known.Drop(v.Person.ID)
	}
	_, err := tx.Answering("volunteer").Insert("INSERT INTO volunteer (person, state, applied_at, reviews, reviewers, guardian, reason, suspended_for)", 8, args,
		`ON CONFLICT (person) DO UPDATE SET state = excluded.state, applied_at = excluded.applied_at, reviews = 0, reviewers = '', guardian = excluded.guardian,
		reason = '', certified_at = NULL, suspended_until = NULL, suspended_for = ''`)
	return err
}

func saveVolunteers(tx *store.Tx, changed map[PersonID]volunteerRow) error {
	args := make([]any, 0, 8*len(changed))
	for _, which := range slices.Sorted(maps.Keys(changed)) {
		v := changed[which]
		knownVolunteers(tx).Drop(which)
		args = append(args, string(which), string(v.State), v.Reviews, v.reviewers, v.reason, micros(v.CertifiedAt), micros(v.SuspendedUntil), v.SuspendedFor)
	}
	const t, n = "TEXT", "BIGINT"
	_, err := tx.Answering("volunteer").With("WITH v (person, state, reviews, reviewers, reason, certified_at, suspended_until, suspended_for) AS (VALUES ",
		[]string{t, t, n, t, t, n, n, t}, args,
		`) UPDATE volunteer SET state = v.state, reviews = v.reviews, reviewers = v.reviewers, reason = v.reason, certified_at = v.certified_at,
		suspended_until = v.suspended_until, suspended_for = v.suspended_for FROM v WHERE volunteer.person = v.person`)
	return err
}

func insertNoShow(tx *store.Tx, volunteer PersonID, at time.Time) (int64, error) {
	return tx.Insert("INSERT INTO no_show (volunteer, at)", 2, []any{string(volunteer), clock.Micros(at)}, "ON CONFLICT DO NOTHING")
}

func insertKin(tx *store.Tx, rows []kinRow) error {
	args := make([]any, 0, 8*len(rows))
	for _, k := range rows {
		args = append(args, string(k.Person), string(k.Relative), string(k.Relation), string(k.State), flag(k.Delegate), flag(k.Willing), flag(k.Agreed), k.agreedBy)
	}
	_, err := tx.Insert("INSERT INTO kin (person, relative, relation, state, delegate, willing, agreed, agreed_by)", 8, args, "")
	return err
}

func saveKin(tx *store.Tx, rows ...kinRow) error {
	for _, k := range rows {
		if _, err := tx.Exec("UPDATE kin SET state = $1, delegate = $2, willing = $3, agreed = $4, agreed_by = $5 WHERE person = $6 AND relative = $7",
			string(k.State), flag(k.Delegate), flag(k.Willing), flag(k.Agreed), k.agreedBy, string(k.Person), string(k.Relative)); err != nil {
			return err
		}
	}
	return nil
}

// deleteKin ends a relation and what hangs on it.
func deleteKin(tx *store.Tx, a, b PersonID) error {
	for _, text := range []string{
		"DELETE FROM kin WHERE person = $1 AND relative = $2 OR person = $2 AND relative = $1",
		"UPDATE person SET heir = '' WHERE id = $1 AND heir = $2 OR id = $2 AND heir = $1",
	} {
		if _, err := tx.Exec(text, string(a), string(b)); err != nil {
			return err
		}
	}
	return nil
}

func insertTeams(tx *store.Tx, rows []Team) error {
	args := make([]any, 0, 6*len(rows))
	for _, t := range rows {
		args = append(args, string(t.ID), t.Name, string(t.Kind), string(t.Region), string(t.Manager), tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO team (id, name, kind, region, manager, created_at)", 6, args, "")
	return err
}

func insertMemberships(tx *store.Tx, rows []membership) error {
	args := make([]any, 0, 3*len(rows))
	for _, m := range rows {
		args = append(args, string(m.team), string(m.person), tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO team_member (team, person, from_at)", 3, args, "")
	return err
}

func endMembership(tx *store.Tx, m membership) error {
	_, err := tx.Exec("UPDATE team_member SET until_at = $1 WHERE team = $2 AND person = $3 AND until_at IS NULL", tx.NowMicros(), string(m.team), string(m.person))
	return err
}

func insertPoints(tx *store.Tx, rows []ServicePoint) error {
	args := make([]any, 0, 11*len(rows))
	for _, p := range rows {
		lat, lon := coordinates(p.Point, p.HasPoint)
		args = append(args, string(p.ID), p.Name, string(p.Kind), string(p.Region), lat, lon, p.Phone, p.Hours.Days, p.Hours.From, p.Hours.Until, tx.NowMicros())
	}
	_, err := tx.Insert("INSERT INTO service_point (id, name, kind, region, lat_e6, lon_e6, phone, open_days, open_from, open_until, opened_at)", 11, args, "")
	return err
}

func updatePoint(tx *store.Tx, p ServicePoint) error {
	lat, lon := coordinates(p.Point, p.HasPoint)
	var closed any
	if !p.Closed.IsZero() {
		closed = clock.Micros(p.Closed)
	}
	_, err := tx.Exec(`UPDATE service_point SET name = $2, region = $3, lat_e6 = $4, lon_e6 = $5, phone = $6, open_days = $7, open_from = $8, open_until = $9, closed_at = $10
		WHERE id = $1`, string(p.ID), p.Name, string(p.Region), lat, lon, p.Phone, p.Hours.Days, p.Hours.From, p.Hours.Until, closed)
	return err
}

// erasePerson leaves of a person the id, the year of birth, the region of record and when it took part.
func erasePerson(tx *store.Tx, which PersonID, birth clock.Day, index string) error {
	id := string(which)
	for _, one := range []struct {
		text string
		args []any
	}{
		{`UPDATE person SET name = $2, id_number = $2, id_index = $3, phone = NULL, phone_index = '', birth = $4, lat_e6 = NULL, lon_e6 = NULL, heir = '', marks = NULL,
			erased_at = $5 WHERE id = $1`, []any{id, []byte{}, index, string(birth[:4]) + "-01-01", tx.NowMicros()}},
		{"UPDATE person SET heir = '' WHERE heir = $1", []any{id}},
		{"DELETE FROM address WHERE person = $1", []any{id}},
		{"DELETE FROM kin WHERE person = $1 OR relative = $1", []any{id}},
		{"DELETE FROM no_show WHERE volunteer = $1", []any{id}},
		{"DELETE FROM portrait WHERE person = $1", []any{id}},
		{"DELETE FROM wish WHERE person = $1", []any{id}},
		{"DELETE FROM team_invite WHERE person = $1", []any{id}},
		{`UPDATE recipient SET reason = '', lives_alone = 0, children_near = 0, allowance = 0, disability = 'none', rural_left_behind = 0, hardship = 0,
			key_elder = 0, basis = '' WHERE person = $1`, []any{id}},
		{"UPDATE volunteer SET reason = '', guardian = '' WHERE person = $1", []any{id}},
		{"UPDATE volunteer SET guardian = '' WHERE guardian = $1", []any{id}},
		{"UPDATE consent SET withdrawn_at = $2, withdrawn_by = 'system' WHERE person = $1 AND withdrawn_at IS NULL", []any{id, tx.NowMicros()}},
	} {
		if _, err := tx.Exec(one.text, one.args...); err != nil {
			return err
		}
	}
	return nil
}

// sealedRow is a row with the fields that a key has sealed.
type sealedRow struct {
	id, from string
	fields   [][]byte
}

func saveSealedPerson(tx *store.Tx, r sealedRow) error {
	_, err := tx.Exec("UPDATE person SET name = $1, id_number = $2, phone = $3 WHERE id = $4", r.fields[0], r.fields[1], orNull(r.fields[2]), r.id)
	return err
}

func saveSealedHome(tx *store.Tx, r sealedRow) error {
	_, err := tx.Exec("UPDATE address SET address = $1 WHERE person = $2 AND from_day = $3", orNull(r.fields[0]), r.id, r.from)
	return err
}

// orNull stores a field that was not given as NULL and not as nothing.
func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// mergeInto ends a record as one that went over into another.
func mergeInto(tx *store.Tx, keep, drop PersonID, today clock.Day) error {
	if err := endPerson(tx, drop, PersonLeft, today); err != nil {
		return err
	}
	for _, text := range []string{
		"UPDATE person SET merged_into = $1 WHERE id = $2",
		`UPDATE kin SET person = $1 WHERE person = $2 AND relative <> $1 AND NOT EXISTS (SELECT 1 FROM kin k WHERE k.person = $1 AND k.relative = kin.relative)`,
		`UPDATE kin SET relative = $1 WHERE relative = $2 AND person <> $1 AND NOT EXISTS (SELECT 1 FROM kin k WHERE k.relative = $1 AND k.person = kin.person)`,
		"UPDATE person SET heir = $1 WHERE heir = $2 AND id <> $1",
		"UPDATE team_invite SET person = $1 WHERE person = $2",
	} {
		if _, err := tx.Exec(text, string(keep), string(drop)); err != nil {
			return err
		}
	}
	return nil
}

func putPortrait(tx *store.Tx, person PersonID, by string, h photo.Hash) error {
	_, err := tx.Exec(`INSERT INTO portrait (person, recorded_by, recorded_at, digest) VALUES ($1, $2, $3, $4)
 ON CONFLICT (person) DO UPDATE SET recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at, digest = excluded.digest`,
		string(person), by, tx.NowMicros(), string(h))
	return err
}

func deletePortrait(tx *store.Tx, person PersonID) error {
	_, err := tx.Exec("DELETE FROM portrait WHERE person = $1", string(person))
	return err
}

// forgetPlace destroys where a person lives; the community stays, which rules and figures ask for.
func forgetPlace(tx *store.Tx, which PersonID) error {
	for _, text := range []string{"UPDATE address SET address = NULL, lat_e6 = NULL, lon_e6 = NULL, located_by = '' WHERE person = $1",
		"UPDATE person SET lat_e6 = NULL, lon_e6 = NULL WHERE id = $1"} {
		if _, err := tx.Exec(text, string(which)); err != nil {
			return err
		}
	}
	return nil
}

func endDelegations(tx *store.Tx, of PersonID) error {
	_, err := tx.Exec("UPDATE kin SET delegate = 0 WHERE person = $1 AND delegate = 1", string(of))
	return err
}

func saveAttributes(tx *store.Tx, r Recipient) error {
	a := r.Attributes
	_, err := tx.Exec("UPDATE recipient SET allowance = $1, hardship = $2, disability = $3 WHERE person = $4", flag(a.Allowance), flag(a.Hardship),
		string(a.Disability), string(r.Person.ID))
	return err
}

func putWish(tx *store.Tx, who PersonID, w Wish) error {
	_, err := tx.Exec(`INSERT INTO wish (person, quiet_from, quiet_until, over_cap) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, over_cap = excluded.over_cap`,
		string(who), w.Quiet.From, w.Quiet.Until, string(w.OverCap))
	return err
}
