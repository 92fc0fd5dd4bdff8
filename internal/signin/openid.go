package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// OpenID is a provider that people come from, such as the city's own app.
type OpenID struct {
	Name     string // in addresses and links
	Issuer   string
	Client   string
	Secret   string // "" for a public client
	Redirect string // our address that the provider sends people back to
	Scopes   []string
	// Claim holds the identity number, and Verified must be true for it to count; an empty Verified trusts every number of the provider.
	Claim, Verified string
	// WeChat names the claim that holds the person's OpenID in the city's mini program, by which messages reach it; "" takes none.
	WeChat string
}

const (
	openidTicket ticketKind = "openid"

	// absence is how long somebody may be away at the provider, patience how long we wait for the provider itself.
	absence  = 15 * time.Minute
	patience = 15 * time.Second
)

// providers are the discovered ones. A provider that was not there is asked again.
type providers struct {
	mu    sync.Mutex
	known map[string]*oidc.Provider
}

var errProvider = errs.New(errs.Unavailable, "signin.provider_unreachable")

// Providers names the providers that people may come from, the city's own first.
func (s *Service) Providers() []string {
	names := make([]string, len(s.set.OpenID))
	for i, p := range s.set.OpenID {
		names[i] = p.Name
	}
	return names
}

func (s *Service) provider(ctx context.Context, name string) (OpenID, *oidc.Provider, error) {
	for _, set := range s.set.OpenID {
		if set.Name != name {
			continue
		}
		s.providers.mu.Lock()
		defer s.providers.mu.Unlock()
		if p := s.providers.known[name]; p != nil {
			return set, p, nil
		}
		p, err := oidc.NewProvider(ctx, set.Issuer)
		if err != nil {
			return set, nil, errProvider.With(err)
		}
		s.providers.known[name] = p
		return set, p, nil
	}
	return OpenID{}, nil, errs.New(errs.NotFound, "signin.provider_unknown")
}

func (set OpenID) client(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: set.Client, ClientSecret: set.Secret, Endpoint: p.Endpoint(), RedirectURL: set.Redirect, Scopes: set.Scopes}
}

// Departure sends a browser to a provider.
type Departure struct {
	URL string
	// Binding is kept by the browser that departs, in a cookie that only we read: nobody else can come back with its answer.
	Binding string
}

// away is what waits for somebody's return.
type away struct{ State, Nonce, Verifier string }

// Depart begins a sign-in at a provider. Errors: signin.provider_unknown, signin.provider_unreachable.
func (s *Service) Depart(ctx context.Context, provider string) (d Departure, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	set, p, err := s.provider(ctx, provider)
	if err != nil {
		return Departure{}, err
	}
	var w away
	err = s.db.Write(ctx, "signin.depart", func(tx *store.Tx) error {
		for _, word := range []*string{&w.State, &w.Nonce, &w.Verifier} {
			var b [secretBytes]byte
			tx.Fill(b[:])
			*word = base64.RawURLEncoding.EncodeToString(b[:])
		}
		sealed, err := json.Marshal(w)
		if err != nil {
			return err
		}
		d.Binding, err = s.issue(tx, openidTicket, provider, string(sealed), absence)
		return err
	})
	d.URL = set.client(p).AuthCodeURL(w.State, oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier))
	return d, err
}

// ReturnCmd is what a browser brings back from a provider.
type ReturnCmd struct {
	Sign
	Provider string
	Binding  string
	State    string
	Code     string // "" when the provider refused
}

