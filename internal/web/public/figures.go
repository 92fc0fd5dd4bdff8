package public

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// shown are the figures that everybody sees and their names, in the order of the page. What each counts is the definition of the report.
var shown = []struct{ figure, code string }{
	{"figure.completed", "page.public.completed"}, {"figure.minutes", "page.public.minutes"}, {"figure.earned", "page.public.earned"},
	{"figure.redeemed", "page.public.spent"}, {"figure.given", "page.public.given"}, {"figure.granted", "page.public.granted"}, {"figure.fund", "page.public.fund"},
	{"figure.liability", "page.public.owed"}, {"figure.volunteers", "page.public.volunteers"}, {"figure.certified", "page.public.certified"},
	{"figure.active", "page.public.active"}, {"figure.recipients", "page.public.recipients"}, {"figure.key_elders", "page.public.key_elders"},
	{"figure.points", "page.public.service_points"}, {"figure.unfilled", "page.public.unfilled"}, {"figure.complaints_open", "page.public.complaints_open"},
}

// periods are what the figures can be asked for, the first by itself.
var periods = []struct{ name, code string }{
	{"all", "page.public.period_all"}, {"year", "page.public.period_year"}, {"month", "page.public.period_month"}, {"last", "page.public.period_last"},
}

// span is the time of a period. What goes on ends with today, so that all who ask within a day ask the same.
func span(name string, now time.Time) report.Span {
	today := clock.DayOf(now)
	month := clock.MonthOf(now).First()
	switch name {
	case "year":
		return report.Days(clock.Day(string(today)[:4]+"-01-01"), today)
	case "month":
		return report.Days(month, today)
	case "last":
		last := month.Add(-1)
		return report.Days(last.Month().First(), last)
	}
	return report.Span{}
}

// periodName is what a period is called.
func periodName(period string) (code string) {
	for _, p := range periods {
		if p.name == period {
			code = p.code
		}
	}
	return code
}

// counted reads the figures of the city that the address asks for.
func counted(r *page.Request) (period string, c report.Counted, err error) {
	period = r.Form("period")
	if !slices.ContainsFunc(periods, func(p struct{ name, code string }) bool { return p.name == period }) {
		period = periods[0].name
	}
	err = r.Read("web.figures", func(tx *store.Tx, tree *region.Tree) (err error) {
		c, err = r.Reports.Recent(tx, span(period, r.Now))
		return err
	})
	return period, c, err
}

