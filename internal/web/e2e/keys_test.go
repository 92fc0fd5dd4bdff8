package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"timebank/internal/citytest"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// stops finds where the Tab key should stop: whatever can be pressed or written into, in the order of the page; a group of radio buttons is one stop.
const stops = `window.stops = () => {
  const all = [], groups = new Set();
  for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
    if (e.disabled || e.tabIndex < 0 || e.type === "hidden" || !e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})) continue;
    if (e.type === "radio") {
      const group = (e.form?.action ?? "") + " " + e.name + " " + [...document.forms].indexOf(e.form);
      if (groups.has(group)) continue;
      groups.add(group);
      all.push([...(e.form ?? document).querySelectorAll("input[type=radio]")].filter((r) => r.name === e.name));
      continue;
    }
    all.push([e]);
  }
  return window.all = all;
}; window.told = (e) => e.tagName.toLowerCase() + " " + (e.name || e.textContent.trim() || e.getAttribute("aria-label") || "").slice(0, 40)` + whereItStands

// stop says where the focus is: which of the stops, and what is wrong with how it is shown there. trail keeps what it says at each press of Tab, before
// the focus moves on.
const (
	stop  = `window.stop()`
	trail = `;window.trail = []; addEventListener("keydown", (e) => { if (e.key === "Tab") window.trail.push(window.stop()); }, {capture: true})`
)

const whereItStands = `;window.stop = () => {
  const e = document.activeElement, find = (all) => all.findIndex((one) => one.includes(e));
  if (!e || e === document.body || e === document.documentElement) return {at: -1, told: "", fault: ""};
  let at = find(window.all);
  if (at < 0) at = find(window.stops()); // the page has renewed a part of itself
  const box = e.getBoundingClientRect(), style = getComputedStyle(e), drawn = e.querySelector?.("path");
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || drawn && getComputedStyle(drawn).strokeWidth === "4px";
  let fault = "";
  if (!ring) fault = "nothing shows that it has the focus";
  else if (box.width < 1 || box.height < 1) fault = "it is too small to be seen";
  else if (box.bottom < 1 || box.top > innerHeight - 1 || box.right < 1 || box.left > innerWidth - 1) fault = "it is outside of the screen";
  else {
    const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1), y = Math.min(Math.max(box.top + Math.min(box.height, 30) / 2, 1), innerHeight - 1);
    const there = document.elementFromPoint(x, y);
    if (there && !e.contains(there) && !there.contains(e) && !e.labels?.length) fault = "it lies under " + window.told(there);
  }
  return {at, told: window.told(e), fault};
}`

// focus is where the focus is on a page.
type focus struct {
	At    int
	Told  string
	Fault string
}

// stroke is the press of a named key, as a hand does it.
func (v *window) stroke(k string, opts ...chromedp.KeyOption) {
	v.t.Helper()
	v.do("press a key", chromedp.KeyEvent(k, opts...))
}

// tab presses the Tab key so many times and does not let go of it, as somebody does who goes far: the keyboard then sends one press after another.
func (v *window) tab(times int) {
	v.t.Helper()
	press := command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9})
	v.do("press Tab", slices.Repeat([]chromedp.Action[chromedp.Void]{press}, times)...)
}

// tabbed goes round the page by Tab and returns where the focus was after each press: at most some presses more than there are stops, since the browser has
// stops of its own between the end and the beginning. Asking the page after each press took most of the walk's time; it keeps the trail itself.
func (v *window) tabbed(total int) (seen []focus) {
	v.t.Helper()
	round := func() bool {
		at := -1
		for _, now := range seen {
			if now.At >= 0 && now.At == at {
				return true
			}
			if at < 0 {
				at = now.At
			}
		}
		return false
	}
	for pressed, more := 0, total+1; pressed < total+20 && !round(); pressed, more = pressed+more, 5 {
		v.tab(more)
		seen = ask[[]focus](v, "where the focus went", `window.trail.concat(`+stop+`)`)[1:]
	}
	return seen
}

