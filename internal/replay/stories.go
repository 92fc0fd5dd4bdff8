package replay

import (
	"context"
	"strconv"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/training"
)

// The places of the stories.
const (
	qixia      = "320113"
	maigaoqiao = "320113003" // 迈皋桥街道
	getang     = "320116004" // 葛塘街道
	gulou      = "320106"    // the district that Tian Hua moves to
)

// stories is the driver with the people of the product's three stories.
type stories struct {
	*driver
	folk     map[string]*character
	names    []string // of folk, as they appear
	one, two int      // communities of the first and of the second story
	away     int      // community that Tian Hua moves to
	end      tick     // the first hour that is not told any more
	lesson   order.ID // of the first story
	visit    order.ID // of the second story, one at a time
	host     string
	asked    int
}

// character is a person of a story.
type character struct {
	known
	Account
	community int
	woman     bool
	home      region.Point
}

// How often Tian Hua serves: sixty hours, two at a time.
const (
	tianVisits  = 30
	tianMinutes = 120
	lesson      = "smartphone_lesson"
)

// The days of the stories, counted from the first, and their hours.
const (
	dayJoin   = 0
	dayTian   = 2  // the first of thirty
	dayLesson = 22 // the desk orders for Mr Li
	dayMove   = storyDays - 3
	dayAsk    = storyDays - 1 // the day before today

	hourOrder, hourClaim, hourIn, hourOut, hourThanks = 8, 9, 10, 12, 18
)

// waiting is a request that the officer of the street finds open: who asked, for what, how many hours ago, and whether the station has looked at it.
type waiting struct {
	who, item string
	before    tick
	reviewed  bool
}

// morning is what waits on the board of the third story, besides what Mr Li has asked for: what nobody has taken for so long that it is the street's,
// what is new, and what the station has not looked at yet.
var morning = []waiting{{"cao", lesson, 3, true}, {"neighbour1", "cleaning_home", 1, true}, {"neighbour2", "hospital_escort", 1, false}}

// tell does what the stories want in an hour.
func (s *stories) tell(ctx context.Context, day int, t tick) error {
	hour := t.hour()
	var err error
	do := func(step func(context.Context) error) {
		if err == nil {
			err = step(ctx)
		}
	}
	if day == dayJoin && hour == hourClaim {
		do(s.join3)
	}
	if n := day - dayTian; n >= 0 && n < tianVisits {
		switch hour {
		case hourOrder:
			s.host = []string{"host1", "host2", "host3"}[n%3]
			do(func(ctx context.Context) error { return s.ask(ctx, s.desk(s.two), s.host, t, &s.visit) })
		case hourClaim:
			do(func(ctx context.Context) error { return s.claim(ctx, "tian", s.visit) })
		case hourIn:
			do(func(ctx context.Context) error { return s.check(ctx, "tian", s.host, s.visit, s.Orders.CheckIn) })
		case hourOut:
			do(func(ctx context.Context) error { return s.check(ctx, "tian", s.host, s.visit, s.Orders.CheckOut) })
		case hourThanks:
			do(func(ctx context.Context) error { return s.thank(ctx, s.host, s.visit, "needed_again") })
		}
	}
	if day == dayLesson {
		switch hour {
		case hourOrder:
			do(func(ctx context.Context) error { return s.ask(ctx, s.desk(s.one), "li", t, &s.lesson) })
		case hourClaim:
			do(func(ctx context.Context) error { return s.claim(ctx, "chen", s.lesson) })
		case hourIn:
			do(func(ctx context.Context) error { return s.check(ctx, "chen", "li", s.lesson, s.Orders.CheckIn) })
		case hourOut:
			do(func(ctx context.Context) error { return s.check(ctx, "chen", "li", s.lesson, s.Orders.CheckOut) })
		case hourThanks:
			do(func(ctx context.Context) error { return s.thank(ctx, "li", s.lesson, "video_call_works") })
			do(s.praise)
		}
	}
	if day == dayMove && hour == hourClaim {
		do(s.move)
	}
	if day == dayAsk && hour == hourClaim {
		do(s.open3)
	}
	for _, w := range morning {
		if t == s.end-w.before {
			do(func(ctx context.Context) error { return s.wait(ctx, w) })
		}
	}
	return err
}

