// Package public is the door of everybody: what this is, whether a receipt is genuine, the open figures with their definitions, and how to
// join.
//
// It must never show anything about a single person, and never a figure without its definition.
package public

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notary"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// Door is the public door.
var Door = &page.Door{Home: "/", Public: true, Nav: []page.Way{{Href: "/", Code: "page.public.nav_home"}, {Href: "/public/join", Code: "page.public.nav_join"},
	{Href: "/public/check", Code: "page.public.nav_check"}, {Href: "/public/figures", Code: "page.public.nav_figures"}}}

// Home says what this is and where to enter.
func Home(r *page.Request) error {
	v := homeView{Page: r.Shell(r.T("page.public.home"))}
	v.Doors = []doorView{{"/elder/", "home", r.T("page.public.door_elder"), r.T("page.public.door_elder_hint")},
		{"/volunteer/", "volunteer", r.T("page.public.door_volunteer"), r.T("page.public.door_volunteer_hint")},
		{"/desk/", "desk", r.T("page.public.door_desk"), r.T("page.public.door_desk_hint")}}
	return r.Show(http.StatusOK, home(v))
}

// Join says how to take part.
func Join(r *page.Request) error {
	v := joinView{Page: r.Shell(r.T("page.public.join"))}
	err := r.Read("web.join", func(tx *store.Tx, tree *region.Tree) error {
		points, err := member.PointsIn(tx, tree.City())
		v.Points = r.T("page.public.points", "points", len(points))
		v.Districts = nil
		count := map[region.ID]int{}
		for _, p := range points {
			count[tree.ReportingDistrict(p.Region)]++
		}
		for _, d := range tree.ReportingDistricts() {
			v.Districts = append(v.Districts, []string{d.Name, strconv.Itoa(count[d.ID])})
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, join(v))
}

// CheckForm asks for a receipt.
func CheckForm(r *page.Request) error {
	return r.Show(http.StatusOK, check(checkOf(r, "", "")))
}

func checkOf(r *page.Request, text, wrong string) checkView {
	v := checkView{Page: r.Shell(r.T("page.public.check"))}
	v.Field = ui.Field{Name: "receipt", Label: r.T("page.public.paste"), Hint: r.T("page.public.paste_hint"), Value: text, Error: wrong, Rows: 10, Max: notary.MaxReceipt, Needed: true}
	if wrong != "" {
		v.Faults = []ui.Fault{{Field: "receipt", Text: wrong}}
	}
	if key, err := r.Notary.Verifier("ledger"); err == nil {
		v.Verifier = key
	}
	return v
}

// Check verifies a receipt with the log's public key, exactly as the command line does without us.
func Check(r *page.Request) error {
	// A browser sends line ends as two characters; a receipt has one spelling.
	text := unixLines(r.HTTP.FormValue("receipt"))
	key, err := r.Notary.Verifier("ledger")
	if err != nil {
		return err
	}
	proof, err := notary.VerifyReceipt([]byte(text), key)
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return r.Show(http.StatusUnprocessableEntity, check(checkOf(r, text, r.Tell(err).Text)))
	}
	if err != nil {
		return err
	}
	v := checkOf(r, "", "")
	v.Proven = []ui.Row{{Name: r.T("page.public.proven_number"), Value: strconv.FormatInt(proof.Index, 10)},
		{Name: r.T("page.public.proven_log"), Value: proof.Checkpoint.Origin},
		{Name: r.T("page.public.proven_size"), Value: strconv.FormatInt(proof.Checkpoint.Size, 10)},
		{Name: r.T("page.public.proven_at"), Value: r.When(proof.Checkpoint.SignedAt)},
		{Name: r.T("page.public.proven_digest"), Value: hex.EncodeToString(proof.Digest[:])}}
	return r.Show(http.StatusOK, check(v))
}

// Figures shows the open figures, the redemption rate first, each with its definition.
func Figures(r *page.Request) error {
	v := figuresView{Page: r.Shell(r.T("page.public.figures"))}
	err := r.Read("web.figures", func(tx *store.Tx, tree *region.Tree) error {
		people, err := member.Count(tx, tree.City())
		if err != nil {
			return err
		}
		classes, err := ledger.ClassTotals(tx)
		if err != nil {
			return err
		}
		today := clock.DayOf(r.Now)
		served, err := ledger.Clearing(tx, "2000-01-01", today)
		if err != nil {
			return err
		}
		v.fill(r, tree, people, classes, served)
		return nil
	})
	if err != nil {
		return err
	}
	v.Taken = r.T("page.public.taken", "when", r.Now.In(clock.Zone).Format(time.DateTime))
	return r.Show(http.StatusOK, figures(v))
}

func (v *figuresView) fill(r *page.Request, tree *region.Tree, people member.Counts, classes []ledger.ClassTotal, served []ledger.Served) {
	var services int64
	credited, across := hours.Zero, hours.Zero
	district := map[region.ID]hours.Minutes{}
	for _, s := range served {
		m := s.Minutes.Sub(s.Reversed)
		services += s.Services
		credited = credited.Add(m)
		from, to := tree.ReportingDistrict(region.ID(s.Region)), tree.ReportingDistrict(region.ID(s.RegionTo))
		if from != to {
			across = across.Add(m)
		}
		district[from] = district[from].Add(m)
	}
	saved := hours.Zero
	for _, c := range classes {
		if c.Class == ledger.Saved || c.Class == ledger.Group {
			saved = saved.Add(c.Balance)
		}
	}
	kept := hours.Min(saved, credited)
	v.Redeemed = figureView{percent(credited.Sub(kept), credited), r.T("page.public.redeemed"), r.T("page.public.redeemed_means")}
	number := func(n int64) string { return grouped(n) }
	v.List = []figureView{
		{number(services), r.T("page.public.services"), r.T("page.public.services_means")},
		{grouped(credited.Int64()/60) + " " + r.Unit, r.T("page.public.credited"), r.T("page.public.credited_means")},
		{grouped(saved.Int64()/60) + " " + r.Unit, r.T("page.public.owed"), r.T("page.public.owed_means")},
		{percent(across, credited), r.T("page.public.across"), r.T("page.public.across_means")},
		{number(people.Volunteers), r.T("page.public.volunteers"), r.T("page.public.volunteers_means")},
		{number(people.Certified), r.T("page.public.certified"), r.T("page.public.certified_means")},
		{number(people.Recipients), r.T("page.public.recipients"), r.T("page.public.recipients_means")},
		{number(people.KeyElders), r.T("page.public.key_elders"), r.T("page.public.key_elders_means")},
		{number(people.Points), r.T("page.public.service_points"), r.T("page.public.service_points_means")},
	}
	for _, d := range tree.ReportingDistricts() {
		v.Districts = append(v.Districts, []string{d.Name, grouped(district[d.ID].Int64() / 60)})
	}
}

// percent is a share in per cent with one digit, rounded down; "–" of nothing.
func percent(part, whole hours.Minutes) string {
	if whole.Sign() <= 0 {
		return "–"
	}
	n := part.Int64() * 1000 / whole.Int64()
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

// grouped writes a number with its thousands apart, as both languages do.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func unixLines(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

// SignInForm offers the accounts of a demonstration.
func SignInForm(r *page.Request) error {
	if len(r.Demo) == 0 {
		return errs.New(errs.NotFound, "page.no_sign_in")
	}
	shell := r.Shell(r.T("page.sign_in.title"))
	shell.Public = false
	v := signInView{Page: shell, Next: page.Inside(r.Form("next"))}
	for _, a := range r.Demo {
		lang := r.Lang
		if a.Who[lang] == "" {
			lang = i18n.Chinese
		}
		v.Accounts = append(v.Accounts, accountView{ID: string(a.Actor), Name: a.Who[lang], Does: a.Does[lang]})
	}
	return r.Show(http.StatusOK, signIn(v))
}

// demoSession is how long a demonstration's session lasts.
const demoSession = 12 * time.Hour

// SignIn opens a session for a chosen account of the demonstration.
func SignIn(r *page.Request) error {
	chosen := r.Form("account")
	for _, a := range r.Demo {
		if string(a.Actor) != chosen {
			continue
		}
		if err := r.SignIn(a.Actor, "demo", demoSession); err != nil {
			return err
		}
		next := page.Inside(r.Form("next"))
		if next == "/" {
			next = a.Door
		}
		return r.Go(next)
	}
	return errs.New(errs.NotFound, "page.no_sign_in")
}

// SignOut takes the session's cookie away.
func SignOut(r *page.Request) error {
	r.SignOut()
	return r.Go("/")
}

// Settings keeps a choice of language or size and goes back to where it was made.
func Settings(r *page.Request) error {
	r.Remember(r.Form("lang"), r.Form("size"))
	return r.Go(page.Inside(r.Form("back")))
}

// Nowhere answers where there is no page.
func Nowhere(*page.Request) error { return errs.New(errs.NotFound, "page.nothing_here") }

// Foreign answers a form that another site sent.
func Foreign(*page.Request) error { return errs.New(errs.Forbidden, "page.from_elsewhere") }
