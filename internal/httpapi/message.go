package httpapi

import (
	"context"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
)

// OrderMessages are the messages about one order.
type OrderMessages struct {
	Messages []MessageStatus `json:"messages"`
}

// MessageStatus is what became of a message. It holds neither its words nor where it went.
type MessageStatus struct {
	ID      ID         `json:"id"`
	Person  ID         `json:"person"`
	Kind    string     `json:"kind" example:"order.coming"`
	Channel string     `json:"channel" example:"sms"`
	State   string     `json:"state" example:"delivered"`
	Problem string     `json:"problem,omitempty" doc:"code of the carrier"`
	Missed  bool       `json:"missed" doc:"it did not arrive and will not: call instead"`
	Created time.Time  `json:"created"`
	Due     time.Time  `json:"due" doc:"when it may leave: after quiet hours"`
	Changed *time.Time `json:"changed,omitempty"`
}

// messagesMost is how many messages about one order are listed, newest first.
const messagesMost = 100

func (a *api) orderMessages(ctx context.Context, in *OneID) (out OrderMessages, err error) {
	which := order.ID(in.ID)
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		found, err := order.Load(tx, []order.ID{which})
		if err != nil {
			return err
		}
		o := found[which]
		if o == nil || actor(ctx).May(identity.OrderRead, o.Region, tree) != nil {
			return errs.New(errs.NotFound, "order.not_found")
		}
		list, err := notify.About(tx, string(in.ID), messagesMost)
		out.Messages = each(list, messageOf)
		return err
	})
	return out, err
}

// NoticesQuery asks for what a person was told.
type NoticesQuery struct {
	ID ID `path:"id" doc:"The person: oneself"`
	Page
}

// Notices is a page of what a person was told.
type Notices struct {
	Notices []MessageStatus `json:"notices"`
	Next    string          `json:"next,omitempty"`
}

func (a *api) listNotices(ctx context.Context, in *NoticesQuery) (Notices, error) {
	list, err := a.Notify.Mine(ctx, actor(ctx), member.PersonID(in.ID), notify.ID(in.key), in.Limit+1)
	page, next := cut(&in.Cursor, list, in.Limit, func(m notify.Status) string { return string(m.ID) })
	return Notices{each(page, messageOf), next}, err
}

func messageOf(m notify.Status) MessageStatus {
	out := MessageStatus{ID: ID(m.ID), Person: ID(m.Person), Kind: string(m.Kind), Channel: string(m.Channel), State: string(m.State), Problem: m.Problem,
		Missed: m.Missed(), Created: m.Created, Due: m.Due}
	if !m.Changed.IsZero() {
		out.Changed = &m.Changed
	}
	return out
}
