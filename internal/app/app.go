// Package app is the composition root: it builds every service of an installation once, ties timers and jobs to their handlers, and
// starts and stops the whole in order.
//
// It holds no rule, no SQL and no text for a person. Nobody below it may import it; the server, the replay and the commands each open one
// [App].
package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"timebank/internal/audit"
	"timebank/internal/call"
	"timebank/internal/carrier"
	"timebank/internal/catalog"
	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/division"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/gate"
	"timebank/internal/geocode"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notary"
	"timebank/internal/notice"
	"timebank/internal/notify"
	"timebank/internal/obs"
	"timebank/internal/order"
	"timebank/internal/paper"
	"timebank/internal/photo"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/training"
	"timebank/internal/web/page"
)

// Options say which installation to open. A zero Clock, IDs, Keys and Log mean the system's clock and randomness, the keys in the folder of
// Config, and no log.
type Options struct {
	Config config.Config
	Clock  clock.Clock
	IDs    id.Source
	// Keys are used instead of those in the key folder, and saved there unless the configuration names no data folder. The replay draws
	// them from its seed.
	Keys *Keys
	Log  *slog.Logger
	// Timers is the most timers that one transaction runs; 0 means timer.DefaultGroup.
	Timers int
}

// App is an open installation with all its services. Make it with [Open]; it does nothing by itself before [App.Serve].
type App struct {
	Config  config.Config
	Clock   clock.Clock
	IDs     id.Source
	Keys    Keys
	Log     *slog.Logger
	Metrics *obs.Metrics
	Health  *obs.Health

	DB           *store.DB
	Regions      *region.Service
	Policies     *policy.Service
	Identity     *identity.Service
	Photos       *photo.Folder
	Members      *member.Service
	Notify       *notify.Service
	SignIn       *signin.Service
	Ledger       *ledger.Service
	Notary       *notary.Service
	Training     *training.Service
	Catalog      *catalog.Service
	Orders       *order.Service
	Feedback     *feedback.Service
	Calls        *call.Service
	Family       *family.Service
	Notices      *notice.Service
	Paper        *paper.Service
	Certificates *certificate.Service
	Privacy      *privacy.Service
	Divisions    *division.Service
	Reports      *report.Service
	Timers       *timer.Service
	Live         *page.Hub

	box  *pii.Box
	gate *gate.Gate
	// Demo are the accounts that the pages offer to anybody; only a demonstration sets it, before it listens.
	Demo []page.Account

	outlines []byte
	unlock   func() error
}

