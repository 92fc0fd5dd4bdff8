// Package paper owns what leaves the system on paper and comes back by a code: the printed passbook with a proof code beside each line, the
// card that hangs beside an old person's telephone, and the blank slips of a station for a day without computers.
//
// It owns the tables printed_line, slip_batch and slip. It must never answer a code with anything about a person, take a slip twice, or
// keep the words of a slip besides the order that they became.
package paper

import (
	"strconv"

	"timebank/internal/canon"
	"timebank/internal/catalog"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
)

// Service holds the use-cases of paper. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	regions *region.Service
	members *member.Service
	items   *catalog.Service
	orders  *order.Service
	signIns *signin.Service
	box     *pii.Box

	print identity.Call[PrintSlipsCmd, BatchID]
	void  identity.Call[VoidSlipCmd, identity.Nothing]
	keyIn identity.Call[KeyInCmd, order.ID]
}

// New returns the service of one database. The box makes the proof codes of printed lines.
func New(db *store.DB, regions *region.Service, members *member.Service, items *catalog.Service, orders *order.Service, signIns *signin.Service, box *pii.Box) *Service {
	s := &Service{db: db, regions: regions, members: members, items: items, orders: orders, signIns: signIns, box: box}
	s.print = identity.Call[PrintSlipsCmd, BatchID]{Name: "paper.print_slips", Encode: identity.Same[BatchID], Decode: identity.AsID[BatchID], Run: each(s.runPrint),
		Head: func(c *PrintSlipsCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Point)).Int(int64(c.Orders)).Int(int64(c.Visits))
			return c.Actor, c.Key
		}}
	s.void = identity.Call[VoidSlipCmd, identity.Nothing]{Name: "paper.void_slip", Encode: identity.NoResult, Decode: identity.AsNothing, Run: each(s.runVoid),
		Head: func(c *VoidSlipCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(c.Code).Str(c.Reason)
			return c.Actor, c.Key
		}}
	s.keyIn = identity.Call[KeyInCmd, order.ID]{Name: "paper.key_in", Encode: identity.Same[order.ID], Decode: identity.AsID[order.ID], Run: each(s.runKeyIn), Forever: true,
		Head: func(c *KeyInCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(c.Code).Str(string(c.Recipient)).Str(c.Item).Time(c.Start).Int(c.Minutes.Int64()).List(len(c.Volunteers))
			for _, v := range c.Volunteers {
				w.Str(string(v))
			}
			w.Bool(c.FamilyPresent).Bool(c.Signed)
			if c.Again {
				w.Bool(true)
			}
			return c.Actor, c.Key
		}}
	return s
}

// each runs commands one after the other. A refusal fails the transaction, because something may have been written before it.
func each[C, R any](run func(tx *store.Tx, c *C) (R, error)) func(*store.Tx, []*C, []*identity.Result[R]) error {
	return func(tx *store.Tx, cmds []*C, out []*identity.Result[R]) error {
		for i, c := range cmds {
			var err error
			if out[i].Value, err = run(tx, c); err != nil {
				return err
			}
		}
		return nil
	}
}

// Voice is how a document speaks: the words of a language and the names that stand on it.
type Voice struct {
	// T is a text of the catalogue by its code.
	T     func(code string, params ...any) string
	Lang  string
	Brand string
	// Site is the address of the pages ("https://time.example"), "" when it is not known.
	Site string
	// Phone is the city's number, as it is dialled.
	Phone string
}

// long says minutes in hours and minutes, with a sign for those that went out.
func (v Voice) long(m hours.Minutes) string {
	n, sign := m.Int64(), ""
	if n < 0 {
		sign, n = "−", -n
	}
	if n < 60 {
		return sign + v.T("page.time.minutes", "minutes", n)
	}
	if n%60 == 0 {
		return sign + v.T("page.time.hours", "hours", n/60)
	}
	return sign + v.T("page.time.hours_minutes", "hours", n/60, "minutes", n%60)
}

// service names an item of the catalogue.
func service(all *catalog.Catalogue, code, lang string) string {
	versions := all.Versions(code)
	if len(versions) == 0 {
		return code
	}
	return versions[len(versions)-1].Name(lang)
}

// codeLength is how many random characters a slip's code has: 40 bits, which the station's own people type and nobody guesses for gain.
const codeLength = 8

func number(n int) string { return strconv.Itoa(n) }

// group is a code as it stands on paper.
func group(code string) string { return id.Group(code) }