// Figures shows the open figures, the redemption rate first, each with its definition.
func Figures(r *page.Request) error {
	period, c, err := counted(r)
	if err != nil {
		return err
	}
	v := figuresView{Page: r.Shell(r.T("page.public.figures")), CSV: "/public/figures.csv?period=" + period,
		Taken: r.T("page.public.taken", "when", c.At.In(clock.Zone).Format(time.DateTime))}
	why := func(code string) *ui.Why {
		return r.FigureWhy(code, r.T(code), c.At, ui.Row{Name: r.T("page.why.place"), Value: r.T("page.why.whole_city")}, ui.Row{Name: r.T("page.why.period"), Value: r.T(periodName(period))})
	}
	v.Redeemed = ui.Figure{Number: rate(c), Name: r.T("page.public.redeemed"), Means: r.T("page.public.redeemed_means"), Why: why(string(report.Redeemed))}
	v.DistrictsWhy = why(string(report.Redeemed))
	for _, p := range periods {
		v.Periods = append(v.Periods, ui.Link{Href: "/public/figures?period=" + p.name, Text: r.T(p.code), Current: p.name == period})
	}
	city := c.City()
	for _, s := range shown {
		f, _ := report.Of(report.Code(s.figure))
		number := grouped(city[f.Code])
		if f.Unit == report.Minutes {
			number = long(r, city[f.Code])
		}
		v.List = append(v.List, ui.Figure{Number: number, Name: r.T(s.code), Means: r.T(s.figure), Why: why(s.figure)})
	}
	err = r.Read("web.figures.rest", func(tx *store.Tx, tree *region.Tree) error {
		earned, redeemed := c.Districts(report.Earned), c.Districts(report.Redeemed)
		for _, d := range tree.ReportingDistricts() {
			v.Districts = append(v.Districts, []string{d.Name, long(r, earned[d.ID]), long(r, redeemed[d.ID])})
		}
		rules, err := r.Policies.Current(tx, r.Now, []string{string(tree.City())})
		if err != nil {
			return err
		}
		return v.liability(r, tx, tree, c, rules)
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, figures(v))
}

// liability says when what is saved may be asked for, and who and what stands ready to honour it.
func (v *figuresView) liability(r *page.Request, tx *store.Tx, tree *region.Tree, c report.Counted, rules policy.Rules) error {
	owed, err := r.Reports.Owed(tx, tree, tree.City(), rules.RedeemMinAge)
	if err != nil {
		return err
	}
	because := rules.Why("redeem.min_age")
	v.OwedWhy = r.WhyOf(&because)
	thisYear := r.Now.In(clock.Zone).Year()
	sums := map[int]*report.Owed{}
	var years []int
	for _, o := range owed {
		year := o.Year
		if year != 0 {
			year = max(year, thisYear)
		}
		if sums[year] == nil {
			sums[year] = &report.Owed{Year: year}
			years = append(years, year)
		}
		sums[year].People += o.People
		sums[year].Minutes += o.Minutes
	}
	slices.Sort(years)
	for _, year := range years {
		name := strconv.Itoa(year)
		switch year {
		case 0:
			name = r.T("page.public.owed_teams")
		case thisYear:
			name = r.T("page.public.owed_now")
		}
		v.Owed = append(v.Owed, []string{name, grouped(sums[year].People), long(r, sums[year].Minutes)})
	}
	balances, err := ledger.Balances(tx, []ledger.Key{ledger.PoolAccount, ledger.FundAccount})
	if err != nil {
		return err
	}
	reserve := balances[ledger.PoolAccount].Balance.Add(balances[ledger.FundAccount].Balance)
	v.Ready = []ui.Row{{Name: r.T("page.public.ready_volunteers"), Value: grouped(c.City()["figure.active"])},
		{Name: r.T("page.public.ready_reserve"), Value: r.Long(reserve)},
		{Name: r.T("page.public.ready_age"), Value: strconv.Itoa(rules.RedeemMinAge)}}
	return nil
}

// FiguresCSV is the open figures for machines: UTF-8 with a mark, so that offices' programs see Chinese.
func FiguresCSV(r *page.Request) error {
	period, c, err := counted(r)
	if err != nil {
		return err
	}
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	rows := [][]string{{"code", "name", "unit", "value", "definition"}}
	city := c.City()
	for _, s := range shown {
		f, _ := report.Of(report.Code(s.figure))
		rows = append(rows, []string{s.figure, r.T(s.code), string(f.Unit), strconv.FormatInt(city[f.Code], 10), r.T(s.figure)})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return r.Send("figures-"+period+"-"+string(clock.DayOf(c.At))+".csv", "text/csv; charset=utf-8", b.Bytes())
}

// long is an amount of minutes as everywhere: cut down to hours, districts would not add up to the city.
func long(r *page.Request, minutes int64) string { return r.Long(hours.Of(minutes)) }

// rate is what was redeemed of what was earned.
func rate(c report.Counted) string {
	city := c.City()
	return percent(city[report.Redeemed], city[report.Earned])
}

// percent is a share in per cent with one digit, rounded down; "–" of nothing.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "–"
	}
	n := max(part, 0) * 1000 / whole
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

// grouped writes a number with its thousands apart, as both languages do.
func grouped(n int64) string {
	sign, s := "", strconv.FormatInt(n, 10)
	if n < 0 {
		sign, s = "−", s[1:]
	}
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return sign + strings.Join(append([]string{s}, parts...), ",")
}
