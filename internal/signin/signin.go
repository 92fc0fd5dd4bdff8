// Package signin owns how people prove who they are: codes by telephone, passwords with a second factor, passkeys, cards used at the desk,
// and the city's own sign-in. What it opens are sessions, which belong to identity.
//
// It must never keep a secret that can be read back (digests and sealed fields alone), tell whether a number or a name is known, let a
// citizen's proof open a role, or write a number, a code or an address into the trail. Whatever limits guessing is a row: a restart
// forgets nothing.
package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// Where says from where somebody asks: a name that the browser was given, the network address, and the request. None of them is stored in
// clear.
type Where struct {
	Device  string // "" when the browser has none yet: the address alone counts then
	Address string
	Origin  string // id of the request
}

// Sign is what every way of signing in takes besides its proof.
type Sign struct {
	Where
	// Label is what the holder sees in its list of sessions.
	Label string
	// Replaces is the session that the browser held until now.
	Replaces identity.SessionID
}

// SignedIn is what a proof came to: a session, or a choice between the people who share a telephone.
type SignedIn struct {
	identity.Opened
	Actor identity.ActorID
	// Choice is given back with the person chosen; the session is then still to come.
	Choice string
	Among  []Candidate
}

// Candidate is one of several people who share a telephone. The name prints masked.
type Candidate struct {
	Person member.PersonID
	Name   pii.Name
}

// Settings are an installation's. Take [Defaults] and change what differs.
type Settings struct {
	// CodeLife is how long a code is good, CodeTries how many wrong ones end it.
	CodeLife  time.Duration
	CodeTries int64
	// Sending a code and trying one are limited by number, device and address; passwords and cards by account.
	SendNumber, SendDevice, SendAddress, TryNumber, TryDevice, TryAddress, TryAccount Limit
	Argon                                                                             Argon
	// Name is what an authenticator shows ("Nanjing time bank").
	Name string
	// Origin is the public address of the pages, "https://time.example.cn". Passkeys belong to it.
	Origin string
	OpenID []OpenID
}

// Defaults are the settings of an installation that says nothing else (default, ours).
func Defaults() Settings {
	return Settings{
		CodeLife: 5 * time.Minute, CodeTries: 5,
		SendNumber:  Limit{Free: 1, Pause: time.Minute, Most: time.Hour, Forget: 24 * time.Hour},
		SendDevice:  Limit{Free: 3, Pause: time.Minute, Most: time.Hour, Forget: 24 * time.Hour},
		SendAddress: Limit{Free: 30, Pause: time.Minute, Most: time.Hour, Forget: time.Hour},
		TryNumber:   Limit{Free: 5, Pause: time.Minute, Most: 24 * time.Hour, Forget: 24 * time.Hour},
		TryDevice:   Limit{Free: 10, Pause: time.Minute, Most: 24 * time.Hour, Forget: 24 * time.Hour},
		TryAddress:  Limit{Free: 100, Pause: time.Minute, Most: time.Hour, Forget: time.Hour},
		TryAccount:  Limit{Free: 5, Pause: time.Minute, Most: 24 * time.Hour, Forget: 24 * time.Hour},
		Argon:       DefaultArgon,
		Name:        "时间银行", Origin: "http://localhost:8080",
	}
}

// Service signs people in. It is safe for concurrent use.
type Service struct {
	db        *store.DB
	clock     clock.Clock
	regions   *region.Service
	identity  *identity.Service
	members   *member.Service
	notify    *notify.Service
	box       *pii.Box
	set       Settings
	providers *providers
	busy      chan struct{} // holds one for each password that is being digested
}

// passwordsAtOnce bounds the memory that digests of passwords take.
const passwordsAtOnce = 2

// New returns the service of one database.
func New(db *store.DB, clk clock.Clock, regions *region.Service, ids *identity.Service, members *member.Service, messages *notify.Service, box *pii.Box,
	set Settings) *Service {
	return &Service{db: db, clock: clk, regions: regions, identity: ids, members: members, notify: messages, box: box, set: set, providers: &providers{known: map[string]*oidc.Provider{}},
		busy: make(chan struct{}, passwordsAtOnce)}
}

// With returns the service under other settings, on the same database.
func (s *Service) With(set Settings) *Service {
	return New(s.db, s.clock, s.regions, s.identity, s.members, s.notify, s.box, set)
}