// cast lists the accounts of the stories.
func (s *stories) cast() []Account {
	list := make([]Account, 0, len(s.names)+3)
	for _, key := range s.names {
		if a := s.folk[key].Account; a.Role != "" {
			a.Actor = s.folk[key].actor
			list = append(list, a)
		}
	}
	o := &s.offices[s.one]
	return append(list,
		Account{Story: 1, Role: "point staff", About: "the desk of Mr Li's community, orders on behalf", Actor: identity.ActorID(o.one.ID)},
		Account{Role: "point staff", About: "the same point, confirms for those without a phone", Actor: identity.ActorID(o.two.ID)},
		Account{Role: "point manager", About: "the same point, first review", Actor: identity.ActorID(o.manager.ID)})
}

// as is a person of a story as it acts now.
func (s *stories) as(key string) identity.Actor {
	c := s.folk[key]
	return identity.Actor{ID: string(c.actor), Person: string(c.person), At: s.now, Origin: origin}
}

func (s *stories) desk(community int) identity.Actor    { return s.staff(s.offices[community].one) }
func (s *stories) manager(community int) identity.Actor { return s.staff(s.offices[community].manager) }

// in returns the first community of a street or district that has a service point. A demo's plan has one in each.
func (s *stories) in(code string) (int, error) {
	for c := range s.offices {
		st := s.plan.atlas.streets[s.plan.atlas.communities[c].street]
		if st.code == code || st.district == code {
			return c, nil
		}
	}
	return 0, errPlace
}

// join3 registers everybody of the three stories and takes them as far as they are when the stories begin.
func (s *stories) join3(ctx context.Context) error {
	for code, place := range map[string]*int{maigaoqiao: &s.one, getang: &s.two, gulou: &s.away} {
		var err error
		if *place, err = s.in(code); err != nil {
			return err
		}
	}
	s.folk = map[string]*character{}
	for _, c := range []struct {
		key, name string
		age       int
		woman     bool
		community int
		Account
	}{
		{"li", "李德明", 84, false, s.one, Account{Story: 1, Role: "recipient", About: "Mr Li: learnt to use a smartphone, asks for company to the hospital"}},
		{"cao", "曹桂英", 82, true, s.one, Account{Story: 1, Role: "recipient", About: "Mrs Cao, his wife"}},
		{"daughter", "李静", 55, true, s.one, Account{Story: 1, Role: "kin and delegate", About: "their daughter, works in Shanghai, orders and follows from afar"}},
		{"chen", "陈伟", 30, false, s.one, Account{Story: 1, Role: "volunteer", About: "Chen, who came to teach"}},
		{"tian", "田华", 63, true, s.two, Account{Story: 2, Role: "volunteer, point manager", About: "Tian Hua: saved 60 hours in Getang, moved to Gulou, spends them for her mother"}},
		{"mother", "田秀英", 87, true, s.away, Account{Story: 2, Role: "recipient", About: "Tian Hua's mother in Gulou"}},
		{"host1", "王富海", 78, false, s.two, Account{}},
		{"host2", "周月琴", 80, true, s.two, Account{}},
		{"host3", "孙贵生", 76, false, s.two, Account{}},
		{"neighbour1", "郑秀兰", 79, true, s.one, Account{}},
		{"neighbour2", "高福祥", 85, false, s.one, Account{}},
		{"officer", "周敏", 38, true, s.one, Account{Story: 3, Role: "street dispatcher", About: "opens the morning board of Maigaoqiao street"}},
		{"auditor", "吴倩", 41, true, s.one, Account{Role: "city auditor", About: "reads everything that was done"}},
		{"reader", "郑磊", 44, false, s.one, Account{Role: "city read-only", About: "reads figures"}},
	} {
		c.Account.Name = c.name
		s.folk[c.key] = &character{Account: c.Account, community: c.community, woman: c.woman}
		s.names = append(s.names, c.key)
		if err := s.register1(ctx, c.key, c.age); err != nil {
			return err
		}
	}
	for _, key := range []string{"li", "cao", "mother", "host1", "host2", "host3", "neighbour1", "neighbour2"} {
		if err := s.become(ctx, key); err != nil {
			return err
		}
	}
	for _, key := range []string{"chen", "tian"} {
		if err := s.certify(ctx, key); err != nil {
			return err
		}
	}
	for _, pair := range [][2]string{{"li", "daughter"}, {"cao", "daughter"}, {"mother", "tian"}} {
		if err := s.tie(ctx, pair[0], pair[1]); err != nil {
			return err
		}
	}
	street, _ := s.tree.ByCode(maigaoqiao)
	return s.appoint3(ctx, map[string]identity.GrantRoleCmd{
		"officer": {Role: identity.Dispatcher, Region: street.ID},
		"auditor": {Role: identity.Auditor, Region: s.tree.City()},
		"reader":  {Role: identity.ReadOnly, Region: s.tree.City()},
	})
}

