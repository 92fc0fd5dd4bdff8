package member_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/geocode"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// amap is a server of the service, which knows houses by their number.
type amap struct {
	*httptest.Server
	mu     sync.Mutex
	houses map[string]string // what the address contains, and where the map draws it
	down   bool
	asked  []string
}

func (a *amap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	address := r.URL.Query().Get("address")
	a.asked = append(a.asked, address)
	if a.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	found := ""
	for house, at := range a.houses {
		if strings.Contains(address, house) {
			found = `{"location":"` + at + `","level":"门牌号"}`
		}
	}
	_, _ = io.WriteString(w, `{"status":"1","infocode":"10000","geocodes":[`+found+`]}`)
}

// told takes what waits in the outbox for the geocoder.
func told(t *testing.T, c *citytest.City) (events []store.Event) {
	t.Helper()
	storetest.Write(t, c.DB, func(tx *store.Tx) error {
		all, err := store.TakeEvents(tx, 1000)
		for _, e := range all {
			if e.Topic == member.TopicAddress {
				events = append(events, e)
			}
		}
		return err
	})
	return events
}

func TestTheGeocoderIsAskedWhereAnAddressIs(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		middle, _ := c.Tree.Point(c.Home())
		house := region.Point{LatE6: middle.LatE6 + 3000, LonE6: middle.LonE6 - 2000}
		next := region.Point{LatE6: middle.LatE6 - 1500, LonE6: middle.LonE6 + 500}
		far := region.Point{LatE6: middle.LatE6 + 300_000, LonE6: middle.LonE6}
		a := &amap{houses: map[string]string{}}
		for name, at := range map[string]region.Point{"和平路12号": house, "和平路14号": next, "和平路99号": far} {
			drawn := at.GCJ02()
			a.houses[name] = region.Degrees(drawn.LonE6) + "," + region.Degrees(drawn.LatE6)
		}
		a.Server = httptest.NewServer(a)
		t.Cleanup(a.Close)
		register := func(n int, address string, at *region.Point) member.PersonID {
			t.Helper()
			got, err := c.Members.RegisterPersons(t.Context(), []member.RegisterCmd{{Actor: identity.System, Key: c.Key(), Name: "李四", IDNumber: citytest.IDNumber("1940-10-01", n),
				Phone: "13912345678", Address: address, Region: c.Home(), Point: at, Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}}})
			return citytest.Must(t, got, err)[0].Value.Person
		}
		if register(1, "和平路12号3幢502室", nil); len(told(t, c)) != 0 {
			t.Fatal("an address is told to somebody where nobody is set to be asked")
		}
		g, err := geocode.New(config.Geocoder{Provider: geocode.Amap, Key: "k", Endpoint: a.URL, Timeout: 20 * time.Second, PerSecond: 1000})
		if err != nil {
			t.Fatal(err)
		}
		c.Members.LocateBy(g)
		ask := func(want int) {
			t.Helper()
			events := told(t, c)
			if len(events) != want {
				t.Fatalf("got %d events, want %d", len(events), want)
			}
			// At least once means twice, now and then.
			for _, e := range append(events, events...) {
				if e.Payload != "{}" {
					t.Errorf("the event holds %s", e.Payload)
				}
				if err := c.Members.Locate(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
		}
		is := func(what string, who member.PersonID, want region.Point, by string) {
			t.Helper()
			home, err := c.Members.HomeOf(t.Context(), c.Staff(identity.PointStaff, c.Home()).Actor, who)
			if err != nil || region.DistanceMetres(home.At, want) > 2 || home.LocatedBy != by {
				t.Errorf("%s: got %+v, %v, want %v by %q", what, home, err, want, by)
			}
		}

		li := register(2, "和平路12号3幢502室", nil)
		is("before the answer", li, middle, "")
		ask(1)
		is("after it", li, house, "amap")
		register(3, "和平路12号", &next)
		ask(0)

		correct := func(address string) {
			t.Helper()
			out, err := c.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: c.Key(), Person: li, Address: address, Reason: "test"}})
			citytest.Must(t, out, err)
		}
		correct("和平路14号")
		is("another address", li, middle, "")
		a.down = true
		events := told(t, c)
		if err := c.Members.Locate(t.Context(), events[0]); errs.CodeOf(err) != "member.geocoder_away" || strings.Contains(err.Error(), "和平路") {
			t.Errorf("while the service is down: got %v", err)
		}
		a.down = false
		if err := c.Members.Locate(t.Context(), events[0]); err != nil {
			t.Fatal(err)
		}
		is("once it is up", li, next, "amap")
		correct("和平路99号")
		ask(1)
		is("a place in another city", li, middle, "")

		pinned := region.Point{LatE6: middle.LatE6 + 700, LonE6: middle.LonE6}
		citytest.Got(c.Members.Pin(t.Context(), []member.PinCmd{{Actor: identity.System, Key: c.Key(), Person: li, Point: pinned}})).Must(t, "pin")
		correct("和平路12号")
		ask(1)
		is("what a person chose", li, pinned, "hand")

		move := func(from clock.Day, address string) {
			t.Helper()
			out, err := c.Members.Move(t.Context(), []member.MoveCmd{{Actor: identity.System, Key: c.Key(), Person: li, Region: c.Home(), Address: address, From: from}})
			citytest.Must(t, out, err)
		}
		week := clock.DayOf(c.Clock.Now()).Add(7)
		move(week, "和平路14号2幢")
		ask(1)
		is("before the move", li, pinned, "hand")
		c.Clock.Set(week.Start().Add(time.Hour))
		if _, err := c.Timers.Run(t.Context(), c.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		is("after it", li, next, "amap")

		for _, q := range a.asked {
			if strings.Contains(q, "502") || strings.Contains(q, "李") || strings.Contains(q, "139") || !strings.HasPrefix(q, "南京市栖霞区") {
				t.Errorf("the service was asked for %s", q)
			}
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			var found, unknown int
			err := tx.QueryRow(`SELECT SUM(CASE WHEN after = 'amap found' THEN 1 ELSE 0 END), SUM(CASE WHEN after = 'amap unknown' THEN 1 ELSE 0 END)
				FROM audit WHERE action = 'member.locate'`).Scan(&found, &unknown)
			if found != 3 || unknown != 2 {
				t.Errorf("the trail has %d answers and %d without, want 3 and 2", found, unknown)
			}
			return err
		})
	})
}
