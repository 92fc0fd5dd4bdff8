package httpapi

import (
	"context"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/hours"
	"timebank/internal/member"
	"timebank/internal/order"
)

// Placement asks for a service.
type Placement struct {
	Recipient     ID        `json:"recipient" doc:"Who is to be served: oneself, a relative who made one its delegate, or whoever asks at the desk"`
	Item          string    `json:"item" minLength:"1" maxLength:"40" example:"smartphone" doc:"Code of the service in the catalogue"`
	Start         time.Time `json:"start" example:"2020-10-13T09:00:00+08:00"`
	Minutes       *Length   `json:"minutes,omitempty" doc:"Planned length; left out: the item's usual one"`
	Urgency       string    `json:"urgency,omitempty" enum:"everyday,within_day,at_once" default:"everyday"`
	OfferOwnHours bool      `json:"offer_own_hours,omitempty" doc:"A relative who places the order pays when the recipient's hours do not reach"`
	FamilyPresent bool      `json:"family_present,omitempty" doc:"Somebody of the family is there, which some items ask for"`
	Again         bool      `json:"again,omitempty" doc:"One more is meant, although this service is asked for already at that time"`
	Paper         bool      `json:"paper,omitempty" doc:"Station only: served already, keyed in from a downtime sheet"`
}

// Changed is where an order stands after a command.
type Changed struct {
	ID       ID     `json:"id"`
	State    string `json:"state" enum:"submitted,published,accepted,in_service,awaiting,confirmed,settled,closed,cancelled,disputed,void,fund"`
	WaitsFor string `json:"waits_for,omitempty" enum:"funding,review,volunteer,service,confirmation,follow_up,credit,decision,provider" doc:"Who or what is next"`
}

func changed(c order.Changed, err error) (Changed, error) {
	return Changed{ID: ID(c.ID), State: string(c.State), WaitsFor: string(c.WaitsFor)}, err
}

func (a *api) placeOrder(ctx context.Context, in *Take[Placement]) (Changed, error) {
	b := in.Body
	p, err := first(a.Orders.Place(ctx, []order.PlaceCmd{{Actor: actor(ctx), Key: in.Key, Recipient: member.PersonID(b.Recipient), Item: b.Item,
		Start: orZero(&b.Start), Minutes: b.Minutes.orZero(), Urgency: catalog.Urgency(b.Urgency), OfferOwnHours: b.OfferOwnHours,
		FamilyPresent: b.FamilyPresent, Again: b.Again, Paper: b.Paper}}))
	return changed(order.Changed(p), err)
}

// OrderReview is the station's decision on a submitted order.
type OrderReview struct {
	Approve   bool   `json:"approve"`
	Reason    string `json:"reason,omitempty" maxLength:"200" doc:"Needed to refuse"`
	Insurance string `json:"insurance,omitempty" maxLength:"100" doc:"Number of the insurance document, for items that must be insured"`
	Agreement string `json:"agreement,omitempty" maxLength:"100" doc:"Number of the signed agreement, for items that need one"`
}

func (a *api) reviewOrder(ctx context.Context, in *With[OrderReview]) (Changed, error) {
	return changed(first(a.Orders.Review(ctx, []order.ReviewCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Approve: in.Body.Approve,
		Reason: in.Body.Reason, Insurance: in.Body.Insurance, Agreement: in.Body.Agreement}})))
}

// OrderClaim takes a place on a published order.
type OrderClaim struct {
	Team ID `json:"team,omitempty" doc:"The team in whose name the volunteer serves"`
}

func (a *api) claimOrder(ctx context.Context, in *With[OrderClaim]) (Changed, error) {
	return changed(first(a.Orders.Claim(ctx, []order.ClaimCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Team: member.TeamID(in.Body.Team)}})))
}

// Dispatch offers a place to a volunteer by hand.
type Dispatch struct {
	Volunteer ID   `json:"volunteer"`
	Team      ID   `json:"team,omitempty"`
	Agreed    bool `json:"agreed,omitempty" doc:"The volunteer has said yes already, by telephone"`
}

func (a *api) dispatchOrder(ctx context.Context, in *With[Dispatch]) (Changed, error) {
	return changed(first(a.Orders.Dispatch(ctx, []order.DispatchCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID),
		Volunteer: member.PersonID(in.Body.Volunteer), Team: member.TeamID(in.Body.Team), Agreed: in.Body.Agreed}})))
}

// Answer is a dispatched volunteer's answer.
type Answer struct {
	Accept bool `json:"accept"`
}

func (a *api) answerOrder(ctx context.Context, in *With[Answer]) (Changed, error) {
	return changed(first(a.Orders.Answer(ctx, []order.AnswerCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Accept: in.Body.Accept}})))
}

// Factor is one proof of presence.
type Factor struct {
	Method string `json:"method" enum:"code,qr,place,call_back,paper" doc:"call_back and paper are the station's"`
	Value  string `json:"value,omitempty" maxLength:"100" doc:"The recipient's code, or the number of the slip"`
	Point  *Point `json:"point,omitempty" doc:"Where the phone is"`
}

