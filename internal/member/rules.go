package member

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/why"
)

// printable reports whether the embedded font has every character of the text: GB 2312 and Latin.
func printable(s string) bool {
	encoder := simplifiedchinese.GBK.NewEncoder()
	for _, r := range s {
		if r < 0x250 || strings.ContainsRune("’·", r) {
			continue
		}
		b, err := encoder.Bytes([]byte(string(r)))
		// Within GBK the two bytes from 0xA1 on are GB 2312.
		if err != nil || len(b) != 2 || b[0] < 0xA1 || b[0] > 0xF7 || b[1] < 0xA1 {
			return false
		}
	}
	return true
}

func checkHome(bad *errs.Fields, place region.ID, point *region.Point, tree *region.Tree) {
	switch now, ok := tree.Current(place); {
	case !ok || tree.Level(place) != region.Community:
		bad.Add("region", "member.not_a_community")
	case now != place:
		bad.Add("region", "member.region_ended", "successor", string(now))
	}
	if point != nil && !point.Valid() {
		bad.Add("point", "region.point_invalid")
	}
}

func checkPurposes(bad *errs.Fields, given, needed []Purpose) {
	has := map[Purpose]bool{}
	for i, p := range given {
		if !p.valid() {
			bad.Add("consents."+strconv.Itoa(i), "member.purpose_unknown")
		}
		has[p] = true
	}
	for _, p := range needed {
		if !has[p] {
			bad.Add("consents", "member.consent_missing", "purpose", string(p))
		}
	}
}

func (p Purpose) valid() bool {
	for _, known := range Purposes() {
		if p == known {
			return true
		}
	}
	return false
}

// needed lists the consents that attributes ask for.
func (a Attributes) needed() []Purpose {
	var list []Purpose
	if a.Disability != "" && a.Disability != policy.DisabilityNone {
		list = append(list, PurposeHealth)
	}
	if a.Allowance || a.Hardship {
		list = append(list, PurposeAllowance)
	}
	return list
}

func (a *Attributes) check(bad *errs.Fields) {
	switch a.Disability {
	case "":
		a.Disability = policy.DisabilityNone
	case policy.DisabilityNone, policy.DisabilityHalf, policy.DisabilityFull:
	default:
		bad.Add("attributes.disability", "member.disability_unknown")
	}
}

// registration is a checked RegisterCmd.
type registration struct {
	details  Details
	warnings []Warning
}

func decideRegister(c *RegisterCmd, today clock.Day, tree *region.Tree) (registration, error) {
	var r registration
	var bad errs.Fields
	var err error
	r.details.Name, err = pii.ParseName(c.Name)
	bad.AddErr("name", err)
	r.details.IDNumber, err = pii.ParseIDNumber(c.IDNumber)
	bad.AddErr("id_number", err)
	if err == nil && r.details.IDNumber.Birth() > today {
		bad.Add("id_number", "member.not_born_yet")
	}
	if c.Phone != "" {
		r.details.Phone, err = pii.ParsePhone(c.Phone)
		bad.AddErr("phone", err)
	}
	needed := []Purpose{PurposeIdentity}
	if c.Address != "" {
		r.details.Address, err = pii.ParseAddress(c.Address)
		bad.AddErr("address", err)
	}
	if c.Address != "" || c.Point != nil {
		needed = append(needed, PurposeLocation)
	}
	checkHome(&bad, c.Region, c.Point, tree)
	checkPurposes(&bad, c.Consents, needed)
	if err := bad.Err("member.person_invalid"); err != nil {
		return r, err
	}
	if !printable(r.details.Name.Reveal()) {
		r.warnings = append(r.warnings, WarnGlyph)
	}
	return r, nil
}

// keyElderRule is the parameter that decides who is a key elder (published by Nanjing; a city may write another).
const keyElderRule = "key_elder.rule"

// decideKeyElder says whether a person is a key elder on a day and why.
func decideKeyElder(rules policy.Rules, a Attributes, birth, on clock.Day) (bool, why.Why, error) {
	age := clock.AgeAt(birth, on)
	yes, err := rules.KeyElder(a.At(age))
	if err != nil {
		return false, why.Why{}, errs.New(errs.Refused, "member.key_elder_rule_fails").With(err).Because(rules.Why(keyElderRule))
	}
	flag := func(name string, b bool) why.Value { return why.Value{Name: name, Value: strconv.FormatBool(b)} }
	return yes, rules.Why(keyElderRule, why.Value{Name: "age", Value: strconv.Itoa(age)}, flag("lives_alone", a.LivesAlone),
		flag("children_near", a.ChildrenNear), flag("allowance", a.Allowance), why.Value{Name: "disability", Value: string(a.Disability)},
		flag("rural_left_behind", a.RuralLeftBehind), flag("hardship", a.Hardship)), nil
}

