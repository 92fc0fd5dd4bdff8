package catalog

import (
	"errors"
	"sync"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/training"
)

// town is a city with one district, its courses, and an administrator of each.
type town struct {
	db             *store.DB
	clk            *clock.Fake
	catalog        *Service
	city, district identity.Actor
}

func newTown(t *testing.T, db *store.DB, clk *clock.Fake) *town {
	t.Helper()
	regions := region.New(db)
	_, err := regions.Import(t.Context(), region.Dataset{From: region.Beginning, Rows: []region.Row{
		{Code: "320100", System: region.Official, Name: "南京市", Level: region.City},
		{Code: "320113", System: region.Official, Name: "栖霞区", Level: region.District, Administrative: "320100", Reporting: "320100"},
	}})
	if err != nil {
		t.Fatalf("import regions: %v", err)
	}
	if err := training.New(db, regions, policy.New(db)).Define(t.Context(), training.DefineCmd{Actor: identity.System, Courses: training.Defaults()}); err != nil {
		t.Fatalf("define courses: %v", err)
	}
	tree, err := regions.Today(t.Context())
	if err != nil {
		t.Fatalf("regions: %v", err)
	}
	admin := func(id, code string) identity.Actor {
		r, _ := tree.ByCode(code)
		return identity.Actor{ID: id, At: clk.Now(), Origin: "test",
			Grants: []identity.Grant{{Role: identity.Administrator, Region: r.ID, From: clk.Now().Add(-time.Hour)}}}
	}
	return &town{db: db, clk: clk, catalog: New(db, regions), city: admin("city-admin", "320100"), district: admin("district-admin", "320113")}
}

// current returns the version that can be ordered now, 0 when none can.
func (w *town) current(t *testing.T, code string) (version int) {
	t.Helper()
	storetest.Read(t, w.db, func(tx *store.Tx) error {
		i, err := w.catalog.Current(tx, code, tx.Now())
		version = 0
		if err == nil {
			version = i.Version
		} else if !errors.Is(err, ErrNotOffered) && !errors.Is(err, ErrNotFound) {
			return err
		}
		return nil
	})
	return version
}

func (w *town) publish(t *testing.T, key string, s Spec, from time.Time) Ref {
	t.Helper()
	ref, err := w.catalog.Publish(t.Context(), PublishCmd{Actor: w.city, Key: key, Spec: s, EffectiveFrom: from})
	if err != nil {
		t.Fatalf("publish %s: %v", key, err)
	}
	return ref
}

func TestPublishNowLaterAndWithdraw(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		if got := w.current(t, "chess_visit"); got != 0 {
			t.Errorf("before publication version %d is current, want none", got)
		}
		first := w.publish(t, "k1", sample(), time.Time{})
		if first != (Ref{"chess_visit", 1}) || w.current(t, "chess_visit") != 1 {
			t.Errorf("got %s, current %d, want version 1 at once", first, w.current(t, "chess_visit"))
		}
		longer := sample()
		longer.Longest = longer.Longest.Add(longer.Shortest)
		later := clk.Now().Add(48 * time.Hour)
		w.publish(t, "k2", longer, later)
		if got := w.current(t, "chess_visit"); got != 1 {
			t.Errorf("two days early version %d is current, want 1", got)
		}
		clk.Set(later)
		if got := w.current(t, "chess_visit"); got != 2 {
			t.Errorf("on the day version %d is current, want 2", got)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			old, err := w.catalog.ByVersion(tx, "chess_visit", 1)
			if err != nil {
				return err
			}
			if !equal(old.Spec, sample()) {
				t.Errorf("version 1 is now %+v", old.Spec)
			}
			if _, err := w.catalog.ByVersion(tx, "chess_visit", 3); !errors.Is(err, ErrNotFound) {
				t.Errorf("version 3: got %v, want %v", err, ErrNotFound)
			}
			return nil
		})
		out := WithdrawCmd{Actor: w.city, Key: "k3", Code: "chess_visit", Reason: "nobody asked for it"}
		if _, err := w.catalog.Withdraw(t.Context(), out); err != nil {
			t.Fatalf("withdraw: %v", err)
		}
		if got := w.current(t, "chess_visit"); got != 0 {
			t.Errorf("after withdrawal version %d is current, want none", got)
		}
		out.Key = "k4"
		if _, err := w.catalog.Withdraw(t.Context(), out); !errors.Is(err, errSame) {
			t.Errorf("second withdrawal: got %v, want %v", err, errSame)
		}
		if back := w.publish(t, "k5", sample(), time.Time{}); back.Version != 4 || w.current(t, "chess_visit") != 4 {
			t.Errorf("got %s, current %d, want it back as version 4", back, w.current(t, "chess_visit"))
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			trail, err := audit.Of(tx, "chess_visit")
			if len(trail) != 4 || trail[2].Action != "catalog.withdraw" || trail[0].Actor != "city-admin" {
				t.Errorf("the trail is %+v, want four acts", trail)
			}
			return err
		})
	})
}

func TestPublishRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		gas := sample()
		gas.NameZH = "检查燃气"
		noCourse := sample()
		noCourse.Course = "swimming"
		for _, c := range []struct {
			name  string
			actor identity.Actor
			spec  Spec
			from  time.Time
			want  string
		}{
			{"a district", w.district, sample(), time.Time{}, "identity.not_allowed"},
			{"the past", w.city, sample(), clk.Now().Add(-time.Second), "catalog.item_invalid"},
			{"forbidden work", w.city, gas, time.Time{}, "catalog.forbidden_service"},
			{"an unknown course", w.city, noCourse, time.Time{}, "catalog.item_invalid"},
			{"nothing said", w.city, Spec{}, time.Time{}, "catalog.item_invalid"},
		} {
			_, err := w.catalog.Publish(t.Context(), PublishCmd{Actor: c.actor, Key: c.name, Spec: c.spec, EffectiveFrom: c.from})
			if errs.CodeOf(err) != c.want {
				t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			}
		}
		if got := w.current(t, "chess_visit"); got != 0 {
			t.Errorf("refused publications left version %d", got)
		}
	})
}

func TestSameKeyPublishesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		first, again := w.publish(t, "k", sample(), time.Time{}), w.publish(t, "k", sample(), time.Time{})
		if first != again || w.current(t, "chess_visit") != 1 {
			t.Errorf("got %s and %s, want one version", first, again)
		}
		other := sample()
		other.NameZH = "下象棋"
		if _, err := w.catalog.Publish(t.Context(), PublishCmd{Actor: w.city, Key: "k", Spec: other}); errs.CodeOf(err) != "idempotency.key_reused" {
			t.Errorf("another item under the same key: got %v, want idempotency.key_reused", err)
		}
	})
}

func TestImportPublishesWhatChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		specs := Default()
		all, err := w.catalog.Import(t.Context(), ImportCmd{Actor: identity.System, Specs: specs})
		if err != nil || len(all) != len(specs) {
			t.Fatalf("import: got %d items and %v, want %d", len(all), err, len(specs))
		}
		if none, err := w.catalog.Import(t.Context(), ImportCmd{Actor: identity.System, Specs: specs}); err != nil || len(none) != 0 {
			t.Errorf("second import: got %v and %v, want nothing to do", none, err)
		}
		specs[3].NameEN = "Cleaning"
		if one, err := w.catalog.Import(t.Context(), ImportCmd{Actor: w.city, Key: "i", Specs: specs}); err != nil || len(one) != 1 || one[0] != (Ref{specs[3].Code, 2}) {
			t.Errorf("third import: got %v and %v, want %s@2", one, err, specs[3].Code)
		}
		if same, err := w.catalog.Import(t.Context(), ImportCmd{Actor: w.city, Key: "i", Specs: specs}); err != nil || len(same) != 1 {
			t.Errorf("the same key: got %v and %v, want the first run's result", same, err)
		}
		specs[0].Volunteers = 0
		_, err = w.catalog.Import(t.Context(), ImportCmd{Actor: w.city, Key: "j", Specs: specs})
		var e *errs.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Path != "items.0.volunteers" {
			t.Errorf("a bad item: got %v, want items.0.volunteers named", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			offers, err := w.catalog.List(tx, tx.Now(), "en")
			if err != nil {
				return err
			}
			if len(offers) != len(specs) || offers[0].Item.Category != Meals || offers[0].Name != "A meal cooked at home" {
				t.Errorf("got %d offers, first %+v", len(offers), offers[0])
			}
			zh, err := w.catalog.List(tx, tx.Now(), "zh-CN")
			if zh[0].Name != "上门做饭" || zh[0].Outcomes[1] != "还需要再来" {
				t.Errorf("got %s with outcomes %v", zh[0].Name, zh[0].Outcomes)
			}
			return err
		})
	})
}

// A publication that is taken back leaves no trace in memory, though a later one gets the same number.
func TestCacheForgetsWhatWasTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		back := errs.New(errs.Refused, "test.refused")
		err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
			current, err := load(tx)
			if err != nil {
				return err
			}
			if _, err := publish(tx, w.city, current, []Spec{sample()}, tx.Now()); err != nil {
				return err
			}
			if _, err := w.catalog.Current(tx, "chess_visit", tx.Now()); err != nil {
				t.Errorf("inside the transaction: %v", err)
			}
			return back
		})
		if !errors.Is(err, back) {
			t.Fatalf("got %v, want %v", err, back)
		}
		if got := w.current(t, "chess_visit"); got != 0 {
			t.Errorf("version %d is current, want none", got)
		}
		other := sample()
		other.NameEN = "Chinese chess"
		w.publish(t, "k", other, time.Time{})
		storetest.Read(t, db, func(tx *store.Tx) error {
			i, err := w.catalog.Current(tx, "chess_visit", tx.Now())
			if err == nil && i.NameEN != "Chinese chess" {
				t.Errorf("got %q from the publication that was taken back", i.NameEN)
			}
			return err
		})
	})
}

func TestConcurrentPublicationsGetTheirOwnVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		const n = 8
		var wg sync.WaitGroup
		refs, failed := make([]Ref, n), make([]error, n)
		for i := range n {
			wg.Go(func() {
				refs[i], failed[i] = w.catalog.Publish(t.Context(), PublishCmd{Actor: w.city, Key: string(rune('a' + i)), Spec: sample()})
			})
		}
		wg.Wait()
		seen := map[int]bool{}
		for i := range n {
			if failed[i] != nil {
				t.Errorf("publish: %v", failed[i])
			}
			seen[refs[i].Version] = true
		}
		if len(seen) != n || w.current(t, "chess_visit") != n {
			t.Errorf("got versions %v, current %d, want 1 to %d", refs, w.current(t, "chess_visit"), n)
		}
	})
}

func TestDatabaseRefusesToChangeAVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newTown(t, db, clk)
		w.publish(t, "k", sample(), time.Time{})
		for _, text := range []string{"UPDATE service_item_version SET longest = 999", "DELETE FROM service_item_version"} {
			err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
				_, err := tx.Exec(text)
				return err
			})
			if !store.Refused(err) {
				t.Errorf("%s: got %v, want a refusal", text, err)
			}
		}
	})
}
