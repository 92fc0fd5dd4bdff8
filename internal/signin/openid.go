package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/identity"
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
	subject, number, err := s.redeem(ctx, cmd, w)
	if err != nil {
		return SignedIn{}, err
	}
	err = s.settled(ctx, "signin.return", func(tx *store.Tx) (error, error) {
		actor, err := s.link(tx, cmd.Provider, subject, number, cmd.Origin)
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

// redeem turns the code into the provider's account and its verified identity number.
func (s *Service) redeem(ctx context.Context, cmd ReturnCmd, w away) (subject string, number pii.IDNumber, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	set, p, err := s.provider(ctx, cmd.Provider)
	if err != nil {
		return "", number, err
	}
	token, err := set.client(p).Exchange(ctx, cmd.Code, oauth2.VerifierOption(w.Verifier))
	if err != nil {
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) {
			// The answer's text may hold the code: it is not kept.
			return "", number, errWrong
		}
		return "", number, errProvider.With(err)
	}
	raw, _ := token.Extra("id_token").(string)
	identityToken, err := p.Verifier(&oidc.Config{ClientID: set.Client, Now: s.clock.Now}).Verify(ctx, raw)
	if err != nil || !same([]byte(identityToken.Nonce), []byte(w.Nonce)) {
		return "", number, errWrong
	}
	claims := map[string]any{}
	if err := identityToken.Claims(&claims); err != nil {
		return "", number, errWrong
	}
	if claims[set.Claim] == nil && p.UserInfoEndpoint() != "" {
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return "", number, errProvider.With(err)
		}
		if info.Subject != identityToken.Subject {
			return "", number, errWrong
		}
		claims = map[string]any{}
		if err := info.Claims(&claims); err != nil {
			return "", number, errWrong
		}
	}
	text, _ := claims[set.Claim].(string)
	verified, _ := claims[set.Verified].(bool)
	number, err = pii.ParseIDNumber(text)
	if err != nil || set.Verified != "" && !verified {
		return "", number, errs.New(errs.Forbidden, "signin.number_unverified")
	}
	return identityToken.Subject, number, nil
}

// link returns the account of an identity number and remembers whose it is at the provider.
func (s *Service) link(tx *store.Tx, provider, subject string, number pii.IDNumber, origin string) (identity.ActorID, error) {
	// What the provider calls its user may be a name or a number: a keyed index of it is enough.
	subject = s.index("signin.subject", provider+" "+subject)
	linked, err := linkOf(tx, provider, subject)
	if err != nil {
		return "", err
	}
	person, found, err := s.members.ByIDNumber(tx, number)
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
			return "", errs.New(errs.Forbidden, "signin.number_changed")
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
	return actor, audit.Record(tx, audit.Entry{Actor: string(actor), Action: "signin.link", Kind: "provider", Ref: provider, Origin: origin})
}