// walk goes through a page by the Tab key alone: every stop is reached, in the order of the page, seen when it is there, and left again; the skip
// link leads past the menu.
func (v *window) walk(path string) {
	v.t.Helper()
	v.listens()
	v.do("find the stops", evaluate(stops+trail))
	names := ask[[]string](v, "name them", `window.stops().map(([e]) => window.told(e))`)
	total := len(names)
	reached := map[int]bool{}
	last, first := -1, -1
	// Some pages begin in their field. From there the walk goes to the end of the page and round to where it began.
	for _, now := range v.tabbed(total) {
		if now.Fault != "" {
			v.t.Errorf("%s: the focus is on %q, and %s", path, now.Told, now.Fault)
		}
		if now.At < 0 {
			last = -1
			continue
		}
		if now.At == first {
			break
		}
		if first < 0 {
			first = now.At
		}
		if now.At < last && last != total-1 {
			v.t.Errorf("%s: Tab leads from stop %d back to %d, %q", path, last, now.At, now.Told)
		}
		if reached[now.At] {
			v.t.Errorf("%s: Tab is caught at %q", path, now.Told)
			break
		}
		reached[now.At], last = true, now.At
	}
	for i, name := range names {
		if !reached[i] {
			v.t.Errorf("%s: Tab never reaches %s", path, name)
		}
	}
	v.do("to the top", evaluate(`document.activeElement.blur(); window.scrollTo(0, 0); document.querySelector(".skip").focus()`))
	v.stroke(kb.Enter)
	if !ask[bool](v, "where the skip link leads", `new Promise((done) => {
		const look = (left) => document.activeElement?.id === "main" ? done(true) : left ? requestAnimationFrame(() => look(left - 1)) : done(false);
		look(60);
	})`, chromedp.EvalAwaitPromise) {
		v.t.Errorf("%s: the skip link does not lead into the page", path)
	}
	v.stroke(kb.Tab)
	if !ask[bool](v, "past the menu", `document.activeElement.closest("main, footer") !== null`) {
		v.t.Errorf("%s: from the page's beginning Tab leads out of it", path)
	}
}

// Who has no mouse reaches everything on every page of every door: each link, button and field gets the focus in the
// order of the page, is seen while it has it, and lets go of it again.
func TestThePagesAreWalkedByKeysAlone(t *testing.T) {
	w := newTown(t)
	rounds, all := w.rounds()
	v := w.open("zh-CN")
	seen := map[string]bool{}
	for i, round := range rounds {
		switch {
		case round.zh != "":
			v.signIn(round.zh)
		case i > 0:
			v.enter(w, all)
		}
		for _, s := range round.sheets {
			v.wide(1280)
			seen[s.path] = true
			w.look(v, s)
			v.walk(s.path)
		}
	}
	if len(seen) < 90 {
		t.Errorf("%d pages were walked", len(seen))
	}
}

// A walk that finds nothing anywhere would pass as well.
func TestTheWalkFindsWhatIsWrong(t *testing.T) {
	v := newTown(t).open("en")
	for spoilt, want := range map[string]string{
		`document.querySelector("main a").style.cssText = "outline: none"`:                                                  "nothing shows",
		`document.querySelector("main a").addEventListener("keydown", (e) => { if (e.key === "Tab") e.preventDefault(); })`: "caught",
		`document.querySelector("main a").tabIndex = 1`:                                                                     "back to",
		`document.querySelector(".skip").href = "#nowhere"`:                                                                 "skip link",
	} {
		v.visit("/")
		v.do("spoil the page", evaluate(spoilt))
		told := &listener{TB: t}
		(&window{told, v.ctx, v.url}).walk("/")
		if got := strings.Join(told.said, "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: the walk says %q, want %q in it", spoilt, got, want)
		}
	}
}

