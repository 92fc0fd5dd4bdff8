package ledger_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/ledger"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// model is the book in a few maps, written without a look at the implementation: what each account has, and what each reference holds.
type model struct {
	balance map[ledger.Key]int64
	frozen  map[string]bool
	holds   map[string][]part
	done    map[ledger.TxID]bool // reversible transactions, true when taken back
	log     map[ledger.TxID][]moved
}

type part struct {
	key     ledger.Key
	minutes int64
}

type moved struct {
	from, to ledger.Key
	minutes  int64
}

func (m *model) held(k ledger.Key) (sum int64) {
	for _, parts := range m.holds {
		for _, p := range parts {
			if p.key == k {
				sum += p.minutes
			}
		}
	}
	return sum
}

func (m *model) free(k ledger.Key) int64 {
	if m.frozen[k.Owner] {
		return 0
	}
	return m.balance[k] - m.held(k)
}

func (m *model) apply(list []moved) {
	for _, x := range list {
		m.balance[x.from] -= x.minutes
		m.balance[x.to] += x.minutes
	}
}

func (m *model) hold(n ledger.Need) string {
	if len(m.holds[n.Ref]) > 0 {
		return "ledger.held_already"
	}
	rest := n.Minutes.Int64()
	var parts []part
	for _, k := range n.Sources {
		if p := min(rest, m.free(k)); p > 0 {
			parts, rest = append(parts, part{k, p}), rest-p
		}
	}
	if rest > 0 {
		return "ledger.not_enough"
	}
	m.holds[n.Ref] = parts
	return ""
}

func (m *model) settle(s ledger.Settlement) ([]moved, string) {
	parts := slices.Clone(m.holds[s.Ref])
	if len(parts) == 0 {
		return nil, "ledger.nothing_held"
	}
	was := map[ledger.Key]int64{}
	for k, v := range m.balance {
		was[k] = v
	}
	kept := m.holds[s.Ref]
	delete(m.holds, s.Ref)
	fail := func(code string) ([]moved, string) {
		m.balance, m.holds[s.Ref] = was, kept
		return nil, code
	}
	var log []moved
	do := func(from, to ledger.Key, minutes int64) {
		if minutes > 0 {
			log = append(log, moved{from, to, minutes})
			m.apply(log[len(log)-1:])
		}
	}
	for _, c := range s.Credits {
		straight := min(c.Debit.Int64(), c.Credit.Int64())
		pay := func(to ledger.Key, need int64) bool {
			for i := range parts {
				p := min(need, parts[i].minutes)
				do(parts[i].key, to, p)
				parts[i].minutes -= p
				need -= p
			}
			return need == 0
		}
		if !pay(c.To, straight) || !pay(ledger.AdjustmentAccount, c.Debit.Int64()-straight) {
			return fail("ledger.hold_too_small")
		}
		do(ledger.IssuerAccount, ledger.AdjustmentAccount, c.Credit.Int64()-straight)
		do(ledger.AdjustmentAccount, c.To, c.Credit.Int64()-straight)
		debt := ledger.Key{Owner: c.To.Owner, Class: ledger.Recovery}
		repaid := min(c.Credit.Int64(), -m.balance[debt], m.balance[c.To]-m.held(c.To))
		do(c.To, debt, repaid)
		over := min(m.balance[c.To]-c.Cap.Int64(), c.Credit.Int64()-max(repaid, 0), m.balance[c.To]-m.held(c.To))
		do(c.To, ledger.PoolAccount, over)
	}
	return log, ""
}

func (m *model) reverse(id ledger.TxID) string {
	if m.done[id] {
		return "ledger.reversed_already"
	}
	log := m.log[id]
	for i := len(log) - 1; i >= 0; i-- {
		x := log[i]
		back := x.minutes
		if x.to.Class != ledger.Recovery && x.to.Class != ledger.Issuer {
			back = min(back, m.balance[x.to]-m.held(x.to))
		}
		m.apply([]moved{{x.to, x.from, back}, {ledger.Key{Owner: x.to.Owner, Class: ledger.Recovery}, x.from, x.minutes - back}})
	}
	m.done[id] = true
	return ""
}