// Check checks a volunteer in or out.
type Check struct {
	Volunteer  ID         `json:"volunteer,omitempty" doc:"Left out: who sends this"`
	Factors    []Factor   `json:"factors" minItems:"1" maxItems:"5"`
	OccurredAt *time.Time `json:"occurred_at,omitempty" doc:"When it happened, if it is sent later"`
	Travel     int64      `json:"travel_minutes,omitempty" minimum:"0" maximum:"600" doc:"Check-out: the way there and back, where the city counts it"`
}

func checkCmd(ctx context.Context, in *With[Check]) []order.CheckCmd {
	return []order.CheckCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Volunteer: member.PersonID(in.Body.Volunteer),
		Factors: each(in.Body.Factors, func(f Factor) order.Factor {
			return order.Factor{Method: order.Method(f.Method), Value: f.Value, Point: f.Point.orZero()}
		}), OccurredAt: orZero(in.Body.OccurredAt), Travel: hours.Of(in.Body.Travel)}}
}

func (a *api) checkIn(ctx context.Context, in *With[Check]) (Changed, error) {
	return changed(first(a.Orders.CheckIn(ctx, checkCmd(ctx, in))))
}

func (a *api) checkOut(ctx context.Context, in *With[Check]) (Changed, error) {
	return changed(first(a.Orders.CheckOut(ctx, checkCmd(ctx, in))))
}

// Confirmation says that the service was done.
type Confirmation struct {
	Outcomes []string `json:"outcomes,omitempty" maxItems:"20" doc:"Codes of the item's outcomes that were reached"`
	CallBack bool     `json:"call_back,omitempty" doc:"Station only: the recipient was asked by telephone"`
}

func (a *api) confirmOrder(ctx context.Context, in *With[Confirmation]) (Changed, error) {
	return changed(first(a.Orders.Confirm(ctx, []order.ConfirmCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Outcomes: in.Body.Outcomes, CallBack: in.Body.CallBack}})))
}

// Reason is a command about an order that needs no more than a reason.
type Reason struct {
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"In a person's words; names nobody"`
}

func orderCmd(ctx context.Context, in *With[Reason]) []order.OrderCmd {
	return []order.OrderCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Reason: in.Body.Reason}}
}

func (a *api) undoConfirm(ctx context.Context, in *With[Reason]) (Changed, error) {
	return changed(first(a.Orders.UndoConfirm(ctx, orderCmd(ctx, in))))
}

func (a *api) undoCancel(ctx context.Context, in *With[Reason]) (Changed, error) {
	return changed(first(a.Orders.UndoCancel(ctx, orderCmd(ctx, in))))
}

func (a *api) cancelOrder(ctx context.Context, in *With[Reason]) (Changed, error) {
	return changed(first(a.Orders.Cancel(ctx, orderCmd(ctx, in))))
}

// Rescheduling moves a visit to another time.
type Rescheduling struct {
	Start time.Time `json:"start" example:"2020-10-14T09:00:00+08:00"`
}

func (a *api) rescheduleOrder(ctx context.Context, in *With[Rescheduling]) (Changed, error) {
	return changed(first(a.Orders.Reschedule(ctx, []order.RescheduleCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Start: orZero(&in.Body.Start)}})))
}

func (a *api) withdrawFromOrder(ctx context.Context, in *With[Reason]) (Changed, error) {
	return changed(first(a.Orders.Withdraw(ctx, orderCmd(ctx, in))))
}

func (a *api) escalateOrder(ctx context.Context, in *With[Reason]) (Changed, error) {
	return changed(first(a.Orders.Escalate(ctx, orderCmd(ctx, in))))
}

func (a *api) disputeOrder(ctx context.Context, in *With[Reason]) (Changed, error) {
	return changed(first(a.Orders.Dispute(ctx, orderCmd(ctx, in))))
}

// NoShow reports that a volunteer did not come.
type NoShow struct {
	Volunteer ID `json:"volunteer"`
}

func (a *api) noShow(ctx context.Context, in *With[NoShow]) (Changed, error) {
	return changed(first(a.Orders.NoShow(ctx, []order.NoShowCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Volunteer: member.PersonID(in.Body.Volunteer)}})))
}

// Decision ends a dispute.
type Decision struct {
	Uphold bool   `json:"uphold" doc:"The service stands and its hours are released; else nothing is paid, or what was paid is reversed"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (a *api) decideOrder(ctx context.Context, in *With[Decision]) (Changed, error) {
	return changed(first(a.Orders.Decide(ctx, []order.DecideCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Uphold: in.Body.Uphold, Reason: in.Body.Reason}})))
}

// FundClaim records a service that a provider did because no volunteer could. It names no amount of money.
type FundClaim struct {
	Provider string  `json:"provider" minLength:"1" maxLength:"100"`
	Document string  `json:"document" minLength:"1" maxLength:"100"`
	Minutes  Minutes `json:"minutes"`
}

func (a *api) fundClaim(ctx context.Context, in *With[FundClaim]) (Changed, error) {
	return changed(first(a.Orders.FundClaim(ctx, []order.FundCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Provider: in.Body.Provider,
		Document: in.Body.Document, Minutes: in.Body.Minutes.hours()}})))
}