// Open opens an installation for writing: it takes the data folder (no other process may hold it), draws what keys are missing, migrates
// the database and builds the services. Errors: Unavailable app.folder_in_use, app.keys_unusable and what the store says of its
// database, Conflict app.other_city and app.other_keys when the database belongs to another city or was sealed under other keys, Internal pii.key_unknown when
// the key file lacks the key that the database's data keys are wrapped under.
func Open(ctx context.Context, opts Options) (*App, error) {
	a := &App{Config: opts.Config, Clock: opts.Clock, IDs: opts.IDs, Log: opts.Log, Metrics: obs.NewMetrics()}
	if a.Clock == nil {
		a.Clock = clock.System()
	}
	if a.IDs == nil {
		a.IDs = id.System()
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	if err := a.open(ctx, opts); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, opts Options) (err error) {
	if a.Config.Postgres == "" {
		if a.unlock, err = lockFolder(a.Config.Data); err != nil {
			return err
		}
	}
	if a.gate, err = gateOf(a.Config); err != nil {
		return err
	}
	if a.Keys, err = a.keys(opts.Keys); err != nil {
		return err
	}
	cfg := Database(a.Config)
	cfg.Clock, cfg.IDs, cfg.Observer = a.Clock, a.IDs, a.Metrics
	if a.DB, err = store.Open(ctx, cfg); err != nil {
		return err
	}
	if err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	suite, ok := pii.SuiteOf(a.Config.Keys.Suite)
	if !ok {
		return errKeys
	}
	a.Keys.Ring.Suite = suite
	box, err := pii.NewBox(a.Keys.Ring)
	if err != nil {
		return err
	}
	if err := a.DB.Write(ctx, "app.bind", func(tx *store.Tx) error {
		if err := bind(tx, a.Config.City, box, a.Keys.Signers); err != nil {
			return err
		}
		return privacy.PrepareDataKeys(tx, box)
	}); err != nil {
		return err
	}
	a.box = box
	a.gate.MarkBy(box.Index)
	if err := a.HoldDataKeys(ctx); err != nil {
		return err
	}
	return a.build(opts, box)
}

func (a *App) keys(given *Keys) (Keys, error) {
	if given == nil {
		return OpenKeys(a.Config.KeyFolder(), a.Config.City, a.IDs)
	}
	if a.Config.Data == "" && a.Config.Keys.Folder == "" {
		return *given, nil
	}
	return *given, given.Save(a.Config.KeyFolder())
}

func (a *App) build(opts Options, box *pii.Box) (err error) {
	if a.Config.Pages.Map != "" {
		if a.outlines, err = os.ReadFile(a.Config.Pages.Map); err == nil && !json.Valid(a.outlines) {
			err = errors.New("no JSON")
		}
		if err != nil {
			return errs.New(errs.Unavailable, "app.map_unreadable").With(err)
		}
	}
	if _, err := tilesOf(a.Config.Pages); err != nil {
		return err
	}
	if a.Notary, err = notary.New(a.DB, notary.Config{City: a.Config.City, Keys: list(a.Keys.Signers), Owner: a.sequencer()}); err != nil {
		return err
	}
	a.Regions = region.New(a.DB)
	a.Policies = policy.New(a.DB)
	a.Identity = identity.New(a.DB, a.Regions, identity.Limits{})
	a.Photos = photo.NewFolder(a.Config.PhotoFolder(), box)
	a.Members = member.New(a.DB, a.Regions, a.Policies, box, a.Photos)
	where, err := geocode.New(a.Config.Geocoder)
	if err != nil {
		return err
	}
	if where != nil {
		a.Members.LocateBy(where)
	}
	carriers, err := carrier.New(a.Config, a.Clock)
	if err != nil {
		return err
	}
	a.Notify = notify.New(a.DB, a.Members, box, carriers)
	a.SignIn = signin.New(a.DB, a.Clock, a.Regions, a.Identity, a.Members, a.Notify, box, signIn(a.Config))
	a.Ledger = ledger.New(a.DB, a.Regions, a.Policies)
	a.Training = training.New(a.DB, a.Regions, a.Policies)
	a.Catalog = catalog.New(a.DB, a.Regions)
	a.Orders = order.New(a.DB, a.Regions, a.Policies, a.Catalog, a.Photos)
	a.Feedback = feedback.New(a.DB, a.Regions, a.Policies, a.Orders, box)
	a.Calls = call.New(a.DB, a.Regions, a.Orders, box)
	a.Family = family.New(a.DB, a.Regions, a.Policies, a.Members, box)
	a.Certificates = certificate.New(a.DB, a.IDs, a.Regions, a.Policies, a.Members, a.Notary, box)
	a.Paper = paper.New(a.DB, a.Regions, a.Members, a.Catalog, a.Orders, a.SignIn, box)
	a.Notices = notice.New(a.DB, a.Catalog, a.Notify)
	a.Privacy = privacy.New(a.DB, a.Regions, a.Policies, a.Members, a.Feedback, a.callPart(), a.familyPart(), a.certificatePart(), a.messagePart(), privacy.Part{Sealed: []privacy.Sealed{
		{Name: "signin_ticket", Reseal: a.SignIn.ResealTickets}, {Name: "signin_totp", Reseal: a.SignIn.ResealTOTP}, {Name: "signin_passkey", Reseal: a.SignIn.ResealPasskeys}}})
	a.Divisions = division.New(a.DB, a.Regions, a.Policies)
	a.Reports = report.New(a.Regions)
	a.Live = page.NewHub(a.DB, a.Regions, a.Log)
	a.Timers = timer.New(a.DB, opts.Timers)
	for kind, handle := range a.handlers() {
		a.Timers.Handle(kind, handle)
	}
	a.Health = obs.NewHealth(a.DB.Ping)
	a.gauges()
	return nil
}

// callPart is what the room of calls contributes to a copy of somebody's data, to its erasure, to a new key, and to the nights.
func (a *App) callPart() privacy.Part {
	return privacy.Part{Name: "calls",
		Data:  func(tx *store.Tx, s privacy.Subject) (any, error) { return a.Calls.PersonalData(tx, s.Person) },
		Erase: func(tx *store.Tx, s privacy.Subject) error { return call.Erase(tx, s.Person) },
		Merge: call.Merge,
		Retain: func(tx *store.Tx, rules policy.Rules) error {
			return call.Forget(tx, tx.Now().AddDate(0, 0, -rules.RetentionEvidenceDays))
		},
		Sealed: []privacy.Sealed{{Name: "call", Reseal: a.Calls.Reseal}}}
}

// familyPart is what the family's room contributes to a copy of somebody's data, to its erasure, to a new key, and to the nights.
func (a *App) familyPart() privacy.Part {
	return privacy.Part{Name: "family",
		Data:  func(tx *store.Tx, s privacy.Subject) (any, error) { return a.Family.PersonalData(tx, s.Person) },
		Erase: func(tx *store.Tx, s privacy.Subject) error { return a.Family.Erase(tx, s.Person) },
		Merge: a.Family.Merge,
		Retain: func(tx *store.Tx, rules policy.Rules) error {
			return family.Forget(tx, tx.Now().AddDate(0, 0, -rules.RetentionMessagesDays))
		},
		Sealed: []privacy.Sealed{{Name: "family_message", Reseal: a.Family.Reseal}}}
}

// messagePart is what messages contribute to the same.
func (a *App) messagePart() privacy.Part {
	return privacy.Part{Name: "notices",
		Data:   func(tx *store.Tx, s privacy.Subject) (any, error) { return a.Notify.PersonalData(tx, s.Person) },
		Erase:  func(tx *store.Tx, s privacy.Subject) error { return a.Notify.Erase(tx, s.Person) },
		Sealed: []privacy.Sealed{{Name: "message", Reseal: a.Notify.Reseal}, {Name: "contact", Reseal: a.Notify.ResealContacts}}}
}

// certificatePart is what the room of certificates contributes to the same.
func (a *App) certificatePart() privacy.Part {
	return privacy.Part{Name: "certificate",
		Data:   func(tx *store.Tx, s privacy.Subject) (any, error) { return a.Certificates.PersonalData(tx, s.Person) },
		Erase:  func(tx *store.Tx, s privacy.Subject) error { return a.Certificates.Erase(tx, s.Person) },
		Merge:  a.Certificates.Merge,
		Retain: a.Certificates.Retain,
		Sealed: []privacy.Sealed{{Name: "certificate", Reseal: a.Certificates.Reseal}}}
}

// handlers ties every kind of timer to the use-case that it asks for.
func (a *App) handlers() map[string]timer.Handler {
	all := map[string]timer.Handler{
		identity.TimerProposalExpire: identity.ExpireProposals,
		policy.TimerProposalExpire:   policy.ExpireProposals,
		policy.TimerBegins:           a.Members.RulesBegan,
		member.TimerMove:             a.Members.TakeEffect,
		member.TimerKeyElder:         a.Members.Birthday,
		member.TimerSuspensionEnd:    member.EndSuspensions,
		member.TimerInvite:           member.ForgetInvites,
		member.TimerEnded:            a.ended,
		member.TimerHomes:            a.rehoused,
	}
	for _, of := range []map[string]timer.Handler{a.Ledger.Handlers(), a.Orders.Handlers(), a.Feedback.Handlers(), a.Privacy.Handlers(), a.Reports.Handlers(), a.Notify.Handlers()} {
		maps.Copy(all, of)
	}
	all[ledger.TimerEstate] = whenPaid(all[ledger.TimerEstate])
	return all
}

// ended is what follows when somebody died or left: first the orders, so that their hours are free, then the account, that of the dead once
// everything is paid that they did.
func (a *App) ended(tx *store.Tx, due []timer.Timer) ([]error, error) {
	for _, t := range due {
		if err := a.Orders.Ended(tx, member.PersonID(t.Ref)); err != nil {
			return nil, err
		}
		if t.Arg == string(member.PersonDead) {
			if waits, err := waitsForPay(tx, t); err != nil {
				return nil, err
			} else if waits {
				continue
			}
		}
		if err := a.Ledger.Ended(tx, t, member.PersonState(t.Arg)); err != nil {
			return nil, err
		}
	}
	return make([]error, len(due)), nil
}

// whenPaid hands on those timers whose person has been paid for everything that it did.
func whenPaid(next timer.Handler) timer.Handler {
	return func(tx *store.Tx, due []timer.Timer) ([]error, error) {
		failed := make([]error, len(due))
		for i, t := range due {
			waits, err := waitsForPay(tx, t)
			if err != nil {
				return nil, err
			}
			if waits {
				continue
			}
			one, err := next(tx, []timer.Timer{t})
			if err != nil {
				return nil, err
			}
			failed[i] = one[0]
		}
		return failed, nil
	}
}

// waitsForPay makes the timer of a person come back in a day while a visit that the person served is not paid: its hours belong to whom the
// others go to.
func waitsForPay(tx *store.Tx, t timer.Timer) (bool, error) {
	unpaid, err := order.Unpaid(tx, member.PersonID(t.Ref))
	if err != nil || !unpaid {
		return false, err
	}
	t.Due = tx.Now().Add(24 * time.Hour)
	return true, timer.Set(tx, t)
}

// rehoused is what follows when it is known anew where somebody lives: the visits go along.
func (a *App) rehoused(tx *store.Tx, due []timer.Timer) ([]error, error) {
	for _, t := range due {
		if err := a.Orders.Rehoused(tx, member.PersonID(t.Ref), clock.Day(t.Arg)); err != nil {
			return nil, err
		}
	}
	return make([]error, len(due)), nil
}

// Sequence numbers everything that waits for its place in the logs and signs the new heads: the book first, because its commands write the
// trail in the same transaction. It returns how many rows that were.
func (a *App) Sequence(ctx context.Context) (int, error) {
	total := 0
	for _, source := range []notary.Source{ledger.LogSource{}, audit.Log{}} {
		for {
			n, err := a.Notary.Sequence(ctx, source, sequenceBatch)
			if err != nil {
				return total, err
			}
			total += n
			a.Metrics.Leaves(source.Name(), n)
			if n < sequenceBatch {
				break
			}
		}
	}
	return total, nil
}

// sequenceBatch is how many rows are numbered in one transaction: few enough not to keep other writes waiting.
const sequenceBatch = 2000

// Close closes the database and lets go of the folder.
func (a *App) Close() error {
	var all []error
	if a.Live != nil {
		a.Live.Close()
	}
	if a.DB != nil {
		all = append(all, a.DB.Close())
	}
	if a.unlock != nil {
		all = append(all, a.unlock())
	}
	return errors.Join(all...)
}

// Database returns where the database of a configuration is.
func Database(c config.Config) store.Config {
	cfg := store.Config{Engine: store.SQLite, Dir: c.Data, Readers: c.DB.Readers, Writers: c.DB.Writers, CacheMiB: c.DB.Cache}
	if c.Postgres != "" {
		cfg.Engine, cfg.Dir, cfg.DSN = store.Postgres, "", c.Postgres
	}
	return cfg
}

// OpenDatabase opens a database that must be there already, beside a server that may be running on it: for whoever only reads. Error:
// NotFound app.no_database when the folder has none.
func OpenDatabase(ctx context.Context, c config.Config) (*store.DB, error) {
	if c.Postgres == "" {
		if _, err := os.Stat(filepath.Join(c.Data, store.FileName)); errors.Is(err, fs.ErrNotExist) {
			return nil, errs.New(errs.NotFound, "app.no_database")
		}
	}
	return store.Open(ctx, Database(c))
}

func list(signers map[string]notary.Key) []notary.Key {
	var keys []notary.Key
	for _, name := range signing {
		if k, ok := signers[name]; ok {
			keys = append(keys, k)
		}
	}
	return keys
}

// sequencer names this process among those that would sign a log. The folder's lock leaves one on SQLite, so that a process which was
// killed does not keep the next from signing until its lease ends.
func (a *App) sequencer() string {
	if a.DB.Engine() == store.SQLite {
		return "holder of the folder"
	}
	return id.Code(a.IDs, 12)
}