// Return ends a sign-in at a provider. The account is that of the verified identity number, and nothing else links: not an address, not a
// name. A number that nobody has registered with gets an account that is nobody's yet. Errors: signin.stale for a return that does not
// belong to the departure, signin.wrong for an answer that is not the provider's, signin.number_unverified, signin.number_changed when the
// provider's account had another number before, signin.provider_unreachable.
func (s *Service) Return(ctx context.Context, cmd ReturnCmd) (in SignedIn, err error) {
	var w away
	err = s.settled(ctx, "signin.return", func(tx *store.Tx) (error, error) {
		t, sealed, err := s.take(tx, openidTicket, cmd.Binding)
		if errors.Is(err, errStale) {
			return err, refused(tx, "signin.openid", "", cmd.Where)
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(sealed), &w); err != nil {
			return nil, err
		}
		if t.subject != cmd.Provider || !same([]byte(w.State), []byte(cmd.State)) {
			return errStale, refused(tx, "signin.openid", string(t.id), cmd.Where)
		}
		return nil, nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	came, err := s.redeem(ctx, cmd, w)
	if err != nil {
		return SignedIn{}, err
	}
	err = s.settled(ctx, "signin.return", func(tx *store.Tx) (error, error) {
		actor, err := s.link(tx, cmd.Provider, came, cmd.Origin)
		if errs.KindOf(err) == errs.Forbidden {
			return err, refused(tx, "signin.openid", "", cmd.Where)
		}
		if err != nil {
			return nil, err
		}
		in, err = s.open(tx, actor, identity.GradeCitizen, cmd.Sign)
		return nil, err
	})
	return in, err
}

// arrival is what the provider says of who comes from it: its own name for the account, the verified identity number, and where it is in
// WeChat, "" when that is not said.
type arrival struct {
	subject string
	number  pii.IDNumber
	wechat  string
}

// wechatForm is the form of an OpenID: what has another is none.
var wechatForm = regexp.MustCompile(`^[0-9A-Za-z_-]{8,64}$`)

// redeem turns the code into what the provider says of its account.
func (s *Service) redeem(ctx context.Context, cmd ReturnCmd, w away) (came arrival, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	set, p, err := s.provider(ctx, cmd.Provider)
	if err != nil {
		return arrival{}, err
	}
	token, err := set.client(p).Exchange(ctx, cmd.Code, oauth2.VerifierOption(w.Verifier))
	if err != nil {
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) {
			// The answer's text may hold the code: it is not kept.
			return arrival{}, errWrong
		}
		return arrival{}, errProvider.With(err)
	}
	raw, _ := token.Extra("id_token").(string)
	identityToken, err := p.Verifier(&oidc.Config{ClientID: set.Client, Now: s.clock.Now}).Verify(ctx, raw)
	if err != nil || !same([]byte(identityToken.Nonce), []byte(w.Nonce)) {
		return arrival{}, errWrong
	}
	claims := map[string]any{}
	if err := identityToken.Claims(&claims); err != nil {
		return arrival{}, errWrong
	}
	said := func(claim string) bool { return claim == "" || claims[claim] != nil }
	wechat := claims[set.WeChat]
	if (!said(set.Claim) || !said(set.WeChat)) && p.UserInfoEndpoint() != "" {
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return arrival{}, errProvider.With(err)
		}
		if info.Subject != identityToken.Subject {
			return arrival{}, errWrong
		}
		more := map[string]any{}
		if err := info.Claims(&more); err != nil {
			return arrival{}, errWrong
		}
		if wechat == nil {
			wechat = more[set.WeChat]
		}
		// The number and that it is verified are taken from one place.
		if !said(set.Claim) {
			claims = more
		}
	}
	came.subject = identityToken.Subject
	text, _ := claims[set.Claim].(string)
	verified, _ := claims[set.Verified].(bool)
	came.number, err = pii.ParseIDNumber(text)
	if err != nil || set.Verified != "" && !verified {
		return arrival{}, errs.New(errs.Forbidden, "signin.number_unverified").By("record.one_person", "law")
	}
	if open, _ := wechat.(string); set.WeChat != "" && wechatForm.MatchString(open) {
		came.wechat = open
	}
	return came, nil
}

// link returns the account of an identity number and remembers whose it is at the provider, and where messages reach its person.
func (s *Service) link(tx *store.Tx, provider string, came arrival, origin string) (identity.ActorID, error) {
	person, found, err := s.members.ByIDNumber(tx, came.number)
	if err != nil {
		return "", err
	}
	actor, err := s.linked(tx, provider, came.subject, person, found, origin)
	if err != nil || !found || came.wechat == "" {
		return actor, err
	}
	return actor, s.notify.Vouched(tx, person, notify.WeChat, came.wechat, origin)
}

// linked returns the account of a person at a provider, that of nobody yet when the number belongs to no one.
func (s *Service) linked(tx *store.Tx, provider, subject string, person member.Person, found bool, origin string) (identity.ActorID, error) {
	// What the provider calls its user may be a name or a number: a keyed index of it is enough.
	subject = s.index("signin.subject", provider+" "+subject)
	linked, err := linkOf(tx, provider, subject)
	if err != nil {
		return "", err
	}
	if found && linked == person.Actor {
		return linked, nil
	}
	if linked != "" {
		known, err := identity.Load(tx, []identity.ActorID{linked}, "")
		if err != nil {
			return "", err
		}
		switch {
		case known[linked].Person != "":
			return "", errs.New(errs.Forbidden, "signin.number_changed").By("record.one_person", "law")
		case !found:
			return linked, nil
		}
	}
	actor := person.Actor
	if !found {
		fresh, err := identity.Register(tx, []string{""})
		if err != nil {
			return "", err
		}
		actor = fresh[0]
	}
	if err := saveLink(tx, provider, subject, actor); err != nil {
		return "", err
	}
	return actor, audit.Record(tx, audit.Entry{Actor: string(actor), Action: "signin.link", Kind: "provider", Ref: provider, After: "linked", Origin: origin})
}
