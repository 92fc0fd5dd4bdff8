package httpapi

import (
	"context"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/timer"
)

// Order is an order as its reader may see it.
type Order struct {
	ID            ID           `json:"id"`
	State         string       `json:"state" enum:"submitted,published,accepted,in_service,awaiting,confirmed,settled,closed,cancelled,disputed,void,fund"`
	WaitsFor      string       `json:"waits_for,omitempty" enum:"funding,review,volunteer,service,confirmation,follow_up,credit,decision,provider"`
	Item          string       `json:"item" example:"smartphone"`
	ItemVersion   int          `json:"item_version" doc:"The version it was placed under, kept for ever"`
	Recipient     ID           `json:"recipient,omitempty" doc:"Left out for who may not know"`
	PlacedBy      string       `json:"placed_by,omitempty" doc:"Actor"`
	PlacedAs      string       `json:"placed_as" enum:"self,kin,station"`
	Payer         ID           `json:"payer,omitempty"`
	Region        ID           `json:"region" doc:"Community of the service"`
	Class         string       `json:"class"`
	Urgency       string       `json:"urgency" enum:"everyday,within_day,at_once"`
	Start         time.Time    `json:"start"`
	Minutes       Minutes      `json:"minutes" doc:"Planned, for each volunteer"`
	Volunteers    int          `json:"volunteers" doc:"Places"`
	Point         *Point       `json:"point,omitempty" doc:"The place, or its area as long as exact is false"`
	Exact         bool         `json:"exact" doc:"Who serves sees the place from its yes until it has checked out. The desk sees the area; the place is at /orders/{id}/place, where each look is in the audit trail"`
	Code          string       `json:"check_code,omitempty" doc:"For the recipient's side and the desk alone: it proves that the recipient gave it"`
	Funding       []string     `json:"funding" doc:"Sources that hold its minutes, in order"`
	PolicyVersion string       `json:"policy_version"`
	SubmittedAt   time.Time    `json:"submitted_at"`
	Level         string       `json:"level" enum:"community,street,district,city,fund" doc:"Who has to see that it gets an answer"`
	LevelSince    time.Time    `json:"level_since"`
	ConfirmedBy   string       `json:"confirmed_by,omitempty" enum:"recipient,kin,station,time_out,fund"`
	ConfirmedAt   *time.Time   `json:"confirmed_at,omitempty"`
	SettledAt     *time.Time   `json:"settled_at,omitempty"`
	Transaction   ID           `json:"transaction,omitempty" doc:"Of the ledger, once paid"`
	Outcomes      []string     `json:"outcomes"`
	Reason        string       `json:"reason,omitempty" doc:"Why it was cancelled, disputed, decided so or set aside: a code or words. For its sides and the offices that may see it alone"`
	EndedBy       string       `json:"ended_by,omitempty" enum:"recipient,kin,station,rule" doc:"Who cancelled it"`
	Assignments   []Assignment `json:"assignments"`
	Evidence      []Evidence   `json:"evidence"`
	Photos        []VisitPhoto `json:"photos" doc:"Pictures of the visit"`
	History       []Event      `json:"history" doc:"Who did what, oldest first"`
	Next          []NextStep   `json:"next" doc:"What happens by itself, and when"`
	Why           *Why         `json:"why,omitempty" doc:"The rules that it keeps"`
	Withheld      *Why         `json:"withheld,omitempty" doc:"Why a relative does not see who comes and what happened"`
}

// Assignment is one volunteer's place.
type Assignment struct {
	ID        ID         `json:"id"`
	Volunteer ID         `json:"volunteer"`
	Team      ID         `json:"team,omitempty"`
	How       string     `json:"how" enum:"claimed,dispatched,paper"`
	State     string     `json:"state" enum:"offered,accepted,checked_in,checked_out,settled,withdrawn,called_off,no_show,void"`
	AnswerBy  *time.Time `json:"answer_by,omitempty" doc:"Until when who is asked can answer"`
	In        *time.Time `json:"in,omitempty"`
	Out       *time.Time `json:"out,omitempty"`
	Minutes   Minutes    `json:"minutes" doc:"Counted for the payer"`
	Credit    Minutes    `json:"credit" doc:"Counted for the volunteer, after weights"`
	Grade     string     `json:"grade,omitempty" enum:"both,station,one,paper"`
	Flags     []string   `json:"flags" doc:"Rules that were exceeded and only flagged"`
}

// Evidence is one proof of presence.
type Evidence struct {
	Assignment ID        `json:"assignment,omitempty"`
	Moment     string    `json:"moment" enum:"check_in,check_out,confirm"`
	Methods    []string  `json:"methods"`
	Actor      string    `json:"actor"`
	OccurredAt time.Time `json:"occurred_at"`
	RecordedAt time.Time `json:"recorded_at"`
	Distance   *int64    `json:"distance_m,omitempty" doc:"Metres from the place of service, if somebody measured"`
}

// Event is one act on an order.
type Event struct {
	At     time.Time `json:"at"`
	Action string    `json:"action" example:"order.claim"`
	Actor  string    `json:"actor"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`
}