// serial is beyond those that the plan gives, so that nobody of the plan has the same identity number. It is odd for a man.
func (s *stories) serial(c *character) uint16 {
	n := uint16(900 + 2*len(s.names))
	if c.woman {
		return n
	}
	return n + 1
}

func (s *stories) register1(ctx context.Context, key string, age int) error {
	c := s.folk[key]
	born := clock.DayOf(s.now).Add(-age*365 - age/4 - 100)
	who := person{born: int32(born.Sub(day1900)), serial: s.serial(c)}
	c.home = s.plan.atlas.home(c.community, mix(s.plan.seed, 10, uint64(len(s.names))))
	return batch(ctx, s.driver, []member.RegisterCmd{{Actor: s.desk(c.community), Key: "story:" + key, Name: c.Name, IDNumber: who.idNumber(),
		Phone: "1990000" + strconv.Itoa(1000+len(s.names)), Address: "示范路" + strconv.Itoa(len(s.names)) + "号", Region: s.places[c.community], Point: &c.home,
		Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation, member.PurposeKin}}}, s.Members.RegisterPersons,
		func(_ int, r member.Registered) { c.known = known{r.Person, r.Actor} })
}

// become makes a recipient, none of them a key elder: their service is paid by themselves, by kin or by the pool.
func (s *stories) become(ctx context.Context, key string) error {
	c := s.folk[key]
	if err := batch(ctx, s.driver, []member.ApplyRecipientCmd{{Actor: s.desk(c.community), Key: "story recipient:" + key, Person: c.person,
		Attributes: member.Attributes{ChildrenNear: true}}}, s.Members.ApplyRecipients, nil); err != nil {
		return err
	}
	return batch(ctx, s.driver, []member.ReviewRecipientCmd{{Actor: s.manager(c.community), Key: "story approve:" + key, Person: c.person, Approve: true}},
		s.Members.ReviewRecipients, nil)
}

