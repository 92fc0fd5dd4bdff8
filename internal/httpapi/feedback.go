package httpapi

import (
	"context"
	"time"

	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
)

// NewRating is what one side of an order says about the other.
type NewRating struct {
	Of    ID       `json:"of" doc:"A volunteer who served, or the recipient"`
	Stars int      `json:"stars" minimum:"1" maximum:"5"`
	Tags  []string `json:"tags,omitempty" maxItems:"7" enum:"punctual,kind,careful,skilled,late,hasty,impolite,friendly,clear_request,prepared,not_at_home,other_request,felt_unsafe"`
	Words string   `json:"words,omitempty" maxLength:"200"`
}

func (a *api) rate(ctx context.Context, in *With[NewRating]) error {
	b := in.Body
	return done(a.Feedback.Rate(ctx, []feedback.RateCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), Of: member.PersonID(b.Of), Stars: b.Stars,
		Tags: each(b.Tags, func(t string) feedback.Tag { return feedback.Tag(t) }), Words: b.Words}}))
}

// FollowUpResult records what the station was told about a visit.
type FollowUpResult struct {
	Result  string `json:"result" enum:"ok,problem,unreachable"`
	Problem string `json:"problem,omitempty" enum:"not_done,cut_short,wrong_hours,poor,conduct,asked_money,unsafe,privacy,other" doc:"What the problem is"`
	Words   string `json:"words,omitempty" maxLength:"1000" doc:"What the recipient said about it"`
}

// FollowUpDone is what became of a follow-up.
type FollowUpDone struct {
	Done      bool `json:"done" doc:"False when nobody answered and the visit still has to be asked about"`
	Complaint ID   `json:"complaint,omitempty" doc:"The complaint that a problem opened"`
}

func (a *api) followUp(ctx context.Context, in *With[FollowUpResult]) (FollowUpDone, error) {
	r, err := first(a.Feedback.RecordFollowUp(ctx, []feedback.RecordCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID),
		Result: feedback.Result(in.Body.Result), Note: feedback.Category(in.Body.Problem), Words: in.Body.Words}}))
	return FollowUpDone{r.Done, ID(r.Complaint)}, err
}

// NewComplaint complains about an order. Its minutes freeze until somebody decides.
type NewComplaint struct {
	For      ID     `json:"for,omitempty" doc:"Whose complaint it is, if staff or a delegate writes it down"`
	Category string `json:"category" enum:"not_done,cut_short,wrong_hours,poor,conduct,asked_money,unsafe,privacy,other"`
	Words    string `json:"words,omitempty" maxLength:"1000"`
}

func (a *api) complain(ctx context.Context, in *With[NewComplaint]) (Made, error) {
	made, err := first(a.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: actor(ctx), Key: in.Key, Order: order.ID(in.ID), For: member.PersonID(in.Body.For),
		Category: feedback.Category(in.Body.Category), Words: in.Body.Words}}))
	return Made{ID(made)}, err
}

// ComplaintDecision ends a complaint.
type ComplaintDecision struct {
	Decision string `json:"decision" enum:"release,reverse" doc:"The service stands, or nothing is paid"`
	Reason   string `json:"reason" minLength:"1" maxLength:"200" doc:"What the sides are told; names nobody"`
}

// ComplaintDecided is what became of the order.
type ComplaintDecided struct {
	Order ID     `json:"order"`
	State string `json:"state"`
}

func (a *api) decideComplaint(ctx context.Context, in *With[ComplaintDecision]) (ComplaintDecided, error) {
	d, err := first(a.Feedback.Decide(ctx, []feedback.DecideCmd{{Actor: actor(ctx), Key: in.Key, Complaint: feedback.ComplaintID(in.ID),
		Decision: feedback.Decision(in.Body.Decision), Reason: in.Body.Reason}}))
	return ComplaintDecided{ID(d.Order), string(d.State)}, err
}

// Appeal asks the level above to decide again.
type Appeal struct {
	Words string `json:"words,omitempty" maxLength:"1000"`
}

// AppealLevel is who has to decide now.
type AppealLevel struct {
	Level string `json:"level" enum:"community,street,district,city"`
}

func (a *api) appeal(ctx context.Context, in *With[Appeal]) (AppealLevel, error) {
	l, err := first(a.Feedback.Appeal(ctx, []feedback.AppealCmd{{Actor: actor(ctx), Key: in.Key, Complaint: feedback.ComplaintID(in.ID), Words: in.Body.Words}}))
	return AppealLevel{string(l)}, err
}

