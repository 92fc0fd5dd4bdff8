package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/store"
	"timebank/internal/timer"
)

var errNotPaid = errors.New("replay: an order that was to be paid is not")

// tally is what a run counts as it goes.
type tally struct {
	commands   int
	points     int
	keyElders  int
	transfers  int
	donations  int
	reversals  int
	effects    int // outside effects that were discarded
	figures    Figures
	byFate     [fates]int
	refused    map[string]int
	firstWords []string
	unequal    []string // figures on which the orders and the book disagree
	told       int
	pace       pace
}

// pace measures what orders take: the time of their commands and timers, noted at every hundredth confirmation.
type pace struct {
	spent time.Duration
	done  int
	marks []time.Duration
}

// stride is how many confirmations lie between two notes, window how many orders the first and the last of a run are.
const (
	stride = 100
	window = 10_000
)

func (d *driver) ordersTook(begun time.Time) { d.pace.spent += d.watch.now().Sub(begun) }

func (d *driver) confirmed() {
	d.pace.done++
	if d.pace.done%stride == 0 {
		d.pace.marks = append(d.pace.marks, d.pace.spent)
	}
}

// ends are the seconds of the first and of the last window of orders; both are 0 when there were fewer than two windows.
func (p *pace) ends() (first, last float64) {
	n := window / stride
	if len(p.marks) < 2*n {
		return 0, 0
	}
	return p.marks[n-1].Seconds(), (p.marks[len(p.marks)-1] - p.marks[len(p.marks)-1-n]).Seconds()
}

// finish notes that an order has come to its planned end and forgets it.
func (d *driver) finish(i int) {
	d.byFate[d.plan.visits[i].fate]++
	d.runs[i] = run{over: true}
}

// mostWords is how many refusals are told in full.
const mostWords = 20

