package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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
  return all;
}; window.told = (e) => e.tagName.toLowerCase() + " " + (e.name || e.textContent.trim() || e.getAttribute("aria-label") || "").slice(0, 40)`

// stop says where the focus is: which of the stops, and what is wrong with how it is shown there.
const stop = `(() => {
  const e = document.activeElement, all = window.stops();
  if (!e || e === document.body || e === document.documentElement) return {at: -1, told: "", fault: ""};
  const at = all.findIndex((one) => one.includes(e)), box = e.getBoundingClientRect(), style = getComputedStyle(e), drawn = e.querySelector?.("path");
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
})()`

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

// walk goes through a page by the Tab key alone: every stop is reached, in the order of the page, seen when it is there, and left again; the skip
// link leads past the menu.
func (v *window) walk(path string) {
	v.t.Helper()
	v.do("count the stops", evaluate(stops))
	total := ask[int](v, "count", `window.stops().length`)
	reached := map[int]bool{}
	last, first := -1, -1
	// Some pages begin in their field. From there the walk goes to the end of the page and round to where it began.
	for n := 0; n < total+6; n++ {
		v.stroke(kb.Tab)
		now := ask[focus](v, "where the focus is", stop)
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
		if now.At < last && now.At != 0 {
			v.t.Errorf("%s: Tab leads from stop %d back to %d, %q", path, last, now.At, now.Told)
		}
		if reached[now.At] {
			v.t.Errorf("%s: Tab is caught at %q", path, now.Told)
			break
		}
		reached[now.At], last = true, now.At
	}
	for i := range total {
		if !reached[i] {
			v.t.Errorf("%s: Tab never reaches %s", path, ask[string](v, "name it", fmt.Sprintf(`window.told(window.stops()[%d][0])`, i)))
		}
	}
	v.do("to the top", evaluate(`document.activeElement.blur(); window.scrollTo(0, 0); document.querySelector(".skip").focus()`))
	v.stroke(kb.Enter)
	v.until(`document.activeElement?.id === "main"`)
	v.stroke(kb.Tab)
	if !ask[bool](v, "past the menu", `document.activeElement.closest("main, footer") !== null`) {
		v.t.Errorf("%s: the skip link does not lead into the page", path)
	}
}

// Who has no mouse reaches everything on every page: each link, button and field gets the focus in the order of the page, is seen while it has it,
// and lets go of it again.
func TestEveryPageIsWalkedByKeysAlone(t *testing.T) {
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
			v.wide(390)
			if strings.HasPrefix(s.path, "/desk/") || strings.HasPrefix(s.path, "/office/") {
				v.wide(1280)
			}
			seen[s.path] = true
			w.look(v, s)
			v.walk(s.path)
		}
	}
	if len(seen) < 80 {
		t.Errorf("%d pages were walked", len(seen))
	}
}

// A walk that finds nothing anywhere would pass as well.
func TestTheWalkFindsWhatIsWrong(t *testing.T) {
	v := newTown(t).open("en")
	for spoilt, want := range map[string]string{
		`document.querySelector("main a").style.cssText = "outline: none"`:                                                 "nothing shows",
		`document.querySelector("main a").addEventListener("keydown", (e) => { if (e.key === "Tab") e.preventDefault(); })`: "caught",
		`document.querySelector("main a").tabIndex = 1`:                                                                   "back to",
		`document.querySelector("main").tabIndex = 0; document.querySelector(".skip").href = "#nowhere"`:                   "skip",
	} {
		v.visit("/public/help")
		v.do("spoil the page", evaluate(spoilt))
		told := &listener{TB: t}
		spoiltView := *v
		spoiltView.t = told
		func() {
			defer func() { _ = recover() }()
			spoiltView.walk("/public/help")
		}()
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

func (l *listener) Errorf(format string, args ...any) { l.said = append(l.said, fmt.Sprintf(format, args...)) }
