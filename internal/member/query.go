package member

import (
	"encoding/json"
	"errors"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/photo"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
)

const personColumns = "p.id, p.actor, p.birth, p.sex, p.region, p.lat_e6, p.lon_e6, p.state, p.heir"

// personScan reads personColumns and what follows them.
type personScan struct {
	p        Person
	lat, lon *int64
}

func (s *personScan) dest(more ...any) []any {
	return append([]any{&s.p.ID, &s.p.Actor, &s.p.Birth, &s.p.Sex, &s.p.Region, &s.lat, &s.lon, &s.p.State, &s.p.Heir}, more...)
}

func point(lat, lon *int64) (region.Point, bool) {
	if lat == nil || lon == nil {
		return region.Point{}, false
	}
	return region.Point{LatE6: *lat, LonE6: *lon}, true
}

func (s *personScan) person() Person {
	s.p.Point, s.p.HasPoint = point(s.lat, s.lon)
	return s.p
}

func scanPerson(r *store.Rows) (Person, error) {
	var s personScan
	err := r.Scan(s.dest()...)
	return s.person(), err
}

func byID[T any](rows []T, err error, of func(T) PersonID) (map[PersonID]T, error) {
	all := make(map[PersonID]T, len(rows))
	for _, r := range rows {
		all[of(r)] = r
	}
	return all, err
}

// LoadPersons returns people by id; an unknown id is missing from the map.
func LoadPersons(tx *store.Tx, ids []PersonID) (map[PersonID]Person, error) {
	return persons(tx, ids, "")
}

// lockPersons locks the rows in the order of their ids, which must be sorted.
func lockPersons(tx *store.Tx, ids []PersonID) (map[PersonID]Person, error) {
	return persons(tx, ids, tx.ForUpdate())
}

func persons(tx *store.Tx, ids []PersonID, lock string) (map[PersonID]Person, error) {
	return store.Known[PersonID, Person](tx, "person").Look(ids, func(unknown []PersonID) (map[PersonID]Person, error) {
		rows, err := store.In(tx, "SELECT "+personColumns+" FROM person p WHERE p.id IN (", unknown, ") ORDER BY p.id"+lock, scanPerson)
		return byID(rows, err, func(p Person) PersonID { return p.ID })
	})
}

// Open opens what identifies a person, which is nothing after the person was erased. It checks no right: use-cases do, and note the look.
func (s *Service) Open(tx *store.Tx, which PersonID) (d Details, err error) {
	var name, idNumber, phone, address []byte
	err = tx.QueryRow(`SELECT p.name, p.id_number, p.phone, a.address FROM person p
		LEFT JOIN address a ON a.person = p.id AND a.from_day <= $2 AND a.until_day > $2 WHERE p.id = $1`,
		string(which), string(clock.DayOf(tx.Now()))).Scan(&name, &idNumber, &phone, &address)
	if errors.Is(err, store.ErrNoRows) {
		return d, errUnknown
	}
	if err != nil {
		return d, err
	}
	for _, field := range []struct {
		kind   string
		sealed []byte
		put    func(string) error
	}{
		{fieldName, name, func(c string) (err error) { d.Name, err = pii.ParseName(c); return err }},
		{fieldIDNumber, idNumber, func(c string) (err error) { d.IDNumber, err = pii.ParseIDNumber(c); return err }},
		{fieldPhone, phone, func(c string) (err error) { d.Phone, err = pii.ParsePhone(c); return err }},
		{fieldAddress, address, func(c string) (err error) { d.Address, err = pii.ParseAddress(c); return err }},
	} {
		if len(field.sealed) == 0 {
			continue
		}
		clear, err := s.box.Open(field.kind, field.sealed)
		if err == nil {
			err = field.put(clear)
		}
		if err != nil {
			return Details{}, errs.New(errs.Internal, errs.CodeInternal).With(err)
		}
	}
	return d, nil
}