// refuse counts a refusal that the plan did not expect.
func (d *driver) refuse(cmd any, err error) {
	code := errs.CodeOf(err)
	if code == errs.CodeInternal {
		code = err.Error()
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", cmd), "*")
	d.refused[name+" "+code]++
	if len(d.firstWords) < mostWords {
		d.firstWords = append(d.firstWords, fmt.Sprintf("%s: %s: %v", d.now.In(clock.Zone).Format(time.DateTime), name, err))
	}
}

// tell reports progress in some hundred steps.
func (d *driver) tell() {
	if d.progress == nil || len(d.events) == 0 {
		return
	}
	if step := d.next * 500 / len(d.events); step > d.told {
		d.told = step
		d.progress(d.next, len(d.events))
	}
}

// Report is what a replay came to.
type Report struct {
	Scale float64 `json:"scale"`
	Seed  uint64  `json:"seed"`
	// OK is whether everything was accepted, the figures are those that were wanted, and the book agrees with itself.
	OK               bool   `json:"ok"`
	Engine           string `json:"engine"`
	Volunteers       int    `json:"volunteers"`
	Recipients       int    `json:"recipients"`
	KeyElders        int    `json:"key_elders"`
	ServicePoints    int    `json:"service_points"`
	Districts        int    `json:"districts"`
	Streets          int    `json:"streets"`
	PilotStreets     int    `json:"pilot_streets"`
	PilotCommunities int    `json:"pilot_communities"`
	OrdersCompleted  int    `json:"orders_completed"`
	MinutesServed    int64  `json:"minutes_served"`
	Pilot            Period `json:"pilot"`
	Opening          Period `json:"opening"`
	TrainingSessions int    `json:"training_sessions"`
	TrainingAttended int    `json:"training_attendances"`
	OrdersReversed   int    `json:"orders_reversed"`
	MinutesReversed  int64  `json:"minutes_reversed"`
	TransfersToKin   int    `json:"transfers_to_kin"`
	Donations        int    `json:"donations"`
	// OrdersByFate counts the orders besides the completed ones too.
	OrdersByFate map[string]int `json:"orders_by_fate"`
	// Wanted are the figures that the scale asks for.
	Wanted    Figures    `json:"wanted"`
	Multiples []Multiple `json:"multiples"`
	// RefusedUnexpected counts refusals that the plan did not expect, by command and code.
	RefusedUnexpected map[string]int `json:"refused_unexpected,omitempty"`
	Refusals          []string       `json:"refusals,omitempty"`
	ParkedTimers      int            `json:"parked_timers"`

	// EffectsDiscarded are the messages and the like that a real year would have sent.
	EffectsDiscarded int `json:"effects_discarded"`

	Commands        int     `json:"commands"`
	Seconds         float64 `json:"seconds"`
	OrdersPerSecond float64 `json:"orders_per_second"`
	// First10000 and Last10000 are the seconds that the commands and timers of the first and of the last 10,000 orders took, 0 when there
	// were fewer than twice as many.
	First10000   float64  `json:"first_10000_orders_seconds"`
	Last10000    float64  `json:"last_10000_orders_seconds"`
	PeakRSSBytes int64    `json:"peak_rss_bytes"`
	LedgerOK     bool     `json:"ledger_ok"`
	LedgerRoot   string   `json:"ledger_root"`
	Problems     []string `json:"problems,omitempty"`
	VerifySecs   float64  `json:"verify_seconds"`
}

// Period is one of the two periods of the published year.
type Period struct {
	Volunteers int   `json:"volunteers"`
	Recipients int   `json:"recipients"`
	Orders     int   `json:"orders_completed"`
	Minutes    int64 `json:"minutes_served"`
}

// Multiple compares a published multiple of the opening over the pilot with ours.
type Multiple struct {
	Figure    string  `json:"figure"`
	Published float64 `json:"published"`
	Ours      float64 `json:"ours"`
	Note      string  `json:"note"`
}

// report counts what is in the book and recomputes all of it.
func (d *driver) report(ctx context.Context, begun time.Time) (Report, error) {
	f := &d.figures
	r := Report{Scale: d.scale, Seed: d.seed, Engine: string(d.DB.Engine()),
		Volunteers: f.Volunteers, Recipients: f.Recipients, KeyElders: d.keyElders, ServicePoints: d.points, PilotCommunities: d.plan.atlas.pilots,
		TrainingSessions: d.plan.sessions, TrainingAttended: f.TrainingAttendance, OrdersReversed: d.reversals,
		TransfersToKin: d.transfers, Donations: d.donations, Wanted: d.plan.figures, RefusedUnexpected: d.refused, Refusals: d.firstWords,
		EffectsDiscarded: d.effects, Commands: d.commands, OrdersByFate: map[string]int{}}
	r.count(d.plan.atlas)
	r.Opening = Period{Volunteers: f.VolunteersOpening, Recipients: f.RecipientsOpening}
	r.Pilot = Period{Volunteers: f.Volunteers - f.VolunteersOpening, Recipients: f.Recipients - f.RecipientsOpening}
	boundary := d.plan.cal.first.Add(pilotDays)
	if err := d.DB.Read(ctx, "replay.report", func(tx *store.Tx) error {
		if err := r.book(tx, &r.Pilot, dawn, boundary.Add(-1)); err != nil {
			return err
		}
		if err := r.book(tx, &r.Opening, boundary, dusk); err != nil {
			return err
		}
		stuck, err := timer.ListParked(tx)
		r.ParkedTimers = len(stuck)
		for _, t := range stuck[:min(len(stuck), mostWords)] {
			r.Refusals = append(r.Refusals, t.Kind+": "+t.Problem)
		}
		return err
	}); err != nil {
		return r, err
	}
	r.OrdersCompleted, r.MinutesServed = r.Pilot.Orders+r.Opening.Orders, r.Pilot.Minutes+r.Opening.Minutes
	for i, n := range d.byFate {
		r.OrdersByFate[fateNames[i]] = n
	}
	r.OrdersByFate[fateNames[completed]] = r.OrdersCompleted
	r.Multiples = multiples(r.Pilot, r.Opening)

	r.Seconds = d.watch.now().Sub(begun).Seconds()
	r.OrdersPerSecond = float64(len(d.plan.visits)) / r.Seconds
	r.First10000, r.Last10000 = d.pace.ends()
	// The plan is not needed any more, and verifying needs memory of its own.
	d.plan, d.events, d.runs, d.people = nil, nil, nil, nil
	verifying := d.watch.now()
	v, err := app.Verify(ctx, d.DB, nil)
	if err != nil {
		return r, err
	}
	r.VerifySecs = d.watch.now().Sub(verifying).Seconds()
	r.LedgerOK, r.LedgerRoot, r.Problems = len(v.Problems) == 0, v.Root(), append(v.Problems, d.unequal...)
	r.PeakRSSBytes = peakRSS()
	r.OK = r.LedgerOK && len(r.Problems) == 0 && len(r.RefusedUnexpected) == 0 && r.ParkedTimers == 0 && r.got() == r.Wanted
	return r, nil
}

// The days that every day of a year lies between.
const (
	dawn clock.Day = "0001-01-01"
	dusk clock.Day = "9999-12-31"
)

// book adds up the services of civil days from..to as the book has them: credited minutes, before reversals.
func (r *Report) book(tx *store.Tx, p *Period, from, to clock.Day) error {
	rows, err := ledger.Clearing(tx, from, to)
	for _, row := range rows {
		p.Orders += int(row.Services)
		p.Minutes += row.Minutes.Int64()
		r.MinutesReversed += row.Reversed.Int64()
	}
	return err
}

// count says how far the city reaches.
func (r *Report) count(a *atlas) {
	streets, districts := map[int]bool{}, map[string]bool{}
	for _, c := range a.communities {
		streets[c.street], districts[a.streets[c.street].district] = true, true
	}
	for s := range streets {
		if a.streets[s].pilot {
			r.PilotStreets++
		}
	}
	r.Streets, r.Districts = len(streets), len(districts)
}

// got are the figures of the run.
func (r *Report) got() Figures {
	return Figures{Volunteers: r.Volunteers, VolunteersOpening: r.Opening.Volunteers, Recipients: r.Recipients, RecipientsOpening: r.Opening.Recipients,
		ServicePoints: r.ServicePoints, PilotStreets: r.PilotStreets, PilotCommunities: r.PilotCommunities, Orders: r.OrdersCompleted,
		OrdersOpening: r.Opening.Orders, Minutes: r.MinutesServed, TrainingSessions: r.TrainingSessions, TrainingAttendance: r.TrainingAttended}
}

// multiples compares the published multiples with those of the totals, which they do not follow from.
func multiples(pilot, opening Period) []Multiple {
	ratio := func(a, b int) float64 {
		if b == 0 {
			return 0
		}
		// Two decimals, as published.
		return float64(a*100/b) / 100
	}
	note := "published, base unknown"
	return []Multiple{
		{"volunteers", 1.63, ratio(opening.Volunteers, pilot.Volunteers), note},
		{"recipients", 1.84, ratio(opening.Recipients, pilot.Recipients), note},
		{"orders", 2.9, ratio(opening.Orders, pilot.Orders), note},
	}
}

// peakRSS is the most memory that the process has had, 0 where the system does not tell.
func peakRSS() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib * 1024
		}
	}
	return 0
}