// certify takes a volunteer from the application to the certificate.
func (s *stories) certify(ctx context.Context, key string) error {
	c := s.folk[key]
	reviewer := s.staff(s.district[s.plan.atlas.streets[s.plan.atlas.communities[c.community].street].district].reviewer)
	if err := batch(ctx, s.driver, []member.ApplyVolunteerCmd{{Actor: s.as(key), Key: "story volunteer:" + key, Person: c.person}}, s.Members.ApplyVolunteers, nil); err != nil {
		return err
	}
	for i, by := range []identity.Actor{s.manager(c.community), reviewer} {
		if err := batch(ctx, s.driver, []member.ReviewVolunteerCmd{{Actor: by, Key: "story vet" + strconv.Itoa(i) + ":" + key, Person: c.person, Approve: true}},
			s.Members.ReviewVolunteers, nil); err != nil {
			return err
		}
	}
	if err := batch(ctx, s.driver, []training.RecordAttendanceCmd{{Actor: reviewer, Key: "story study:" + key, Volunteer: c.person, Course: induction,
		Session: "online", Mode: training.Online, Minutes: hours.Of(inductionMinutes), OccurredAt: s.now}}, s.Training.RecordAttendance, nil); err != nil {
		return err
	}
	return batch(ctx, s.driver, []training.RecordExamCmd{{Actor: reviewer, Key: "story exam:" + key, Volunteer: c.person, Course: induction, Score: 96, OccurredAt: s.now}},
		s.Training.RecordExam, nil)
}

// tie lets a parent name a child, the child agree, and the parent let the child act.
func (s *stories) tie(ctx context.Context, parent, child string) error {
	p, c, name := s.folk[parent].person, s.folk[child].person, parent+" "+child
	if err := batch(ctx, s.driver, []member.AddKinCmd{{Actor: s.as(parent), Key: "story kin:" + name, Person: p, Relative: c, Relation: member.Child}}, s.Members.AddKin, nil); err != nil {
		return err
	}
	if err := batch(ctx, s.driver, []member.ConfirmKinCmd{{Actor: s.as(child), Key: "story agree:" + name, Person: c, Relative: p, Acts: true}}, s.Members.ConfirmKin, nil); err != nil {
		return err
	}
	return batch(ctx, s.driver, []member.DelegateCmd{{Actor: s.as(parent), Key: "story delegate:" + name, Person: p, Relative: c, Allow: true}}, s.Members.Delegate, nil)
}

// appoint3 gives roles to people of the stories, in the order in which they appear.
func (s *stories) appoint3(ctx context.Context, roles map[string]identity.GrantRoleCmd) error {
	var cmds []identity.GrantRoleCmd
	for _, key := range s.names {
		if c, ok := roles[key]; ok {
			c.Actor, c.To = s.system(), s.folk[key].actor
			cmds = append(cmds, c)
		}
	}
	return batch(ctx, s.driver, cmds, s.Identity.GrantRoles, nil)
}

// ask orders a lesson for today, and lets the point's manager publish it when it has to be looked at.
func (s *stories) ask(ctx context.Context, by identity.Actor, recipient string, t tick, id *order.ID) error {
	s.asked++
	n := strconv.Itoa(s.asked)
	return s.place(ctx, order.PlaceCmd{Actor: by, Key: "story order:" + n, Recipient: s.folk[recipient].person, Item: lesson,
		Start: s.plan.cal.time(t + hourIn - hourOrder), Minutes: hours.Of(tianMinutes), Urgency: catalog.Everyday}, s.manager(s.folk[recipient].community), id)
}

// place orders, and lets a manager publish what has to be looked at.
func (s *stories) place(ctx context.Context, c order.PlaceCmd, manager identity.Actor, id *order.ID) error {
	waits := false
	if err := batch(ctx, s.driver, []order.PlaceCmd{c}, s.Orders.Place, func(_ int, p order.Placed) {
		*id, waits = p.ID, p.WaitsFor == order.ForReview
	}); err != nil || !waits {
		return err
	}
	return batch(ctx, s.driver, []order.ReviewCmd{{Actor: manager, Key: c.Key + " review", Order: *id, Approve: true}}, s.Orders.Review, nil)
}

// wait asks for what the officer of the street finds waiting.
func (s *stories) wait(ctx context.Context, w waiting) error {
	c := order.PlaceCmd{Actor: s.as(w.who), Key: "story waits:" + w.who, Recipient: s.folk[w.who].person, Item: w.item, Start: s.soon(), Urgency: catalog.Everyday}
	if w.reviewed {
		var id order.ID
		return s.place(ctx, c, s.manager(s.one), &id)
	}
	return batch(ctx, s.driver, []order.PlaceCmd{c}, s.Orders.Place, nil)
}

