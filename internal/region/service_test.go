package region_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// today is the civil day on which every test's clock begins; tomorrow the first on which a change may hold.
const (
	today    clock.Day = "2020-10-12"
	tomorrow clock.Day = "2020-10-13"
)

// imported opens a service on a database that Nanjing was imported into.
func imported(t *testing.T, db *store.DB) (*region.Service, *region.Tree) {
	t.Helper()
	s := region.New(db)
	if _, err := s.Import(t.Context(), region.Nanjing()); err != nil {
		t.Fatalf("import: %v", err)
	}
	tree, err := s.Today(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return s, tree
}

func find(t *testing.T, tree *region.Tree, code string) region.ID {
	t.Helper()
	r, ok := tree.ByCode(code)
	if !ok {
		t.Fatalf("no region bears the code %s", code)
	}
	return r.ID
}

func at(t *testing.T, s *region.Service, day clock.Day) *region.Tree {
	t.Helper()
	tree, err := s.At(t.Context(), day)
	if err != nil {
		t.Fatalf("regions as of %s: %v", day, err)
	}
	return tree
}

// carry carries a change out in a transaction of its own.
func carry(t *testing.T, db *store.DB, c region.Change) (got region.Region, err error) {
	t.Helper()
	err = db.Write(t.Context(), "test", func(tx *store.Tx) error {
		got, err = region.Carry(tx, c)
		return err
	})
	return got, err
}

// within lists what WithinSQL finds, by id.
func within(t *testing.T, db *store.DB, ancestor region.ID, day clock.Day) []string {
	t.Helper()
	var ids []string
	storetest.Read(t, db, func(tx *store.Tx) (err error) {
		ids, err = store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) },
			"SELECT g.id FROM region g WHERE "+region.WithinSQL("g.id", 1, 2), string(ancestor), string(day))
		return err
	})
	slices.Sort(ids)
	return ids
}

func wantFields(t *testing.T, err error, code string, want ...string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Path+" "+f.Code)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: bad fields (-want +got):\n%s", code, diff)
	}
}

func TestImportSeedsOnceAndAlike(t *testing.T) {
	var first []region.Region
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := region.New(db)
		if tree, err := s.Today(t.Context()); err != nil || tree.Len() != 0 {
			t.Fatalf("before the import: got %v, %v", tree, err)
		}
		for _, want := range []region.Imported{{Added: 1475}, {Existing: 1475}} {
			got, err := s.Import(t.Context(), region.Nanjing())
			if err != nil || got != want {
				t.Fatalf("import: got %+v, %v, want %+v", got, err, want)
			}
		}
		tree, err := s.Today(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(tree.Communities()) != 1322 || len(tree.ReportingDistricts()) != 12 || len(tree.Districts()) != 11 {
			t.Errorf("got %d communities, %d units, %d districts", len(tree.Communities()), len(tree.ReportingDistricts()), len(tree.Districts()))
		}
		if first == nil {
			first = tree.All()
		} else if !slices.Equal(first, tree.All()) {
			t.Error("the engines hold different regions for the same source of ids")
		}
		if again, err := s.Today(t.Context()); err != nil || again != tree {
			t.Errorf("the second tree of a day is not the cached one (%v)", err)
		}
		clk.Advance(24 * time.Hour)
		if next, err := s.Today(t.Context()); err != nil || next.Day() != tomorrow || next.Len() != tree.Len() {
			t.Errorf("next day: got %v, %v", next, err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			entries, err := audit.Of(tx, string(tree.City()))
			if len(entries) != 1 || entries[0].Action != "region.import" {
				t.Errorf("audit trail: got %v, want one import", entries)
			}
			return err
		})
	})
}

func TestImportRefusesWhatContradicts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		s, tree := imported(t, db)
		_, err := s.Import(t.Context(), region.Dataset{From: region.Beginning, Rows: []region.Row{
			{Code: "320102", System: region.Official, Name: "玄武", Level: region.City}}})
		wantFields(t, err, "region.dataset_contradicts", "rows.0.level region.level_contradicts")
		_, err = s.Import(t.Context(), region.Dataset{From: "soon", Rows: []region.Row{
			{Code: "32", System: region.Official, Level: region.City}}})
		wantFields(t, err, "region.dataset_invalid", "from region.bad_day", "rows.0.code region.bad_code", "rows.0.name region.name_missing")
		if now := at(t, s, today); !slices.Equal(now.All(), tree.All()) {
			t.Error("a refused import changed the regions")
		}
	})
}

