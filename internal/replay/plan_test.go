package replay

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/pii"
	"timebank/internal/region"
)

func newTestPlan(t interface{ Fatalf(string, ...any) }, scale float64, seed uint64) *plan {
	p, err := newPlan(scale, seed, firstDay, region.Nanjing(), catalog.Default(), false)
	if err != nil {
		t.Fatalf("plan of scale %v and seed %d: %v", scale, seed, err)
	}
	return p
}

// figuresOf counts what a plan will come to.
func figuresOf(p *plan) Figures {
	f := Figures{ServicePoints: max(len(p.atlas.communities), p.figures.ServicePoints), TrainingSessions: p.sessions}
	boundary := at(pilotDays, 0)
	for _, v := range p.volunteers {
		f.Volunteers++
		if v.applied >= boundary {
			f.VolunteersOpening++
		}
		if v.session >= 0 {
			f.TrainingAttendance++
		}
	}
	for _, r := range p.recipients {
		f.Recipients++
		if r.applied >= boundary {
			f.RecipientsOpening++
		}
	}
	for _, v := range p.visits {
		if v.fate == completed {
			f.Orders++
			if v.start >= boundary {
				f.OrdersOpening++
			}
			f.Minutes += int64(v.served) * quarter * int64(v.volunteers())
		}
	}
	streets := map[int]bool{}
	for _, c := range p.atlas.communities {
		if c.pilot {
			f.PilotCommunities++
			streets[c.street] = true
		}
	}
	f.PilotStreets = len(streets)
	return f
}

func TestThePlanHitsThePublishedFigures(t *testing.T) {
	for _, seed := range []uint64{1, 2, 20191001} {
		p := newTestPlan(t, 1, seed)
		if got := figuresOf(p); got != Published {
			t.Errorf("seed %d:\n got %+v\nwant %+v", seed, got, Published)
		}
		if err := p.check(); err != "" {
			t.Errorf("seed %d: %s", seed, err)
		}
	}
}

func TestASmallPlanHitsItsFiguresAndKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.SampledFrom([]float64{0.001, 0.005, 0.01, 0.02, 0.05}).Draw(t, "scale")
		p := newTestPlan(t, scale, rapid.Uint64().Draw(t, "seed"))
		if got, want := figuresOf(p), Published.Scaled(scale); got != want {
			t.Fatalf("scale %v:\n got %+v\nwant %+v", scale, got, want)
		}
		if err := p.check(); err != "" {
			t.Fatal(err)
		}
	})
}

func TestThePlanRepeatsItself(t *testing.T) {
	a, b, c := newTestPlan(t, 0.01, 7), newTestPlan(t, 0.01, 7), newTestPlan(t, 0.01, 8)
	if !slices.Equal(a.visits, b.visits) || !slices.Equal(a.persons, b.persons) || !slices.Equal(a.volunteers, b.volunteers) || !slices.Equal(a.gifts, b.gifts) {
		t.Error("one seed gave two plans")
	}
	if slices.Equal(a.visits, c.visits) {
		t.Error("two seeds gave one plan")
	}
}

func TestTheDistrictsAreTwelveWhateverTheScale(t *testing.T) {
	for _, scale := range []float64{0.001, 0.02, 1} {
		p := newTestPlan(t, scale, 1)
		seen := map[string]bool{}
		for _, c := range p.atlas.communities {
			seen[p.atlas.streets[c.street].district] = true
		}
		if len(seen) != 12 {
			t.Errorf("scale %v: got %d districts, want 12", scale, len(seen))
		}
	}
}

