package region

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
)

// seeded gives the facts of Nanjing as an import writes them.
func seeded() facts {
	source := id.Seeded(1)
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return seed(Nanjing(), facts{}, func() ID { return id.From[Region](source.UUID(at)) })
}

func nanjingTree(t testing.TB) *Tree {
	t.Helper()
	tree, err := newTree("2024-06-01", seeded())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func must(t testing.TB, tree *Tree, code string) Region {
	t.Helper()
	r, ok := tree.ByCode(code)
	if !ok {
		t.Fatalf("no region bears the code %s", code)
	}
	return r
}

func TestNanjingCounts(t *testing.T) {
	tree := nanjingTree(t)
	got := map[string]int{"reporting": len(tree.ReportingDistricts()), "statutory": len(tree.Districts()),
		"communities": len(tree.Communities()), "all": tree.Len()}
	for _, r := range tree.All() {
		got[string(r.Level)]++
		got["kind "+string(r.Kind)]++
		if r.Level == Street && r.Residential() {
			got["residential streets"]++
		}
	}
	want := map[string]int{"city": 1, "district": 12, "street": 140, "community": 1322, "reporting": 12, "statutory": 11,
		"communities": 1322, "all": 1475, "kind city": 1, "kind district": 11, "kind zone": 1, "kind subdistrict": 95, "kind town": 6,
		"kind unit": 39, "kind community": 1322, "residential streets": 101}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counts\n got %v\nwant %v", got, want)
	}
}

func TestJiangbeiReportsApartFromItsStatutoryDistricts(t *testing.T) {
	tree := nanjingTree(t)
	zone := must(t, tree, JiangbeiCode)
	if zone.Name != "江北新区" || zone.Kind != KindZone || zone.Level != District || zone.Residential() {
		t.Errorf("zone: got %+v", zone)
	}
	if got := tree.District(zone.ID); got != "" {
		t.Errorf("statutory district of the zone: got %q, want none", got)
	}
	if got := tree.Children(Administrative, zone.ID); len(got) != 0 {
		t.Errorf("administrative children of the zone: got %d, want none", len(got))
	}
	if got, want := tree.Path(zone.ID), []ID{tree.City(), zone.ID}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("path of the zone: got %v, want %v", got, want)
	}
	streets := tree.Children(Reporting, zone.ID)
	var names []string
	for _, s := range streets {
		names = append(names, tree.Name(s))
	}
	if got, want := strings.Join(names, " "), "泰山街道 顶山街道 沿江街道 盘城街道 大厂街道 葛塘街道 长芦街道"; got != want {
		t.Errorf("streets of the zone: got %s, want %s", got, want)
	}
	luhe, pukou := must(t, tree, "320116"), must(t, tree, "320111")
	getang := must(t, tree, "320116004")
	below := tree.Children(Administrative, getang.ID)
	if len(below) == 0 {
		t.Fatal("葛塘街道 has no community")
	}
	for _, r := range append(below, getang.ID) {
		if tree.District(r) != luhe.ID || tree.ReportingDistrict(r) != zone.ID {
			t.Errorf("%s: got district %s and unit %s", tree.Name(r), tree.Name(tree.District(r)), tree.Name(tree.ReportingDistrict(r)))
		}
		if !tree.Contains(luhe.ID, r) || !tree.Contains(zone.ID, r) || !tree.Contains(tree.City(), r) {
			t.Errorf("%s must lie in 六合区, 江北新区 and the city alike", tree.Name(r))
		}
		if tree.Contains(pukou.ID, r) || tree.ContainsIn(Administrative, zone.ID, r) || tree.ContainsIn(Reporting, luhe.ID, r) {
			t.Errorf("%s lies where it should not", tree.Name(r))
		}
		if tree.Contains(r, luhe.ID) {
			t.Errorf("%s contains its own district", tree.Name(r))
		}
	}
	if up, ok := tree.Up(getang.ID); !ok || up != zone.ID {
		t.Errorf("up from 葛塘街道: got %s, want 江北新区", tree.Name(up))
	}
	if up, ok := tree.UpIn(Administrative, getang.ID); !ok || up != luhe.ID {
		t.Errorf("administratively up from 葛塘街道: got %s, want 六合区", tree.Name(up))
	}
	if got, want := tree.FullName(getang.ID), "南京市六合区葛塘街道"; got != want {
		t.Errorf("full name: got %s, want %s", got, want)
	}
}