func TestWithinSQLAgreesWithContains(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		_, tree := imported(t, db)
		for _, code := range []string{"320100", "320116", region.JiangbeiCode, "320116004", "320102002002"} {
			ancestor := find(t, tree, code)
			var want []string
			for _, r := range tree.All() {
				if tree.Contains(ancestor, r.ID) {
					want = append(want, string(r.ID))
				}
			}
			slices.Sort(want)
			if got := within(t, db, ancestor, today); !slices.Equal(got, want) {
				t.Errorf("%s: got %d regions, want %d", code, len(got), len(want))
			}
		}
	})
}

func TestMoveTakesEffectOnItsDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s, tree := imported(t, db)
		street, luhe, zone := find(t, tree, "320116006"), find(t, tree, "320116"), find(t, tree, region.JiangbeiCode)
		community := tree.Children(region.Reporting, street)[0]
		cmd := region.MoveCmd{Actor: "officer", Origin: "test", Region: street, Parent: zone,
			Trees: []region.TreeName{region.Reporting}, From: "2020-11-01", Reason: "宁政发〔2020〕1号"}
		got, err := carry(t, db, cmd)
		if err != nil || got.ID != street {
			t.Fatalf("move: got %v, %v", got, err)
		}
		for day, want := range map[clock.Day]region.ID{today: luhe, "2020-10-31": luhe, "2020-11-01": zone, "2030-01-01": zone} {
			then := at(t, s, day)
			if got := then.ReportingDistrict(community); got != want {
				t.Errorf("%s: the community reports to %s, want %s", day, then.Name(got), then.Name(want))
			}
			if then.District(community) != luhe {
				t.Errorf("%s: the community left its statutory district", day)
			}
			if got := slices.Contains(within(t, db, zone, day), string(community)); got != (want == zone) {
				t.Errorf("%s: by SQL the zone contains the community: %t", day, got)
			}
		}
		for _, c := range []struct {
			now  string
			want region.ID
		}{{"2020-10-31T23:59:59+08:00", luhe}, {"2020-11-01T00:00:00+08:00", zone}, {"2020-10-20T00:00:00+08:00", luhe}} {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			clk.Set(now)
			cached, err := s.Today(t.Context())
			if err != nil || cached.ReportingDistrict(street) != c.want {
				t.Errorf("%s: the cached tree has the street under %s, want %s", c.now, cached.Name(cached.ReportingDistrict(street)), cached.Name(c.want))
			}
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			entries, err := audit.Of(tx, string(street))
			if len(entries) != 1 || entries[0].Actor != "officer" || !strings.Contains(entries[0].After, "2020-11-01") ||
				!strings.Contains(entries[0].Before, string(luhe)) {
				t.Errorf("audit trail: got %+v, want one move", entries)
			}
			return err
		})
	})
}