func (m *model) record(id ledger.TxID, log []moved) {
	if len(log) > 0 {
		m.log[id], m.done[id] = log, false
	}
}

var people = []string{"chen", "li", "cao", "tian"}

func TestBookAgainstModel(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) { againstModel(t, rt, store.SQLite, 30) })
	})
	t.Run("postgres", func(t *testing.T) {
		// One long run: the machine is the same, and the databases differ only in their SQL.
		db, clk := storetest.New(t, store.Postgres)
		againstModelOn(t, rapidRun{seed: 11, steps: 60}, db, clk)
	})
}

// source draws the choices of the machine, from rapid or from a fixed seed.
type source interface {
	pick(label string, n int) int
	Fatalf(format string, args ...any)
}

type rapidSource struct{ *rapid.T }

func (s rapidSource) pick(label string, n int) int { return rapid.IntRange(0, n-1).Draw(s.T, label) }

type rapidRun struct {
	seed  uint64
	steps int
}

type seeded struct {
	testing.TB
	state uint64
}

func (s *seeded) pick(_ string, n int) int {
	s.state = s.state*6364136223846793005 + 1442695040888963407
	return int(s.state >> 33 % uint64(n))
}

func againstModel(t *testing.T, rt *rapid.T, engine store.Engine, steps int) {
	clk := clock.NewFake(storetest.Epoch)
	cfg := storetest.Config(t, engine)
	cfg.Clock, cfg.IDs = clk, id.Seeded(1)
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		rt.Fatal(err)
	}
	// Closed here and not with the test: hundreds of runs would stay open.
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		rt.Fatal(err)
	}
	machine(rapidSource{rt}, db, clk, steps)
}

func againstModelOn(t *testing.T, run rapidRun, db *store.DB, clk *clock.Fake) {
	machine(&seeded{TB: t, state: run.seed}, db, clk, run.steps)
}