// PassUp hands a complaint to the level above.
type PassUp struct {
	Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"What the level above is told; names nobody"`
}

func (a *api) passUp(ctx context.Context, in *With[PassUp]) (AppealLevel, error) {
	l, err := first(a.Feedback.PassUp(ctx, []feedback.PassUpCmd{{Actor: actor(ctx), Key: in.Key, Complaint: feedback.ComplaintID(in.ID), Reason: in.Body.Reason}}))
	return AppealLevel{string(l)}, err
}

// Complaint is a complaint without its words.
type Complaint struct {
	ID            ID         `json:"id"`
	Order         ID         `json:"order"`
	Complainant   ID         `json:"complainant"`
	FiledAt       time.Time  `json:"filed_at"`
	Region        ID         `json:"region"`
	Category      string     `json:"category"`
	Open          bool       `json:"open"`
	Level         string     `json:"level" doc:"Who has to decide, or decided"`
	LevelSince    time.Time  `json:"level_since"`
	Due           time.Time  `json:"due" doc:"When the level's time is over"`
	Decision      string     `json:"decision,omitempty" enum:"release,reverse"`
	Reason        string     `json:"reason,omitempty"`
	DecidedAt     *time.Time `json:"decided_at,omitempty"`
	AppealedAt    *time.Time `json:"appealed_at,omitempty"`
	FirstDecision string     `json:"first_decision,omitempty" doc:"What the appeal is against"`
	RaisedReason  string     `json:"raised_reason,omitempty" doc:"Why it was passed up to its level by hand"`
}

func complaintOf(c feedback.Complaint) Complaint {
	return Complaint{ID: ID(c.ID), Order: ID(c.Order), Complainant: ID(c.Complainant), FiledAt: c.FiledAt, Region: ID(c.Region), Category: string(c.Category),
		Open: c.Open, Level: string(c.Level), LevelSince: c.LevelSince, Due: c.DueAt, Decision: string(c.Decision), Reason: c.Reason,
		DecidedAt: timeOf(c.DecidedAt), AppealedAt: timeOf(c.AppealedAt), FirstDecision: string(c.FirstDecision), RaisedReason: c.RaisedReason}
}

// Complaints are complaints, the most pressing first.
type Complaints struct {
	Complaints []Complaint `json:"complaints"`
}

func (a *api) listComplaints(ctx context.Context, in *OneID) (Complaints, error) {
	list, err := a.Feedback.OpenComplaints(ctx, actor(ctx), region.ID(in.ID))
	return Complaints{each(list, complaintOf)}, err
}

// ComplaintWords are a complaint's words. The look is in the audit trail.
type ComplaintWords struct {
	Complaint string `json:"complaint"`
	Appeal    string `json:"appeal"`
}

func (a *api) complaintWords(ctx context.Context, in *OneID) (ComplaintWords, error) {
	w, err := a.Feedback.Words(ctx, actor(ctx), feedback.ComplaintID(in.ID))
	return ComplaintWords(w), err
}

// FollowUp is the station's question about a visit.
type FollowUp struct {
	Order     ID         `json:"order"`
	Recipient ID         `json:"recipient"`
	Region    ID         `json:"region"`
	Cause     string     `json:"cause" enum:"one_sided,proxy,first_visits,sample"`
	Done      bool       `json:"done"`
	OpenedAt  time.Time  `json:"opened_at"`
	Due       time.Time  `json:"due"`
	Tries     int        `json:"tries" doc:"Calls that nobody answered"`
	Result    string     `json:"result,omitempty"`
	Complaint ID         `json:"complaint,omitempty"`
	DoneAt    *time.Time `json:"done_at,omitempty"`
}

func followUpOf(f feedback.FollowUp) FollowUp {
	return FollowUp{Order: ID(f.Order), Recipient: ID(f.Recipient), Region: ID(f.Region), Cause: string(f.Cause), Done: f.Done, OpenedAt: f.OpenedAt, Due: f.DueAt,
		Tries: f.Tries, Result: string(f.Result), Complaint: ID(f.Complaint), DoneAt: timeOf(f.DoneAt)}
}

// FollowUps are visits that the station still has to ask about, the most pressing first.
type FollowUps struct {
	FollowUps []FollowUp `json:"follow_ups"`
}

func (a *api) listFollowUps(ctx context.Context, in *OneID) (FollowUps, error) {
	list, err := a.Feedback.OpenFollowUps(ctx, actor(ctx), region.ID(in.ID))
	return FollowUps{each(list, followUpOf)}, err
}

// OrderFeedback is all feedback on one order.
type OrderFeedback struct {
	Ratings    []Rating    `json:"ratings"`
	FollowUp   *FollowUp   `json:"follow_up,omitempty"`
	Complaints []Complaint `json:"complaints"`
}

// Rating is what one side said about the other, without words.
type Rating struct {
	Rater     ID        `json:"rater"`
	Ratee     ID        `json:"ratee"`
	Direction string    `json:"direction" enum:"of_volunteer,of_recipient"`
	Stars     int       `json:"stars"`
	Tags      []string  `json:"tags"`
	HasWords  bool      `json:"has_words"`
	RatedAt   time.Time `json:"rated_at"`
}

func (a *api) orderFeedback(ctx context.Context, in *OneID) (OrderFeedback, error) {
	about, err := a.Feedback.OfOrder(ctx, actor(ctx), order.ID(in.ID))
	out := OrderFeedback{Complaints: each(about.Complaints, complaintOf), Ratings: each(about.Ratings, func(r feedback.Rating) Rating {
		return Rating{ID(r.Rater), ID(r.Ratee), string(r.Direction), r.Stars, each(r.Tags, func(t feedback.Tag) string { return string(t) }), r.HasWords, r.RatedAt}
	})}
	if about.FollowUp != nil {
		f := followUpOf(*about.FollowUp)
		out.FollowUp = &f
	}
	return out, err
}
