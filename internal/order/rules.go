package order

import (
	"crypto/subtle"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/why"
)

// proof is the set of sides that a check-in or check-out came from.
type proof int64

const (
	byVolunteer proof = 1 << iota // the volunteer's own act on the spot
	byRecipient                   // something only the recipient's side has: the code, the card
	byStation                     // the station saw it or called back
	byPaper                       // keyed in afterwards from a slip
)

// side tells which sides a method proves.
func (m Method) side() proof {
	switch m {
	case ByCode, ByQR:
		return byVolunteer | byRecipient
	case ByPlace:
		return byVolunteer
	case ByCallBack:
		return byStation
	case ByPaper:
		return byPaper
	}
	return 0
}

// staffOnly reports whether only the station can give evidence by the method.
func (m Method) staffOnly() bool { return m == ByCallBack || m == ByPaper }

// gradeOf is the evidence grade of a service with these proofs that was confirmed so. Paper stays paper whoever confirms it, and a
// desk that confirms is a witness, not a side.
func gradeOf(p proof, by ConfirmedBy) Grade {
	switch {
	case p&byPaper != 0:
		return OnPaper
	case p&byRecipient != 0 && p&byVolunteer != 0 && by != ByDesk:
		return BothSides
	case p&byStation != 0 || by == ByDesk || by == ByFund:
		return Witnessed
	case p&byRecipient != 0 && p&byVolunteer != 0:
		return BothSides
	case by == ByRecipient || by == ByFamily:
		return BothSides
	}
	return OneSide
}