// soon is when what is still open is asked for: in the morning of the day after tomorrow.
func (s *stories) soon() time.Time { return s.plan.cal.time(at(demoLast+2, hourIn)) }

func (s *stories) claim(ctx context.Context, who string, id order.ID) error {
	return batch(ctx, s.driver, []order.ClaimCmd{{Actor: s.as(who), Key: "story claim:" + string(id), Order: id}}, s.Orders.Claim, nil)
}

// check proves with the recipient's code and the place that the volunteer is there.
func (s *stories) check(ctx context.Context, who, at string, id order.ID, do func(context.Context, []order.CheckCmd) ([]identity.Result[order.Changed], error)) error {
	codes, err := s.Orders.CheckCodes(ctx, []order.ID{id})
	if err != nil {
		return err
	}
	return batch(ctx, s.driver, []order.CheckCmd{{Actor: s.as(who), Key: "story check" + strconv.Itoa(int(s.now.Unix())) + string(id), Order: id,
		Factors: []order.Factor{{Method: order.ByCode, Value: codes[id]}, {Method: order.ByPlace, Point: s.folk[at].home}}}}, do, nil)
}

func (s *stories) thank(ctx context.Context, recipient string, id order.ID, outcome string) error {
	return batch(ctx, s.driver, []order.ConfirmCmd{{Actor: s.as(recipient), Key: "story confirm:" + string(id), Order: id, Outcomes: []string{outcome}}}, s.Orders.Confirm, nil)
}

// praise lets Mr Li and Chen rate each other.
func (s *stories) praise(ctx context.Context) error {
	return batch(ctx, s.driver, []feedback.RateCmd{
		{Actor: s.as("li"), Key: "story rate:li", Order: s.lesson, Of: s.folk["chen"].person, Stars: 5, Words: "看见女儿了"},
		{Actor: s.as("chen"), Key: "story rate:chen", Order: s.lesson, Of: s.folk["li"].person, Stars: 5},
	}, s.Feedback.Rate, nil)
}

// move makes Tian Hua the manager of her point, and lets her move to her mother's district.
func (s *stories) move(ctx context.Context) error {
	place := s.places[s.two]
	var point string
	if err := s.DB.Read(ctx, "replay.point", func(tx *store.Tx) error {
		points, err := member.PointsIn(tx, place)
		if err == nil && len(points) > 0 {
			point = string(points[0].ID)
		}
		return err
	}); err != nil {
		return err
	}
	if err := s.appoint3(ctx, map[string]identity.GrantRoleCmd{"tian": {Role: identity.PointManager, Region: place, Point: point}}); err != nil {
		return err
	}
	home := s.plan.atlas.home(s.away, mix(s.plan.seed, 11, 0))
	s.folk["tian"].community = s.away
	return batch(ctx, s.driver, []member.MoveCmd{{Actor: s.as("tian"), Key: "story move", Person: s.folk["tian"].person, Region: s.places[s.away],
		Address: "示范路99号", Point: &home, From: clock.DayOf(s.now).Add(1)}}, s.Members.Move, nil)
}

// open3 leaves what waits this morning: Mr Li asks by himself, and Tian Hua for her mother with hours of her own.
func (s *stories) open3(ctx context.Context) error {
	soon := s.soon()
	return batch(ctx, s.driver, []order.PlaceCmd{
		{Actor: s.as("li"), Key: "story hospital", Recipient: s.folk["li"].person, Item: "hospital_escort", Start: soon, Urgency: catalog.Everyday},
		{Actor: s.as("tian"), Key: "story mother", Recipient: s.folk["mother"].person, Item: lesson, Start: soon, Urgency: catalog.Everyday, OfferOwnHours: true},
	}, s.Orders.Place, nil)
}
