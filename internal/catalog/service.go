package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/training"
)

// Service publishes and reads the catalogue of one database. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	regions *region.Service
	kept    atomic.Pointer[Catalogue]
}

// New returns the service of one database.
func New(db *store.DB, regions *region.Service) *Service {
	return &Service{db: db, regions: regions}
}

// Ref names one version of an item.
type Ref struct {
	Code    string
	Version int
}

// String gives the reference as "code@3".
func (r Ref) String() string { return r.Code + "@" + strconv.Itoa(r.Version) }

func parseRef(s string) (Ref, error) {
	code, version, _ := strings.Cut(s, "@")
	n, err := strconv.Atoi(version)
	return Ref{code, n}, err
}

// PublishCmd publishes a new version of an item, or a new item.
type PublishCmd struct {
	Actor identity.Actor
	Key   string
	Spec  Spec
	// EffectiveFrom is when the version supersedes all before it, also those that have not begun; zero means now, and the past is refused.
	EffectiveFrom time.Time
}

// Publish publishes a version and returns its number. Only the city may (identity.CatalogPublish). The errors are KindInvalid
// (catalog.item_invalid) with every bad field, and Refused with every bad field and the rule: catalog.forbidden_service for work that no
// volunteer may be asked to do, catalog.not_safe_enough for less care than the risk asks for.
func (s *Service) Publish(ctx context.Context, cmd PublishCmd) (Ref, error) {
	call := identity.Call[PublishCmd, Ref]{
		Name: "catalog.publish",
		Head: func(c *PublishCmd, w *canon.Writer) (identity.Actor, string) {
			d := c.Spec.digest()
			w.Blob(d[:])
			moment(w, c.EffectiveFrom)
			return c.Actor, c.Key
		},
		Encode: Ref.String, Decode: parseRef,
		Run: func(tx *store.Tx, cmds []*PublishCmd, out []*identity.Result[Ref]) error {
			for i, c := range cmds {
				begins, err := s.admit(tx, c.Actor, []Spec{c.Spec}, c.EffectiveFrom)
				if err != nil {
					return err
				}
				current, err := s.lockedCatalogue(tx)
				if err != nil {
					return err
				}
				refs, err := publish(tx, c.Actor, current, []Spec{c.Spec}, begins)
				if err != nil {
					return err
				}
				out[i].Value = refs[0]
			}
			return nil
		},
	}
	return call.One(ctx, s.db, cmd)
}

// ImportCmd publishes a whole catalogue at once, such as [Default].
type ImportCmd struct {
	Actor identity.Actor
	Key   string
	Specs []Spec
}

// Import publishes, from now on and in one transaction, a version of every item of the list that is new or says something else than its
// newest version; the others are left alone, so importing the same list again does nothing. It returns what it published. Errors are those
// of [Service.Publish], their fields beginning with the item's index; then nothing is published.
func (s *Service) Import(ctx context.Context, cmd ImportCmd) ([]Ref, error) {
	call := identity.Call[ImportCmd, []Ref]{
		Name: "catalog.import",
		Head: func(c *ImportCmd, w *canon.Writer) (identity.Actor, string) {
			w.List(len(c.Specs))
			for _, spec := range c.Specs {
				d := spec.digest()
				w.Blob(d[:])
			}
			return c.Actor, c.Key
		},
		Encode: func(refs []Ref) string {
			names := make([]string, len(refs))
			for i, r := range refs {
				names[i] = r.String()
			}
			return strings.Join(names, ",")
		},
		Decode: func(text string) (refs []Ref, err error) {
			for name := range strings.SplitSeq(text, ",") {
				if name == "" {
					continue
				}
				r, err := parseRef(name)
				if err != nil {
					return nil, err
				}
				refs = append(refs, r)
			}
			return refs, nil
		},
		Run: func(tx *store.Tx, cmds []*ImportCmd, out []*identity.Result[[]Ref]) error {
			for i, c := range cmds {
				begins, err := s.admit(tx, c.Actor, c.Specs, time.Time{})
				if err != nil {
					return err
				}
				current, err := s.lockedCatalogue(tx)
				if err != nil {
					return err
				}
				fresh := make([]Spec, 0, len(c.Specs))
				for _, spec := range c.Specs {
					if last := latest(current.byCode[spec.Code]); last == nil || last.State == Withdrawn || !equal(last.Spec, spec) {
						fresh = append(fresh, spec)
					}
				}
				if out[i].Value, err = publish(tx, c.Actor, current, fresh, begins); err != nil {
					return err
				}
			}
			return nil
		},
	}
	return call.One(ctx, s.db, cmd)
}

// WithdrawCmd ends an item.
type WithdrawCmd struct {
	Actor identity.Actor
	Key   string
	Code  string
	// Reason is told to whoever asks why the item is gone.
	Reason string
	// EffectiveFrom is when the item can no longer be ordered; zero means now, and the past is refused.
	EffectiveFrom time.Time
}

// Withdraw ends an item from a moment on, also versions of it that have not begun; orders placed before keep their version. Only the city
// may (identity.CatalogPublish). Publishing a newer version brings the item back.
func (s *Service) Withdraw(ctx context.Context, cmd WithdrawCmd) (Ref, error) {
	call := identity.Call[WithdrawCmd, Ref]{
		Name: "catalog.withdraw",
		Head: func(c *WithdrawCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(c.Code).Str(c.Reason)
			moment(w, c.EffectiveFrom)
			return c.Actor, c.Key
		},
		Encode: Ref.String, Decode: parseRef,
		Run: func(tx *store.Tx, cmds []*WithdrawCmd, out []*identity.Result[Ref]) (err error) {
			for i, c := range cmds {
				if out[i].Value, err = s.withdraw(tx, c); err != nil {
					return err
				}
			}
			return nil
		},
	}
	return call.One(ctx, s.db, cmd)
}

