package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// shades is how many depths a map has.
const shades = 5

// Map shows one figure of the places below this one: districts on the map, with a table beside it; streets and communities in the table.
func Map(r *page.Request) error {
	o, err := open(r, identity.ReportRead, r.T("page.office.map"))
	if err != nil {
		return err
	}
	code := report.Code(r.Form("code"))
	if code == "" {
		code = "figure.completed"
	}
	f, ok := report.Of(code)
	if !ok {
		return errs.New(errs.NotFound, "report.figure_unknown")
	}
	choice := ui.Field{Name: "code", Label: r.T("page.office.figure")}
	for _, one := range report.Figures() {
		choice.Options = append(choice.Options, ui.Option{Value: string(one.Code), Text: r.T(nameOf[one.Code]), Chosen: one.Code == code})
	}
	pick := form{Get: true, Action: "/office/map", Fields: []ui.Field{choice}, Button: r.T("page.office.show"), Kind: "quiet"}
	o.add(block{Forms: []form{pick.with("place", string(o.place), "when", o.when.name, "from", string(o.when.from), "to", string(o.when.to))}})
	if !f.Stock {
		o.choosePeriod()
	}
	places := o.below()
	var values map[region.ID]int64
	var counted time.Time
	err = r.Read("web.map", func(tx *store.Tx, _ *region.Tree) error {
		span := o.when.span
		if f.Stock {
			// It knows no period: all readers of such a map share one count.
			span = report.Span{}
		}
		c, err := r.Reports.Recent(tx, span)
		if err != nil {
			return err
		}
		values = c.Below(code, append(places, o.place))
		counted = c.At
		return nil
	})
	if err != nil {
		return err
	}
	o.v.Lead = r.T(nameOf[code]) + " · " + r.T(string(code)) + " " + r.T("page.office.taken", "when", o.stamp(counted))
	o.chart(f, places, values)
	return o.show("map")
}

// chart adds the map, if the places have outlines, and the table.
func (o *office) chart(f report.Figure, places []region.ID, values map[region.ID]int64) {
	var top int64 = 1
	for _, p := range places {
		top = max(top, values[p])
	}
	t := &table{Caption: o.T(nameOf[f.Code]), Head: []string{o.T("page.office.place"), o.T("page.office.value"), o.T("page.office.entries")}}
	row := func(p region.ID, below bool) []cell {
		name := text(o.tree.Name(p))
		n := cell{Text: o.number(f.Unit, values[p])}
		if below {
			name.Href = o.here("place", string(p))
			n.Bar = int(max(values[p], 0) * 100 / top)
		}
		return []cell{name, n, {Text: o.T("page.office.open_entries"), Href: o.at("/office/figure", "code", string(f.Code), "place", string(p))}}
	}
	for _, p := range places {
		t.Rows = append(t.Rows, row(p, true))
	}
	t.Rows = append(t.Rows, row(o.place, false))
	b := block{Table: t}
	if o.tree.Level(o.place) == region.City {
		if m, credit := o.outlines(f, values, top); m != nil {
			b.Map, b.Text = m, o.T("page.office.map_note")
			if len(o.Outlines) > 0 {
				b.Text = o.T("page.office.map_note_real", "credit", cmp.Or(credit, o.T("page.office.map_no_credit")))
			}
		}
	}
	o.add(b)
}

// outline is a feature of a GeoJSON file: a district by its code.
type outline struct {
	ID         any `json:"id"`
	Properties struct {
		Code string `json:"code"`
	} `json:"properties"`
	Geometry struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

type ring [][]float64

// rings are the outer and inner lines of a feature, whatever its type.
func (f outline) rings() (all []ring) {
	switch f.Geometry.Type {
	case "Polygon":
		if json.Unmarshal(f.Geometry.Coordinates, &all) != nil {
			return nil
		}
	case "MultiPolygon":
		var many [][]ring
		if json.Unmarshal(f.Geometry.Coordinates, &many) != nil {
			return nil
		}
		for _, one := range many {
			all = append(all, one...)
		}
	}
	return all
}

// mapWidth is how wide the drawing is in its own units.
const mapWidth = 640.0

// outlines draws the districts, as the installation's file has them or else as squares, with what the file says of whose map it is; nil when the file
// has none of them. What is east and north in the file is right and up. An installation's file is in degrees, and a degree to the east is shorter
// the farther north it is.
func (o *office) outlines(f report.Figure, values map[region.ID]int64, top int64) (d *drawing, credit string) {
	var file struct {
		Features []outline `json:"features"`
		Note     string    `json:"note"`
	}
	source := o.Outlines
	if len(source) == 0 {
		source = region.NanjingSchematic()
	}
	if json.Unmarshal(source, &file) != nil {
		return nil, ""
	}
	west, south, east, north := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	each := func(rings []ring, fn func(x, y float64)) {
		for _, line := range rings {
			for _, p := range line {
				if len(p) >= 2 {
					fn(p[0], p[1])
				}
			}
		}
	}
	for _, one := range file.Features {
		each(one.rings(), func(x, y float64) {
			west, east, south, north = min(west, x), max(east, x), min(south, y), max(north, y)
		})
	}
	if !(east > west && north > south) {
		return nil, ""
	}
	scale, narrow := mapWidth/(east-west), 1.0
	if len(o.Outlines) > 0 {
		narrow = math.Cos((north + south) / 2 * math.Pi / 180)
		scale /= narrow
	}
	right := func(x float64) float64 { return (x - west) * scale * narrow }
	down := func(y float64) float64 { return (north - y) * scale }
	d = &drawing{Label: o.T("page.office.map"), Box: fmt.Sprintf("-4 -4 %.0f %.0f", mapWidth+8, (north-south)*scale+8)}
	for _, one := range file.Features {
		code := one.Properties.Code
		if text, ok := one.ID.(string); ok && code == "" {
			code = text
		}
		place, known := o.tree.ByCode(code)
		if !known {
			continue
		}
		var path strings.Builder
		left, up, far, low := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, line := range one.rings() {
			for i, p := range line {
				if len(p) < 2 {
					return nil, ""
				}
				x, y := right(p[0]), down(p[1])
				left, far, up, low = min(left, x), max(far, x), min(up, y), max(low, y)
				fmt.Fprintf(&path, "%c%.1f %.1f", map[bool]byte{true: 'M', false: 'L'}[i == 0], x, y)
			}
			path.WriteByte('Z')
		}
		n := values[place.ID]
		d.Tiles = append(d.Tiles, tile{Path: path.String(), Name: place.Name, Number: o.number(f.Unit, n), Href: o.here("place", string(place.ID)),
			X: strconv.FormatFloat((left+far)/2, 'f', 1, 64), Y: strconv.FormatFloat((up+low)/2-4, 'f', 1, 64), Shade: depth(n, top)})
	}
	if len(d.Tiles) == 0 {
		return nil, ""
	}
	return d, file.Note
}

// depth is how deep a value is coloured, 1 to [shades].
func depth(n, top int64) int {
	if n <= 0 || top <= 0 {
		return 1
	}
	return int(min(n*shades/top+1, shades))
}
