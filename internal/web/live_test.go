package web_test

import (
	"bufio"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/family"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// stream is an open stream of changes.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
}

// listen opens the stream at an address and waits until it stands.
func (r *reader) listen(path string) *stream {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("%s: got %d %s, want a stream", path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	s := &stream{r.t, bufio.NewScanner(resp.Body)}
	s.until(": here")
	return s
}

// until reads up to a line that begins like this, and returns the rest of it.
func (s *stream) until(begins string) string {
	s.t.Helper()
	for s.lines.Scan() {
		if rest, ok := strings.CutPrefix(s.lines.Text(), begins); ok {
			return rest
		}
	}
	s.t.Fatalf("the stream ended before a line that begins with %q", begins)
	return ""
}

var liveFrom = regexp.MustCompile(`data-live-from="([^"]+)"`)

// from is the address of the stream that a page listens to.
func from(t *testing.T, a answer) string {
	t.Helper()
	m := liveFrom.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("%s is not live: %s", a.Request.URL.Path, a.body)
	}
	return html.UnescapeString(m[1])
}

func (s *site) newest() (seq int64) {
	s.t.Helper()
	storetest.Read(s.t, s.DB, func(tx *store.Tx) (err error) {
		seq, err = audit.Last(tx)
		return err
	})
	return seq
}

func (s *site) look() {
	s.t.Helper()
	if err := s.Live.Look(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// Each page hears of its own changes and of no others, also of one that was made before its stream stood.
func TestAnOpenPageHearsOfItsChanges(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		s := newSiteOf(t, c)
		elder, v, clerk := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.as(s.Staff(identity.PointStaff, s.Home()))
		far := s.Community("320102002", 0)
		there, stranger := s.as(s.Staff(identity.PointStaff, far)), s.KeyElder(far)
		id := s.Place(elder.Actor, elder)
		visit, board := from(t, s.as(elder).get("/elder/visits/"+string(id))), from(t, clerk.get("/desk/"))
		elsewhere := there.listen(from(t, there.get("/desk/")))
		s.Claim(v, id) // before the streams stand
		mine, desk := s.as(elder).listen(visit), clerk.listen(board)
		s.look()
		claimed := s.newest()
		for name, one := range map[string]*stream{"visit": mine, "board": desk} {
			if got := one.until("id: "); got != strconv.FormatInt(claimed, 10) {
				t.Errorf("the %s hears of act %s, want %d", name, got, claimed)
			}
			one.until("event: changed")
		}
		s.look()
		s.Place(stranger.Actor, stranger)
		s.look()
		// It would have heard of the claim before, had it been told.
		if got, want := elsewhere.until("id: "), strconv.FormatInt(s.newest(), 10); got != want {
			t.Errorf("another place's board hears first of act %s, want %s", got, want)
		}
		s.Serve(v, id, 60)
		s.look()
		if got, want := mine.until("id: "), strconv.FormatInt(s.newest(), 10); got != want {
			t.Errorf("the visit hears next of act %s, want %s", got, want)
		}
		s.Live.Close()
		for mine.lines.Scan() { // the stream ends, or the test does not
		}
	})
}

func TestAStreamIsForWhoMaySeeThePage(t *testing.T) {
	s := newSite(t)
	elder, other, clerk := s.KeyElder(s.Home()), s.KeyElder(s.Home()), s.as(s.Staff(identity.PointStaff, s.Home()))
	id := string(s.Place(elder.Actor, elder))
	s.as(citytest.Person{}).get("/live/order/"+id+"?since=0").is(t, http.StatusUnauthorized)
	s.as(other).get("/live/order/"+id+"?since=0").is(t, http.StatusNotFound)
	s.as(elder).get("/live/place/"+string(s.Home())+"?since=0").is(t, http.StatusForbidden)
	clerk.get("/live/place/"+string(s.Community("320102002", 0))+"?since=0").is(t, http.StatusForbidden)
	clerk.get("/live/person/"+string(elder.ID)+"?since=0").is(t, http.StatusNotFound)
	kin := s.as(s.Relative(elder, true))
	s.WithKinSeeing(elder.ID, false, func() { kin.get("/live/person/"+string(elder.ID)+"?since=0").is(t, http.StatusNotFound) })
	s.WithKinSeeing(elder.ID, true, func() {
		kin.get("/live/person/"+string(elder.ID)+","+string(other.ID)+"?since=0").is(t, http.StatusNotFound)
		kin.listen("/live/person/" + string(elder.ID) + "?since=0")
	})
	clerk.get("/live/order/"+id).is(t, http.StatusUnprocessableEntity)
	for range 12 {
		clerk.listen("/live/order/" + id + "?since=0")
	}
	clerk.get("/live/order/"+id+"?since=0").is(t, http.StatusTooManyRequests, "Look again by hand")
}

