package order_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/pgtest"
	"timebank/internal/store/storetest"
)

// clients is how many callers settle at the same time.
const clients = 64

// settlements is how many orders one run of BenchmarkSettle pays; TIMEBANK_BENCH_ORDERS says otherwise.
const settlements = 20_000

// visits is how many orders one volunteer serves, an hour apart.
const visits = 8

// BenchmarkSettle pays for confirmed orders one call each from 64 clients, durably: postings, balances, order state, audit, outbox and
// leaf. "own" pays from as many grant accounts as there are orders, "pool" all of them from the one public pool. One order in a thousand has
// lost its hold: it is refused and set aside, and its group goes on. The process has the memory that a server has.
func BenchmarkSettle(b *testing.B) {
	n := settlements
	if text := os.Getenv("TIMEBANK_BENCH_ORDERS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		for _, payer := range []string{"own", "pool"} {
			b.Run(fmt.Sprintf("%s/%s", engine, payer), func(b *testing.B) {
				rates := 0.0
				for range b.N {
					rates += settle(b, engine, n, payer == "own")
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(rates/float64(b.N), "settlements/s")
			})
		}
	}
}

// settle pays for n orders of a new city and returns how many a second, those not counted with which its book begins.
func settle(b *testing.B, engine store.Engine, n int, grants bool) float64 {
	app.MakeRoom(config.Default().Memory)
	c := citytest.New(b, engine)
	ids := confirmed(b, c, n, grants)
	bad := map[order.ID]bool{}
	storetest.Write(b, c.DB, func(tx *store.Tx) error {
		for i := 999; i < n; i += 1000 {
			bad[ids[i]] = true
			if err := ledger.Release(tx, string(ids[i])); err != nil {
				return err
			}
		}
		return nil
	})
	// A book in use has transactions, and accounts of those who serve; its server knows its tables, as pgbench analyses its own before it begins.
	pay(b, c, ids[:n/visits], bad)
	if engine == store.Postgres {
		storetest.Write(b, c.DB, func(tx *store.Tx) error {
			_, err := tx.Exec("ANALYZE")
			return err
		})
	}
	rest := ids[n/visits:]
	return float64(len(rest)) / pay(b, c, rest, bad).Seconds()
}

