package httpapi

import (
	"context"
	"strings"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// RecipientsQuery asks for the recipients of a region in one state.
type RecipientsQuery struct {
	ID    ID     `path:"id" doc:"The region"`
	State string `query:"state" enum:"applied,approved,rejected,left,dead" default:"applied"`
	Page
}

// RecipientPage is a page of recipients, without what identifies them.
type RecipientPage struct {
	Recipients []ListedRecipient `json:"recipients"`
	Next       string            `json:"next,omitempty"`
}

// ListedRecipient is a recipient in a list.
type ListedRecipient struct {
	Person ID `json:"person"`
	Region ID `json:"region"`
	Recipient
}

func (a *api) listRecipients(ctx context.Context, in *RecipientsQuery) (RecipientPage, error) {
	rows, err := a.Members.ListRecipients(ctx, actor(ctx), region.ID(in.ID), member.RecipientState(in.State), member.PersonID(in.key), in.Limit)
	if err != nil {
		return RecipientPage{}, err
	}
	out := RecipientPage{Recipients: each(rows, func(r member.Recipient) ListedRecipient {
		return ListedRecipient{ID(r.Person.ID), ID(r.Person.Region), *recipientOf(r)}
	})}
	// A full page may be the last one; a row more, to know it, would be a look at somebody who is not shown.
	if len(rows) == in.Limit {
		out.Next = in.next(string(rows[len(rows)-1].Person.ID))
	}
	return out, nil
}

// VolunteersQuery asks for the volunteers of a region in one state.
type VolunteersQuery struct {
	ID    ID     `path:"id" doc:"The region"`
	State string `query:"state" enum:"applied,reviewed,studying,certified,suspended,rejected,left" default:"applied"`
	Page
}

// VolunteerPage is a page of volunteers, without what identifies them.
type VolunteerPage struct {
	Volunteers []ListedVolunteer `json:"volunteers"`
	Next       string            `json:"next,omitempty"`
}

// ListedVolunteer is a volunteer in a list.
type ListedVolunteer struct {
	Person ID `json:"person"`
	Region ID `json:"region"`
	Volunteer
}

func (a *api) listVolunteers(ctx context.Context, in *VolunteersQuery) (out VolunteerPage, err error) {
	err = a.readIn(ctx, in.ID, identity.MemberRead, func(tx *store.Tx, place region.ID) error {
		rows, err := member.VolunteersIn(tx, place, member.VolunteerState(in.State), member.PersonID(in.key), in.Limit+1)
		page, next := cut(&in.Cursor, rows, in.Limit, func(v member.Volunteer) string { return string(v.Person.ID) })
		out = VolunteerPage{each(page, func(v member.Volunteer) ListedVolunteer {
			return ListedVolunteer{ID(v.Person.ID), ID(v.Person.Region), *volunteerOf(v)}
		}), next}
		return err
	})
	return out, err
}

// readIn is read for somebody with a right in the place.
func (a *api) readIn(ctx context.Context, place ID, right identity.Right, fn func(tx *store.Tx, place region.ID) error) error {
	return a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := actor(ctx).May(right, region.ID(place), tree); err != nil {
			return err
		}
		return fn(tx, region.ID(place))
	})
}

// ServicePoints are the service points of a region and all below it.
type ServicePoints struct {
	Points []ServicePoint `json:"points"`
}

// ServicePoint is a desk where people walk in.
type ServicePoint struct {
	ID     ID     `json:"id"`
	Name   string `json:"name"`
	Kind   string `json:"kind" enum:"community,street,organisation"`
	Region ID     `json:"region"`
	Point  *Point `json:"point,omitempty"`
	Phone  string `json:"phone,omitempty"`
	Hours  *Hours `json:"hours,omitempty"`
}

// Hours are when a service point is open.
type Hours struct {
	Days  string `json:"days" pattern:"^1?2?3?4?5?6?7?$" minLength:"1" doc:"Digits of the weekdays in their order, 1 for Monday to 7 for Sunday" example:"12345"`
	From  string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"08:30"`
	Until string `json:"until" pattern:"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" example:"17:30"`
}

func hoursOf(h member.OpenHours) *Hours {
	if !h.Told() {
		return nil
	}
	from, until, _ := strings.Cut(h.Span(), "–")
	return &Hours{h.Days, from, until}
}

// open reads the hours; what is no time of day is refused by the use-case.
func (h *Hours) open() member.OpenHours {
	if h == nil {
		return member.OpenHours{}
	}
	return member.OpenHours{Days: h.Days, From: member.MinuteOfDay(h.From), Until: member.MinuteOfDay(h.Until)}
}

func (a *api) listPoints(ctx context.Context, in *OneID) (out ServicePoints, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if _, ok := tree.ByID(region.ID(in.ID)); !ok {
			return errs.New(errs.NotFound, "region.unknown")
		}
		rows, err := member.PointsIn(tx, region.ID(in.ID))
		out.Points = each(rows, func(p member.ServicePoint) ServicePoint {
			return ServicePoint{ID(p.ID), p.Name, string(p.Kind), ID(p.Region), pointOf(p.Point, p.HasPoint), p.Phone, hoursOf(p.Hours)}
		})
		return err
	})
	return out, err
}

// TeamDetail is a team with its members.
type TeamDetail struct {
	ID      ID     `json:"id"`
	Name    string `json:"name"`
	Kind    string `json:"kind" enum:"company,school,team"`
	Region  ID     `json:"region"`
	Manager ID     `json:"manager"`
	Members []ID   `json:"members"`
}

func (a *api) getTeam(ctx context.Context, in *OneID) (out TeamDetail, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		t, err := mayTeam(tx, tree, actor(ctx), in.ID)
		if err != nil {
			return err
		}
		members, err := member.TeamMembers(tx, t.ID)
		out = TeamDetail{ID(t.ID), t.Name, string(t.Kind), ID(t.Region), ID(t.Manager), each(members, func(p member.PersonID) ID { return ID(p) })}
		return err
	})
	return out, err
}
