package replay

// Figures are what the city published of its bank in early 2021, or what a run came to, for the pilot and the opening together and
// for the opening alone where that was told apart.
type Figures struct {
	Volunteers         int   `json:"volunteers"`
	VolunteersOpening  int   `json:"volunteers_opening"`
	Recipients         int   `json:"recipients"`
	RecipientsOpening  int   `json:"recipients_opening"`
	ServicePoints      int   `json:"service_points"`
	PilotStreets       int   `json:"pilot_streets"`
	PilotCommunities   int   `json:"pilot_communities"`
	Orders             int   `json:"orders_completed"`
	OrdersOpening      int   `json:"orders_completed_opening"`
	Minutes            int64 `json:"minutes_served"`
	TrainingSessions   int   `json:"training_sessions"`
	TrainingAttendance int   `json:"training_attendances"`
}

// Published are the published figures (published: Nanjing, early 2021). Minutes are credited volunteer-minutes of completed orders.
var Published = Figures{
	Volunteers: 45_490, VolunteersOpening: 18_224,
	Recipients: 34_755, RecipientsOpening: 14_611,
	ServicePoints: 1_252, PilotStreets: 24, PilotCommunities: 247,
	Orders: 107_141, OrdersOpening: 68_106,
	Minutes:          3_227_415,
	TrainingSessions: 148, TrainingAttendance: 10_586,
}

// quarter is the step in which time is saved: published balances end in quarters of an hour.
const quarter = 15

// handful is the least that any head-count is scaled to, so that the smallest city still works.
const handful = 12

// millionths turns a scale into whole millionths, in which every count is reckoned.
func millionths(scale float64) int64 { return int64(scale*1e6 + 0.5) }

// Scaled returns the figures of a city that is scale times the size. Minutes stay whole quarters of an hour; the two periods keep their
// proportion; streets and communities do not grow beyond what is published, because they are real ones.
func (f Figures) Scaled(scale float64) Figures {
	ppm := millionths(scale)
	n := func(v int) int { return max(handful, int((int64(v)*ppm+500_000)/1_000_000)) }
	// The parts are scaled and not the sum, so that both stand as published.
	part := func(all, opening int) (int, int) {
		o := n(opening)
		return n(all-opening) + o, o
	}
	s := Figures{ServicePoints: n(f.ServicePoints), TrainingAttendance: n(f.TrainingAttendance)}
	s.Volunteers, s.VolunteersOpening = part(f.Volunteers, f.VolunteersOpening)
	s.Recipients, s.RecipientsOpening = part(f.Recipients, f.RecipientsOpening)
	s.Orders, s.OrdersOpening = part(f.Orders, f.OrdersOpening)
	s.Minutes = (f.Minutes/quarter*int64(s.Orders) + int64(f.Orders)/2) / int64(f.Orders) * quarter
	s.PilotCommunities = min(f.PilotCommunities, n(f.PilotCommunities))
	s.PilotStreets = min(f.PilotStreets, s.PilotCommunities)
	s.TrainingSessions = min(f.TrainingSessions, max(1, (s.TrainingAttendance+4)/5))
	return s
}
