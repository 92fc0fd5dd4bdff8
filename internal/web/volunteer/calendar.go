package volunteer

import (
	"net/http"
	"strconv"
	"strings"

	"timebank/internal/clock"
	"timebank/internal/i18n"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// Calendar shows the volunteer's own visits of a month or of a week, day by day, and says which of them clash.
func Calendar(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := calendarView{Page: r.Shell(r.T("page.volunteer.calendar"))}
	today := clock.DayOf(r.Now)
	first, until := v.month(r, today)
	if d, err := clock.ParseDay(r.Form("week")); err == nil {
		first, until = v.week(r, d)
	}
	err = r.Read("web.calendar", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		orders, err := order.Diary(tx, me, first.Start(), until.Start())
		if err != nil {
			return err
		}
		wishes, err := member.WishesOf(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		if q := wishes[me].Quiet; !q.IsZero() {
			v.Quiet = r.T("page.volunteer.quiet_now", "from", hour(q.From), "until", hour(q.Until))
		}
		var before *order.Assignment
		count := map[clock.Day]int{}
		for _, o := range orders {
			a := place(o, me)
			if a == nil || a.State == order.Withdrawn || a.State == order.CalledOff || a.State == order.VoidService {
				continue
			}
			card, err := cardOf(r, tree, all, o, a)
			if err != nil {
				return err
			}
			card.When = a.Start.In(clock.Zone).Format("15:04") + "–" + a.End.In(clock.Zone).Format("15:04")
			if before != nil && a.Start.Before(before.End) && o.State.Open() {
				card.Clash = r.T("page.volunteer.clash_own")
			}
			before = a
			d := clock.DayOf(a.Start)
			count[d]++
			if n := len(v.Days); n == 0 || v.Days[n-1].Day != d {
				v.Days = append(v.Days, dayView{Day: d, Name: r.Day(d)})
			}
			last := &v.Days[len(v.Days)-1]
			last.Cards = append(last.Cards, card)
		}
		v.fill(r, first, until, today, count)
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, calendar(v))
}

func hour(h int) string { return strconv.Itoa(h) + ":00" }

// month sets the view to the month of the address, or today's.
func (v *calendarView) month(r *page.Request, today clock.Day) (first, until clock.Day) {
	first = today[:8] + "01"
	if d, err := clock.ParseDay(r.Form("month") + "-01"); err == nil {
		first = d
	}
	until = (first.Add(31)[:8] + "01")
	v.Name = monthName(r, first)
	v.Before, v.After = "/volunteer/calendar?month="+string(first.Add(-1)[:7]), "/volunteer/calendar?month="+string(until[:7])
	v.Other, v.OtherText = "/volunteer/calendar?week="+string(today), r.T("page.volunteer.this_week")
	return first, until
}

// week sets the view to the week of a day, from its Monday on.
func (v *calendarView) week(r *page.Request, d clock.Day) (first, until clock.Day) {
	first = monday(d)
	until = first.Add(7)
	v.Name = r.Day(first) + " – " + r.Day(first.Add(6))
	v.Before, v.After = "/volunteer/calendar?week="+string(first.Add(-7)), "/volunteer/calendar?week="+string(until)
	v.Other, v.OtherText = "/volunteer/calendar?month="+string(first[:7]), r.T("page.volunteer.this_month")
	v.Week = true
	return first, until
}

func monday(d clock.Day) clock.Day {
	return d.Add(-(int(d.Start().In(clock.Zone).Weekday()) + 6) % 7)
}

func monthName(r *page.Request, d clock.Day) string {
	t := d.Start().In(clock.Zone)
	name := t.Month().String()
	if r.Lang == i18n.Chinese {
		name = strconv.Itoa(int(t.Month())) + "月"
	}
	return r.T("page.volunteer.month", "year", t.Year(), "name", name)
}

// fill makes the rows of weeks that the days lie in.
func (v *calendarView) fill(r *page.Request, first, until, today clock.Day, count map[clock.Day]int) {
	for i := range 7 {
		v.Weekdays = append(v.Weekdays, r.T(weekdayWords[i]))
	}
	for d := monday(first); d < until; d = d.Add(7) {
		var row []cellView
		for i := range 7 {
			at := d.Add(i)
			c := cellView{Number: strings.TrimPrefix(string(at[8:]), "0"), Today: at == today, Outside: at < first || at >= until}
			if n := count[at]; n > 0 {
				c.Visits = r.T("page.volunteer.visits_n", "count", n)
			}
			row = append(row, c)
		}
		v.Weeks = append(v.Weeks, row)
	}
}

// Ics answers with the volunteer's coming visits as a calendar file (RFC 5545). It says what, when and in which community, and no name or
// door: the file leaves our hands.
func Ics(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(folded(strings.Join(parts, ""))) }
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//timebank//visits//", strings.ToUpper(r.Lang[:2]))
	line("X-WR-CALNAME:", escaped(r.Brand))
	stamp := r.Now.UTC().Format(icsTime)
	err = r.Read("web.ics", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		orders, err := order.Diary(tx, me, r.Now.AddDate(0, 0, -7), r.Now.AddDate(1, 0, 0))
		if err != nil {
			return err
		}
		for _, o := range orders {
			a := place(o, me)
			if a == nil || a.State != order.Taken && a.State != order.Offered && a.State != order.CheckedIn {
				continue
			}
			card, err := cardOf(r, tree, all, o, a)
			if err != nil {
				return err
			}
			line("BEGIN:VEVENT")
			line("UID:", string(a.ID), "@timebank")
			line("DTSTAMP:", stamp)
			line("DTSTART:", a.Start.UTC().Format(icsTime))
			line("DTEND:", a.End.UTC().Format(icsTime))
			line("SUMMARY:", escaped(card.Name))
			line("LOCATION:", escaped(tree.FullName(o.Region)))
			line("STATUS:", map[bool]string{true: "TENTATIVE", false: "CONFIRMED"}[a.State == order.Offered])
			line("END:VEVENT")
		}
		return nil
	})
	if err != nil {
		return err
	}
	line("END:VCALENDAR")
	return r.Send("visits.ics", "text/calendar; charset=utf-8", []byte(b.String()))
}

// icsTime is a moment in UTC as RFC 5545 writes it.
const icsTime = "20060102T150405Z"

// escaped puts a text into the form of RFC 5545, 3.3.11.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "").Replace(s)
}

// folded ends a line and folds it after at most 75 octets, never within a character (RFC 5545, 3.1).
func folded(s string) string {
	var b strings.Builder
	n := 0
	for _, c := range s {
		size := len(string(c))
		if n+size > 75 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(c)
		n += size
	}
	b.WriteString("\r\n")
	return b.String()
}