func TestMoveNamesEveryBadField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		s, tree := imported(t, db)
		city, luhe, pukou, zone := tree.City(), find(t, tree, "320116"), find(t, tree, "320111"), find(t, tree, region.JiangbeiCode)
		street := find(t, tree, "320116004")
		both := region.TreeNames()
		base := region.MoveCmd{Actor: "officer", Origin: "test", Region: street, Parent: pukou, Trees: both, From: tomorrow, Reason: "decree"}
		change := func(f func(*region.MoveCmd)) region.MoveCmd {
			cmd := base
			f(&cmd)
			return cmd
		}
		for _, c := range []struct {
			cmd  region.MoveCmd
			want []string
		}{
			{region.MoveCmd{}, []string{"actor region.actor_missing", "from region.bad_day", "parent region.unknown", "reason region.reason_missing",
				"region region.unknown", "trees region.tree_missing"}},
			{change(func(c *region.MoveCmd) { c.From = today }), []string{"from region.day_not_in_future"}},
			{change(func(c *region.MoveCmd) { c.From = "2021-02-29" }), []string{"from region.bad_day"}},
			{change(func(c *region.MoveCmd) { c.Parent = city }), []string{"parent region.parent_wrong_level"}},
			{change(func(c *region.MoveCmd) { c.Region = city }), []string{"region region.city_has_no_parent"}},
			{change(func(c *region.MoveCmd) { c.Parent = luhe }), []string{"parent region.parent_unchanged"}},
			{change(func(c *region.MoveCmd) { c.Parent = zone }),
				[]string{"trees region.zone_is_not_administrative", "parent region.parent_unchanged"}},
			{change(func(c *region.MoveCmd) { c.Trees = []region.TreeName{"x", region.Reporting, region.Reporting} }),
				[]string{"trees region.unknown_tree", "trees region.tree_repeated"}},
		} {
			_, err := carry(t, db, c.cmd)
			wantFields(t, err, "region.move_invalid", c.want...)
		}
		if now := at(t, s, "2030-01-01"); !slices.Equal(now.Path(street), tree.Path(street)) {
			t.Error("a refused move moved the street")
		}
		if _, err := carry(t, db, change(func(c *region.MoveCmd) { c.From = "2021-01-01" })); err != nil {
			t.Fatalf("move: %v", err)
		}
		_, err := carry(t, db, change(func(c *region.MoveCmd) { c.Trees = both[:1]; c.Parent = find(t, tree, "320102") }))
		wantFields(t, err, "region.move_invalid", "from region.change_already_planned")
	})
}

func TestRecodeKeepsTheIdentity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		s, tree := imported(t, db)
		town := find(t, tree, "320116110")
		was, _ := tree.ByID(town)
		cmd := region.RecodeCmd{Actor: "officer", Origin: "test", Region: town, Code: "320116050", System: region.Official, Name: "新街道", From: tomorrow, Reason: "撤镇设街道"}
		got, err := carry(t, db, cmd)
		if err != nil || got.Code != "320116050" || got.Name != "新街道" || got.Kind != region.KindSubdistrict || got.ID != town {
			t.Fatalf("recode: got %+v, %v", got, err)
		}
		if now, _ := at(t, s, today).ByID(town); now != was {
			t.Errorf("today: got %+v, want %+v", now, was)
		}
		then := at(t, s, tomorrow)
		if _, ok := then.ByCode("320116110"); ok {
			t.Error("the old code is still borne")
		}
		if again, err := s.Import(t.Context(), region.Nanjing()); err != nil || again.Added != 0 {
			t.Errorf("import after the recode: got %+v, %v, want nothing added", again, err)
		}
		_, err = carry(t, db, region.RecodeCmd{Actor: "officer", Origin: "test", Region: find(t, tree, "320102"), Code: "320104", System: region.Official,
			Name: " ", From: tomorrow, Reason: "r"})
		wantFields(t, err, "region.recode_invalid", "code region.code_taken", "name region.name_missing")
		_, err = carry(t, db, region.RecodeCmd{Actor: "officer", Origin: "test", Region: town, Code: "32", System: region.Official,
			Name: "x", From: tomorrow, Reason: "r"})
		wantFields(t, err, "region.recode_invalid", "code region.bad_code", "from region.change_already_planned")
	})
}

func TestMergeLeavesHistoryInItsPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		s, tree := imported(t, db)
		street := find(t, tree, "320102002")
		below := tree.Children(region.Administrative, street)
		into, merged := below[0], below[1:3]
		_, err := carry(t, db, region.MergeCmd{Actor: "officer", Origin: "test", Into: street, Merged: []region.ID{find(t, tree, "320102003"), into, street},
			From: today, Reason: "r"})
		wantFields(t, err, "region.merge_invalid", "from region.day_not_in_future", "merged region.has_children",
			"merged region.merge_wrong_level", "merged region.merged_repeated")
		_, err = carry(t, db, region.MergeCmd{Actor: "officer", Origin: "test", Into: into, Merged: tree.Children(region.Administrative, find(t, tree, "320102003"))[:1], From: tomorrow, Reason: "r"})
		wantFields(t, err, "region.merge_invalid", "merged region.merge_other_parent")
		if _, err := carry(t, db, region.MergeCmd{Actor: "officer", Origin: "test", Into: into, Merged: merged, From: tomorrow, Reason: "社区合并"}); err != nil {
			t.Fatalf("merge: %v", err)
		}
		then := at(t, s, tomorrow)
		if got := len(then.Communities()); got != 1320 {
			t.Errorf("communities: got %d, want 1320", got)
		}
		if got := len(then.Children(region.Administrative, street)); got != len(below)-2 {
			t.Errorf("communities of the street: got %d, want %d", got, len(below)-2)
		}
		for _, m := range merged {
			if got, ok := then.Current(m); !ok || got != into {
				t.Errorf("current region of a merged one: got %s, want %s", got, into)
			}
			if !then.Contains(street, m) || then.Name(m) == "" || !slices.Contains(within(t, db, street, tomorrow), string(m)) {
				t.Error("a merged community lost its name or place")
			}
		}
		if now := at(t, s, today); len(now.Communities()) != 1322 || now.Contains(into, merged[0]) {
			t.Error("the merger holds before its day")
		}
		_, err = carry(t, db, region.MoveCmd{Actor: "officer", Origin: "test", Region: merged[0], Parent: find(t, tree, "320102003"),
			Trees: region.TreeNames(), From: tomorrow, Reason: "r"})
		wantFields(t, err, "region.move_invalid", "region region.ended")
	})
}

// Who answers for what goes on answers for what was merged into it, by the tree and by SQL alike, wherever it moves and whatever takes it over.
func TestWhatWasMergedFollowsWhatTookItOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		s, tree := imported(t, db)
		from, to := find(t, tree, "320102002"), find(t, tree, "320102003")
		ends, goesOn := tree.Children(region.Administrative, from)[1], tree.Children(region.Administrative, from)[0]
		last := tree.Children(region.Administrative, to)[0]
		must := func(c region.Change) {
			t.Helper()
			if _, err := carry(t, db, c); err != nil {
				t.Fatalf("%T: %v", c, err)
			}
		}
		by := func(day clock.Day) region.MergeCmd {
			return region.MergeCmd{Actor: "officer", Origin: "test", Into: goesOn, Merged: []region.ID{ends}, From: day, Reason: "decree"}
		}
		move := region.MoveCmd{Actor: "officer", Origin: "test", Region: goesOn, Parent: to, Trees: region.TreeNames(), From: "2020-11-01", Reason: "decree"}
		must(by(tomorrow))
		_, err := carry(t, db, region.MoveCmd{Actor: "officer", Origin: "test", Region: goesOn, Parent: to, Trees: region.TreeNames(), From: today, Reason: "decree"})
		wantFields(t, err, "region.move_invalid", "from region.change_already_planned", "from region.day_not_in_future")
		must(move)
		must(region.MergeCmd{Actor: "officer", Origin: "test", Into: last, Merged: []region.ID{goesOn}, From: "2020-12-01", Reason: "decree"})
		must(region.RecodeCmd{Actor: "officer", Origin: "test", Region: last, Code: "320102003099", System: region.Official, Name: "新社区", From: "2020-12-02", Reason: "decree"})
		for day, want := range map[clock.Day][]region.ID{today: {from, ends}, tomorrow: {from, ends, goesOn}, "2020-11-01": {to, ends, goesOn}, "2020-12-01": {to, ends, goesOn, last}} {
			then := at(t, s, day)
			for _, above := range []region.ID{from, to, ends, goesOn, last} {
				in := slices.Contains(want, above)
				if got := then.Contains(above, ends); got != in {
					t.Errorf("%s: %s contains what was merged: got %t, want %t", day, then.Name(above), got, in)
				}
				if got := slices.Contains(within(t, db, above, day), string(ends)); got != in {
					t.Errorf("%s: by SQL %s contains what was merged: got %t, want %t", day, then.Name(above), got, in)
				}
			}
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			got, err := region.Plans(tx)
			want := []region.Planned{{Region: ends, From: tomorrow, Into: goesOn}, {Region: goesOn, From: "2020-11-01", Parent: to, Trees: region.TreeNames()},
				{Region: ends, From: "2020-11-01", Parent: to, Trees: region.TreeNames()}, {Region: goesOn, From: "2020-12-01", Into: last},
				{Region: last, From: "2020-12-02", Code: "320102003099", Name: "新社区"}}
			byDay := func(a, b region.Planned) int {
				return strings.Compare(string(a.From)+string(a.Region), string(b.From)+string(b.Region))
			}
			slices.SortFunc(want, byDay)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what is planned (-want +got):\n%s", diff)
			}
			return err
		})
		// Between a merger that is planned and its day neither of the two may go elsewhere.
		other := tree.Children(region.Administrative, from)[2:4]
		must(region.MergeCmd{Actor: "officer", Origin: "test", Into: other[0], Merged: other[1:], From: "2020-12-10", Reason: "decree"})
		_, err = carry(t, db, region.MoveCmd{Actor: "officer", Origin: "test", Region: other[0], Parent: to, Trees: region.TreeNames(), From: "2020-12-01", Reason: "decree"})
		wantFields(t, err, "region.move_invalid", "from region.change_already_planned")
		must(region.MoveCmd{Actor: "officer", Origin: "test", Region: last, Parent: from, Trees: region.TreeNames(), From: "2021-02-01", Reason: "decree"})
		_, err = carry(t, db, region.MergeCmd{Actor: "officer", Origin: "test", Into: last, Merged: tree.Children(region.Administrative, to)[1:2], From: "2021-01-01", Reason: "decree"})
		wantFields(t, err, "region.merge_invalid", "from region.change_already_planned")
	})
}

