package httpapi

import (
	"context"
	"fmt"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/signin"
)

// Device is what every way of signing in tells besides its proof.
type Device struct {
	Device string `json:"device,omitempty" maxLength:"100" doc:"A name that the browser or app made up for itself and keeps; attempts are limited by it besides"`
	Label  string `json:"label,omitempty" maxLength:"60" example:"phone" doc:"What the holder sees in its list of sessions"`
}

func (d Device) where(ctx context.Context) signin.Where {
	req := requestOf(ctx)
	return signin.Where{Device: d.Device, Address: req.address(), Origin: req.origin(d.Device)}
}

func (d Device) sign(ctx context.Context) signin.Sign {
	return signin.Sign{Where: d.where(ctx), Label: d.Label}
}

// Says is an input that is a body alone: the proofs of signing in, which are used up and take no key.
type Says[B any] struct{ Body B }

// SignedIn is a new session, or a choice between the people who share a telephone.
type SignedIn struct {
	Token  string      `json:"token,omitempty" doc:"Bearer token, shown once; left out when somebody has to be chosen first"`
	Actor  ID          `json:"actor,omitempty"`
	Ends   *time.Time  `json:"ends,omitempty" doc:"When the session ends at the latest"`
	Choice string      `json:"choice,omitempty" doc:"To be sent back with the person chosen"`
	Among  []Candidate `json:"among,omitempty"`
}

// Candidate is one of several people who share a telephone.
type Candidate struct {
	Person ID     `json:"person"`
	Name   string `json:"name" example:"李*" doc:"Masked"`
}

func signedInOf(in signin.SignedIn, err error) (SignedIn, error) {
	out := SignedIn{Token: in.Token, Actor: ID(in.Actor), Ends: timeOf(in.Ends), Choice: in.Choice}
	for _, c := range in.Among {
		out.Among = append(out.Among, Candidate{Person: ID(c.Person), Name: fmt.Sprint(c.Name)})
	}
	return out, err
}

// CodeWish asks for a code.
type CodeWish struct {
	Device
	Phone string `json:"phone" minLength:"1" maxLength:"30" doc:"A mobile number"`
}

// CodeSent is the answer to everybody, whether the number is known or not.
type CodeSent struct {
	Challenge ID        `json:"challenge" doc:"To be sent back with the code"`
	Expires   time.Time `json:"expires"`
}

func (a *api) askCode(ctx context.Context, in *Says[CodeWish]) (CodeSent, error) {
	asked, err := a.SignIn.AskCode(ctx, signin.AskCodeCmd{Where: in.Body.where(ctx), Phone: in.Body.Phone})
	return CodeSent{ID(asked.Challenge), asked.Expires}, err
}

// CodeProof is a code.
type CodeProof struct {
	Device
	Challenge ID     `json:"challenge"`
	Code      string `json:"code" minLength:"1" maxLength:"10" example:"042817"`
}

func (a *api) checkCode(ctx context.Context, in *Says[CodeProof]) (SignedIn, error) {
	return signedInOf(a.SignIn.CheckCode(ctx, signin.CheckCodeCmd{Sign: in.Body.sign(ctx), Challenge: string(in.Body.Challenge), Code: in.Body.Code}))
}

// Chosen says who of several signs in.
type Chosen struct {
	Device
	Choice string `json:"choice" minLength:"1" maxLength:"200"`
	Person ID     `json:"person"`
}

func (a *api) choosePerson(ctx context.Context, in *Says[Chosen]) (SignedIn, error) {
	return signedInOf(a.SignIn.Choose(ctx, signin.ChooseCmd{Sign: in.Body.sign(ctx), Choice: in.Body.Choice, Person: member.PersonID(in.Body.Person)}))
}

// Second is a second factor: one of the three.
type Second struct {
	TOTP     string     `json:"totp,omitempty" maxLength:"10" doc:"What the authenticator shows"`
	Recovery string     `json:"recovery,omitempty" maxLength:"40" doc:"A recovery code"`
	Passkey  *KeyAnswer `json:"passkey,omitempty"`
}

