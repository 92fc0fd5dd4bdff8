package paper

import (
	"context"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// BatchID identifies a batch of slips.
type BatchID = id.ID[Batch]

// Batch is the slips that a station printed at one time.
type Batch struct {
	ID        BatchID
	Point     member.PointID
	Region    region.ID
	PrintedBy string // actor
	PrintedAt time.Time
	// How many of its slips are blank still, keyed in, and no longer good.
	Open, Used, Void int
}

// Kind is what a slip has lines for.
type Kind string

// The kinds: somebody asks for service, or a visit took place.
const (
	ForOrder Kind = "order"
	ForVisit Kind = "visit"
)

// State is where a slip stands.
type State string

// The states. A slip leaves Open once and never comes back.
const (
	Open State = "open"
	Used State = "used"
	Void State = "void"
)

// Slip is one sheet with its code.
type Slip struct {
	Code    string
	Batch   BatchID
	No      int // in its batch
	Kind    Kind
	State   State
	Order   order.ID // what its words became
	EndedBy string
	EndedAt time.Time
	Reason  string // why it is void

	Point  member.PointID
	Region region.ID
}

// slipsMost bounds a batch (default, ours): a station's busiest week.
const slipsMost = 100

// PrintSlipsCmd asks for blank slips. Point is where the actor works; "" is its only one.
type PrintSlipsCmd struct {
	Actor          identity.Actor
	Key            string
	Point          member.PointID
	Orders, Visits int
}

// PrintSlips draws the codes of a batch of blank slips for a station; DrawSlips puts them on paper. Errors: paper.no_station for who works at
// none, paper.invalid, identity.not_allowed.
func (s *Service) PrintSlips(ctx context.Context, cmd PrintSlipsCmd) (BatchID, error) {
	return s.print.One(ctx, s.db, cmd)
}

func (s *Service) runPrint(tx *store.Tx, c *PrintSlipsCmd) (BatchID, error) {
	point, err := s.station(tx, c.Actor, c.Point)
	if err != nil {
		return "", err
	}
	var bad errs.Fields
	for _, f := range []struct {
		name string
		n    int
	}{{"orders", c.Orders}, {"visits", c.Visits}} {
		if f.n < 0 || f.n > slipsMost {
			bad.Add(f.name, "paper.too_many_slips", "most", slipsMost)
		}
	}
	if c.Orders+c.Visits == 0 {
		bad.Add("visits", "paper.no_slips")
	}
	if err := bad.Err("paper.invalid"); err != nil {
		return "", err
	}
	b := Batch{ID: store.NewID[Batch](tx), Point: point.ID, Region: point.Region, PrintedBy: c.Actor.ID, PrintedAt: tx.Now()}
	slips := make([]Slip, 0, c.Orders+c.Visits)
	for i := range c.Orders + c.Visits {
		kind := ForOrder
		if i >= c.Orders {
			kind = ForVisit
		}
		slips = append(slips, Slip{Code: tx.Code(codeLength), Batch: b.ID, No: i + 1, Kind: kind, State: Open})
	}
	if err := insertBatch(tx, b, slips); err != nil {
		return "", err
	}
	return b.ID, audit.Record(tx, audit.Entry{Actor: c.Actor.ID, Action: "paper.print_slips", Kind: "slip_batch", Ref: string(b.ID), Region: string(b.Region),
		After: number(len(slips)), Origin: c.Actor.Origin})
}

// station is the service point at which an actor works and may witness visits: the one it names, or its only one.
func (s *Service) station(tx *store.Tx, by identity.Actor, which member.PointID) (p member.ServicePoint, err error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return p, err
	}
	if which == "" {
		for _, g := range by.Grants {
			if g.Point != "" && by.AtPoint(g.Point) {
				which = member.PointID(g.Point)
			}
		}
	}
	if which == "" || !by.IsSystem() && !by.AtPoint(string(which)) {
		return p, errNoPoint.Because(why.Rule("paper.station", "", "street"))
	}
	if p, err = member.LoadPoint(tx, which); err != nil {
		return p, err
	}
	return p, by.May(identity.OrderWitness, p.Region, tree)
}

// maySee lets the station of a batch and the offices above it look at its slips.
func (s *Service) maySee(tx *store.Tx, by identity.Actor, place region.ID) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	return by.May(identity.OrderRead, place, tree)
}

// Batches returns a page of the batches of a place and below, newest first, that stand before a batch; "" begins with the newest.
func (s *Service) Batches(ctx context.Context, by identity.Actor, place region.ID, before BatchID, most int) (list []Batch, err error) {
	err = s.db.Read(ctx, "paper.batches", func(tx *store.Tx) error {
		if err := s.maySee(tx, by, place); err != nil {
			return err
		}
		list, err = batchesIn(tx, place, before, most)
		return err
	})
	return list, err
}

// Slips returns a batch with its slips in their order. Error: NotFound paper.batch_unknown.
func (s *Service) Slips(ctx context.Context, by identity.Actor, which BatchID) (b Batch, slips []Slip, err error) {
	err = s.db.Read(ctx, "paper.slips", func(tx *store.Tx) error {
		if b, slips, err = loadBatch(tx, which); err != nil {
			return err
		}
		return s.maySee(tx, by, b.Region)
	})
	return b, slips, err
}

// VoidSlipCmd says that a slip is no longer good: spoilt, or lost.
type VoidSlipCmd struct {
	Actor  identity.Actor
	Key    string
	Code   string
	Reason string
}

// VoidSlip ends a slip that nobody may key in any more. Errors: those of Find, and paper.invalid without a reason.
func (s *Service) VoidSlip(ctx context.Context, cmd VoidSlipCmd) error {
	_, err := s.void.One(ctx, s.db, cmd)
	return err
}

