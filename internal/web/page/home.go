package page

import (
	"net/http"
	"strconv"

	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/web/ui"
)

// A home is put on the map by a tap where scripts run, and without them by steps in the four directions or by coordinates. Where it is stands in
// no address of a page, so in no log either: forms carry it.

// The measures of the map: its side in units, how many metres a unit is, and how many metres a short and a long step go.
const (
	homeSide   = 400
	homeMetres = 3
	shortStep  = 20
	longStep   = 200
)

// homeSteps are the buttons in the order of the compass: north and east in steps.
var homeSteps = []struct {
	name, code  string
	north, east int64
}{{"north", "page.home.north", 1, 0}, {"west", "page.home.west", 0, -1}, {"east", "page.home.east", 0, 1}, {"south", "page.home.south", -1, 0}}

// Geocoders are the services that may find a home, by their names in the settings.
var Geocoders = map[string]string{"tianditu": "page.home.tianditu", "amap": "page.home.amap"}

// HomePage is about whose home it is: the page's own address, where back leads, and for whom somebody else looks, "" for oneself.
type HomePage struct {
	Who                     member.PersonID
	At, Back, BackText, For string
}

// Home shows where somebody's home is on the map, moves the mark as the form asks, and keeps it.
func Home(r *Request, of HomePage) error {
	now, err := r.Members.HomeOf(r.Context(), r.Actor, of.Who)
	if err != nil {
		return err
	}
	home := now.At
	v := ui.HomeView{Page: r.Shell(r.T("page.home.title")), Action: of.At, Key: r.Key(), Back: of.Back, BackText: of.BackText, Lead: r.T("page.home.lead_community")}
	v.For = of.For
	v.Scripts = append(v.Scripts, "home.js")
	switch {
	case now.ByHand():
		v.Lead = r.T("page.home.lead_own")
	case now.LocatedBy != "":
		v.Lead = r.T("page.home.lead_found", "service", r.T(Geocoders[now.LocatedBy]))
	}
	status := http.StatusOK
	if r.HTTP.Method == http.MethodPost {
		var told *Told
		if home, told, err = moved(r, of.Who, home); err != nil {
			return err
		}
		if told == nil && r.Form("do") == "keep" {
			return r.Go(of.Back + "?done=pinned")
		}
		if told != nil {
			status, v.WhyNot = http.StatusUnprocessableEntity, told.Why
			if v.Faults = told.Faults; len(v.Faults) == 0 {
				v.Faults = []ui.Fault{{Text: told.Text}}
			}
		}
	}
	v.Lat, v.Lon = strconv.FormatInt(home.LatE6, 10), strconv.FormatInt(home.LonE6, 10)
	v.Metres, v.Share = strconv.Itoa(homeMetres), strconv.FormatInt(region.LongitudeShare(now.Community.LatE6), 10)
	v.Typed = ui.Field{Name: "typed", Label: r.T("page.home.typed"), Hint: r.T("page.home.typed_hint"), Max: 40}
	for _, by := range []struct {
		metres int
		prefix string
	}{{shortStep, ""}, {longStep, "far_"}} {
		c := ui.Compass{Legend: r.T("page.home.move", "metres", by.metres)}
		for i, s := range homeSteps {
			c.Ways[i] = ui.Row{Name: by.prefix + s.name, Value: r.T(s.code, "metres", by.metres)}
		}
		v.Steps = append(v.Steps, c)
	}
	v.Ground = r.MapGround(home, homeSide, 1, homeMetres)
	v.Middle[0], v.Middle[1] = onMap(now.Community, home)
	return r.Show(status, ui.Home(v))
}

// onMap is where a point stands on a map with another in its middle, in units kept on the drawing.
func onMap(p, middle region.Point) (x, y string) {
	east := (p.LonE6 - middle.LonE6) * region.LongitudeShare(middle.LatE6) / 1000 * 111 / 1000
	north := (p.LatE6 - middle.LatE6) * 111 / 1000
	keep := func(n int64) string { return strconv.FormatInt(max(12, min(homeSide-12, n)), 10) }
	return keep(homeSide/2 + east/homeMetres), keep(homeSide/2 - north/homeMetres)
}

// moved reads where the form puts the home and, when that is asked for, keeps it. A refusal is told on the page.
func moved(r *Request, who member.PersonID, home region.Point) (region.Point, *Told, error) {
	refused := func(err error) (region.Point, *Told, error) {
		told := r.Tell(err)
		return home, &told, nil
	}
	lat, errLat := strconv.ParseInt(r.Form("lat"), 10, 64)
	lon, errLon := strconv.ParseInt(r.Form("lon"), 10, 64)
	if sent := (region.Point{LatE6: lat, LonE6: lon}); errLat == nil && errLon == nil && sent.Valid() {
		home = sent
	}
	if typed := r.Form("typed"); typed != "" {
		p, err := region.ParsePoint(typed)
		if err != nil {
			return refused(errs.Invalid("member.pin_invalid", errs.Field{Path: "typed", Code: "region.point_malformed"}))
		}
		home = p
	}
	for _, s := range homeSteps {
		step := map[string]int64{s.name: shortStep, "far_" + s.name: longStep}[r.Form("do")]
		home.LatE6 += s.north * step * 1000 / 111
		home.LonE6 += s.east * step * 1000 / 111 * 1000 / region.LongitudeShare(home.LatE6)
	}
	if r.Form("do") != "keep" {
		return home, nil, nil
	}
	key, err := r.Sent()
	if err != nil {
		return home, nil, err
	}
	_, err = One(r.Members.Pin(r.Context(), []member.PinCmd{{Actor: r.Actor, Key: key, Person: who, Point: home}}))
	if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.Refused {
		return refused(err)
	}
	return home, nil, err
}
