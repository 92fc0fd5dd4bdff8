package feedback

import (
	"slices"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// Service holds the use-cases of feedback. It is safe for concurrent use.
type Service struct {
	db       *store.DB
	regions  *region.Service
	policies *policy.Service
	orders   *order.Service
	box      *pii.Box

	rate     identity.Call[RateCmd, identity.Nothing]
	record   identity.Call[RecordCmd, Recorded]
	complain identity.Call[ComplainCmd, ComplaintID]
	decide   identity.Call[DecideCmd, Decided]
	appeal   identity.Call[AppealCmd, region.Level]
	passUp   identity.Call[PassUpCmd, region.Level]
}

// New returns the service of one database. The box seals what people say in their own words. Register its [Service.Handlers] before the
// first timer runs, and call [Service.ScheduleDaily] once when a city is set up.
func New(db *store.DB, regions *region.Service, policies *policy.Service, orders *order.Service, box *pii.Box) *Service {
	s := &Service{db: db, regions: regions, policies: policies, orders: orders, box: box}
	s.rate = identity.Call[RateCmd, identity.Nothing]{Name: "feedback.rate", Encode: identity.NoResult, Decode: identity.AsNothing, Run: s.runRate,
		Head: func(c *RateCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Order)).Str(string(c.Of)).Int(int64(c.Stars)).List(len(c.Tags))
			for _, t := range c.Tags {
				w.Str(string(t))
			}
			w.Blob(s.blind(c.Words))
			return c.Actor, c.Key
		}}
	s.record = identity.Call[RecordCmd, Recorded]{Name: "feedback.follow_up", Encode: Recorded.encode, Decode: decodeRecorded,
		Run: inRounds(func(c *RecordCmd) order.ID { return c.Order }, s.runRecord),
		Head: func(c *RecordCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Order)).Str(string(c.Result)).Str(string(c.Note)).Blob(s.blind(c.Words))
			return c.Actor, c.Key
		}}
	s.complain = identity.Call[ComplainCmd, ComplaintID]{Name: "feedback.complain", Encode: identity.Same[ComplaintID], Decode: identity.AsID[ComplaintID],
		Run: inRounds(func(c *ComplainCmd) order.ID { return c.Order }, s.runComplain),
		Head: func(c *ComplainCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Order)).Str(string(c.For)).Str(string(c.Category)).Blob(s.blind(c.Words))
			return c.Actor, c.Key
		}}
	s.decide = identity.Call[DecideCmd, Decided]{Name: "feedback.decide", Forever: true, Encode: Decided.encode, Decode: decodeDecided,
		Run: inRounds(func(c *DecideCmd) ComplaintID { return c.Complaint }, s.runDecide),
		Head: func(c *DecideCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Complaint)).Str(string(c.Decision)).Str(c.Reason)
			return c.Actor, c.Key
		}}
	s.appeal = identity.Call[AppealCmd, region.Level]{Name: "feedback.appeal", Encode: identity.Same[region.Level], Decode: identity.AsID[region.Level],
		Run: inRounds(func(c *AppealCmd) ComplaintID { return c.Complaint }, s.runAppeal),
		Head: func(c *AppealCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Complaint)).Blob(s.blind(c.Words))
			return c.Actor, c.Key
		}}
	s.passUp = identity.Call[PassUpCmd, region.Level]{Name: "feedback.pass_up", Encode: identity.Same[region.Level], Decode: identity.AsID[region.Level],
		Run: inRounds(func(c *PassUpCmd) ComplaintID { return c.Complaint }, s.runPassUp),
		Head: func(c *PassUpCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Complaint)).Str(c.Reason)
			return c.Actor, c.Key
		}}
	return s
}

// Handlers are the timers of the package, by kind.
func (s *Service) Handlers() map[string]timer.Handler {
	return map[string]timer.Handler{TimerSample: s.sample, TimerComplaint: s.climb, order.TimerFollowUp: s.askNow}
}

// inRounds runs commands so that no two in one pass are about the same thing: the second sees what the first did.
func inRounds[C any, R any, K comparable](of func(*C) K, run func(*store.Tx, []*C, []*identity.Result[R]) error) func(*store.Tx, []*C, []*identity.Result[R]) error {
	return func(tx *store.Tx, cmds []*C, out []*identity.Result[R]) error {
		for len(cmds) > 0 {
			var laterCmds []*C
			var laterOut []*identity.Result[R]
			var nowCmds []*C
			var nowOut []*identity.Result[R]
			seen := map[K]bool{}
			for i, c := range cmds {
				if key := of(c); seen[key] {
					laterCmds, laterOut = append(laterCmds, c), append(laterOut, out[i])
				} else {
					seen[key] = true
					nowCmds, nowOut = append(nowCmds, c), append(nowOut, out[i])
				}
			}
			if err := run(tx, nowCmds, nowOut); err != nil {
				return err
			}
			cmds, out = laterCmds, laterOut
		}
		return nil
	}
}