func TestEveryRegionHasItsPlaceInTheTrees(t *testing.T) {
	tree := nanjingTree(t)
	names := map[string]bool{}
	repeated := 0
	for _, r := range tree.All() {
		path := tree.Path(r.ID)
		if len(path) != r.Level.Rank() || path[0] != tree.City() || path[len(path)-1] != r.ID {
			t.Errorf("%s: path %v", r.Code, path)
		}
		climbed := 1
		for at, ok := tree.Up(r.ID); ok; at, ok = tree.Up(at) {
			climbed++
		}
		if climbed != r.Level.Rank() {
			t.Errorf("%s: climbed %d levels, want %d", r.Code, climbed, r.Level.Rank())
		}
		if r.Level == Community {
			if street, _ := tree.ByID(tree.StreetOf(r.ID)); street.Residential() != r.Residential() {
				t.Errorf("%s: residential %t unlike its street", r.Code, r.Residential())
			}
			if names[r.Name] {
				repeated++
			}
			names[r.Name] = true
		}
		if p, ok := tree.Point(r.ID); !ok || DistanceMetres(p, Point{32_050_000, 118_800_000}) > 100_000 {
			t.Errorf("%s: place %v, %t", r.Code, p, ok)
		}
		if got, ok := tree.ByID(r.ID); !ok || got != r {
			t.Errorf("%s: found by id %v", r.Code, got)
		}
	}
	if repeated == 0 {
		t.Error("no name repeats: then the data is not what its README says")
	}
	if got := len(tree.Descendants(Reporting, tree.City())); got != 1475 {
		t.Errorf("descendants of the city: got %d, want 1475", got)
	}
	if got := len(tree.Descendants(Administrative, tree.City())); got != 1474 {
		t.Errorf("administrative descendants of the city: got %d, want 1474", got)
	}
}

func TestUnknownRegionsHaveNoRelatives(t *testing.T) {
	tree := nanjingTree(t)
	if _, ok := tree.ByID("x"); ok || tree.Path("x") != nil || tree.Contains(tree.City(), "x") || tree.Contains("x", "x") ||
		tree.District("x") != "" || tree.ReportingDistrict(tree.City()) != "" || tree.Level("x") != "" ||
		tree.ContainsIn("other", tree.City(), tree.City()) {
		t.Error("an unknown region has relatives")
	}
	if _, ok := tree.Up(tree.City()); ok {
		t.Error("there is something above the city")
	}
	if empty, err := newTree("2024-01-01", facts{}); err != nil || empty.City() != "" || empty.Len() != 0 {
		t.Errorf("empty tree: got %v, %v", empty, err)
	}
}

func TestParseDatasetNamesEveryBadLine(t *testing.T) {
	regions := "code,name,level,parent\n" +
		"320100,南京市,city,320000\n" +
		"32010,甲,district,320100\n" + // short code
		"320102,乙,district,320100\n" +
		"320102,丙,district,320100\n" + // twice
		"320102001,,street,320102\n" + // no name
		"320102001001,丁,community,320102\n" + // a level left out
		"320999001,戊,street,320999\n" + // orphan
		"1,己,village,320102\n"
	seats := "code,name,lat,lon\n320102,乙,91,118.8\n320777,庚,32,118\n"
	_, err := ParseDataset([]byte(regions), []byte(seats), Zone{Code: "Z1", Name: "新区", Streets: []string{"320102999"}})
	got := fields(err)
	want := []string{
		"rows.2.code region.bad_code", "rows.4.code region.code_taken", "rows.5.name region.name_missing",
		"rows.6.administrative region.parent_wrong_level", "rows.6.reporting region.parent_wrong_level",
		"rows.7.administrative region.unknown_code", "rows.7.reporting region.unknown_code",
		"rows.8.level region.unknown_level", "rows.8.administrative region.parent_wrong_level", "rows.8.reporting region.parent_wrong_level",
		"seats.0 region.bad_point", "seats.320777 region.unknown_code", "zones.Z1.320102999 region.unknown_code",
	}
	if errs.KindOf(err) != errs.KindInvalid || errs.CodeOf(err) != "region.dataset_invalid" {
		t.Fatalf("got %v", err)
	}
	sortedEqual(t, got, want)
	if _, err := ParseDataset([]byte("a,b\n"), nil); errs.CodeOf(err) != "region.dataset_unreadable" {
		t.Errorf("wrong header: got %v", err)
	}
}