// Names opens the names of people, for screens that show who comes to whom; it checks no right. Print them masked unless one is needed.
func (s *Service) Names(tx *store.Tx, ids []PersonID) (map[PersonID]pii.Name, error) {
	names := make(map[PersonID]pii.Name, len(ids))
	_, err := store.In(tx, "SELECT p.id, p.name FROM person p WHERE p.id IN (", ids, ")", func(r *store.Rows) (none struct{}, err error) {
		var which PersonID
		var sealed []byte
		if err := r.Scan(&which, &sealed); err != nil || len(sealed) == 0 {
			return none, err
		}
		clear, err := s.box.Open(fieldName, sealed)
		if err == nil {
			names[which], err = pii.ParseName(clear)
		}
		return none, err
	})
	return names, err
}

// Phone opens the telephone number of a person alone; the zero number means that it has none. It checks no right: it is for messages to the
// person itself.
func (s *Service) Phone(tx *store.Tx, which PersonID) (p pii.Phone, err error) {
	var sealed []byte
	err = tx.QueryRow("SELECT p.phone FROM person p WHERE p.id = $1", string(which)).Scan(&sealed)
	if errors.Is(err, store.ErrNoRows) || err == nil && len(sealed) == 0 {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	clear, err := s.box.Open(fieldPhone, sealed)
	if err != nil {
		return p, err
	}
	return pii.ParsePhone(clear)
}

func personsByIndex(tx *store.Tx, column, index string) ([]Person, error) {
	where := "p.id_index = $1"
	if column == "phone_index" {
		where = "p.phone_index = $1 AND p.phone_index <> ''"
	}
	return store.All(tx, scanPerson, "SELECT "+personColumns+" FROM person p WHERE "+where+" ORDER BY p.id", index)
}

// takenIndexes tells which blind indexes of identity numbers belong to somebody.
func takenIndexes(tx *store.Tx, indexes []string) (map[string]bool, error) {
	taken := map[string]bool{}
	_, err := store.In(tx, "SELECT p.id_index FROM person p WHERE p.id_index IN (", indexes, ")", func(r *store.Rows) (index string, err error) {
		err = r.Scan(&index)
		taken[index] = true
		return index, err
	})
	return taken, err
}

func ownerOf(tx *store.Tx, index string) (owner PersonID, err error) {
	err = tx.QueryRow("SELECT p.id FROM person p WHERE p.id_index = $1", index).Scan(&owner)
	if errors.Is(err, store.ErrNoRows) {
		err = nil
	}
	return owner, err
}

const recipientQuery = "SELECT " + personColumns + `, r.state, r.lives_alone, r.children_near, r.allowance, r.disability, r.rural_left_behind, r.hardship,
	r.key_elder, r.basis, r.policy_version FROM recipient r JOIN person p ON p.id = r.person WHERE `

func scanRecipient(r *store.Rows) (Recipient, error) {
	var s personScan
	var one Recipient
	var basis string
	a := &one.Attributes
	err := r.Scan(s.dest(&one.State, &a.LivesAlone, &a.ChildrenNear, &a.Allowance, &a.Disability, &a.RuralLeftBehind, &a.Hardship,
		&one.KeyElder, &basis, &one.PolicyVersion)...)
	one.Person = s.person()
	if err == nil && basis != "" {
		err = json.Unmarshal([]byte(basis), &one.KeyElderBasis)
	}
	return one, err
}

// Standings returns where people stand who ask for service; who never applied is missing from the map. It is what a screen shows of many.
func Standings(tx *store.Tx, ids []PersonID) (map[PersonID]Standing, error) {
	all, err := LoadRecipients(tx, ids)
	standings := make(map[PersonID]Standing, len(all))
	for who, r := range all {
		standings[who] = Standing{State: r.State, KeyElder: r.KeyElder, MayAsk: r.MayAsk()}
	}
	return standings, err
}

// LoadRecipients returns recipients by person, for decisions; who is none is missing from the map. What a home visit found out goes with them, so
// that no screen calls it: see [Standings] and [Service.Assessed].
func LoadRecipients(tx *store.Tx, ids []PersonID) (map[PersonID]Recipient, error) {
	return recipients(tx, ids, "")
}

func lockRecipients(tx *store.Tx, ids []PersonID) (map[PersonID]Recipient, error) {
	return recipients(tx, ids, tx.ForUpdate())
}

func recipients(tx *store.Tx, ids []PersonID, lock string) (map[PersonID]Recipient, error) {
	return knownRecipients(tx).Look(ids, func(unknown []PersonID) (map[PersonID]Recipient, error) {
		rows, err := store.In(tx, recipientQuery+"r.person IN (", unknown, ") ORDER BY r.person"+lock, scanRecipient)
		return byID(rows, err, func(r Recipient) PersonID { return r.Person.ID })
	})
}

func knownRecipients(tx *store.Tx) *store.Memory[PersonID, Recipient] {
	return store.Known[PersonID, Recipient](tx, "recipient", "person")
}

// KeyElders returns up to max approved key elders after the given person, in the order of their ids: who gets the monthly grant.
func KeyElders(tx *store.Tx, after PersonID, max int) ([]Recipient, error) {
	return store.All(tx, scanRecipient, recipientQuery+
		"r.key_elder = 1 AND r.state = 'approved' AND p.state = 'active' AND r.person > $1 ORDER BY r.person LIMIT $2", string(after), max)
}

// approvedAfter lists up to max approved recipients after the given person, in the order of their ids.
func approvedAfter(tx *store.Tx, after PersonID, max int) ([]PersonID, error) {
	return store.All(tx, func(r *store.Rows) (id PersonID, err error) { return id, r.Scan(&id) },
		`SELECT r.person FROM recipient r JOIN person p ON p.id = r.person WHERE r.state = 'approved' AND p.state = 'active' AND r.person > $1
 ORDER BY r.person LIMIT $2`, string(after), max)
}

// RecipientsIn lists up to max recipients of a state in a region and below, after the given person: the desk's list of who waits.
func RecipientsIn(tx *store.Tx, place region.ID, state RecipientState, after PersonID, max int) ([]Recipient, error) {
	column, waiting := "p.region", ""
	if state == RecipientApplied {
		// As with volunteers who wait; see VolunteersIn.
		column, waiting = "p.region || ''", "r.state = 'applied' AND "
	}
	within, err := region.Within(tx, column, place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, scanRecipient, recipientQuery+"r.state = $3 AND r.person > $4 AND "+waiting+within+" ORDER BY r.person LIMIT $5",
		string(place), string(clock.DayOf(tx.Now())), string(state), string(after), max)
}

const volunteerQuery = "SELECT " + personColumns + `, v.state, v.reviews, v.reviewers, v.guardian, v.reason, v.certified_at, v.suspended_until, v.suspended_for
	FROM volunteer v JOIN person p ON p.id = v.person WHERE `

// volunteerRow is a volunteer with what only reviews look at.
type volunteerRow struct {
	Volunteer
	reviewers string // actors, separated by spaces
	reason    string
}

func scanVolunteer(r *store.Rows) (volunteerRow, error) {
	var s personScan
	var v volunteerRow
	var certified, suspended *int64
	err := r.Scan(s.dest(&v.State, &v.Reviews, &v.reviewers, &v.Guardian, &v.reason, &certified, &suspended, &v.SuspendedFor)...)
	v.Person = s.person()
	v.CertifiedAt, v.SuspendedUntil = fromMicros(certified), fromMicros(suspended)
	return v, err
}

func fromMicros(at *int64) time.Time {
	if at == nil {
		return time.Time{}
	}
	return clock.FromMicros(*at)
}

// LoadVolunteers returns volunteers by person; who is none is missing from the map.
func LoadVolunteers(tx *store.Tx, ids []PersonID) (map[PersonID]Volunteer, error) {
	rows, err := volunteers(tx, ids, "")
	all := make(map[PersonID]Volunteer, len(rows))
	for which, row := range rows {
		all[which] = row.Volunteer
	}
	return all, err
}

func scanPlainVolunteer(r *store.Rows) (Volunteer, error) {
	v, err := scanVolunteer(r)
	return v.Volunteer, err
}

func lockVolunteers(tx *store.Tx, ids []PersonID) (map[PersonID]volunteerRow, error) {
	return volunteers(tx, ids, tx.ForUpdate())
}

func volunteers(tx *store.Tx, ids []PersonID, lock string) (map[PersonID]volunteerRow, error) {
	return knownVolunteers(tx).Look(ids, func(unknown []PersonID) (map[PersonID]volunteerRow, error) {
		rows, err := store.In(tx, volunteerQuery+"v.person IN (", unknown, ") ORDER BY v.person"+lock, scanVolunteer)
		return byID(rows, err, func(v volunteerRow) PersonID { return v.Person.ID })
	})
}

func knownVolunteers(tx *store.Tx) *store.Memory[PersonID, volunteerRow] {
	return store.Known[PersonID, volunteerRow](tx, "volunteer", "person")
}

// VolunteersIn lists up to max volunteers of a state in a region and below, after the given person.
func VolunteersIn(tx *store.Tx, place region.ID, state VolunteerState, after PersonID, max int) ([]Volunteer, error) {
	column, waiting := "p.region", ""
	if state == VolunteerApplied || state == VolunteerReviewed {
		// They are few: found by their own index, whatever the place. The expression keeps an engine from reading everybody of the place instead.
		column, waiting = "p.region || ''", "v.state IN ('applied', 'reviewed') AND "
	}
	within, err := region.Within(tx, column, place, 1, 2)
	if err != nil {
		return nil, err
	}
	return store.All(tx, scanPlainVolunteer, volunteerQuery+"v.state = $3 AND v.person > $4 AND "+waiting+within+" ORDER BY v.person LIMIT $5",
		string(place), string(clock.DayOf(tx.Now())), string(state), string(after), max)
}

func noShows(tx *store.Tx, volunteer PersonID, from, to time.Time) ([]time.Time, error) {
	return store.All(tx, func(r *store.Rows) (time.Time, error) {
		var at int64
		err := r.Scan(&at)
		return clock.FromMicros(at), err
	}, "SELECT at FROM no_show WHERE volunteer = $1 AND at BETWEEN $2 AND $3 ORDER BY at", string(volunteer), clock.Micros(from), clock.Micros(to))
}

const kinQuery = `SELECT k.person, k.relative, k.relation, k.state, k.delegate, k.willing, COALESCE(o.willing, 0), k.agreed, k.agreed_by
 FROM kin k LEFT JOIN kin o ON o.person = k.relative AND o.relative = k.person WHERE `

func scanKin(r *store.Rows) (k kinRow, err error) {
	return k, r.Scan(&k.Person, &k.Relative, &k.Relation, &k.State, &k.Delegate, &k.Willing, &k.Accepted, &k.Agreed, &k.agreedBy)
}

// KinOf returns the relations of a person, proposed ones included, in the order of the relatives' ids.
func KinOf(tx *store.Tx, person PersonID) ([]Kin, error) {
	return store.All(tx, func(r *store.Rows) (Kin, error) {
		k, err := scanKin(r)
		return k.Kin, err
	}, kinQuery+"k.person = $1 ORDER BY k.relative", string(person))
}

// kinRows returns every side that starts at one of the people; lockPersons guards them.
func kinRows(tx *store.Tx, ids []PersonID) (map[pair]kinRow, error) {
	rows, err := store.In(tx, kinQuery+"k.person IN (", ids, ")", scanKin)
	all := make(map[pair]kinRow, len(rows))
	for _, k := range rows {
		all[pair{k.Person, k.Relative}] = k
	}
	return all, err
}

func consentsOf(tx *store.Tx, ids []PersonID) (map[PersonID][]Purpose, error) {
	given := map[PersonID][]Purpose{}
	_, err := store.In(tx, "SELECT c.person, c.purpose FROM consent c WHERE c.withdrawn_at IS NULL AND c.person IN (", ids, ") ORDER BY c.person, c.purpose",
		func(r *store.Rows) (none struct{}, err error) {
			var who PersonID
			var what Purpose
			err = r.Scan(&who, &what)
			given[who] = append(given[who], what)
			return none, err
		})
	return given, err
}

// ConsentsOf returns what a person has consented to and not withdrawn.
func ConsentsOf(tx *store.Tx, person PersonID) ([]Purpose, error) {
	given, err := consentsOf(tx, []PersonID{person})
	return given[person], err
}

// Counts are the figures of a region, each by its definition.
type Counts struct {
	Persons    int64 // registered and active
	Recipients int64 // approved
	KeyElders  int64 // approved and key elder
	Volunteers int64 // applied, whatever became of it but rejection or leaving: "registered volunteers"
	Certified  int64 // certified or suspended
	Points     int64 // open
}

// Count counts the members of a region and below.
func Count(tx *store.Tx, place region.ID) (c Counts, err error) {
	day := string(clock.DayOf(tx.Now()))
	in := region.WithinSQL("p.region", 1, 2)
	for _, one := range []struct {
		into *int64
		text string
	}{
		{&c.Persons, "SELECT COUNT(*) FROM person p WHERE p.state = 'active' AND " + in},
		{&c.Recipients, "SELECT COUNT(*) FROM recipient r JOIN person p ON p.id = r.person WHERE r.state = 'approved' AND " + in},
		{&c.KeyElders, "SELECT COUNT(*) FROM recipient r JOIN person p ON p.id = r.person WHERE r.state = 'approved' AND r.key_elder = 1 AND " + in},
		{&c.Volunteers, "SELECT COUNT(*) FROM volunteer v JOIN person p ON p.id = v.person WHERE v.state NOT IN ('rejected', 'left') AND " + in},
		{&c.Certified, "SELECT COUNT(*) FROM volunteer v JOIN person p ON p.id = v.person WHERE v.state IN ('certified', 'suspended') AND " + in},
		{&c.Points, "SELECT COUNT(*) FROM service_point p WHERE p.closed_at IS NULL AND " + in},
	} {
		if err := tx.QueryRow(one.text, string(place), day).Scan(one.into); err != nil {
			return c, err
		}
	}
	return c, nil
}

// erased reports whether what identifies a person was destroyed.
func erased(tx *store.Tx, which PersonID) (gone bool, err error) {
	var n int64
	err = tx.QueryRow("SELECT COUNT(1) FROM person WHERE id = $1 AND erased_at IS NOT NULL", string(which)).Scan(&n)
	return n > 0, err
}

// ToErase returns up to max people who left or died on or before a day and are not erased yet, after the given person, in the order of ids.
func ToErase(tx *store.Tx, until clock.Day, after PersonID, max int) ([]PersonID, error) {
	return store.All(tx, func(r *store.Rows) (who PersonID, err error) { return who, r.Scan(&who) },
		"SELECT id FROM person WHERE state <> 'active' AND erased_at IS NULL AND ended_on <> '' AND ended_on BETWEEN '0' AND $1 AND id > $2 ORDER BY id LIMIT $3", string(until), string(after), max)
}

// lastHome is the home of which no end is known.
type lastHome struct {
	person PersonID
	PersonalHome
}

func lastHomes(tx *store.Tx, ids []PersonID) ([]lastHome, error) {
	return store.In(tx, "SELECT person, from_day, region, lat_e6, lon_e6 FROM address WHERE until_day = '"+forever+"' AND person IN (", ids, ") ORDER BY person",
		func(r *store.Rows) (h lastHome, err error) {
			return h, r.Scan(&h.person, &h.From, &h.Region, &h.LatE6, &h.LonE6)
		})
}

// PhoneSetBy returns the account that corrected a person's telephone number last, "" when it stands as it was registered. Error:
// member.person_unknown.
func PhoneSetBy(tx *store.Tx, which PersonID) (by string, err error) {
	err = tx.QueryRow("SELECT phone_by FROM person WHERE id = $1", string(which)).Scan(&by)
	if errors.Is(err, store.ErrNoRows) {
		err = errUnknown
	}
	return by, err
}

// locatorOf says who put the present home on the map.
func locatorOf(tx *store.Tx, which PersonID, today clock.Day) (by string, err error) {
	err = tx.QueryRow("SELECT located_by FROM address WHERE person = $1 AND from_day <= $2 AND until_day > $2", string(which), string(today)).Scan(&by)
	if errors.Is(err, store.ErrNoRows) {
		return "", nil
	}
	return by, err
}

// marked returns up to max people of a region and below whose marks have one of each group, in the order of registration.
func marked(tx *store.Tx, place region.ID, today clock.Day, groups [][]uint32, max int) (ids []PersonID, err error) {
	rows, err := tx.Query("SELECT p.id, p.marks FROM person p WHERE p.marks IS NOT NULL AND "+region.WithinSQL("p.region", 1, 2)+" ORDER BY p.id",
		string(place), string(today))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var marks []byte
	for len(ids) < max && rows.Next() {
		var id PersonID
		if err := rows.Scan(&id, &marks); err != nil {
			return nil, err
		}
		if found(marks, groups) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// sealedPersons returns up to max people after the given one with their sealed fields, locked.
func sealedPersons(tx *store.Tx, after string, max int) ([]sealedRow, error) {
	return store.All(tx, func(r *store.Rows) (sealedRow, error) {
		row := sealedRow{fields: make([][]byte, 3)}
		return row, r.Scan(&row.id, &row.fields[0], &row.fields[1], &row.fields[2])
	}, "SELECT id, name, id_number, phone FROM person WHERE id > $1 ORDER BY id LIMIT $2"+tx.ForUpdate(), after, max)
}

// sealedHomes returns the addresses of the people from one to another, both included.
func sealedHomes(tx *store.Tx, from, to string) ([]sealedRow, error) {
	return store.All(tx, func(r *store.Rows) (sealedRow, error) {
		row := sealedRow{fields: make([][]byte, 1)}
		return row, r.Scan(&row.id, &row.from, &row.fields[0])
	}, "SELECT person, from_day, address FROM address WHERE person >= $1 AND person <= $2 ORDER BY person, from_day"+tx.ForUpdate(), from, to)
}

// Portraits returns the pictures of people who have one and agree to show it. It checks no right; the use-case that shows them does.
func Portraits(tx *store.Tx, people []PersonID) (map[PersonID]photo.Hash, error) {
	type row struct {
		who  PersonID
		face photo.Hash
	}
	rows, err := store.In(tx, "SELECT p.person, p.digest FROM portrait p JOIN consent c ON c.person = p.person AND c.purpose = 'portrait' AND c.withdrawn_at IS NULL "+
		"WHERE p.person IN (", people, ")", func(r *store.Rows) (one row, err error) { return one, r.Scan(&one.who, &one.face) })
	all := make(map[PersonID]photo.Hash, len(rows))
	for _, one := range rows {
		all[one.who] = one.face
	}
	return all, err
}

// PhotosNamed returns which of some pictures are still somebody's portrait.
func PhotosNamed(tx *store.Tx, all []photo.Hash) ([]photo.Hash, error) {
	return store.In(tx, "SELECT DISTINCT digest FROM portrait WHERE digest IN (", all, ")",
		func(r *store.Rows) (h photo.Hash, err error) { return h, r.Scan(&h) })
}

// WishesOf returns what people wish; who never asked for anything is missing from the map.
func WishesOf(tx *store.Tx, ids []PersonID) (map[PersonID]Wish, error) {
	all := map[PersonID]Wish{}
	_, err := store.In(tx, "SELECT person, quiet_from, quiet_until, over_cap FROM wish WHERE person IN (", ids, ")", func(r *store.Rows) (none struct{}, err error) {
		var who PersonID
		var w Wish
		err = r.Scan(&who, &w.Quiet.From, &w.Quiet.Until, &w.OverCap)
		all[who] = w
		return none, err
	})
	return all, err
}