func machine(s source, db *store.DB, clk *clock.Fake, steps int) {
	ctx := context.Background()
	m := &model{balance: map[ledger.Key]int64{}, frozen: map[string]bool{}, holds: map[string][]part{}, done: map[ledger.TxID]bool{}, log: map[ledger.TxID][]moved{}}
	write := func(fn func(tx *store.Tx) error) {
		if err := db.Write(ctx, "test", fn); err != nil {
			s.Fatalf("write: %v", err)
		}
	}
	// The transaction's function runs on the writer's goroutine, where a test must not end: differences are returned.
	same := func(what string, got error, want string) error {
		if errs.CodeOf(got) != want {
			return fmt.Errorf("%s: got %v, want %q", what, got, want)
		}
		return nil
	}
	minutes := func(label string, n int) hours.Minutes { return hours.Of(int64(s.pick(label, n))) }
	person := func() string { return people[s.pick("person", len(people))] }
	ref := func() string { return fmt.Sprintf("order-%d", s.pick("order", 6)) }
	var seen []ledger.TxID

	write(func(tx *store.Tx) error {
		log := moved{ledger.IssuerAccount, ledger.PoolAccount, 500}
		posted, err := ledger.Book(tx, []ledger.Posting{{Meta: by("city"), Reason: ledger.ForIssue, Transfers: []ledger.Transfer{{From: log.from, To: log.to, Minutes: hours.Of(500)}}}})
		m.apply([]moved{log})
		return first(posted, err)
	})
	for range steps {
		clk.Advance(time.Minute)
		switch s.pick("step", 8) {
		case 0, 1:
			needs := make([]ledger.Need, 1+s.pick("group", 3))
			for i := range needs {
				needs[i] = ledger.Need{Ref: ref(), Reason: "order", Minutes: minutes("hold", 120).Add(hours.Of(1)), Sources: []ledger.Key{saved(person()), ledger.PoolAccount}}
			}
			write(func(tx *store.Tx) error {
				results, err := ledger.Hold(tx, needs)
				for i, r := range results {
					err = cmp.Or(err, same("hold", r.Err, m.hold(needs[i])))
				}
				return err
			})
		case 2, 3:
			all := make([]ledger.Settlement, 1+s.pick("group", 3))
			for i := range all {
				all[i] = ledger.Settlement{Meta: by("system"), Reason: ledger.ForService}
				all[i].Ref = ref()
				for range 1 + s.pick("volunteers", 2) {
					debit := minutes("debit", 60)
					credit := debit
					if s.pick("weighted", 3) == 0 {
						credit = minutes("credit", 60)
					}
					all[i].Credits = append(all[i].Credits, ledger.Credit{To: saved(person() + "-v"), Debit: debit, Credit: credit, Cap: hours.Of(80)})
				}
			}
			write(func(tx *store.Tx) error {
				posted, err := capture(tx, all)
				for i, p := range posted {
					log, code := m.settle(all[i])
					err = cmp.Or(err, same("capture", p.Err, code))
					m.record(p.Tx, log)
					if p.Tx != "" {
						seen = append(seen, p.Tx)
					}
				}
				return err
			})
		case 4:
			name := ref()
			write(func(tx *store.Tx) error { return ledger.Release(tx, name) })
			delete(m.holds, name)
		case 5:
			from, to := saved(person()+"-v"), ledger.Key{Owner: person(), Class: ledger.Donated}
			gift := minutes("gift", 90).Add(hours.Of(1))
			want := ""
			if m.free(from) < gift.Int64() {
				want = "ledger.not_enough"
			}
			write(func(tx *store.Tx) error {
				posted, err := ledger.Book(tx, []ledger.Posting{{Meta: by("chen"), Reason: ledger.ForTransfer, Transfers: []ledger.Transfer{{From: from, To: to, Minutes: gift}}}})
				if err != nil {
					return err
				}
				if err := same("transfer", posted[0].Err, want); err != nil {
					return err
				}
				if want == "" {
					log := []moved{{from, to, gift.Int64()}}
					m.apply(log)
					m.record(posted[0].Tx, log)
					seen = append(seen, posted[0].Tx)
				}
				return nil
			})
		case 6:
			if len(seen) == 0 {
				continue
			}
			id := seen[s.pick("reversed", len(seen))]
			write(func(tx *store.Tx) error {
				posted, err := ledger.Reverse(tx, []ledger.Reversal{{Tx: id, Actor: "two", Note: "wrong person"}})
				if err != nil {
					return err
				}
				return same("reverse", posted[0].Err, m.reverse(id))
			})
		case 7:
			owner := person()
			m.frozen[owner] = !m.frozen[owner]
			write(func(tx *store.Tx) error { return ledger.SetFrozen(tx, owner, m.frozen[owner]) })
			// An account that is not open yet cannot be frozen.
			if m.balance[saved(owner)] == 0 {
				m.frozen[owner] = false
				write(func(tx *store.Tx) error { return ledger.SetFrozen(tx, owner, false) })
			}
		}
		compare(ctx, s, db, m)
	}
	report, err := ledger.Verify(ctx, db, nil)
	if err != nil || len(report.Problems) > 0 {
		s.Fatalf("verify: %v %v", err, report.Problems)
	}
}

func compare(ctx context.Context, s source, db *store.DB, m *model) {
	keys := make([]ledger.Key, 0, len(m.balance))
	for k := range m.balance {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b ledger.Key) int { return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Class, b.Class)) })
	var got map[ledger.Key]ledger.Balance
	if err := db.Read(ctx, "test", func(tx *store.Tx) (err error) { got, err = ledger.Balances(tx, keys); return err }); err != nil {
		s.Fatalf("balances: %v", err)
	}
	for _, k := range keys {
		if b := got[k]; b.Balance.Int64() != m.balance[k] || b.Held.Int64() != m.held(k) {
			s.Fatalf("%v: got %v held %v, want %d held %d", k, b.Balance, b.Held, m.balance[k], m.held(k))
		}
	}
}
