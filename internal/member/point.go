package member

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
)

// PointID identifies a service point.
type PointID = id.ID[ServicePoint]

// PointKind says who runs a service point.
type PointKind string

// The kinds of service points (default: the 1,252 of the published year are not told apart).
const (
	PointCommunity    PointKind = "community"
	PointStreet       PointKind = "street"
	PointOrganisation PointKind = "organisation"
)

// ServicePoint is a desk where people walk in. Its manager and staff are role grants of the identity package.
type ServicePoint struct {
	ID       PointID
	Name     string
	Kind     PointKind
	Region   region.ID // its community, or its street if it serves a whole one
	Phone    string    // as it is dialled; it is public. "" when the city's own number is called
	Point    region.Point
	HasPoint bool
	Hours    OpenHours
	Closed   time.Time // zero while it is open
}

// OpenHours are the weekdays on which a point is open, and from when until when; the zero value when nobody has told.
type OpenHours struct {
	Days        string // digits of the weekdays in their order, 1 for Monday to 7 for Sunday
	From, Until int    // minutes of the civil day, From before Until
}

// Told reports whether the hours are known.
func (h OpenHours) Told() bool { return h.Days != "" }

// Span gives the hours of the day as "08:30–17:30", "" when nobody has told.
func (h OpenHours) Span() string {
	if !h.Told() {
		return ""
	}
	return fmt.Sprintf("%02d:%02d–%02d:%02d", h.From/60, h.From%60, h.Until/60, h.Until%60)
}

// MinuteOfDay reads a time of day such as "08:30" or "24:00"; what is none is below zero, and refused as the hours of a point.
func MinuteOfDay(text string) int {
	h, m, ok := strings.Cut(text, ":")
	hour, err := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err != nil || err2 != nil || len(text) != 5 || hour < 0 || hour > 24 || minute < 0 || minute > 59 {
		return -1
	}
	return hour*60 + minute
}

func (h OpenHours) ok() bool {
	if !h.Told() {
		return h == OpenHours{}
	}
	for i, d := range h.Days {
		if d < '1' || d > '7' || i > 0 && rune(h.Days[i-1]) >= d {
			return false
		}
	}
	return h.From >= 0 && h.From < h.Until && h.Until <= 24*60
}

func (s *Service) pointCalls() {
	s.registerPoint = word("member.register_point", func(c *RegisterPointCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(c.Name).Str(string(c.Kind)).Str(string(c.Region)).Str(c.Phone)
		writePoint(w, c.Point)
		writeHours(w, c.Hours)
		return c.Actor, c.Key
	}, s.runRegisterPoint)
	s.changePoint = nothing("member.change_point", func(c *ChangePointCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Point)).Str(c.Name).Str(string(c.Region)).Str(c.Phone)
		writePoint(w, c.At)
		writeHours(w, c.Hours)
		w.Bool(c.Closed).Str(c.Reason)
		return c.Actor, c.Key
	}, s.runChangePoint)
}

func writeHours(w *canon.Writer, h OpenHours) {
	w.Str(h.Days).Int(int64(h.From)).Int(int64(h.Until))
}

// checkPoint checks what can be wrong with a point besides its name and kind, and returns its phone as it is dialled.
func checkPoint(bad *errs.Fields, tree *region.Tree, place region.ID, at *region.Point, phone string, open OpenHours) string {
	if now, ok := tree.Current(place); !ok || now != place || tree.Level(place).Rank() < region.Street.Rank() {
		bad.Add("region", "member.not_a_street_or_community")
	}
	if at != nil && !at.Valid() {
		bad.Add("point", "region.point_invalid")
	}
	if !open.ok() {
		bad.Add("hours", "member.open_hours_wrong")
	}
	if phone == "" {
		return ""
	}
	parsed, err := pii.ParsePhone(phone)
	bad.AddErr("phone", err)
	return parsed.Reveal()
}

// RegisterPointCmd opens a service point in a community, or in a street that it serves as a whole.
type RegisterPointCmd struct {
	Actor  identity.Actor
	Key    string
	Name   string
	Kind   PointKind
	Region region.ID
	Point  *region.Point
	Phone  string // where it is called; "" for the city's own number
	Hours  OpenHours
}

// RegisterPoints opens service points. Errors of a command: member.point_invalid with all bad fields, identity.not_allowed,
// member.point_exists when the region has a point of that name.
func (s *Service) RegisterPoints(ctx context.Context, cmds []RegisterPointCmd) ([]identity.Result[PointID], error) {
	return s.registerPoint.Perform(ctx, s.db, cmds)
}