// desk is what the decisions of one transaction look at and leave behind.
type desk struct {
	tx     *store.Tx
	tree   *region.Tree
	view   policy.View
	rules  map[region.ID]policy.Rules
	orders map[order.ID]*order.Order
	trail  []audit.Entry
	timers []timer.Timer
}

func (s *Service) begin(tx *store.Tx, orders []order.ID) (*desk, error) {
	return s.beginWith(tx, orders, order.Load)
}

// beginLocked is begin for a use-case that decides on what stands at the orders: whoever comes second sees what the first did.
func (s *Service) beginLocked(tx *store.Tx, orders []order.ID) (*desk, error) {
	return s.beginWith(tx, orders, order.Lock)
}

func (s *Service) beginWith(tx *store.Tx, orders []order.ID, load func(*store.Tx, []order.ID) (map[order.ID]*order.Order, error)) (*desk, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	view, err := s.policies.View(tx)
	if err != nil {
		return nil, err
	}
	d := &desk{tx: tx, tree: tree, view: view, rules: map[region.ID]policy.Rules{}}
	d.orders, err = load(tx, orders)
	return d, err
}

// at returns the rules in force now for a region.
func (d *desk) at(place region.ID) (policy.Rules, error) {
	if r, ok := d.rules[place]; ok {
		return r, nil
	}
	r, err := d.view.At(d.tx.Now(), d.tree.RulePath(place, d.tree.Day()))
	if err == nil {
		d.rules[place] = r
	}
	return r, err
}

// order returns a loaded order with the rules of its place, or NotFound.
func (d *desk) order(id order.ID) (*order.Order, policy.Rules, error) {
	o := d.orders[id]
	if o == nil {
		return nil, policy.Rules{}, errs.New(errs.NotFound, noOrder)
	}
	r, err := d.at(o.Region)
	return o, r, err
}

// note writes an act for a person into the trail.
func (d *desk) note(a identity.Actor, action, kind, ref string, behalf member.PersonID, place region.ID, before, after string) {
	if a.IsSystem() || a.Behalf(string(behalf)) == "" {
		behalf = ""
	}
	d.trail = append(d.trail, audit.Entry{Actor: a.ID, OnBehalf: string(behalf), Action: action, Kind: kind, Ref: ref, Region: string(place),
		Before: before, After: after, Origin: a.Origin})
}

// done writes the timers and the trail.
func (d *desk) done() error {
	if err := timer.Set(d.tx, d.timers...); err != nil {
		return err
	}
	return audit.Record(d.tx, d.trail...)
}

// answersFor reports whether the actor is the person, or a delegate whom the recipient lets act for it.
func (d *desk) answersFor(a identity.Actor, right identity.Right, person member.PersonID, o *order.Order) (bool, error) {
	if a.MayOwn(right, string(person)) == nil {
		return true, nil
	}
	if person != o.Recipient || a.Person == "" {
		return false, nil
	}
	return member.IsDelegate(d.tx, person, member.PersonID(a.Person))
}

// hidden turns the refusal of somebody who has no role, no side of the order and no leave to see it into what is said of something that is not
// there.
func (d *desk) hidden(a identity.Actor, o *order.Order, refused error, code string) error {
	person := member.PersonID(a.Person)
	if errs.KindOf(refused) != errs.Forbidden || a.IsSystem() || len(a.Grants) > 0 || concerned(o, person) {
		return refused
	}
	acts, err := member.IsDelegate(d.tx, o.Recipient, person)
	if err == nil && !acts {
		acts, err = member.MaySee(d.tx, o.Recipient, person)
	}
	if err != nil {
		return err
	}
	if !acts {
		return errs.New(errs.NotFound, code)
	}
	return refused
}

// The codes of what is not there.
const (
	noOrder     = "order.not_found"
	noComplaint = "feedback.complaint_unknown"
)

// refusal tells a refused command, which is its own error, from a failure of all.
func refusal(err error) (alone, all error) {
	if err == nil || errs.Fault(err) {
		return nil, err
	}
	return err, nil
}

// inner is the idempotency key of the order's own command within one of ours; the system's commands have none.
func inner(key, command string) string {
	if key == "" {
		return ""
	}
	return key + " " + command
}

func unique[S ~string](ids []S) []S {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// The kinds under which words are sealed.
const (
	fieldRating    = "rating.words"
	fieldComplaint = "complaint.words"
	fieldAppeal    = "complaint.appeal_words"
)

// blind stands for somebody's words in a digest: without the city's key it tells nothing.
func (s *Service) blind(words string) []byte { return s.box.Index("feedback.command", words) }

// seal returns nil for words that were not given.
func (s *Service) seal(field, words string) []byte {
	if words == "" {
		return nil
	}
	return s.box.Seal(field, words)
}

func (s *Service) open(field string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	return s.box.Open(field, sealed)
}
