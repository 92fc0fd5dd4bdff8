package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"timebank/internal/citytest"
	"timebank/internal/clock"
)

// sheet is one page in the round of all pages.
type sheet struct {
	name, path string
	elder      bool
}

// measure finds what breaks the rules for the eyes and fingers of old people: type below 20 px (16 elsewhere), lines closer than 1.3, targets
// below 44 px or, for the first choices of the elder door, below 60, and anything wider than the screen.
const measure = `(() => {
  const elder = %t, faults = [];
  const name = (e) => e.tagName.toLowerCase() + "." + e.className + " " + e.textContent.trim().slice(0, 30);
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let largest = 0;
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.textContent.trim() || !shown(e) || e.closest("option, script")) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    largest = Math.max(largest, size);
    if (size < (elder ? 20 : 16)) faults.push("type of " + size + " px: " + name(e));
    if (style.lineHeight !== "normal" && parseFloat(style.lineHeight) / size < 1.3) faults.push("lines too close: " + name(e));
  }
  if (elder && largest < 30) faults.push("largest type is " + largest + " px");
  for (const e of document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, textarea")) {
    if (!shown(e) || e.closest(".skip")) continue;
    const target = e.closest(".tick") ?? e, box = target.getBoundingClientRect();
    const least = elder && e.matches(".tile, .button, .call") ? 60 : 44;
    if (box.height < least - 0.5 || box.width < 44 - 0.5) faults.push("target of " + Math.round(box.width) + " x " + Math.round(box.height) + ": " + name(e));
  }
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    if (!shown(e) || e.closest(".unseen, .scroll, svg, pre, select, option") || e.matches("input, textarea")) continue;
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const cut = (style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1) || (style.overflowY !== "visible" && e.scrollHeight > e.clientHeight + 1);
    if (cut) faults.push("text is cut off: " + name(e));
    else if (box.right > document.documentElement.clientWidth + 1 && e.textContent.trim()) faults.push("reaches beyond the screen: " + name(e));
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(wide + " px wider than the screen");
  return faults;
})()`

// audit asks axe-core for violations of WCAG 2.2 AA and its good practices.
const audit = `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + n.failureSummary.slice(0, 300)).join(" | ")))`

func TestEveryPageKeepsTheRulesForEyesAndFingers(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is missing (scripts/install-deps): %v", err)
	}
	w := newTown(t)
	rounds, all := w.rounds()
	seen := map[string]bool{}
	sources := newMarkup(t)
	for _, lang := range []string{"zh-CN", "en"} {
		v := w.open(lang)
		for i, round := range rounds {
			switch who := map[string]string{"zh-CN": round.zh, "en": round.en}[lang]; {
			case who != "":
				v.signIn(who)
			case i > 0:
				v.enter(w, all)
			}
			for _, s := range round.sheets {
				seen[s.path] = true
				w.look(v, s)
				v.shoot(s.name + "-" + lang)
				sources.keep(v, s.name+"-"+lang)
				for _, pixels := range []int64{320, 390, 1280} {
					v.wide(pixels)
					v.keeps(s, fmt.Sprintf("%s, %d px", lang, pixels))
				}
				v.do("load axe", evaluate(string(axe)))
				v.passes(s, lang)
				// Twice the type, as a reader's own setting: nothing may be cut off.
				v.do("twice the type", evaluate(`document.documentElement.style.fontSize = "`+map[bool]string{true: "250%", false: "200%"}[s.elder]+`"`))
				v.wide(320)
				v.keeps(s, lang+", 320 px with twice the type")
			}
			// The same in large type, which the elder door always has.
			v.size(lang, "big")
			for _, s := range round.sheets {
				if s.elder {
					continue
				}
				w.look(v, s)
				v.keeps(s, lang+", large")
				v.do("load axe", evaluate(string(axe)))
				v.passes(s, lang+", large")
			}
			v.size(lang, "standard")
		}
	}
	for _, pattern := range unseen(t, seen) {
		t.Errorf("nobody has measured %s: add it to a round, or say in notPages why it is no page", pattern)
	}
	for _, r := range sources.check(t) {
		t.Errorf("%s:%d: %s %s %s\n\t%s", filepath.Base(r.URL), r.LastLine, r.Type, r.SubType, r.Message, r.Extract)
	}
}

// round are the pages of one of the demo's accounts; of nobody in the first round, of the office in the last.
type round struct {
	zh, en string
	sheets []sheet
}