// pay settles orders from all clients and returns how long that took.
func pay(b *testing.B, c *citytest.City, ids []order.ID, bad map[order.ID]bool) time.Duration {
	var next atomic.Int64
	var wg sync.WaitGroup
	watch := clock.System()
	begun := watch.Now()
	for range clients {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				if err := c.Orders.Settle(b.Context(), ids[i]); (err != nil) != bad[ids[i]] {
					b.Errorf("settle order %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return watch.Now().Sub(begun)
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// BenchmarkTPCB is what the same PostgreSQL server does with its own pgbench, to hold BenchmarkSettle against.
func BenchmarkTPCB(b *testing.B) {
	tool, err := pgtest.Tool("pgbench")
	if err != nil {
		b.Fatal(err)
	}
	dsn := pgtest.DSN(b)
	run := func(args ...string) string {
		out, err := exec.CommandContext(b.Context(), tool, append(args, dsn)...).CombinedOutput()
		if err != nil {
			b.Fatalf("pgbench %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("-i", "-q", "-s", "50")
	for b.Loop() {
		m := tps.FindStringSubmatch(run("-c", "8", "-j", "2", "-T", "15"))
		if m == nil {
			b.Fatal("pgbench said nothing about its rate")
		}
		rate, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(rate, "settlements/s")
	}
}

// confirmed brings n orders to the point where they are to be paid.
func confirmed(b *testing.B, c *citytest.City, n int, grants bool) []order.ID {
	b.Helper()
	ctx := b.Context()
	const each = visits
	elders := people(b, c, n, 1930)
	volunteers := people(b, c, (n+each-1)/each, 1975)
	inGroups(n, func(from, to int) {
		var apply []member.ApplyRecipientCmd
		var review []member.ReviewRecipientCmd
		var granted []ledger.Grantee
		for _, p := range elders[from:to] {
			apply = append(apply, member.ApplyRecipientCmd{Actor: identity.System, Person: p.ID, Attributes: member.Attributes{LivesAlone: grants},
				Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}})
			review = append(review, member.ReviewRecipientCmd{Actor: identity.System, Person: p.ID, Approve: true})
			granted = append(granted, ledger.Grantee{Owner: string(p.ID), Minutes: hours.Of(240)})
		}
		got, err := c.Members.ApplyRecipients(ctx, apply)
		citytest.Must(b, got, err)
		reviewed, err := c.Members.ReviewRecipients(ctx, review)
		citytest.Must(b, reviewed, err)
		if grants {
			month := clock.MonthOf(c.Tomorrow())
			storetest.Write(b, c.DB, func(tx *store.Tx) error {
				_, err := ledger.GrantMonthly(tx, month, granted, month.Last().Add(1), ledger.Meta{Actor: "system"})
				return err
			})
		}
	})
	for _, v := range volunteers {
		c.Certify(v)
	}
	ids := make([]order.ID, n)
	start := c.Tomorrow().Add(-time.Hour)
	slot := func(i int) time.Time { return start.Add(time.Duration(i%each) * time.Hour) }
	inGroups(n, func(from, to int) {
		var place []order.PlaceCmd
		var review []order.ReviewCmd
		var claim []order.ClaimCmd
		for i := from; i < to; i++ {
			place = append(place, order.PlaceCmd{Actor: identity.System, Recipient: elders[i].ID, Item: citytest.Lesson, Start: slot(i), Urgency: catalog.Everyday})
		}
		placed, err := c.Orders.Place(ctx, place)
		for i, p := range citytest.Must(b, placed, err) {
			ids[from+i] = p.Value.ID
			review = append(review, order.ReviewCmd{Actor: identity.System, Order: p.Value.ID, Approve: true})
			claim = append(claim, order.ClaimCmd{Actor: volunteers[(from+i)/each].Actor, Key: c.Key(), Order: p.Value.ID})
		}
		reviewed, err := c.Orders.Review(ctx, review)
		citytest.Must(b, reviewed, err)
		claimed, err := c.Orders.Claim(ctx, claim)
		citytest.Must(b, claimed, err)
	})
	c.Clock.Set(start.Add(time.Duration(each) * time.Hour))
	point, _ := c.Tree.Point(c.Home())
	inGroups(n, func(from, to int) {
		codes, err := c.Orders.CheckCodes(ctx, ids[from:to])
		if err != nil {
			b.Fatal(err)
		}
		// A volunteer comes to its orders one after the other: in one group stand the orders of one hour.
		var in, out [each][]order.CheckCmd
		var confirm []order.ConfirmCmd
		for i := from; i < to; i++ {
			proof := []order.Factor{{Method: order.ByCode, Value: codes[ids[i]]}, {Method: order.ByPlace, Point: point}}
			cmd := order.CheckCmd{Actor: identity.System, Order: ids[i], Volunteer: volunteers[i/each].ID, Factors: proof, OccurredAt: slot(i)}
			in[i%each] = append(in[i%each], cmd)
			cmd.OccurredAt = slot(i).Add(30 * time.Minute)
			out[i%each] = append(out[i%each], cmd)
			confirm = append(confirm, order.ConfirmCmd{Actor: elders[i].Actor, Key: c.Key(), Order: ids[i]})
		}
		for hour := range each {
			got, err := c.Orders.CheckIn(ctx, in[hour])
			citytest.Must(b, got, err)
			got, err = c.Orders.CheckOut(ctx, out[hour])
			citytest.Must(b, got, err)
		}
		got, err := c.Orders.Confirm(ctx, confirm)
		citytest.Must(b, got, err)
	})
	// They fall due as the visits end, so that a volunteer's eight do not come together.
	due := make([]order.ID, 0, n)
	for hour := range each {
		for i := hour; i < n; i += each {
			due = append(due, ids[i])
		}
	}
	return due
}

// people registers n persons born in a year.
func people(b *testing.B, c *citytest.City, n, year int) []citytest.Person {
	b.Helper()
	all := make([]citytest.Person, 0, n)
	point, _ := c.Tree.Point(c.Home())
	inGroups(n, func(from, to int) {
		var cmds []member.RegisterCmd
		for i := from; i < to; i++ {
			birth := clock.Day(fmt.Sprintf("%04d-01-01", year)).Add(i / 900)
			cmds = append(cmds, member.RegisterCmd{Actor: identity.System, Name: "张测试", IDNumber: citytest.IDNumber(birth, i%900), Region: c.Home(), Point: &point,
				Phone: fmt.Sprintf("139%04d%04d", year, i%10000), Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}})
		}
		got, err := c.Members.RegisterPersons(b.Context(), cmds)
		for _, r := range citytest.Must(b, got, err) {
			all = append(all, citytest.Person{ID: r.Value.Person, Actor: actor(b, c, r.Value)})
		}
	})
	return all
}

func actor(b *testing.B, c *citytest.City, r member.Registered) identity.Actor {
	a, err := c.Identity.Actor(context.WithoutCancel(b.Context()), r.Actor, "bench")
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func inGroups(n int, do func(from, to int)) {
	for from := 0; from < n; from += 500 {
		do(from, min(from+500, n))
	}
}