// NextStep is what happens by itself.
type NextStep struct {
	Kind string    `json:"kind" example:"order.escalate"`
	Due  time.Time `json:"due"`
}

func orderOf(v order.View) Order {
	out := Order{ID: ID(v.ID), State: string(v.State), WaitsFor: string(v.WaitsFor), Item: v.Item, ItemVersion: v.ItemVersion, Recipient: ID(v.Recipient),
		PlacedBy: v.PlacedBy, PlacedAs: string(v.PlacedAs), Payer: ID(v.Payer), Region: ID(v.Region), Class: string(v.Class), Urgency: string(v.Urgency),
		Start: v.Start, Minutes: minutesOf(v.Minutes), Volunteers: v.Volunteers, Point: pointOf(v.Point, v.Point != region.Point{}), Exact: v.Exact, Code: v.Code,
		Funding: strings.Fields(v.Funding), PolicyVersion: v.PolicyVersion, SubmittedAt: v.SubmittedAt, Level: string(v.Level), LevelSince: v.LevelSince,
		ConfirmedBy: string(v.ConfirmedBy), ConfirmedAt: timeOf(v.ConfirmedAt), SettledAt: timeOf(v.SettledAt), Transaction: ID(v.SettledBy),
		Outcomes: strings.Fields(v.Outcome), Reason: v.Reason, EndedBy: string(v.Ended), Why: whyOf(&v.Why), Withheld: whyOf(v.Withheld)}
	out.Assignments = each(v.Assignments, func(a *order.Assignment) Assignment {
		return Assignment{ID: ID(a.ID), Volunteer: ID(a.Volunteer), Team: ID(a.Team), How: a.How, State: string(a.State), AnswerBy: answerBy(a), In: timeOf(a.In), Out: timeOf(a.Out),
			Minutes: minutesOf(a.Minutes), Credit: minutesOf(a.Credit), Grade: string(a.Grade), Flags: strings.Fields(a.Flags)}
	})
	out.Evidence = each(v.Evidence, evidenceOf)
	out.Photos = each(v.Photos, photoOf)
	out.History = each(v.History, func(r audit.Recorded) Event { return Event{r.At, r.Action, r.Actor, r.Before, r.After} })
	out.Next = each(v.Next, func(t timer.Timer) NextStep { return NextStep{t.Kind, t.Due} })
	return out
}

func answerBy(a *order.Assignment) *time.Time {
	if a.State != order.Offered {
		return nil
	}
	return timeOf(a.AnswerBy)
}

func evidenceOf(e order.Evidence) Evidence {
	out := Evidence{Assignment: ID(e.Assignment), Moment: string(e.Moment), Methods: each(e.Methods, func(m order.Method) string { return string(m) }), Actor: e.Actor,
		OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt}
	if e.Distance >= 0 {
		out.Distance = &e.Distance
	}
	return out
}

func (a *api) getOrder(ctx context.Context, in *OneID) (Order, error) {
	v, err := a.Orders.Get(ctx, actor(ctx), order.ID(in.ID))
	if err != nil {
		return Order{}, err
	}
	return orderOf(v), nil
}

// Whereabouts is where exactly an order is served.
type Whereabouts struct {
	Point Point `json:"point"`
}

func (a *api) orderPlace(ctx context.Context, in *OneID) (Whereabouts, error) {
	p, err := a.Orders.SeePlace(ctx, actor(ctx), order.ID(in.ID))
	if err != nil {
		return Whereabouts{}, err
	}
	return Whereabouts{*pointOf(p, true)}, nil
}

// OrdersQuery asks for the orders that a person asked for, or that it serves.
type OrdersQuery struct {
	ID   ID     `path:"id" doc:"The person"`
	As   string `query:"as" enum:"recipient,volunteer" default:"recipient"`
	Open bool   `query:"open" doc:"Only those on which somebody still has to act"`
	Page
}

// Orders is a page of orders, newest first.
type Orders struct {
	Orders []Order `json:"orders"`
	Next   string  `json:"next,omitempty"`
}

// orderPage bounds a page of orders, which carry their whole history.
const orderPage = 100

func (a *api) listOrders(ctx context.Context, in *OrdersQuery) (Orders, error) {
	limit := min(in.Limit, orderPage-1)
	f := order.Filter{OpenOnly: in.Open, Before: order.ID(in.key), Limit: limit + 1}
	if in.As == "volunteer" {
		f.Volunteer = member.PersonID(in.ID)
	} else {
		f.Recipient = member.PersonID(in.ID)
	}
	views, err := a.Orders.List(ctx, actor(ctx), f)
	if err != nil {
		return Orders{}, err
	}
	page, next := cut(&in.Cursor, views, limit, func(v order.View) string { return string(v.ID) })
	return Orders{each(page, orderOf), next}, nil
}