// A daughter far away hears that somebody comes to her parents and that it went well, on her first page, on a parent's and on the visit's.
func TestAFamilyHearsWhoComes(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		s := newSiteOf(t, c)
		elder, neighbour, v := s.KeyElder(s.Home()), s.KeyElder(s.Home()), s.Volunteer(s.Home())
		kin := s.Relative(elder, false)
		s.WithKinSeeing(elder.ID, false, func() {
			if got := from(t, s.as(kin).get("/family/")); !strings.HasPrefix(got, "/live/own/own?") {
				t.Errorf("who may not see follows %s", got)
			}
		})
		s.WithKinSeeing(elder.ID, true, func() {
			id := s.Place(elder.Actor, elder)
			var open []*stream
			for _, path := range []string{"/family/", "/family/people/" + string(elder.ID), "/family/visits/" + string(id)} {
				open = append(open, s.as(kin).listen(from(t, s.as(kin).get(path))))
			}
			open = append(open, s.as(elder).listen(from(t, s.as(elder).get("/elder/"))))
			s.look()
			s.Place(neighbour.Actor, neighbour)
			s.look()
			s.Claim(v, id)
			s.look()
			// They would have heard of the neighbour's before.
			for i, one := range open {
				if got, want := one.until("id: "), strconv.FormatInt(s.newest(), 10); got != want {
					t.Errorf("page %d hears first of act %s, want %s", i, got, want)
				}
			}
		})
	})
}

// What the family writes stands on the open pages of both sides at once, and on nobody else's: not even on those of who sees the visits.
func TestAFamilyHearsWhatIsWritten(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		s := newSiteOf(t, c)
		elder, other := s.KeyElder(s.Home()), s.KeyElder(s.Home())
		kin, aside := s.Relative(elder, false), s.Relative(elder, false)
		visit := s.Place(elder.Actor, elder)
		for _, one := range [][2]citytest.Person{{elder, kin}, {kin, elder}, {elder, aside}, {aside, elder}} {
			citytest.Got(c.Family.Line(t.Context(), []family.LineCmd{{Actor: one[0].Actor, Key: c.Key(), Person: one[0].ID, Relative: one[1].ID, Open: true}})).Must(t, "line")
		}
		s.as(citytest.Person{}).get("/live/own/own?since=0").is(t, http.StatusUnauthorized)
		path := "/family/people/" + string(elder.ID)
		s.WithKinSeeing(elder.ID, true, func() {
			var open []*stream
			for _, page := range []string{"/family/", path, "/family/visits/" + string(visit)} {
				open = append(open, s.as(kin).listen(from(t, s.as(kin).get(page))))
			}
			for _, page := range []string{"/elder/", "/elder/family"} {
				open = append(open, s.as(elder).listen(from(t, s.as(elder).get(page))))
			}
			far := []*stream{s.as(aside).listen(from(t, s.as(aside).get(path))), s.as(other).listen(from(t, s.as(other).get("/elder/family")))}
			s.look()
			s.as(kin).post(path+"/messages", url.Values{"key": {"live-words-1"}, "words": {"妈，周末回来看您"}}).is(t, http.StatusOK)
			s.look()
			written := strconv.FormatInt(s.newest(), 10)
			for i, one := range open {
				if got := one.until("id: "); got != written {
					t.Errorf("page %d hears first of act %s, want %s", i, got, written)
				}
			}
			// What both of the others hear first is what is theirs, later.
			s.as(aside).post(path+"/messages", url.Values{"key": {"live-words-2"}, "words": {"我也来"}}).is(t, http.StatusOK)
			citytest.Got(c.Family.Ask(t.Context(), []family.AskCmd{{Actor: aside.Actor, Key: c.Key(), Asker: aside.ID, IDNumber: numberOf(t, c, other), Relation: member.Parent}})).Must(t, "ask")
			s.look()
			for i, one := range far {
				if got := one.until("id: "); got == written {
					t.Errorf("page %d hears of words between others", i)
				}
			}
		})
	})
}

// What a page asks by itself keeps nobody signed in.
func TestAPageThatRenewsItselfLetsTheSessionRest(t *testing.T) {
	s := newSite(t)
	idle := identity.DefaultLimits.Idle
	clerk := s.asFor(s.Staff(identity.PointStaff, s.Home()), 2*idle)
	byItself := func() answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/desk/", nil)
		if err == nil {
			req.Header.Set("X-By-Itself", "1")
		}
		return clerk.do(req, err)
	}
	clerk.get("/desk/").is(t, http.StatusOK)
	s.Clock.Advance(idle - time.Minute)
	byItself().is(t, http.StatusOK)
	s.Clock.Advance(2 * time.Minute)
	byItself().is(t, http.StatusUnauthorized)
}
