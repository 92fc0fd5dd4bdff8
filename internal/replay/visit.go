package replay

import "timebank/internal/catalog"

// fate is what becomes of an order.
type fate uint8

const (
	completed       fate = iota
	cancelledEarly       // before anybody took it
	cancelledLate        // after a volunteer took it
	withdrawn            // the volunteer gives it back and it is cancelled
	missed               // the volunteer does not come and it is cancelled
	rejected             // the station says no
	unfilledFund         // nobody takes it; the guarantee fund buys it
	unfilledDropped      // nobody takes it and it is cancelled
	overruled            // served, disputed, and decided against
	fates                // how many there are
)

var fateNames = [fates]string{"completed", "cancelled_before_taken", "cancelled_after_taken", "withdrawn", "no_show", "rejected",
	"unfilled_fund", "unfilled_cancelled", "overruled"}

// served reports whether a volunteer did the service.
func (f fate) served() bool { return f == completed || f == overruled }

// placer is who places an order.
type placer uint8

const (
	bySelf placer = iota
	byKin
	byStation
)

// taking is how a volunteer comes to an order.
type taking uint8

const (
	claims     taking = iota // takes it from the list
	isAgreed                 // dispatched by telephone
	isOffered                // dispatched, and says yes
	notAtAll                 // nobody takes it
	takingWays               // how many there are
)

// confirming is who confirms a service.
type confirming uint8

const (
	selfConfirms confirming = iota
	kinConfirms
	deskConfirms
	timeConfirms // nobody does, and time does
	followUp     // nobody does, time may not, and the station calls back
)

// Marks of a visit.
const (
	onPaper    uint8 = 1 << iota // keyed in afterwards from a slip
	isDisputed                   // disputed, and upheld
	isReversed                   // taken back after it was paid
	complained                   // followed by a complaint
	rated                        // rated by the recipient
	ratedBack                    // rated by the volunteer
	atOnce                       // asked for at once
	inTeam                       // served in the name of the volunteer's team
)

// nobody stands where a visit has no volunteer.
const nobody = ^uint32(0)

// visit is the plan of one order: 48 bytes, so that a city's year stays small in memory.
type visit struct {
	recipient uint32
	helpers   [2]uint32
	place     tick
	review    tick // of the station, if the order has to be looked at
	take      tick // never if nobody takes it
	start     tick
	end       tick // when the check-out is sent
	confirm   tick // never if nobody confirms
	act       tick // cancel, withdraw, no-show, dispute, fund claim, reversal
	item      uint8
	planned   uint8 // quarters of an hour that are asked for
	served    uint8 // quarters of an hour that are served
	fate      fate
	placer    placer
	taking    taking
	confirmBy confirming
	marks     uint8
}

func (v *visit) has(mark uint8) bool { return v.marks&mark != 0 }

// volunteers is how many serve.
func (v *visit) volunteers() int {
	n := 0
	for _, h := range v.helpers {
		if h != nobody {
			n++
		}
	}
	return n
}

// service is what planning needs to know of a service item.
type service struct {
	code                     string
	weight                   int
	from, until              int
	shortest, usual, longest int // quarters of an hour
	volunteers               int
	skill                    int // index of the skill that volunteers need, -1 if none
	family, urgentOnly       bool
	insured, agreement       bool
	outcome                  string
}

// demand says how often each item of the default catalogue is asked for, of a thousand (published: learning the smartphone was the best
// seller among the new services, meals the commonest; the rest is our default).
var demand = map[string]int{
	"meal_delivery": 240, "errand_shopping": 140, "comfort_visit": 150, "cleaning_home": 90, "smartphone_lesson": 165,
	"medicine_fetch": 65, "hospital_escort": 32, "meal_cooking": 18, "bathing_home": 20, "urgent_visit": 8, "going_out_walk": 30,
	"life_story": 10, "legal_advice": 14, "anti_fraud_talk": 18,
}

// services reads what planning needs from the catalogue. Items that nobody said how often are asked for are left out, as are those that
// need a skill nobody is taught.
func services(items []catalog.Spec) []service {
	var out []service
	for _, i := range items {
		s := service{code: i.Code, weight: demand[i.Code], from: max(i.From, 7), until: min(i.Until, 20), volunteers: i.Volunteers, skill: -1,
			family: i.FamilyPresence, urgentOnly: !i.Allows(catalog.Everyday), insured: i.Insurance, agreement: i.Agreement}
		s.shortest, s.usual, s.longest = int(i.Shortest.Int64()+quarter-1)/quarter, int(i.Usual.Int64())/quarter, int(i.Longest.Int64())/quarter
		for k := range skills {
			if skills[k].course == i.Course {
				s.skill = k
			}
		}
		if len(i.Outcomes) > 0 {
			s.outcome = i.Outcomes[0].Code
		}
		if s.weight == 0 || s.volunteers > 2 || i.Course != "" && s.skill < 0 {
			continue
		}
		out = append(out, s)
	}
	return out
}