func (s *Service) runRegisterPoint(tx *store.Tx, cmds []*RegisterPointCmd, out []*identity.Result[PointID]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	regions := make([]region.ID, len(cmds))
	for i, c := range cmds {
		regions[i] = c.Region
	}
	names, err := pointNames(tx, unique(regions))
	if err != nil {
		return err
	}
	var rows []ServicePoint
	for i, c := range cmds {
		var bad errs.Fields
		checkName(&bad, c.Name)
		if c.Kind != PointCommunity && c.Kind != PointStreet && c.Kind != PointOrganisation {
			bad.Add("kind", "member.point_kind_unknown")
		}
		phone := checkPoint(&bad, sc.tree, c.Region, c.Point, c.Phone, c.Hours)
		err := bad.Err("member.point_invalid")
		if err == nil {
			err = c.Actor.May(identity.MemberPoint, c.Region, sc.tree)
		}
		name := pointName{c.Region, c.Name}
		if err == nil && names[name] {
			err = errs.New(errs.Conflict, "member.point_exists").By("record.once", "nobody")
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		names[name] = true
		p := ServicePoint{ID: store.NewID[ServicePoint](tx), Name: c.Name, Kind: c.Kind, Region: c.Region, Phone: phone, Hours: c.Hours}
		if c.Point != nil {
			p.Point, p.HasPoint = *c.Point, true
		}
		rows = append(rows, p)
		out[i].Value = p.ID
		sc.note(c.Actor, "member.register_point", "point", string(p.ID), Person{Region: p.Region}, "", string(p.Kind))
	}
	if err := insertPoints(tx, rows); err != nil {
		return err
	}
	return sc.done()
}

// ChangePointCmd says how a service point is from now on: all of it, not only what differs. A point that moves or closes has no staff of its own:
// roles at it are taken back before.
type ChangePointCmd struct {
	Actor  identity.Actor
	Key    string
	Point  PointID
	Name   string
	Region region.ID
	Phone  string
	At     *region.Point
	Hours  OpenHours
	Closed bool // a closed point is listed nowhere but in the office, and may open again
	Reason string
}

// ChangePoints changes service points, moves, closes and opens them again. Errors of a command: member.point_invalid with all bad fields,
// member.point_unknown, identity.not_allowed in the old place or the new one, member.point_exists when the region has another of that name,
// member.point_has_staff.
func (s *Service) ChangePoints(ctx context.Context, cmds []ChangePointCmd) ([]identity.Result[identity.Nothing], error) {
	return s.changePoint.Perform(ctx, s.db, cmds)
}

func (s *Service) runChangePoint(tx *store.Tx, cmds []*ChangePointCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		was, err := lockPoint(tx, c.Point)
		if err == nil {
			var is ServicePoint
			if is, err = sc.changed(was, c); err == nil {
				if err := updatePoint(tx, is); err != nil {
					return err
				}
				sc.note(c.Actor, "member.change_point", "point", string(is.ID), Person{Region: is.Region}, was.line(), strings.TrimSpace(is.line()+" "+c.Reason))
				continue
			}
		}
		if errs.Fault(err) {
			return err
		}
		out[i].Err = err
	}
	return sc.done()
}

// changed decides whether a point may become what a command says.
func (sc *scene) changed(was ServicePoint, c *ChangePointCmd) (ServicePoint, error) {
	var bad errs.Fields
	checkName(&bad, c.Name)
	is := was
	is.Name, is.Region, is.Hours = c.Name, c.Region, c.Hours
	is.Phone = checkPoint(&bad, sc.tree, c.Region, c.At, c.Phone, c.Hours)
	if c.Reason = strings.TrimSpace(c.Reason); c.Reason == "" {
		bad.Add("reason", "identity.reason_missing")
	}
	if err := bad.Err("member.point_invalid"); err != nil {
		return is, err
	}
	is.Point, is.HasPoint = region.Point{}, c.At != nil
	if c.At != nil {
		is.Point = *c.At
	}
	switch {
	case c.Closed && was.Closed.IsZero():
		is.Closed = sc.tx.Now()
	case !c.Closed:
		is.Closed = time.Time{}
	}
	for _, place := range []region.ID{was.Region, is.Region} {
		if err := c.Actor.May(identity.MemberPoint, place, sc.tree); err != nil {
			return is, err
		}
	}
	if is.Region != was.Region || is.Name != was.Name {
		taken, err := pointNames(sc.tx, []region.ID{is.Region})
		if err != nil {
			return is, err
		}
		if taken[pointName{is.Region, is.Name}] {
			return is, errs.New(errs.Conflict, "member.point_exists").By("record.once", "nobody")
		}
	}
	if is.Region != was.Region || was.Closed.IsZero() && !is.Closed.IsZero() {
		staffed, err := identity.Staffed(sc.tx, string(was.ID))
		if err != nil {
			return is, err
		}
		if staffed {
			return is, errs.New(errs.Conflict, "member.point_has_staff").By("record.state", "nobody")
		}
	}
	return is, nil
}

// line is what the trail keeps of a point before and after a change; all of it is public.
func (p ServicePoint) line() string {
	parts := []string{p.Name, string(p.Region), p.Phone, p.Hours.Days, p.Hours.Span()}
	if p.HasPoint {
		parts = append(parts, fmt.Sprintf("%d,%d", p.Point.LatE6, p.Point.LonE6))
	}
	if !p.Closed.IsZero() {
		parts = append(parts, "closed")
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
