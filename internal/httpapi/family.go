package httpapi

import (
	"context"
	"time"

	"timebank/internal/family"
	"timebank/internal/member"
	"timebank/internal/order"
)

// KinAsk asks to become kin of somebody.
type KinAsk struct {
	IDNumber string `json:"id_number" minLength:"15" maxLength:"18" doc:"Of the person asked for"`
	Relation string `json:"relation" enum:"spouse,parent,child,grandparent,grandchild" doc:"What that person is to the one who asks"`
	Act      bool   `json:"act,omitempty" doc:"Wishes to order and confirm for that person"`
	Message  bool   `json:"message,omitempty" doc:"Wishes to send messages, and agrees to get them"`
}

func (a *api) askKin(ctx context.Context, in *With[KinAsk]) (Made, error) {
	b := in.Body
	made, err := first(a.Family.Ask(ctx, []family.AskCmd{{Actor: actor(ctx), Key: in.Key, Asker: member.PersonID(in.ID), IDNumber: b.IDNumber,
		Relation: member.Relation(b.Relation), Act: b.Act, Message: b.Message}}))
	return Made{ID(made)}, err
}

// KinAsks are wishes that wait for a person's answer.
type KinAsks struct {
	Asks []WaitingAsk `json:"asks"`
}

// WaitingAsk is somebody's wish to become kin.
type WaitingAsk struct {
	ID       ID        `json:"id"`
	Asker    ID        `json:"asker"`
	Relation string    `json:"relation" enum:"spouse,parent,child,grandparent,grandchild" doc:"What the person asked is to the asker"`
	Act      bool      `json:"act"`
	Message  bool      `json:"message"`
	AskedAt  time.Time `json:"asked_at"`
}

func (a *api) listKinAsks(ctx context.Context, in *OneID) (KinAsks, error) {
	list, err := a.Family.Asks(ctx, actor(ctx), member.PersonID(in.ID))
	return KinAsks{each(list, func(k family.Ask) WaitingAsk {
		return WaitingAsk{ID(k.ID), ID(k.Asker), string(k.Relation), k.Act, k.Message, k.AskedAt}
	})}, err
}

// KinAnswer is the yes or no of the person asked; whoever asked takes the wish back with no.
type KinAnswer struct {
	Agree   bool `json:"agree"`
	Act     bool `json:"act,omitempty" doc:"The relative may order and confirm for the person"`
	Message bool `json:"message,omitempty" doc:"The relative may send messages"`
}

func (a *api) answerKinAsk(ctx context.Context, in *With[KinAnswer]) error {
	return done(a.Family.Answer(ctx, []family.AnswerCmd{{Actor: actor(ctx), Key: in.Key, Ask: family.AskID(in.ID), Agree: in.Body.Agree, Act: in.Body.Act, Message: in.Body.Message}}))
}

func (a *api) endKin(ctx context.Context, in *KinOn) error {
	return done(a.Members.EndKin(ctx, []member.EndKinCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Relative: member.PersonID(in.Relative)}}))
}

// MessageLine is one side's yes or no to messages.
type MessageLine struct {
	Mutation
	ID       ID `path:"id" doc:"The person"`
	Relative ID `path:"relative"`
	Body     struct {
		Open bool `json:"open"`
	}
}

func (a *api) messageLine(ctx context.Context, in *MessageLine) error {
	return done(a.Family.Line(ctx, []family.LineCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Relative: member.PersonID(in.Relative), Open: in.Body.Open}}))
}

// NewMessage tells a relative something.
type NewMessage struct {
	To    ID     `json:"to" doc:"The relative"`
	Order ID     `json:"order,omitempty" doc:"The visit that it is about"`
	Words string `json:"words" minLength:"1" maxLength:"60"`
}

func (a *api) sendMessage(ctx context.Context, in *With[NewMessage]) (Made, error) {
	made, err := first(a.Family.Send(ctx, []family.SendCmd{{Actor: actor(ctx), Key: in.Key, From: member.PersonID(in.ID), To: member.PersonID(in.Body.To),
		Order: order.ID(in.Body.Order), Words: in.Body.Words}}))
	return Made{ID(made)}, err
}

// FamilyMessages is a page of messages, newest first.
type FamilyMessages struct {
	Messages []FamilyMessage `json:"messages"`
	Next     string          `json:"next,omitempty"`
}

// FamilyMessage is a message of one relative to another.
type FamilyMessage struct {
	ID     ID         `json:"id"`
	From   ID         `json:"from"`
	To     ID         `json:"to"`
	Order  ID         `json:"order,omitempty"`
	Words  string     `json:"words"`
	SentAt time.Time  `json:"sent_at"`
	SeenAt *time.Time `json:"seen_at,omitempty"`
}

// MessagesQuery asks for the messages between a person and its relatives.
type MessagesQuery struct {
	ID ID `path:"id" doc:"The person"`
	Page
}

// messagePage bounds a page of messages.
const messagePage = 100

func (a *api) listMessages(ctx context.Context, in *MessagesQuery) (FamilyMessages, error) {
	limit := min(in.Limit, messagePage-1)
	list, err := a.Family.Messages(ctx, actor(ctx), family.MessageFilter{Person: member.PersonID(in.ID), Before: family.MessageID(in.key), Limit: limit + 1})
	page, next := cut(&in.Cursor, list, limit, func(m family.Message) string { return string(m.ID) })
	return FamilyMessages{each(page, func(m family.Message) FamilyMessage {
		return FamilyMessage{ID(m.ID), ID(m.From), ID(m.To), ID(m.Order), m.Words, m.SentAt, timeOf(m.SeenAt)}
	}), next}, err
}

func (a *api) seenMessage(ctx context.Context, in *ActOn) error {
	return done(a.Family.Seen(ctx, []family.MessageCmd{{Actor: actor(ctx), Key: in.Key, Message: family.MessageID(in.ID)}}))
}

func (a *api) takeBackMessage(ctx context.Context, in *ActOn) error {
	return done(a.Family.TakeBack(ctx, []family.MessageCmd{{Actor: actor(ctx), Key: in.Key, Message: family.MessageID(in.ID)}}))
}
