package httpapi

import (
	"context"
	"time"

	"timebank/internal/call"
	"timebank/internal/member"
	"timebank/internal/order"
)

// NewCall is a call that a station answered.
type NewCall struct {
	Order  ID     `json:"order,omitempty" doc:"The person's order that it was about"`
	Reason string `json:"reason" enum:"service,change,visit,trouble,hours,news,question,other"`
	Words  string `json:"words,omitempty" maxLength:"500" doc:"What was said"`
}

func (a *api) noteCall(ctx context.Context, in *With[NewCall]) (Made, error) {
	made, err := first(a.Calls.Note(ctx, []call.NoteCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Order: order.ID(in.Body.Order),
		Reason: call.Reason(in.Body.Reason), Words: in.Body.Words}}))
	return Made{ID(made)}, err
}

// Call is a call without its words.
type Call struct {
	ID       ID        `json:"id"`
	Order    ID        `json:"order,omitempty" doc:"The order that it asked for or was about"`
	Reason   string    `json:"reason"`
	HasWords bool      `json:"has_words"`
	TakenBy  string    `json:"taken_by" doc:"The account that answered"`
	TakenAt  time.Time `json:"taken_at"`
}

// Calls is a page of calls, newest first.
type Calls struct {
	Calls []Call `json:"calls"`
	Next  string `json:"next,omitempty"`
}

// CallsQuery asks for the calls about a person.
type CallsQuery struct {
	ID ID `path:"id" doc:"The person"`
	Page
}

func (a *api) listCalls(ctx context.Context, in *CallsQuery) (Calls, error) {
	limit := min(in.Limit, callPage-1)
	list, err := a.Calls.List(ctx, actor(ctx), call.Filter{Person: member.PersonID(in.ID), Before: call.ID(in.key), Limit: limit + 1})
	page, next := cut(&in.Cursor, list, limit, func(c call.Call) string { return string(c.ID) })
	return Calls{each(page, func(c call.Call) Call {
		return Call{ID: ID(c.ID), Order: ID(c.Order), Reason: string(c.Reason), HasWords: c.HasWords, TakenBy: c.TakenBy, TakenAt: c.TakenAt}
	}), next}, err
}

// callPage bounds a page of calls.
const callPage = 100

// CallWords is what was written down of a call. The look is in the audit trail.
type CallWords struct {
	Words string `json:"words" doc:"Empty when nothing was written down, or its days are over"`
}

func (a *api) callWords(ctx context.Context, in *OneID) (CallWords, error) {
	words, err := a.Calls.Words(ctx, actor(ctx), call.ID(in.ID))
	return CallWords{words}, err
}
