package httpapi

import (
	"context"

	"timebank/internal/member"
	"timebank/internal/notify"
)

// Reach is how a person is told what happens, as it sees it.
type Reach struct {
	Way       string `json:"way" enum:"sms,email,wechat,none" doc:"By which way it wants to be told"`
	Email     string `json:"email,omitempty" example:"z***@example.org" doc:"The mail address, masked"`
	Confirmed bool   `json:"confirmed" doc:"The code that went to the mail address has come back: it counts"`
	Mail      bool   `json:"mail" doc:"The city sends mail"`
	WeChat    bool   `json:"wechat" doc:"The city sends messages in WeChat"`
	Linked    bool   `json:"linked" doc:"The city's app has told the person's place in WeChat"`
	Dropped   bool   `json:"dropped" doc:"The person does not want its place in WeChat to be kept"`
}

func (a *api) getReach(ctx context.Context, in *OneID) (Reach, error) {
	r, err := a.Notify.ReachOf(ctx, actor(ctx), member.PersonID(in.ID))
	return Reach{Way: string(r.Choice), Email: r.Email, Confirmed: r.Confirmed, Mail: r.Mail, WeChat: r.WeChat, Linked: r.Linked, Dropped: r.Dropped}, err
}

// Way is how a person wants to be told.
type Way struct {
	Way string `json:"way" enum:"sms,email,wechat,none"`
}

func (a *api) chooseWay(ctx context.Context, in *With[Way]) error {
	return done(a.Notify.Choose(ctx, []notify.ChooseCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Channel: notify.Channel(in.Body.Way)}}))
}

// MailAddress is where a person wants to be told.
type MailAddress struct {
	Address string `json:"address" minLength:"3" maxLength:"254" example:"zhang@example.org"`
}

func (a *api) askEmail(ctx context.Context, in *With[MailAddress]) error {
	return done(a.Notify.AskEmail(ctx, []notify.AskEmailCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Address: in.Body.Address}}))
}

// MailCode is what came to the address.
type MailCode struct {
	Code string `json:"code" minLength:"1" maxLength:"10"`
}

func (a *api) confirmEmail(ctx context.Context, in *With[MailCode]) error {
	return done(a.Notify.ConfirmEmail(ctx, []notify.ConfirmEmailCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Code: in.Body.Code}}))
}

// ContactOn names one of a person's ways and the attempt to do something with it.
type ContactOn struct {
	Mutation
	ID      ID     `path:"id"`
	Channel string `path:"channel" enum:"email,wechat"`
}

func (a *api) dropContact(ctx context.Context, in *ContactOn) error {
	return done(a.Notify.DropContact(ctx, []notify.DropContactCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Channel: notify.Channel(in.Channel)}}))
}

func (a *api) allowContact(ctx context.Context, in *ContactOn) error {
	return done(a.Notify.AllowContact(ctx, []notify.AllowContactCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Channel: notify.Channel(in.Channel)}}))
}