func TestEverybodyIsSomebody(t *testing.T) {
	p := newTestPlan(t, 1, 1)
	seen := map[string]bool{}
	for i, who := range p.persons {
		name, number, phone, address := who.details(1, uint32(i), p.atlas)
		if name.IsZero() || phone.IsZero() || address.IsZero() || seen[number.Reveal()] {
			t.Fatalf("person %d: %v %v %v %v is incomplete or somebody else", i, name, number, phone, address)
		}
		seen[number.Reveal()] = true
		if number.Birth() != who.birth() || (number.Sex() == pii.Male) != who.male() {
			t.Fatalf("person %d: the number says %v %v, the plan %v %v", i, number.Birth(), number.Sex(), who.birth(), who.male())
		}
	}
	for i, r := range p.recipients {
		day := clock.DayOf(p.cal.time(r.applied))
		if age := clock.AgeAt(p.persons[r.person].birth(), day); age < 60 {
			t.Fatalf("recipient %d is %d", i, age)
		}
	}
	for i, v := range p.volunteers {
		day := clock.DayOf(p.cal.time(v.applied))
		if age := clock.AgeAt(p.persons[v.person].birth(), day); age < 18 || age > 78 {
			t.Fatalf("volunteer %d is %d", i, age)
		}
	}
}

func TestShareAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1_000_000).Draw(t, "n")
		weights := rapid.SliceOfN(rapid.IntRange(0, 100), 1, 400).Draw(t, "weights")
		weights[0]++
		sum := 0
		for i, k := range share(n, weights) {
			if k < 0 || weights[i] == 0 && k != 0 {
				t.Fatalf("part %d of weight %d is %d", i, weights[i], k)
			}
			sum += k
		}
		if sum != n {
			t.Fatalf("got %d, want %d", sum, n)
		}
	})
}

// The shares of further orders are what the report promises, within the rounding of a year.
func TestTheSharesAreRealistic(t *testing.T) {
	p := newTestPlan(t, 1, 1)
	var byFate [fates]int
	var byPlacer [3]int
	var marks [8]int
	for _, v := range p.visits {
		byFate[v.fate]++
		byPlacer[v.placer]++
		for m := range marks {
			if v.has(1 << m) {
				marks[m]++
			}
		}
	}
	all := len(p.visits)
	cancelled := byFate[cancelledEarly] + byFate[cancelledLate] + byFate[withdrawn] + byFate[missed] + byFate[rejected]
	key := 0
	for _, r := range p.recipients {
		if r.keyElder {
			key++
		}
	}
	certified, active := 0, 0
	for _, v := range p.volunteers {
		if v.certified != never {
			certified++
		}
		if v.active {
			active++
		}
	}
	for _, c := range []struct {
		what              string
		got, of, from, to int // thousandths
	}{
		{"cancelled", cancelled, all, 50, 70},
		{"unfilled", byFate[unfilledFund] + byFate[unfilledDropped], all, 25, 35},
		{"by the station", byPlacer[byStation], all, 300, 400},
		{"by kin", byPlacer[byKin], all, 35, 65},
		{"key elders", key, len(p.recipients), 110, 130},
		{"certified", certified, len(p.volunteers), 650, 750},
		{"active", active, len(p.volunteers), 400, 500},
		{"on paper", marks[0], all, 5, 12},
		{"disputed and upheld", marks[1], all, 1, 4},
		{"reversed", marks[2], all, 0, 2},
	} {
		if share := c.got * 1000 / c.of; share < c.from || share > c.to {
			t.Errorf("%s: %d of %d is %d in a thousand, want %d to %d", c.what, c.got, c.of, share, c.from, c.to)
		}
	}
	t.Logf("fates %v, gifts %d, teams %d, kin %d, persons %d", byFate, len(p.gifts), len(p.teams), len(p.kin), len(p.persons))
}

func BenchmarkPlan(b *testing.B) {
	for range b.N {
		newTestPlan(b, 1, 1)
	}
}

// details are the person's as the member package takes them. They are synthetic and valid, so a failure to parse is a programming error.
func (p person) details(seed uint64, i uint32, a *atlas) (name pii.Name, number pii.IDNumber, phone pii.Phone, address pii.Address) {
	return must(pii.ParseName(p.name(seed, i))), must(pii.ParseIDNumber(p.idNumber())), must(pii.ParsePhone(p.phone(seed, i))),
		must(pii.ParseAddress(p.address(seed, i, a)))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