// oldest bounds the search for the birthday on which a decision changes.
const oldest = 120

// turning returns the first birthday after the day on which the key elder rule answers otherwise, or "" when none does.
func (m *turns) turning(rules policy.Rules, a Attributes, birth, on clock.Day) clock.Day {
	if next := m.next(rules, a, clock.AgeAt(birth, on)); next > 0 {
		return birthday(birth, next)
	}
	return ""
}

// turns remembers at which age a rule turns: people are many, their attributes few.
type turns struct {
	mu   sync.Mutex
	rule string
	at   map[turn]int
}

type turn struct {
	attributes Attributes
	age        int
}

// next returns the first age above the given one at which the rule answers otherwise, 0 if there is none.
func (m *turns) next(rules policy.Rules, a Attributes, age int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rule := rules.KeyElderRule.String(); m.at == nil || rule != m.rule {
		m.rule, m.at = rule, map[turn]int{}
	}
	if known, ok := m.at[turn{a, age}]; ok {
		return known
	}
	found := 0
	now, err := rules.KeyElder(a.At(age))
	for next := age + 1; err == nil && next <= oldest; next++ {
		if then, err := rules.KeyElder(a.At(next)); err == nil && then != now {
			found = next
			break
		}
	}
	m.at[turn{a, age}] = found
	return found
}

// birthday returns the day on which a person completes the years. It agrees with clock.AgeAt about 29 February.
func birthday(birth clock.Day, years int) clock.Day {
	year, _ := strconv.Atoi(string(birth[:4]))
	day := strconv.Itoa(year+years) + string(birth[4:])
	if d, err := clock.ParseDay(day); err == nil {
		return d
	}
	return clock.Day(day[:4] + "-03-01")
}

// decideReview moves a volunteer by one review.
func decideReview(v Volunteer, approve bool, levels int) (VolunteerState, error) {
	switch {
	case v.State != VolunteerApplied && v.State != VolunteerReviewed:
		return v.State, errs.New(errs.Conflict, "member.volunteer_not_waiting").By("record.state", "nobody")
	case !approve:
		return VolunteerRejected, nil
	case v.Reviews+1 >= levels:
		return VolunteerStudying, nil
	}
	return VolunteerReviewed, nil
}

// checkAge refuses a volunteer below the minimum age without an adult who answers for it (published by Beijing).
func checkAge(p Person, guardian *Person, rules policy.Rules, today clock.Day) error {
	age := p.AgeOn(today)
	if age >= rules.VolunteerMinAge {
		return nil
	}
	w := rules.Why("volunteer.min_age", why.Value{Name: "age", Value: strconv.Itoa(age)})
	if guardian == nil {
		return errs.New(errs.Refused, "member.guardian_needed").Because(w)
	}
	if guardian.ID == p.ID || guardian.State != PersonActive || guardian.AgeOn(today) < rules.VolunteerMinAge {
		return errs.New(errs.Refused, "member.guardian_unfit").Because(w)
	}
	return nil
}

// suspension says until when no-shows suspend a volunteer, and false while they do not: when the last penalty.no_show_count of them
// lie within penalty.window_days (default). at holds the no-shows in ascending order, the newest last.
func suspension(rules policy.Rules, at []time.Time) (time.Time, bool) {
	n := rules.PenaltyNoShowCount
	if n <= 0 || len(at) < n {
		return time.Time{}, false
	}
	last := at[len(at)-1]
	if at[len(at)-n].Before(last.AddDate(0, 0, -rules.PenaltyWindowDays)) {
		return time.Time{}, false
	}
	return last.AddDate(0, 0, rules.PenaltySuspendDays), true
}

// checkKin refuses a relation that the ages contradict.
func checkKin(person, relative Person, relation Relation) error {
	older := relation == Parent || relation == Grandparent
	younger := relation == Child || relation == Grandchild
	if older && relative.Birth >= person.Birth || younger && relative.Birth <= person.Birth {
		return errs.Invalid("member.kin_invalid", errs.Field{Path: "relation", Code: "member.kin_ages"})
	}
	return nil
}