func (f Second) proof() signin.Proof {
	p := signin.Proof{TOTP: f.TOTP, Recovery: f.Recovery}
	if f.Passkey != nil {
		p.Passkey = f.Passkey.assertion()
	}
	return p
}

// StaffProof is a password with a second factor.
type StaffProof struct {
	Device
	Login    string `json:"login" minLength:"1" maxLength:"40"`
	Password string `json:"password" minLength:"1" maxLength:"600"`
	Second   Second `json:"second"`
}

func (a *api) staffSignIn(ctx context.Context, in *Says[StaffProof]) (SignedIn, error) {
	b := in.Body
	return signedInOf(a.SignIn.Staff(ctx, signin.StaffCmd{Sign: b.sign(ctx), Login: b.Login, Password: b.Password, Proof: b.Second.proof()}))
}

// Invite lets staff set its password and second factor.
type Invite struct {
	Login string `json:"login" minLength:"1" maxLength:"40" example:"maigaoqiao.desk" doc:"The name to sign in with"`
}

// Invitation is handed over by hand. It is shown once.
type Invitation struct {
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

// SaysOf is an input about one thing that is a body alone.
type SaysOf[B any] struct {
	ID   ID `path:"id"`
	Body B
}

func (a *api) inviteStaff(ctx context.Context, in *SaysOf[Invite]) (Invitation, error) {
	made, err := a.SignIn.Invite(ctx, signin.InviteCmd{Actor: actor(ctx), To: identity.ActorID(in.ID), Login: in.Body.Login})
	return Invitation{made.Code, made.Expires}, err
}

// Acceptance chooses a password.
type Acceptance struct {
	Invitation string `json:"invitation" minLength:"1" maxLength:"200"`
	Password   string `json:"password" minLength:"1" maxLength:"600"`
}

// Enrolment is what the authenticator needs. It is shown once.
type Enrolment struct {
	Login  string `json:"login"`
	Secret string `json:"secret" doc:"Base32, for typing"`
	URI    string `json:"uri" doc:"For a square code"`
	Ticket string `json:"ticket" doc:"To confirm with"`
	Phone  string `json:"phone,omitempty" example:"138****5678" doc:"Where the other code went that the confirmation asks for"`
}

func (a *api) acceptInvitation(ctx context.Context, in *Says[Acceptance]) (Enrolment, error) {
	e, err := a.SignIn.Accept(ctx, signin.AcceptCmd{Where: Device{}.where(ctx), Invitation: in.Body.Invitation, Password: in.Body.Password})
	return Enrolment{Login: e.Login, Secret: e.Secret, URI: e.URI, Ticket: e.Ticket, Phone: e.Phone.String()}, err
}

// EnrolmentProof shows that the authenticator works.
type EnrolmentProof struct {
	Device
	Ticket string `json:"ticket" minLength:"1" maxLength:"200"`
	TOTP   string `json:"totp" minLength:"1" maxLength:"10"`
	Sent   string `json:"sent,omitempty" maxLength:"10" doc:"The six digits that went to the invited person's own telephone"`
}

// Enrolled is a first session with the recovery codes.
type Enrolled struct {
	SignedIn
	Recovery []string `json:"recovery" doc:"Codes that stand in for a lost authenticator, each once. They are shown once."`
}

func (a *api) confirmEnrolment(ctx context.Context, in *Says[EnrolmentProof]) (Enrolled, error) {
	done, err := a.SignIn.Confirm(ctx, signin.ConfirmCmd{Sign: in.Body.sign(ctx), Ticket: in.Body.Ticket, Code: in.Body.TOTP, Sent: in.Body.Sent})
	out, err := signedInOf(done.SignedIn, err)
	return Enrolled{out, done.Recovery}, err
}

// StepUp is a second factor shown again.
type StepUp struct {
	Device
	Second Second `json:"second"`
}

// SteppedUp says until when guarded rights are open.
type SteppedUp struct {
	Until time.Time `json:"until"`
}

func (a *api) stepUp(ctx context.Context, in *Says[StepUp]) (SteppedUp, error) {
	until, err := a.SignIn.StepUp(ctx, actor(ctx), in.Body.where(ctx), in.Body.Second.proof())
	return SteppedUp{until}, err
}

// Ceremony is what the browser's key needs.
type Ceremony struct {
	Ticket  string `json:"ticket" doc:"To answer with"`
	Options string `json:"options" doc:"JSON text for navigator.credentials"`
}

func ceremonyOf(c signin.Ceremony, err error) (Ceremony, error) {
	return Ceremony{c.Ticket, string(c.Options)}, err
}

// KeyAnswer is the answer of the browser's key.
type KeyAnswer struct {
	Ticket   string `json:"ticket" minLength:"1" maxLength:"200"`
	Response string `json:"response" minLength:"1" maxLength:"20000" doc:"JSON text of the credential, by its toJSON"`
}

func (k KeyAnswer) assertion() signin.Assertion {
	return signin.Assertion{Ticket: k.Ticket, Response: []byte(k.Response)}
}

func (a *api) askPasskey(ctx context.Context, _ *Nothing) (Ceremony, error) {
	return ceremonyOf(a.SignIn.AskPasskey(ctx))
}

// KeyProof signs in by a key.
type KeyProof struct {
	Device
	KeyAnswer
}

func (a *api) passkeySignIn(ctx context.Context, in *Says[KeyProof]) (SignedIn, error) {
	return signedInOf(a.SignIn.ByPasskey(ctx, signin.PasskeyCmd{Sign: in.Body.sign(ctx), Assertion: in.Body.assertion()}))
}

func (a *api) beginPasskey(ctx context.Context, _ *Nothing) (Ceremony, error) {
	return ceremonyOf(a.SignIn.BeginPasskey(ctx, actor(ctx)))
}

// NewKey adds a key.
type NewKey struct {
	KeyAnswer
	Label string `json:"label,omitempty" maxLength:"60" example:"my phone"`
}

// Passkey is a key that one signs in with.
type Passkey struct {
	ID      string     `json:"id"`
	Label   string     `json:"label"`
	Created time.Time  `json:"created"`
	Used    *time.Time `json:"used,omitempty"`
}

func passkeyOf(p signin.Passkey) Passkey {
	return Passkey{ID: p.ID, Label: p.Label, Created: p.Created, Used: timeOf(p.Used)}
}

func (a *api) addPasskey(ctx context.Context, in *Says[NewKey]) (Passkey, error) {
	p, err := a.SignIn.FinishPasskey(ctx, signin.FinishPasskeyCmd{Actor: actor(ctx), Label: in.Body.Label, Ticket: in.Body.Ticket, Response: []byte(in.Body.Response)})
	return passkeyOf(p), err
}

// Passkeys are the keys that one signs in with.
type Passkeys struct {
	Passkeys []Passkey `json:"passkeys"`
}

func (a *api) listPasskeys(ctx context.Context, _ *Nothing) (Passkeys, error) {
	list, err := a.SignIn.Passkeys(ctx, actor(ctx))
	return Passkeys{each(list, passkeyOf)}, err
}

// KeyName names a key.
type KeyName struct {
	ID string `json:"id" minLength:"1" maxLength:"1400"`
}

func (a *api) removePasskey(ctx context.Context, in *Says[KeyName]) error {
	return a.SignIn.RemovePasskey(ctx, actor(ctx), in.Body.ID)
}

// Provider names a provider.
type Provider struct {
	Provider string `json:"provider" minLength:"1" maxLength:"40" example:"city"`
}

// Departure sends a browser to a provider.
type Departure struct {
	URL     string `json:"url"`
	Binding string `json:"binding" doc:"Kept by this browser alone and sent with the return"`
}

func (a *api) depart(ctx context.Context, in *Says[Provider]) (Departure, error) {
	d, err := a.SignIn.Depart(ctx, in.Body.Provider)
	return Departure(d), err
}

// Return is what a browser brings back from a provider.
type Return struct {
	Device
	Provider string `json:"provider" minLength:"1" maxLength:"40" example:"city"`
	Binding  string `json:"binding" minLength:"1" maxLength:"200"`
	State    string `json:"state" minLength:"1" maxLength:"200"`
	Code     string `json:"code" minLength:"1" maxLength:"4000"`
}

func (a *api) returned(ctx context.Context, in *Says[Return]) (SignedIn, error) {
	b := in.Body
	return signedInOf(a.SignIn.Return(ctx, signin.ReturnCmd{Sign: b.sign(ctx), Provider: b.Provider, Binding: b.Binding, State: b.State, Code: b.Code}))
}

// Card is printed for somebody without a telephone. Its code is shown once.
type Card struct {
	Code  string    `json:"code" doc:"For a square code, and for reading"`
	Sheet []DayWord `json:"sheet"`
}

// DayWord is the word that the holder says on a day.
type DayWord struct {
	Day  Day    `json:"day"`
	Word string `json:"word"`
}

// Sheet is the words of the days to come.
type Sheet struct {
	Sheet []DayWord `json:"sheet"`
}

func sheetOf(list []signin.DayWord) []DayWord {
	return each(list, func(d signin.DayWord) DayWord { return DayWord{Day(d.Day), d.Word} })
}

func printing(ctx context.Context, of ID) signin.PrintCardCmd {
	return signin.PrintCardCmd{Actor: actor(ctx), Person: member.PersonID(of)}
}

func (a *api) printCard(ctx context.Context, in *OneID) (Card, error) {
	card, err := a.SignIn.PrintCard(ctx, printing(ctx, in.ID))
	return Card{card.Code, sheetOf(card.Sheet)}, err
}

func (a *api) printSheet(ctx context.Context, in *OneID) (Sheet, error) {
	sheet, err := a.SignIn.PrintSheet(ctx, printing(ctx, in.ID))
	return Sheet{sheetOf(sheet)}, err
}

func (a *api) revokeCard(ctx context.Context, in *OneID) error {
	return a.SignIn.RevokeCard(ctx, printing(ctx, in.ID))
}

// CardProof is a card shown at the desk with the word that its holder says.
type CardProof struct {
	Device
	Code string `json:"code" minLength:"1" maxLength:"40"`
	Word string `json:"word" minLength:"1" maxLength:"20"`
}

func (a *api) useCard(ctx context.Context, in *Says[CardProof]) (SignedIn, error) {
	b := in.Body
	return signedInOf(a.SignIn.UseCard(ctx, signin.UseCardCmd{Sign: b.sign(ctx), Actor: actor(ctx), Code: b.Code, Word: b.Word}))
}

// Letters are messages that no carrier took.
type Letters struct {
	Letters []Letter `json:"letters"`
}

// Letter is a message that no carrier took.
type Letter struct {
	ID      ID                `json:"id"`
	To      string            `json:"to"`
	Kind    string            `json:"kind" example:"signin.code"`
	Values  map[string]string `json:"values"`
	Created time.Time         `json:"created"`
}

// inboxMost is how many letters the development inbox shows.
const inboxMost = 100

func (a *api) inbox(ctx context.Context, _ *Nothing) (Letters, error) {
	if !a.Inbox {
		return Letters{}, errs.New(errs.NotFound, "api.inbox_closed")
	}
	list, err := a.Notify.Inbox(ctx, inboxMost)
	out := Letters{Letters: make([]Letter, 0, len(list))}
	for _, l := range list {
		out.Letters = append(out.Letters, Letter{ID(l.ID), l.To, string(l.Kind), l.Values, l.Created})
	}
	return out, err
}