// TestClosureAgreesWithTheTreesOfEachDay moves streets and communities about at random and holds the dated closure against climbing the
// tree of each day.
func TestClosureAgreesWithTheTreesOfEachDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f facts
		level := map[Level][]ID{}
		add := func(l Level, code string, parents ...ID) {
			r := ID(code)
			level[l] = append(level[l], r)
			f.regions = append(f.regions, regionFact{id: r, level: l, from: Beginning, until: Forever})
			f.codes = append(f.codes, codeFact{region: r, code: code, system: Official, name: code, from: Beginning, until: Forever})
			if l == City {
				return
			}
			day := Beginning
			current := rapid.SampledFrom(parents).Draw(t, "parent")
			for n := rapid.IntRange(0, 3).Draw(t, "moves"); n > 0; n-- {
				next := max(clock.Day("2024-01-01"), day).Add(rapid.IntRange(1, 20).Draw(t, "days"))
				f.parents = append(f.parents, parentFact{r, Administrative, current, day, next})
				current, day = rapid.SampledFrom(parents).Draw(t, "parent"), next
			}
			f.parents = append(f.parents, parentFact{r, Administrative, current, day, Forever})
		}
		add(City, "C")
		for i := range 3 {
			add(District, fmt.Sprintf("D%d", i), level[City]...)
		}
		for i := range 4 {
			add(Street, fmt.Sprintf("S%d", i), level[District]...)
		}
		for i := range 5 {
			add(Community, fmt.Sprintf("K%d", i), level[Street]...)
		}
		var all []ID
		for _, r := range f.regions {
			all = append(all, r.id)
		}
		rows := closure(Administrative, f, all)
		for day := clock.Day("2023-12-31"); day < "2024-03-10"; day = day.Add(1) {
			tree, err := newTree(day, f)
			if err != nil {
				t.Fatal(err)
			}
			if !tree.holds(day) || tree.holds(tree.begin) != true || tree.begin != Beginning && tree.holds(tree.begin.Add(-1)) {
				t.Fatalf("tree of %s says it holds from %s to %s", day, tree.begin, tree.end)
			}
			got := map[[2]ID]int64{}
			for _, r := range rows {
				if r.from <= day && day < r.until {
					if _, twice := got[[2]ID{r.ancestor, r.descendant}]; twice {
						t.Fatalf("%s: two rows for %s above %s", day, r.ancestor, r.descendant)
					}
					got[[2]ID{r.ancestor, r.descendant}] = r.depth
				}
			}
			want := 0
			for _, d := range all {
				path := tree.Path(d)
				for i, a := range path {
					want++
					if depth, ok := got[[2]ID{a, d}]; !ok || depth != int64(len(path)-1-i) {
						t.Fatalf("%s: %s above %s: got depth %d, %t, want %d", day, a, d, depth, ok, len(path)-1-i)
					}
				}
			}
			if len(got) != want {
				t.Fatalf("%s: got %d pairs, want %d", day, len(got), want)
			}
		}
	})
}

func TestSchematicHasEveryReportingUnit(t *testing.T) {
	tree := nanjingTree(t)
	text := string(NanjingSchematic())
	for _, r := range tree.ReportingDistricts() {
		if !strings.Contains(text, `"code":"`+r.Code+`"`) {
			t.Errorf("the schematic lacks %s", r.Code)
		}
	}
}

func BenchmarkNewTree(b *testing.B) {
	f := seeded()
	for b.Loop() {
		if _, err := newTree("2024-06-01", f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContains(b *testing.B) {
	tree := nanjingTree(b)
	district, community := must(b, tree, "320102").ID, tree.Communities()[0].ID
	for b.Loop() {
		if !tree.Contains(district, community) {
			b.Fatal("not contained")
		}
	}
}