// listener keeps what a test would have failed with.
type listener struct {
	testing.TB
	said []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

// to presses Tab until the focus is on what an expression of the element e says yes to.
func (v *window) to(what, is string) {
	v.t.Helper()
	for range 400 {
		v.tab(1)
		if ask[bool](v, what, `((e) => !!(`+is+`))(document.activeElement)`) {
			return
		}
	}
	v.t.Fatalf("Tab does not lead to %s\n%s", what, v.text())
}

// toButton goes to a button or a link by its words, toField to a field by the beginning of its name.
func (v *window) toButton(words string) {
	v.t.Helper()
	v.to(words, `e.matches("button, a, summary") && e.textContent.trim().startsWith("`+words+`")`)
}

func (v *window) toField(name string) {
	v.t.Helper()
	v.to(name, `e.name?.startsWith("`+name+`")`)
}

// write types a text into the field with the focus, over what stands there.
func (v *window) write(text string) {
	v.t.Helper()
	v.stroke("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	v.stroke(text)
}

// pick goes down a list until the value with this beginning is chosen.
func (v *window) pick(value string) {
	v.t.Helper()
	for range 60 {
		if ask[bool](v, "what is chosen", `document.activeElement.value.startsWith("`+value+`")`) {
			return
		}
		v.stroke(kb.ArrowDown)
	}
	v.t.Fatalf("the list has no %s", value)
}

// enterKey presses Enter and waits for the page to which it leads.
func (v *window) enterKey(what string) {
	v.t.Helper()
	v.leads(what, chromedp.KeyEvent(kb.Enter))
}

// What each page is for is done without a mouse: a review approved and refused, a complaint answered, a rule proposed and approved by another
// person, a service published, a workbook taken home, a role taken back.
func TestTheMainActsGoByKeysAlone(t *testing.T) {
	w := newTown(t)
	accepted, refused := w.applicant(), w.applicant()
	disputed := w.Served(w.helper, w.elder)
	complaint := string(citytest.Got(w.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: w.elder.Actor, Key: w.Key(), Order: disputed, Category: feedback.Poor, Words: "没有教会"}})).
		Must(t, "complain"))
	open := func(role identity.Role, place region.ID) *window {
		v := w.open("zh-CN")
		v.wide(1280)
		v.enter(w, w.Staff(role, place))
		return v
	}

	reviewer := open(identity.Reviewer, w.Home())
	reviewer.visit("/desk/reviews")
	reviewer.to("yes to the one", `e.name === "answer" && e.value === "yes" && e.form.action.endsWith("`+string(accepted.ID)+`")`)
	reviewer.enterKey("approve")
	reviewer.toField("reason-" + string(refused.ID))
	reviewer.write("no need seen")
	reviewer.to("no to the other", `e.name === "answer" && e.value === "no" && e.form.action.endsWith("`+string(refused.ID)+`")`)
	reviewer.enterKey("refuse")
	storetest.Read(t, w.DB, func(tx *store.Tx) error {
		asks, err := member.LoadRecipients(tx, []member.PersonID{accepted.ID, refused.ID})
		if a, b := asks[accepted.ID].State, asks[refused.ID].State; a != member.RecipientApproved || b == member.RecipientApproved || b == member.RecipientApplied {
			t.Errorf("the reviews: got %s and %s", a, b)
		}
		return err
	})
	reviewer.visit("/desk/complaints/" + complaint)
	reviewer.toField("reason")
	reviewer.write("taught again")
	reviewer.to("the service stands", `e.name === "decision" && e.value === "release"`)
	reviewer.enterKey("answer the complaint")
	if got := w.Order(disputed).State; got == order.Disputed {
		t.Errorf("the complaint is answered, and the order is %s", got)
	}

	one, two := open(identity.Administrator, w.Tree.City()), open(identity.Administrator, w.Tree.City())
	one.visit("/office/rules/account.cap")
	one.toField("value")
	one.write("\"1200h\"")
	one.toField("reason")
	one.write("winter")
	one.toButton("预览改动")
	one.enterKey("look at the change")
	one.toButton("提出")
	one.enterKey("propose")
	one.sees("已办好", "winter")
	two.visit("/office/rules")
	two.toButton("同意")
	two.enterKey("approve")
	two.sees("已办好")
	two.visit("/office/rules/account.cap")
	two.sees("1200h")

	one.visit("/office/catalogue?item=" + citytest.Lesson)
	one.toField("name_en")
	one.write("Phone and tablet")
	one.to("the risk", `e.matches("select") && e.name === "risk"`)
	one.pick("low")
	one.toButton("发布")
	one.enterKey("publish")
	one.sees("已办好")
	storetest.Read(t, w.DB, func(tx *store.Tx) error {
		all, err := w.Catalog.Catalogue(tx)
		if versions := all.Versions(citytest.Lesson); len(versions) != 2 || versions[1].Name("en") != "Phone and tablet" {
			t.Errorf("the service has %d versions", len(versions))
		}
		return err
	})

	one.visit("/office/people")
	holder := w.Staff(identity.Dispatcher, w.Tree.City())
	one.visit("/office/people")
	one.toField("reason-" + string(holder.Actor.Grants[0].ID))
	one.write("moved")
	one.toButton("收回")
	one.enterKey("take the role back")
	one.sees("已办好")
	if left, err := w.Identity.Actor(t.Context(), identity.ActorID(holder.Actor.ID), "test"); err != nil || len(left.Grants) != 0 {
		t.Errorf("the role is taken back, and %v is left, %v", left.Grants, err)
	}

	one.visit("/office/")
	one.toButton("导出表格")
	if name := one.downloads(chromedp.KeyEvent(kb.Enter)); !strings.HasSuffix(name, ".xlsx") {
		t.Errorf("the workbook is called %q", name)
	}
}

// applicant is an old person who asks to become a recipient.
func (w *town) applicant() citytest.Person {
	w.t.Helper()
	p := w.Person(75, w.Home())
	citytest.Got(w.Members.ApplyRecipients(w.t.Context(), []member.ApplyRecipientCmd{{Actor: p.Actor, Key: w.Key(), Person: p.ID,
		Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}}})).Must(w.t, "apply")
	return p
}

// downloads takes a step that brings a file, and returns the file's name.
func (v *window) downloads(step chromedp.Action[chromedp.Void]) string {
	v.t.Helper()
	events := true
	v.do("allow files", command(browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: v.t.TempDir(),
		EventsEnabled: &events}))
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	begun, err := chromedp.Run(ctx, chromedp.WaitEvent(browser.DownloadWillBegin, nil, step))
	if err != nil {
		v.t.Fatalf("no file came: %v", err)
	}
	return begun.SuggestedFilename
}
