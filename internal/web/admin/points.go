package admin

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

var pointNames = map[member.PointKind]string{member.PointCommunity: "page.owner.community", member.PointStreet: "page.owner.street", member.PointOrganisation: "page.office.w_organisation"}

// weeks are the usual ways to be open; a point with another is offered its own besides.
var weeks = []string{"", "12345", "123456", "1234567"}

// Points lists the service points of the place and below, open and closed, and opens one here.
func Points(r *page.Request) error {
	o, err := open(r, identity.MemberRead, r.T("page.office.points"))
	if err != nil {
		return err
	}
	limit := entriesShown
	if o.exporting() {
		limit = exportMost
	}
	err = r.Read("web.office_points", func(tx *store.Tx, _ *region.Tree) error {
		rows, err := member.EveryPointIn(tx, o.place, member.PointID(r.Form("after")), limit+1)
		if err != nil {
			return err
		}
		b := block{List: "after", Table: &table{Caption: r.T("page.office.points"), Head: []string{r.T("page.office.name"), r.T("page.office.kind"), r.T("page.office.place"),
			r.T("page.office.phone"), r.T("page.office.open_hours"), r.T("page.office.state")}}}
		if len(rows) > limit {
			rows = rows[:limit]
			b.More = o.next(string(rows[limit-1].ID))
		}
		for _, p := range rows {
			state := cell{Text: r.T("page.office.point_open"), Tone: ui.Good}
			if !p.Closed.IsZero() {
				state = cell{Text: r.T("page.office.point_closed"), Tone: ui.Calm}
			}
			b.Table.Rows = append(b.Table.Rows, []cell{{Text: p.Name, Href: o.at("/office/points/" + string(p.ID))}, text(r.T(pointNames[p.Kind])), text(o.tree.FullName(p.Region)),
				text(orDash(p.Phone)), text(orDash(r.OpenHours(p.Hours))), state})
		}
		if len(rows) == 0 {
			b.Table, b.Empty = nil, r.T("page.office.no_points")
		}
		o.add(b)
		return nil
	})
	if err != nil {
		return err
	}
	if level := o.tree.Level(o.place); o.may(identity.MemberPoint, o.place) {
		if level == region.Street || level == region.Community {
			kind := ui.Field{Name: "kind", Label: r.T("page.office.kind")}
			for _, k := range []member.PointKind{member.PointCommunity, member.PointStreet, member.PointOrganisation} {
				kind.Options = append(kind.Options, ui.Option{Value: string(k), Text: r.T(pointNames[k])})
			}
			fields := append([]ui.Field{{Name: "name", Label: r.T("page.office.name"), Max: 60, Needed: true}, kind}, o.pointFields(member.ServicePoint{})...)
			o.add(block{Title: r.T("page.office.open_point"), Forms: []form{o.form("/office/points", r.T("page.office.open_point"), "", fields...)}})
		} else {
			o.add(block{Title: r.T("page.office.open_point"), Text: r.T("page.office.open_point_where")})
		}
	}
	return o.show("points")
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// pointFields are what is asked of a point besides its name, as it is now.
func (o *office) pointFields(p member.ServicePoint) []ui.Field {
	days := ui.Field{Name: "days", Label: o.T("page.office.open_days")}
	offered := weeks
	if p.Hours.Told() && !strings.Contains(" "+strings.Join(weeks, " ")+" ", " "+p.Hours.Days+" ") {
		offered = append([]string{p.Hours.Days}, weeks...)
	}
	for _, w := range offered {
		days.Options = append(days.Options, ui.Option{Value: w, Text: o.Weekdays(w), Chosen: w == p.Hours.Days})
	}
	from, until, _ := strings.Cut(p.Hours.Span(), "–")
	at := ""
	if p.HasPoint {
		at = fmt.Sprintf("%.6f, %.6f", float64(p.Point.LatE6)/1e6, float64(p.Point.LonE6)/1e6)
	}
	return []ui.Field{{Name: "phone", Label: o.T("page.office.phone"), Hint: o.T("page.office.phone_hint"), Value: p.Phone, Max: 20}, days,
		{Name: "opens", Label: o.T("page.office.opens"), Hint: o.T("page.office.opens_hint"), Value: from, Max: 5}, {Name: "closes", Label: o.T("page.office.closes"), Value: until, Max: 5},
		{Name: "at", Label: o.T("page.office.point_at"), Hint: o.T("page.office.point_at_hint"), Value: at, Max: 30}}
}

// told reads what the form says of a point's hours and of where it is.
func told(r *page.Request) (open member.OpenHours, at *region.Point, err error) {
	if days := r.Form("days"); days != "" {
		open = member.OpenHours{Days: days, From: member.MinuteOfDay(r.Form("opens")), Until: member.MinuteOfDay(r.Form("closes"))}
	}
	if text := r.Form("at"); text != "" {
		lat, lon, ok := strings.Cut(strings.ReplaceAll(text, "，", ","), ",")
		north, err1 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		east, err2 := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		if !ok || err1 != nil || err2 != nil || !(north >= -90 && north <= 90 && east >= -180 && east <= 180) {
			return open, nil, errs.Invalid("page.form_incomplete", errs.Field{Path: "point", Code: "region.point_invalid"})
		}
		at = &region.Point{LatE6: int64(math.Round(north * 1e6)), LonE6: int64(math.Round(east * 1e6))}
	}
	return open, at, nil
}

// OpenPoint opens a service point in the place.
func OpenPoint(r *page.Request) error {
	return act(r, identity.MemberRead, "/office/points", Points, func(o *office, key string) error {
		open, at, err := told(r)
		if err != nil {
			return err
		}
		_, err = page.One(r.Members.RegisterPoints(r.Context(), []member.RegisterPointCmd{{Actor: r.Actor, Key: key, Name: r.Form("name"), Kind: member.PointKind(r.Form("kind")),
			Region: o.place, Phone: r.Form("phone"), Point: at, Hours: open}}))
		return err
	}, "hours", "opens", "point", "at")
}

// Point shows one service point with who works there, and the form that changes, moves, closes or opens it.
func Point(r *page.Request) error {
	o, err := open(r, identity.MemberRead, r.T("page.office.point"))
	if err != nil {
		return err
	}
	o.v.Export, o.v.Go = "", nil
	err = r.Read("web.office_point", func(tx *store.Tx, _ *region.Tree) error {
		p, err := member.LoadPoint(tx, member.PointID(r.Path("id")))
		if err == nil && !o.tree.Contains(o.place, p.Region) {
			err = errs.New(errs.NotFound, "member.point_unknown")
		}
		if err != nil {
			return err
		}
		o.v.Title = p.Name
		state := r.T("page.office.point_open")
		if !p.Closed.IsZero() {
			state = r.T("page.office.point_closed_since", "when", o.stamp(p.Closed))
		}
		links := []ui.Link{{Href: o.at("/office/points"), Text: r.T("page.office.all_points")}}
		if o.may(identity.AuditRead, o.place) {
			links = append(links, ui.Link{Href: o.at("/office/trail", "ref", string(p.ID)), Text: r.T("page.office.changes_in_trail")})
		}
		o.add(block{Facts: []ui.Row{{Name: r.T("page.office.state"), Value: state}, {Name: r.T("page.office.kind"), Value: r.T(pointNames[p.Kind])},
			{Name: r.T("page.office.place"), Value: o.tree.FullName(p.Region)}, {Name: r.T("page.office.phone"), Value: orDash(p.Phone)},
			{Name: r.T("page.office.open_hours"), Value: orDash(r.OpenHours(p.Hours))}},
			Links: links})
		if o.may(identity.MemberPoint, p.Region) {
			o.changePoint(p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return o.show("point")
}

func (o *office) changePoint(p member.ServicePoint) {
	where := ui.Field{Name: "region", Label: o.T("page.office.place"), Hint: o.T("page.office.point_move_hint")}
	street := o.tree.StreetOf(p.Region)
	near := append([]region.ID{street}, o.tree.Children(region.Administrative, street)...)
	if up, ok := o.tree.Up(street); ok {
		for _, other := range o.tree.Children(region.Administrative, up) {
			if other != street {
				near = append(near, other)
			}
		}
	}
	for _, n := range near {
		where.Options = append(where.Options, ui.Option{Value: string(n), Text: o.tree.Name(n), Chosen: n == p.Region})
	}
	is := ui.Field{Name: "closed", Label: o.T("page.office.state"), Hint: o.T("page.office.point_close_hint"), Options: []ui.Option{{Value: "no", Text: o.T("page.office.point_open")},
		{Value: "yes", Text: o.T("page.office.point_closed"), Chosen: !p.Closed.IsZero()}}}
	fields := append([]ui.Field{{Name: "name", Label: o.T("page.office.name"), Value: p.Name, Max: 60, Needed: true}}, o.pointFields(p)...)
	fields = append(fields, where, is, ui.Field{Name: "reason", Label: o.T("page.office.reason"), Max: 200, Needed: true})
	o.add(block{Title: o.T("page.office.change_point"), Forms: []form{o.form("/office/points/"+string(p.ID), o.T("page.office.change"), "", fields...)}})
}

// ChangePoint changes, moves, closes or opens a service point.
func ChangePoint(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	o, err := open(r, identity.MemberRead, "")
	if err != nil {
		return err
	}
	here := "/office/points/" + r.Path("id")
	hours, at, err := told(r)
	if err == nil {
		_, err = page.One(r.Members.ChangePoints(r.Context(), []member.ChangePointCmd{{Actor: r.Actor, Key: key, Point: member.PointID(r.Path("id")), Name: r.Form("name"),
			Region: region.ID(r.Form("region")), Phone: r.Form("phone"), At: at, Hours: hours, Closed: r.Form("closed") == "yes", Reason: r.Form("reason")}}))
	}
	if err != nil {
		return r.Redisplay(err, o.at(here), Point, "hours", "opens", "point", "at")
	}
	return o.done(here)
}