// worst is the weaker of two grades.
func worst(a, b Grade) Grade {
	order := []Grade{BothSides, Witnessed, OneSide, OnPaper}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// mayTimeOut reports whether silence may confirm: only when something came from one of the sides that count besides the volunteer
// (domain: "one-sided evidence goes to the station's follow-up queue and never credits itself").
func mayTimeOut(as []*Assignment, sides proof) bool {
	for _, a := range as {
		if a.State == CheckedOut && a.proof&sides == 0 {
			return false
		}
	}
	return true
}

// visit is what counting the minutes of a service looks at besides its beginning and its end.
type visit struct {
	travel    hours.Minutes // the way there and back as the volunteer states it, where the policy counts it
	elsewhere hours.Minutes // of it, in which the volunteer served somebody else too
	longest   hours.Minutes // what is held for each volunteer
	skilled   bool
}

// counted is how many minutes of a visit count: whole steps of what was served, at most what is held for it and what the policy allows.
func counted(in, out time.Time, v visit, r policy.Rules) hours.Minutes {
	served := hours.Max(hours.Of(int64(out.Sub(in)/time.Minute)).Sub(v.elsewhere), hours.Zero).Add(v.travel)
	return hours.Min(r.Round(served), hours.Min(v.longest, r.TimeMaxPerOrder))
}

// checkTravel refuses a stated way where the way does not count (default: it does not).
func checkTravel(travel hours.Minutes, r policy.Rules) error {
	switch {
	case travel.Sign() < 0:
		return errs.Invalid("order.invalid", errs.Field{Path: "travel", Code: "order.travel_negative"})
	case travel.Sign() > 0 && r.TimeExcludeTravel:
		return errs.New(errs.Refused, "order.travel_not_counted").Because(r.Why("time.exclude_travel", why.Value{Name: "travel", Value: travel.String()}))
	}
	return nil
}

// credited is what the volunteer gets for counted minutes: the product of the weights in force, in whole minutes, halves up. Weights are
// thousandths and multiplied as integers, so that every processor comes to the same minute.
func credited(m hours.Minutes, in time.Time, skilled bool, r policy.Rules) hours.Minutes {
	permille := int64(r.WeightServicePermille)
	h := in.In(clock.Zone).Hour()
	if h >= 22 || h < 6 {
		permille = permille * int64(r.WeightNightPermille) / 1000
	}
	if r.TimeHolidays.Has(clock.DayOf(in)) {
		permille = permille * int64(r.WeightHolidayPermille) / 1000
	}
	if skilled {
		permille = permille * int64(r.WeightSkillPermille) / 1000
	}
	if permille == 1000 {
		return m
	}
	return hours.Of((m.Int64()*permille + 500) / 1000)
}

// needsReview tells whether the station looks at an order before it is published. first is true for a recipient's first order.
func needsReview(r policy.Rules, item catalog.Item, first bool) bool {
	return item.Insurance || r.OrderReview == policy.ReviewAlways || r.OrderReview == policy.ReviewFirst && first
}

// placement is what decides whether an order can be placed.
type placement struct {
	now    time.Time
	start  time.Time
	length hours.Minutes
	item   catalog.Item
	rules  policy.Rules
	paper  bool
	unpaid error // why a relative's offer to pay does not count
}

// check names every field that is wrong. The offer of a relative is a refusal of its own where it is all that stands against the order.
func (p placement) check(cmd *PlaceCmd) error {
	var bad errs.Fields
	if !p.item.Allows(cmd.Urgency) {
		bad.Add("urgency", "order.urgency_not_offered", "urgency", string(cmd.Urgency))
	}
	if checkDay(&bad, p.start, p.now, p.paper) {
		checkHours(&bad, p.start, p.length, p.item)
	}
	longest := hours.Min(p.item.Longest, p.rules.TimeMaxPerOrder)
	wrongLength := p.length.Cmp(p.item.Shortest) < 0 || p.length.Cmp(longest) > 0
	if wrongLength {
		bad.Add("minutes", "order.length_not_allowed", "shortest", p.item.Shortest.String(), "longest", longest.String())
	}
	if p.item.FamilyPresence && !cmd.FamilyPresent {
		bad.Add("family_present", "order.family_needed")
	}
	if bad.Len() == 0 {
		return p.unpaid
	}
	bad.AddErr("offer_own_hours", p.unpaid)
	err := bad.Err("order.invalid")
	if named, ok := err.(*errs.Error); ok && wrongLength {
		return named.Because(p.rules.Why("time.max_per_order", why.Value{Name: "shortest", Value: p.item.Shortest.String()}, why.Value{Name: "longest", Value: longest.String()}))
	}
	return err
}

// withoutItem names what is wrong with an order besides its item, which is not offered: nil when that is all.
func withoutItem(cmd *PlaceCmd, now time.Time, unoffered error) error {
	var bad errs.Fields
	if checkDay(&bad, cmd.Start, now, cmd.Paper); bad.Len() == 0 || errs.Fault(unoffered) {
		return nil
	}
	bad.AddErr("item", unoffered)
	return bad.Err("order.invalid")
}

// checkDay names a time at which no such visit can be, and reports whether the hours of an item still mean something for it: a visit that is
// asked for has to be to come, within half a year, and one on paper is over.
func checkDay(bad *errs.Fields, start, now time.Time, paper bool) bool {
	switch {
	case paper:
		if start.After(now) {
			bad.Add("start", "order.paper_in_future")
		}
	case start.Before(now):
		bad.Add("start", "order.start_in_past")
	case start.After(now.AddDate(0, 6, 0)):
		bad.Add("start", "order.start_too_far")
		return false // a day so far away may not be one that a calendar has
	}
	return true
}

// checkStart names what is wrong with the time for which a visit is asked, the hours of the item included.
func checkStart(bad *errs.Fields, start, now time.Time, length hours.Minutes, item catalog.Item) {
	if checkDay(bad, start, now, false) {
		checkHours(bad, start, length, item)
	}
}

// checkHours names a visit outside of the hours in which the item is offered.
func checkHours(bad *errs.Fields, start time.Time, length hours.Minutes, item catalog.Item) {
	from := start.In(clock.Zone)
	to := from.Add(time.Duration(length.Int64()) * time.Minute)
	open := clock.DayOf(start).Start().Add(time.Duration(item.From) * time.Hour)
	shut := clock.DayOf(start).Start().Add(time.Duration(item.Until) * time.Hour)
	if from.Before(open) || to.After(shut) {
		bad.Add("start", "order.hour_not_allowed", "from", strconv.Itoa(item.From), "until", strconv.Itoa(item.Until))
	}
}

// overlaps reports whether two spans of time share a moment.
func overlaps(aFrom, aTo, bFrom, bTo time.Time) bool { return aFrom.Before(bTo) && bFrom.Before(aTo) }

// burden is what a volunteer already does, as far as the limits ask.
type burden struct {
	clash     *Assignment
	shared    hours.Minutes // of the span, in which it is elsewhere too
	day, pair hours.Minutes
}

// burdenOf adds up the places of a volunteer's diary around a span that count, leaving out one assignment itself.
func burdenOf(diary []*Assignment, self AssignmentID, recipient string, from, to time.Time, counts func(AssignmentState) bool) (l burden) {
	day, month := clock.DayOf(from), clock.MonthOf(from)
	for _, a := range diary {
		if a.ID == self || !counts(a.State) {
			continue
		}
		if overlaps(a.Start, a.End, from, to) {
			l.clash = a
			l.shared = l.shared.Add(hours.Of(int64(earlier(a.End, to).Sub(later(a.Start, from)) / time.Minute)))
		}
		m := a.planned()
		if clock.DayOf(a.Start) == day {
			l.day = l.day.Add(m)
		}
		if string(a.Recipient) == recipient && clock.MonthOf(a.Start) == month {
			l.pair = l.pair.Add(m)
		}
	}
	return l
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// planned is what an assignment takes: the counted minutes once it is over, the planned ones before.
func (a *Assignment) planned() hours.Minutes {
	if a.State.served() {
		return a.Minutes
	}
	return hours.Of(int64(a.End.Sub(a.Start) / time.Minute))
}

// limit decides on a rule that is either enforced or flagged: the error when it is enforced, a flag when it is not.
func limit(over policy.Over, exceeded bool, code string, w why.Why) (flag string, err error) {
	switch {
	case !exceeded:
		return "", nil
	case over == policy.Refuse:
		return "", errs.New(errs.Refused, code).Because(w)
	}
	return w.Rule, nil
}

// flags adds a flag to a list separated by spaces.
func flags(list, one string) string {
	if one == "" || slices.Contains(strings.Fields(list), one) {
		return list
	}
	return strings.TrimSpace(list + " " + one)
}

// takeable decides whether a volunteer may have a place for the span of the order: nil and the limits that are flagged, or the refusal. own is
// the place that the volunteer has on it already, "" for none.
func takeable(o *Order, diary []*Assignment, own AssignmentID, r policy.Rules) (flagged string, err error) {
	to := o.Start.Add(time.Duration(o.Minutes.Int64()) * time.Minute)
	l := burdenOf(diary, own, string(o.Recipient), o.Start, to, AssignmentState.live)
	if l.clash != nil {
		f, err := limit(r.CheckInOverlap, true, "order.overlaps", r.Why("checkin.overlap", why.Value{Name: "order", Value: string(l.clash.Order)}))
		if err != nil {
			return "", err
		}
		flagged = flags(flagged, f)
	}
	day := l.day.Add(o.Minutes)
	f, err := limit(r.LimitsOver, day.Cmp(r.TimeMaxPerDay) > 0, "order.over_day", r.Why("time.max_per_day", why.Value{Name: "day", Value: day.String()}))
	if err != nil {
		return "", err
	}
	flagged = flags(flagged, f)
	pair := l.pair.Add(o.Minutes)
	f, err = limit(r.LimitsOver, pair.Cmp(r.TimeMaxPerPairMonth) > 0, "order.over_pair_month",
		r.Why("time.max_per_pair_month", why.Value{Name: "month", Value: pair.String()}))
	return flags(flagged, f), err
}

// presence checks the factors of a check-in or check-out: enough different ones, allowed by the policy, each true. It returns which
// sides they prove, the distance in metres (-1 when nobody measured) and limits that are flagged.
func presence(o *Order, factors []Factor, station bool, r policy.Rules) (p proof, distance int64, flagged string, err error) {
	var bad errs.Fields
	distance = -1
	seen := map[Method]bool{}
	for i, f := range factors {
		path := "factors[" + strconv.Itoa(i) + "]"
		switch {
		case f.Method.side() == 0:
			bad.Add(path+".method", "order.method_unknown")
			continue
		case f.Method != ByPaper && !r.CheckInMethods.Has(policy.Factor(f.Method)):
			bad.Add(path+".method", "order.method_not_allowed")
			continue
		case f.Method.staffOnly() && !station:
			bad.Add(path+".method", "order.method_of_station")
			continue
		}
		switch f.Method {
		case ByCode, ByQR:
			if subtle.ConstantTimeCompare([]byte(f.Value), []byte(o.CheckCode)) != 1 {
				bad.Add(path+".value", "order.code_wrong")
			}
		case ByPlace:
			if !f.Point.Valid() {
				bad.Add(path+".point", "order.point_invalid")
				continue
			}
			distance = region.DistanceMetres(o.Point, f.Point)
			far := distance > int64(r.CheckInMaxDistanceM)
			flag, err := limit(r.CheckInOutside, far, "order.outside", r.Why("checkin.max_distance_m", why.Value{Name: "distance_m", Value: strconv.FormatInt(distance, 10)}))
			if err != nil {
				return 0, 0, "", err
			}
			flagged = flags(flagged, flag)
		}
		seen[f.Method] = true
		p |= f.Method.side()
	}
	if err := bad.Err("order.evidence_invalid"); err != nil {
		return 0, 0, "", err
	}
	// A slip with two signatures and a call of the station are each a whole proof; the others count as factors.
	if !seen[ByPaper] && !seen[ByCallBack] && len(seen) < r.CheckInMinFactors {
		return 0, 0, "", errs.New(errs.Refused, "order.too_few_factors").
			Because(r.Why("checkin.min_factors", why.Value{Name: "factors", Value: strconv.Itoa(len(seen))}))
	}
	return p, distance, flagged, nil
}

// sentEarly refuses a check-in long before the visit is to begin: the code was told too soon, or the wrong visit was opened.
func sentEarly(at, start time.Time, r policy.Rules) error {
	early := start.Sub(at)
	if early <= r.CheckInEarlyWithin {
		return nil
	}
	return errs.New(errs.Refused, "order.too_early").
		Because(r.Why("checkin.early_within", why.Value{Name: "early_minutes", Value: strconv.FormatInt(int64(early/time.Minute), 10)}))
}

// promptly is how much later than it happened a check may be recorded and still count as sent at once.
const promptly = 5 * time.Minute

// sentLate decides on a check that a volunteer's phone kept without a network: flagged, so that the station sees it, or refused when it
// comes later than the rules allow.
func sentLate(at, now time.Time, r policy.Rules) (flag string, err error) {
	late := now.Sub(at)
	if late <= promptly {
		return "", nil
	}
	w := r.Why("checkin.late_within", why.Value{Name: "late_minutes", Value: strconv.FormatInt(int64(late/time.Minute), 10)})
	if late > r.CheckInLateWithin {
		return "", errs.New(errs.Refused, "order.sent_too_late").Because(w)
	}
	return w.Rule, nil
}

// checkOutcomes names every outcome that the item does not have.
func checkOutcomes(item catalog.Item, codes []string) error {
	var bad errs.Fields
	for _, code := range codes {
		if _, ok := item.Outcome(code); !ok {
			bad.Add("outcomes", "order.outcome_unknown", "outcome", code)
		}
	}
	return bad.Err("order.invalid")
}

// finish counts the minutes of a service that is over, cutting off what goes beyond the limits of the day and of the pair, and says
// which limits did. Only what was served counts against them: a visit that is still to come is cut itself, when it is over.
func finish(a *Assignment, diary []*Assignment, v visit, r policy.Rules) {
	l := burdenOf(diary, a.ID, string(a.Recipient), a.In, a.Out, AssignmentState.served)
	if l.clash != nil {
		a.Flags = flags(a.Flags, "checkin.overlap")
		if r.CheckInOverlap == policy.Refuse {
			v.elsewhere = l.shared
		}
	}
	m := counted(a.In, a.Out, v, r)
	for _, bound := range []struct {
		rule string
		left hours.Minutes
	}{
		{"time.max_per_day", r.TimeMaxPerDay.Sub(l.day)},
		{"time.max_per_pair_month", r.TimeMaxPerPairMonth.Sub(l.pair)},
	} {
		if m.Cmp(bound.left) > 0 {
			m = hours.Max(bound.left, hours.Zero)
			a.Flags = flags(a.Flags, bound.rule)
		}
	}
	a.Minutes = m
	a.Credit = credited(m, a.In, v.skilled, r)
}