// index is a keyed digest as it is stored: 22 characters that say nothing without the city's key.
func (s *Service) index(kind, value string) string {
	return base64.RawURLEncoding.EncodeToString(s.box.Index(kind, value))
}

// same compares secrets in constant time.
func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// ticketID identifies a ticket: something that is shown once.
type ticketID = id.ID[ticket]

type ticketKind string

// ticket is a row of signin_ticket.
type ticket struct {
	id      ticketID
	kind    ticketKind
	subject string // whom it concerns: a keyed index or an actor
	digest  []byte
	sealed  []byte
	tries   int64
	expires time.Time
	used    bool
}

const secretBytes = 32

// issue makes a ticket whose holder shows "id.secret". What is sealed comes back when it is taken.
func (s *Service) issue(tx *store.Tx, kind ticketKind, subject, sealed string, life time.Duration) (shown string, err error) {
	secret := make([]byte, secretBytes)
	tx.Fill(secret)
	digest := sha256.Sum256(secret)
	t := ticket{id: store.NewID[ticket](tx), kind: kind, subject: subject, digest: digest[:], expires: tx.Now().Add(life)}
	if sealed != "" {
		t.sealed = s.box.Seal("signin."+string(kind), sealed)
	}
	return string(t.id) + "." + base64.RawURLEncoding.EncodeToString(secret), insertTicket(tx, t)
}

// take uses a ticket up and returns it with what was sealed in it; errStale for whatever is not a ticket of the kind, is over or was used.
func (s *Service) take(tx *store.Tx, kind ticketKind, shown string) (t ticket, sealed string, err error) {
	if t, sealed, err = s.peek(tx, kind, shown); err == nil {
		err = useTicket(tx, t.id)
	}
	return t, sealed, err
}

// peek is take without using the ticket up.
func (s *Service) peek(tx *store.Tx, kind ticketKind, shown string) (t ticket, sealed string, err error) {
	name, text, _ := strings.Cut(shown, ".")
	secret, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(secret) != secretBytes {
		return ticket{}, "", errStale
	}
	t, found, err := lockTicket(tx, ticketID(name), kind)
	if err != nil {
		return ticket{}, "", err
	}
	digest := sha256.Sum256(secret)
	if !found || !same(digest[:], t.digest) || t.used || !tx.Now().Before(t.expires) {
		return ticket{}, "", errStale
	}
	if t.sealed != nil {
		sealed, err = s.box.Open("signin."+string(kind), t.sealed)
	}
	return t, sealed, err
}

var (
	errStale = errs.New(errs.Unauthenticated, "signin.stale")
	errWrong = errs.New(errs.Unauthenticated, "signin.wrong")
)

// refused notes an attempt that failed: by nobody, naming no number and no account.
func refused(tx *store.Tx, action, ref string, w Where) error {
	return audit.Record(tx, audit.Entry{Actor: audit.System, Action: action, Kind: "signin", Ref: ref, After: "refused", Origin: w.Origin})
}

// settled runs a write whose refusal is an outcome to be kept, such as one more wrong code.
func (s *Service) settled(ctx context.Context, name string, fn func(tx *store.Tx) (refusal error, err error)) error {
	var refusal error
	err := s.db.Write(ctx, name, func(tx *store.Tx) (err error) {
		refusal, err = fn(tx)
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}

// tooMany says how long to wait.
func tooMany(scope string, wait time.Duration) error {
	seconds := (wait + time.Second - 1).Truncate(time.Second)
	return errs.New(errs.TooMany, "signin.too_many").Because(why.Rule("signin."+scope, "", "city").With("retry_after", seconds.String()))
}

// Forget removes what has no more use: tickets a day after their end, and counts that no rule looks at. It returns how many rows that were.
func (s *Service) Forget(ctx context.Context) (n int64, err error) {
	err = s.db.Write(ctx, "signin.forget", func(tx *store.Tx) error {
		n, err = forget(tx, tx.Now().Add(-24*time.Hour), tx.Now().Add(-s.set.longest()))
		return err
	})
	return n, err
}

func (set Settings) longest() (d time.Duration) {
	for _, l := range []Limit{set.SendNumber, set.SendDevice, set.SendAddress, set.TryNumber, set.TryDevice, set.TryAddress, set.TryAccount} {
		d = max(d, l.Forget, l.Most)
	}
	return d
}
