package replay

import (
	"time"

	"timebank/internal/clock"
)

// tick is a whole hour since midnight of the first day: the step in which the simulated clock moves.
type tick int32

// never is the tick of what does not happen.
const never tick = -1

const hoursPerDay = 24

func at(day, hour int) tick { return tick(day*hoursPerDay + hour) }

func (t tick) day() int  { return int(t) / hoursPerDay }
func (t tick) hour() int { return int(t) % hoursPerDay }

// The published year: the pilot from October 2019 to September 2020 and the four months after the city-wide opening.
const (
	firstDay    clock.Day = "2019-10-01"
	pilotDays             = 366
	openingDays           = 123
	allDays               = pilotDays + openingDays
)

// calendar ties ticks to real time.
type calendar struct{ first clock.Day }

func (c calendar) time(t tick) time.Time {
	// The zone has had no summer time since 1991, so hours add up.
	return c.first.Start().Add(time.Duration(t) * time.Hour)
}

// phase is one of the two periods, in days from the first.
type phase struct {
	from, until int // days, until exclusive
	joins       []int
	orders      []int
}

// The shapes of the two periods: how registrations and orders spread over twelfths of the pilot and quarters of the opening (default: not
// published; the winter of the epidemic shows as a dip).
var phases = [2]phase{
	{from: 0, until: pilotDays,
		joins:  []int{12, 11, 10, 9, 2, 3, 8, 10, 10, 9, 8, 8},
		orders: []int{2, 5, 7, 8, 2, 3, 7, 10, 12, 13, 15, 16}},
	{from: pilotDays, until: allDays,
		joins:  []int{34, 28, 22, 16},
		orders: []int{20, 26, 28, 26}},
}

// tail is how many days before the end of a period the last completed service lies: a service that only time confirms is paid three days
// later, and each period's orders are completed within it.
const tail = 4

// lead is how many days after the beginning the first service lies in the pilot: until then nobody is certified.
const lead = 14

// daily spreads n over the days of a period by the shape of its parts, fewer on Saturdays and Sundays.
func (p phase) daily(n int, shape []int, from, until int, first clock.Day) []int {
	weights := make([]int, p.until)
	length := p.until - p.from
	weekday := int(first.Weekday())
	for d := from; d < until; d++ {
		w := shape[(d-p.from)*len(shape)/length] * 10
		if wd := (weekday + d) % 7; wd == 0 || wd == 6 {
			w = w * 7 / 10
		}
		weights[d] = w
	}
	return share(n, weights)
}