func (s *Service) runVoid(tx *store.Tx, c *VoidSlipCmd) (none identity.Nothing, err error) {
	slip, err := s.open(tx, c.Actor, c.Code)
	if err != nil {
		return none, err
	}
	if c.Reason = strings.TrimSpace(c.Reason); c.Reason == "" {
		return none, errs.Invalid("paper.invalid", errs.Field{Path: "reason", Code: "paper.reason_missing"})
	}
	slip.State, slip.Reason = Void, c.Reason
	return none, s.end(tx, c.Actor, slip, "paper.void_slip", "")
}

// open returns a slip that may be keyed in by an actor, or says why not: it never existed, belongs to another station, was keyed in, or is void.
func (s *Service) open(tx *store.Tx, by identity.Actor, typed string) (Slip, error) {
	code, err := id.ParseCode(typed)
	if err != nil {
		return Slip{}, errs.Invalid("paper.invalid", errs.Field{Path: "code", Code: "id.code_malformed"})
	}
	slip, found, err := loadSlip(tx, code)
	if err != nil {
		return slip, err
	}
	if !found {
		return slip, errs.New(errs.NotFound, "paper.slip_unknown")
	}
	if !by.IsSystem() && !by.AtPoint(string(slip.Point)) {
		return slip, errs.New(errs.Forbidden, "paper.slip_of_other_station").Because(why.Rule("paper.station", "", "street"))
	}
	if _, err := s.station(tx, by, slip.Point); err != nil {
		return slip, err
	}
	w := why.Rule("paper.once", "", "law").With("code", group(slip.Code)).With("at", stamp(slip.EndedAt))
	switch slip.State {
	case Open:
	case Used:
		return slip, errs.New(errs.Conflict, "paper.slip_used").Because(w)
	case Void:
		return slip, errs.New(errs.Conflict, "paper.slip_void").Because(w.With("reason", slip.Reason))
	}
	return slip, nil
}

// Find returns a slip that the actor may key in now. Errors: paper.slip_unknown, paper.slip_of_other_station, paper.slip_used, paper.slip_void.
func (s *Service) Find(ctx context.Context, by identity.Actor, code string) (slip Slip, err error) {
	err = s.db.Read(ctx, "paper.find", func(tx *store.Tx) error {
		slip, err = s.open(tx, by, code)
		return err
	})
	return slip, err
}

// KeyInCmd is what a slip says.
type KeyInCmd struct {
	Actor         identity.Actor
	Key           string
	Code          string
	Recipient     member.PersonID
	Item          string
	Start         time.Time // when the visit began, or is wished for
	Minutes       hours.Minutes
	Volunteers    []member.PersonID // of a visit
	FamilyPresent bool
	Again         bool // of a request: one more is meant, although the same is asked for already at that time
	// Signed says that the recipient's signature stands on the slip of a visit.
	Signed bool
}

// KeyIn takes the words of a slip into the system: a request becomes an order like any other; a visit becomes an order that was served, with
// the evidence grade "paper", and waits for another person to confirm it. The slip is used from then on. Errors: those of Find and of
// order.Place and order.ServedOnPaper, paper.invalid for a visit without signature, volunteer or length.
func (s *Service) KeyIn(ctx context.Context, cmd KeyInCmd) (order.ID, error) {
	return s.keyIn.One(ctx, s.db, cmd)
}

func (s *Service) runKeyIn(tx *store.Tx, c *KeyInCmd) (order.ID, error) {
	slip, err := s.open(tx, c.Actor, c.Code)
	if err != nil {
		return "", err
	}
	if slip.Kind == ForOrder {
		slip.Order, err = s.orders.AskedOnPaper(tx, order.PlaceCmd{Actor: c.Actor, Recipient: c.Recipient, Item: c.Item, Start: c.Start, Minutes: c.Minutes, FamilyPresent: c.FamilyPresent,
			Again: c.Again})
	} else {
		slip.Order, err = s.visit(tx, slip, c)
	}
	if err != nil {
		return "", err
	}
	slip.State = Used
	return slip.Order, s.end(tx, c.Actor, slip, "paper.key_in", string(c.Recipient))
}

func (s *Service) visit(tx *store.Tx, slip Slip, c *KeyInCmd) (order.ID, error) {
	var bad errs.Fields
	if !c.Signed {
		bad.Add("signed", "paper.signature_missing")
	}
	if len(c.Volunteers) == 0 {
		bad.Add("volunteer", "paper.volunteer_missing")
	}
	if c.Minutes.Sign() <= 0 {
		bad.Add("minutes", "paper.minutes_missing")
	} else if c.Start.Add(time.Duration(c.Minutes.Int64()) * time.Minute).After(tx.Now()) {
		bad.Add("start", "order.paper_in_future")
	}
	if err := bad.Err("paper.invalid"); err != nil {
		return "", err
	}
	return s.orders.ServedOnPaper(tx, order.PaperVisit{Actor: c.Actor, Slip: slip.Code, Recipient: c.Recipient, Item: c.Item, Start: c.Start, Minutes: c.Minutes,
		Volunteers: c.Volunteers, FamilyPresent: c.FamilyPresent})
}

// end writes that a slip is no longer open.
func (s *Service) end(tx *store.Tx, by identity.Actor, slip Slip, action, behalf string) error {
	slip.EndedBy, slip.EndedAt = by.ID, tx.Now()
	if err := endSlip(tx, slip); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: behalf, Action: action, Kind: "slip", Ref: slip.Code, Region: string(slip.Region), Before: string(Open),
		After: string(slip.State) + " " + string(slip.Order), Origin: by.Origin})
}