func moment(w *canon.Writer, t time.Time) {
	if t.IsZero() {
		w.None()
		return
	}
	w.Time(t)
}

func latest(versions []*Item) *Item {
	if len(versions) == 0 {
		return nil
	}
	return versions[len(versions)-1]
}

func (s *Service) lockedCatalogue(tx *store.Tx) (*Catalogue, error) {
	if err := lock(tx); err != nil {
		return nil, err
	}
	return load(tx)
}

func (s *Service) mayPublish(tx *store.Tx, actor identity.Actor) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	return actor.May(identity.CatalogPublish, tree.City(), tree)
}

// publish decides and writes the next version of each spec that was admitted.
func publish(tx *store.Tx, actor identity.Actor, current *Catalogue, specs []Spec, begins time.Time) ([]Ref, error) {
	items := make([]*Item, len(specs))
	for n, spec := range specs {
		items[n] = &Item{Spec: spec, Version: len(current.byCode[spec.Code]) + 1, State: Published,
			EffectiveFrom: begins, PublishedAt: tx.Now(), PublishedBy: actor.ID}
	}
	return record(tx, actor, current, items, "catalog.publish", "")
}

// admit refuses an actor without the right, specs that are malformed, ask for an unknown course, break a safety rule or name one item
// twice, and a beginning in the past. It says when the specs take effect.
func (s *Service) admit(tx *store.Tx, actor identity.Actor, specs []Spec, from time.Time) (begins time.Time, err error) {
	if err := s.mayPublish(tx, actor); err != nil {
		return begins, err
	}
	known, err := training.Courses(tx)
	if err != nil {
		return begins, err
	}
	begins, past := effective(tx.Now(), from)
	seen := map[string]bool{}
	for n, spec := range specs {
		var bad errs.Fields
		bad.AddErr("", check(spec, known))
		bad.AddErr("", past)
		if err := bad.Err("catalog.item_invalid"); err != nil {
			return begins, under(n, len(specs), err)
		}
		if err := rules.judge(spec); err != nil {
			return begins, under(n, len(specs), err)
		}
		if seen[spec.Code] {
			return begins, under(n, len(specs), errs.Invalid("catalog.item_invalid", errs.Field{Path: "code", Code: "catalog.listed_twice"}))
		}
		seen[spec.Code] = true
	}
	return begins, nil
}

// under puts the index of an item before the paths of its bad fields when there were several items.
func under(n, of int, err error) error {
	e, ok := err.(*errs.Error)
	if of == 1 || !ok {
		return err
	}
	c := *e
	c.Fields = make([]errs.Field, len(e.Fields))
	for i, f := range e.Fields {
		f.Path = fmt.Sprintf("items.%d.%s", n, f.Path)
		c.Fields[i] = f
	}
	return &c
}

func (s *Service) withdraw(tx *store.Tx, c *WithdrawCmd) (Ref, error) {
	if err := s.mayPublish(tx, c.Actor); err != nil {
		return Ref{}, err
	}
	var f errs.Fields
	text(&f, "reason", c.Reason, longestText, true)
	if !validCode(c.Code) {
		f.Add("code", "catalog.code_malformed")
	}
	begins, err := effective(tx.Now(), c.EffectiveFrom)
	if err != nil {
		f.Add("effective_from", "catalog.effective_in_past")
	}
	if err := f.Err("catalog.withdraw_invalid"); err != nil {
		return Ref{}, err
	}
	current, err := s.lockedCatalogue(tx)
	if err != nil {
		return Ref{}, err
	}
	last := latest(current.byCode[c.Code])
	switch {
	case last == nil:
		return Ref{}, ErrNotFound
	case last.State == Withdrawn:
		return Ref{}, errSame
	}
	end := &Item{Spec: last.Spec, Version: last.Version + 1, State: Withdrawn, EffectiveFrom: begins, PublishedAt: tx.Now(), PublishedBy: c.Actor.ID}
	refs, err := record(tx, c.Actor, current, []*Item{end}, "catalog.withdraw", c.Reason)
	if err != nil {
		return Ref{}, err
	}
	return refs[0], nil
}

// change is what the audit trail keeps of a publication.
type change struct {
	Version int    `json:"version"`
	State   State  `json:"state"`
	From    string `json:"effective_from"`
	Reason  string `json:"reason,omitempty"`
}

func record(tx *store.Tx, actor identity.Actor, current *Catalogue, items []*Item, action, reason string) ([]Ref, error) {
	if len(items) == 0 {
		return nil, nil
	}
	if err := save(tx, current.stamp.revision, items); err != nil {
		return nil, err
	}
	refs, entries := make([]Ref, len(items)), make([]audit.Entry, len(items))
	for n, i := range items {
		refs[n] = Ref{i.Code, i.Version}
		after, err := json.Marshal(change{i.Version, i.State, i.EffectiveFrom.Format(time.RFC3339Nano), reason})
		if err != nil {
			return nil, err
		}
		before := ""
		if last := latest(current.byCode[i.Code]); last != nil {
			b, err := json.Marshal(change{Version: last.Version, State: last.State, From: last.EffectiveFrom.Format(time.RFC3339Nano)})
			if err != nil {
				return nil, err
			}
			before = string(b)
		}
		entries[n] = audit.Entry{Actor: actor.ID, Action: action, Kind: "service_item", Ref: i.Code, Before: before, After: string(after), Origin: actor.Origin}
	}
	return refs, audit.Record(tx, entries...)
}