// rounds are all pages, each with something on it, and who reads those of the office.
func (w *town) rounds() (all []round, office citytest.Person) {
	w.t.Helper()
	// A life with something on every page: one visit paid, one under way, one open that Chen can take and one that needs two.
	paid := w.Earn(w.helper, w.elder, 90)
	if _, err := w.Sequence(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	coming := w.Place(w.elder.Actor, w.elder)
	w.Claim(w.helper, coming)
	w.Clock.Set(w.Order(coming).Start.Add(-20 * time.Minute))
	waiting := w.Place(w.elder.Actor, w.elder)
	confirm := "/elder/help/smartphone_lesson/confirm?day=" + string(clock.DayOf(w.Clock.Now()).Add(1)) + "&at=09:00"

	done, people := w.family(coming)

	slips, key := w.slips()
	team := w.team()

	everybody := []sheet{{"public-home", "/", false}, {"public-join", "/public/join", false}, {"public-check", "/public/check", false}, {"public-proof", "/public/proof", false},
		{"public-figures", "/public/figures", false}, {"public-points", "/public/points", false},
		{"public-points-street", "/public/points?in=" + string(w.Tree.StreetOf(w.Home())), false}, {"public-official", "/public/official", false},
		{"public-help", "/public/help", false}, {"public-privacy", "/public/privacy", false}, {"sign-in", "/sign-in", false}, {"trouble-not-found", "/public/nothing", false}, {"trouble-sign-in", "/elder/", true},
		{"sign-in-staff", "/sign-in/staff", false}, {"sign-in-invitation", "/sign-in/invitation", false}}
	elder := []sheet{{"elder-home", "/elder/", true}, {"elder-help", "/elder/help", true}, {"elder-when", "/elder/help/smartphone_lesson", true}, {"elder-confirm", confirm, true},
		{"elder-visits", "/elder/visits", true}, {"elder-move", "/elder/visits/" + string(coming) + "/move", true}, {"elder-visit-coming", "/elder/visits/" + string(coming), true}, {"elder-visit-new", "/elder/visits/" + string(waiting) + "?done=placed", true},
		{"elder-hours", "/elder/hours", true}, {"elder-give", "/elder/hours/give", true}, {"elder-give-long", "/elder/hours/give?to=all", true}, {"elder-station", "/elder/station", true}, {"elder-house", "/elder/house", true},
		{"elder-visit-done", "/elder/visits/" + string(done), true}, {"elder-wrong", "/elder/visits/" + string(done) + "/wrong", true}, {"elder-family", "/elder/family", true},
		{"elder-how", "/elder/how", true}}
	relative := []sheet{{"family-home", "/family/", false}, {"family-ask", "/family/ask", false}, {"family-how", "/family/how", false}, {"family-person", people[0], false},
		{"family-person-withheld", people[1], false}, {"family-order", people[0] + "/order", false}, {"family-gift", people[0] + "/gift", false}, {"family-place", people[0] + "/home", false}, {"family-house", people[0] + "/house", false},
		{"family-visit", "/family/visits/" + string(coming), false}, {"family-visit-done", "/family/visits/" + string(done), false}}
	helper := []sheet{{"volunteer-hall", "/volunteer/", false}, {"volunteer-visits", "/volunteer/visits", false}, {"volunteer-visit", "/volunteer/visits/" + string(coming), false},
		{"volunteer-passbook", "/volunteer/passbook", false}, {"volunteer-map", "/volunteer/?view=map", false}, {"volunteer-calendar", "/volunteer/calendar", false},
		{"volunteer-certificates", "/volunteer/certificates", false}, {"volunteer-certificate", "/volunteer/certificates/" + w.certificate(w.helper), false},
		{"account-home", "/account/home", false}, {"account-house", "/account/house", false}, {"account-data", "/account/data", false}, {"volunteer-teams", "/volunteer/teams", false},
		{"volunteer-team", "/volunteer/teams/" + path.Base(team), false}, {"volunteer-give", "/volunteer/passbook/give", false}, {"volunteer-me", "/volunteer/me", false}, {"volunteer-join", "/volunteer/join", false},
		{"volunteer-help", "/volunteer/help", false}, {"account", "/account", false}, {"account-messages", "/account/messages", false}, {"volunteer-offline", "/volunteer/offline", false}}
	desk := []sheet{{"desk-board", "/desk/", false}, {"desk-board-one", "/desk/?for=volunteer", false}, {"desk-call", "/desk/call", false}, {"desk-card", "/desk/card", false},
		{"desk-person", "/desk/people/" + string(w.elder.ID), false}, {"desk-order", "/desk/orders/" + string(waiting), false}, {"desk-order-taken", "/desk/orders/" + string(coming), false},
		{"desk-register", "/desk/register", false}, {"desk-reviews", "/desk/reviews", false}, {"desk-follow-ups", "/desk/follow-ups", false},
		{"desk-complaints", "/desk/complaints", false}, {"desk-teams", "/desk/teams", false}, {"desk-team", team, false}, {"desk-slips", "/desk/slips", false}, {"desk-slips-batch", slips, false},
		{"desk-key-in", key, false}, {"desk-help", "/desk/help", false}, {"step-up", "/step-up", false}}
	newcomer := []sheet{{"register-street", "/register", false}, {"register", "/register?street=" + string(w.Tree.StreetOf(w.Home())), false}}
	nobody := []sheet{{"trouble-not-a-volunteer", "/volunteer/", false}}

	officer, pages := w.office()
	helper = append(helper, sheet{"volunteer-receipt", "/volunteer/receipts/" + string(w.Order(paid).SettledBy), false})
	desk = append(desk, sheet{"desk-home", "/desk/people/" + string(w.elder.ID) + "/home", false}, sheet{"desk-house", "/desk/people/" + string(w.elder.ID) + "/house", false}, sheet{"desk-data", "/desk/people/" + string(w.elder.ID) + "/data", false})

	return []round{{"", "", everybody}, {"李国强", "Mr Li", elder}, {"陈晓燕", "Volunteer Chen", helper}, {"服务台", "The desk", desk}, {"居民", "A resident", nobody}, {"李敏", "Li Min", relative},
		{"刚登录的人", "A newcomer", newcomer}, {"", "", pages}}, officer
}

// notPages are addresses that no reader looks at in a browser's window, and why.
var notPages = map[string]string{
	"GET /public/{$}": "the same as /", "GET /public/certificates/{number}": "a few words for a script", "GET /volunteer/now": "the time for a script",
	"GET /volunteer/worker.js": "a script", "GET /volunteer/manifest.webmanifest": "a file", "GET /public/figures.csv": "a file", "GET /volunteer/calendar.ics": "a file",
	"GET /volunteer/passbook.csv": "a file", "GET /volunteer/passbook.xlsx": "a file", "GET /volunteer/receipts/{id}/file": "a file",
	"GET /volunteer/certificates/{id}/file": "a file", "GET /volunteer/certificates/{id}/pdf": "a file", "GET /volunteer/teams/{id}/codes.pdf": "a file", "GET /volunteer/me/portrait": "a picture",
	"GET /elder/visits/{id}/portrait/{volunteer}": "a picture", "GET /family/visits/{id}/portrait/{volunteer}": "a picture",
	"GET /volunteer/visits/{id}/photos/{photo}": "a picture", "GET /sign-in/city": "leads on to the city's app", "GET /sign-in/return": "leads on from the city's app",
	"GET /inbox": "only in a demo; measured where people come in by code", "GET /live/{of}/{id}": "a stream for a script",
}

// unseen lists the pages that none of the addresses belongs to. The routes stand in the matrix of who may open what, which has all of them.
func unseen(t *testing.T, seen map[string]bool) (patterns []string) {
	t.Helper()
	matrix, err := os.ReadFile(filepath.Join("..", "testdata", "matrix.golden"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	left := map[string]bool{}
	for line := range strings.Lines(string(matrix)) {
		if pattern := strings.TrimSpace(line); strings.HasPrefix(line, "GET ") {
			mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
			left[pattern] = notPages[pattern] == ""
		}
	}
	for path := range seen {
		_, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		left[pattern] = false
	}
	for pattern, missing := range left {
		if missing {
			patterns = append(patterns, pattern)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// A list of pages that misses none would pass whatever it said.
func TestAPageThatNobodyMeasuresIsFound(t *testing.T) {
	got := unseen(t, map[string]bool{"/office/?when=all": true, "/desk/orders/x": true})
	for pattern, missing := range map[string]bool{"GET /office/{$}": false, "GET /desk/orders/{id}": false, "GET /office/trail": true, "GET /elder/{$}": true, "GET /volunteer/now": false} {
		if slices.Contains(got, pattern) != missing {
			t.Errorf("%s: got %t, want %t", pattern, !missing, missing)
		}
	}
}

// look goes to a page. So many pages come from one address that its limit would stand before them if no time passed.
func (w *town) look(v *window, s sheet) {
	v.t.Helper()
	w.Clock.Advance(time.Second)
	v.visit(s.path)
}

// size chooses the size of type on a page that offers the choice.
func (v *window) size(lang, size string) {
	v.t.Helper()
	words := map[string]map[string]string{"big": {"zh-CN": "大字", "en": "Larger text"}, "standard": {"zh-CN": "标准字", "en": "Standard text"}}
	v.visit("/public/help")
	v.press(words[size][lang])
}

// evaluate runs a script whose result nobody needs.
func evaluate(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[any](script+"\n;undefined")(ctx, t)
		return err
	})
}

func (v *window) keeps(s sheet, how string) {
	v.t.Helper()
	if faults := ask[[]string](v, "measure", fmt.Sprintf(measure, s.elder)); len(faults) > 0 {
		v.t.Errorf("%s (%s):\n\t%s", s.path, how, strings.Join(faults, "\n\t"))
	}
}

func (v *window) passes(s sheet, how string) {
	v.t.Helper()
	if faults := ask[[]string](v, "axe", audit, chromedp.EvalAwaitPromise); len(faults) > 0 {
		v.t.Errorf("%s (%s) axe:\n\t%s", s.path, how, strings.Join(faults, "\n\t"))
	}
}

// A measure that finds nothing anywhere would pass as well.
func TestTheMeasuresFindWhatIsWrong(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is missing (scripts/install-deps): %v", err)
	}
	v := newTown(t).open("en")
	v.visit("/")
	v.do("spoil the page", evaluate(`const h = document.querySelector("h1"); h.style.fontSize = "9px"; h.style.lineHeight = "9px"; h.style.color = "#ddd";
		h.style.width = "900px"; document.querySelector("main p").style.cssText = "height: 8px; overflow: hidden"; document.querySelector(".switch button").style.cssText = "min-height: 0; height: 20px"`))
	v.do("load axe", evaluate(string(axe)))
	faults := strings.Join(ask[[]string](v, "measure", fmt.Sprintf(measure, false)), "\n")
	for _, want := range []string{"type of 9 px: h1", "lines too close: h1", "target of", "px wider than the screen", "reaches beyond the screen: h1", "text is cut off: p"} {
		if !strings.Contains(faults, want) {
			t.Errorf("a spoilt page: got %s, want %q in it", faults, want)
		}
	}
	if got := strings.Join(ask[[]string](v, "axe", audit, chromedp.EvalAwaitPromise), "\n"); !strings.Contains(got, "color-contrast") {
		t.Errorf("a spoilt page: axe says %q, want color-contrast in it", got)
	}
}

// aVoice gives a page a voice of its language, and keeps what it would have said.
const aVoice = `Object.defineProperty(window, "speechSynthesis", {value: {speaking: false, getVoices: () => [{lang: "zh-CN", name: "test"}], addEventListener() {},
  speak(u) { this.speaking = true; (window.said ??= []).push(u.text); }, cancel() { this.speaking = false; }}}); window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } }`

// Where the device has no voice nothing offers to read; where it has one, the button reads what stands on the page, and stops.
func TestReadingAloudNeedsAVoice(t *testing.T) {
	w := newTown(t)
	v := w.open("zh-CN")
	v.signIn("李国强")
	const shown = `[...document.querySelectorAll("[data-read], [data-say]")].some((e) => !e.hidden)`
	v.visit("/elder/")
	if voices := ask[int](v, "count the voices", `window.speechSynthesis?.getVoices().length ?? 0`); voices > 0 {
		t.Fatalf("this browser has %d voices; the test needs one without", voices)
	}
	if ask[bool](v, "look for the button", shown) {
		t.Error("without a voice the page offers to read")
	}
	v.do("give it a voice", command(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: aVoice}))
	v.visit("/elder/")
	if !ask[bool](v, "look for the button", shown) {
		t.Error("with a voice the page does not offer to read")
	}
	v.do("press it", evaluate(`document.querySelector("[data-read]").click()`))
	said := strings.Join(ask[[]string](v, "what was said", `window.said ?? []`), " ")
	for _, part := range []string{"您好，今天需要什么", "找人帮忙"} {
		if !strings.Contains(said, part) {
			t.Errorf("read aloud: got %q, want %q in it", said, part)
		}
	}
	v.do("press it again", evaluate(`document.querySelector("[data-read]").click()`))
	if ask[bool](v, "whether it speaks", `window.speechSynthesis.speaking`) {
		t.Error("a second press does not stop the voice")
	}
}