func TestDatabaseRefusesWhatTheRulesDo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		_, tree := imported(t, db)
		a, b := string(find(t, tree, "320102")), string(find(t, tree, "320104"))
		for name, text := range map[string]string{
			"a second code at once":   "INSERT INTO region_code (region, code, system, name, from_day, until_day) VALUES ('" + a + "', '320199', 'official', 'x', '2021-01-01', '9999-12-31')",
			"a code borne twice":      "INSERT INTO region_code (region, code, system, name, from_day, until_day) VALUES ('" + a + "', '320104', 'official', 'x', '2021-01-01', '9999-12-31')",
			"a second parent at once": "INSERT INTO region_parent (region, tree, parent, from_day, until_day) VALUES ('" + a + "', 'reporting', '" + b + "', '2021-01-01', '9999-12-31')",
			"a parent of its own":     "INSERT INTO region_parent (region, tree, parent, from_day, until_day) VALUES ('" + a + "', 'reporting', '" + a + "', '2021-01-01', '2021-01-02')",
			"a second city":           "UPDATE region SET level = 'city' WHERE id = '" + a + "'",
			"an unknown level":        "UPDATE region SET level = 'village' WHERE id = '" + a + "'",
			"an end before beginning": "UPDATE region SET until_day = '0001-01-01' WHERE id = '" + a + "'",
		} {
			err := db.Write(context.Background(), "test", func(tx *store.Tx) error {
				_, err := tx.Exec(text)
				return err
			})
			if err == nil {
				t.Errorf("the database accepted %s", name)
			}
		}
	})
}

// TestAnotherProcessSeesAMoveOnItsDay uses a second service for the other process: it shares the database and no memory.
func TestAnotherProcessSeesAMoveOnItsDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		_, tree := imported(t, db)
		other := region.New(db)
		before, err := other.Today(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		street, zone := find(t, tree, "320116006"), find(t, tree, region.JiangbeiCode)
		if _, err := carry(t, db, region.MoveCmd{Actor: "officer", Origin: "test", Region: street, Parent: zone,
			Trees: []region.TreeName{region.Reporting}, From: tomorrow, Reason: "r"}); err != nil {
			t.Fatalf("move: %v", err)
		}
		if now, err := other.Today(t.Context()); err != nil || now != before {
			t.Errorf("the tree of today was read again (%v)", err)
		}
		clk.Advance(24 * time.Hour)
		if now, err := other.Today(t.Context()); err != nil || now.ReportingDistrict(street) != zone {
			t.Errorf("tomorrow the street reports to %s (%v), want the zone", now.Name(now.ReportingDistrict(street)), err)
		}
	})
}