// Near asks what can be taken nearby. It is a body because a place is personal.
type Near struct {
	Body struct {
		From   *Point `json:"from,omitempty" doc:"Left out: the volunteer's home"`
		Radius int64  `json:"radius_m,omitempty" minimum:"1" maximum:"100000" doc:"Left out: the policy's, which also bounds it"`
		Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"200" default:"50"`
	}
}

// Offers are orders that stand open nearby, nearest first.
type Offers struct {
	Offers []Offer `json:"offers"`
}

// Offer is an order that stands open. It shows the area, not the door.
type Offer struct {
	ID       ID           `json:"id"`
	Item     string       `json:"item"`
	Version  int          `json:"item_version"`
	Class    string       `json:"class"`
	Urgency  string       `json:"urgency"`
	Region   ID           `json:"region"`
	Start    time.Time    `json:"start"`
	Minutes  Minutes      `json:"minutes"`
	Places   int          `json:"places" doc:"Still free"`
	Distance int64        `json:"distance_m"`
	CanTake  bool         `json:"can_take"`
	Refused  *OfferReason `json:"refused,omitempty" doc:"Why this volunteer cannot take it"`
}

// OfferReason says why an order is not for this volunteer.
type OfferReason struct {
	Code  string `json:"code"`
	Title string `json:"title"`
	Why   *Why   `json:"why,omitempty"`
}

func (a *api) neighbourhood(ctx context.Context, in *Near) (Offers, error) {
	list, err := a.Orders.Neighbourhood(ctx, actor(ctx), order.NearQuery{From: in.Body.From.orZero(), RadiusM: in.Body.Radius, Limit: in.Body.Limit})
	if err != nil {
		return Offers{}, err
	}
	return Offers{each(list, func(o order.Offer) Offer {
		out := Offer{ID: ID(o.ID), Item: o.Item, Version: o.Version, Class: o.Class, Urgency: o.Urgency, Region: ID(o.Region), Start: o.Start,
			Minutes: minutesOf(o.Minutes), Places: o.Places, Distance: o.DistanceM, CanTake: o.Refused == nil}
		if o.Refused != nil && errs.KindOf(o.Refused) != errs.Internal {
			p := a.told(ctx, o.Refused)
			out.Refused = &OfferReason{p.Code, p.Title, p.Why}
		}
		return out
	})}, nil
}

// Board is the morning board of an office: who asked and has no answer yet, since when, and who is to act now.
type Board struct {
	Region ID           `json:"region"`
	At     time.Time    `json:"at"`
	Counts []BoardCount `json:"counts"`
	Lines  []BoardLine  `json:"lines" doc:"The longest waiting first; what is beyond the bound is counted but not listed"`
}

// BoardCount is how many orders wait for one thing.
type BoardCount struct {
	WaitsFor string `json:"waits_for"`
	Orders   int    `json:"orders"`
}

// BoardLine is one open order.
type BoardLine struct {
	ID        ID         `json:"id"`
	Item      string     `json:"item"`
	Recipient ID         `json:"recipient"`
	PlacedAs  string     `json:"placed_as"`
	Urgency   string     `json:"urgency"`
	Region    ID         `json:"region"`
	State     string     `json:"state"`
	WaitsFor  string     `json:"waits_for"`
	Level     string     `json:"level"`
	Acts      ID         `json:"acts" doc:"The region whose office has to act"`
	ActsName  string     `json:"acts_name"`
	Asked     time.Time  `json:"asked"`
	Since     time.Time  `json:"since" doc:"How long it has been waiting for this"`
	Start     time.Time  `json:"start"`
	Due       *time.Time `json:"due,omitempty" doc:"When the clock runs out"`
	Late      bool       `json:"late" doc:"It should have begun and nobody has checked in"`
}

func (a *api) board(ctx context.Context, in *OneID) (Board, error) {
	b, err := a.Orders.Board(ctx, actor(ctx), region.ID(in.ID))
	if err != nil {
		return Board{}, err
	}
	tree, err := a.Regions.Today(ctx)
	if err != nil {
		return Board{}, err
	}
	out := Board{Region: ID(b.Place), At: b.At, Counts: []BoardCount{}}
	for _, w := range waits {
		if n := b.Count[w]; n > 0 {
			out.Counts = append(out.Counts, BoardCount{string(w), n})
		}
	}
	out.Lines = each(b.Lines, func(l order.Line) BoardLine {
		return BoardLine{ID: ID(l.ID), Item: l.Item, Recipient: ID(l.Recipient), PlacedAs: string(l.PlacedAs), Urgency: l.Urgency, Region: ID(l.Region),
			State: string(l.State), WaitsFor: string(l.WaitsFor), Level: string(l.Level), Acts: ID(l.Acts), ActsName: tree.Name(l.Acts), Asked: l.Asked, Since: l.Since,
			Start: l.Start, Due: timeOf(l.Due), Late: l.Late}
	})
	return out, nil
}

// waits is the order in which a board counts.
var waits = []order.WaitsFor{order.ForFunding, order.ForReview, order.ForVolunteer, order.ForService, order.ForConfirmation, order.ForFollowUp,
	order.ForDecision, order.ForProvider, order.ForCredit}
