package privacy

import (
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/training"
)

// rooms are the parts of the rooms to the left, in the order in which a person reads them.
func rooms(members *member.Service, words *feedback.Service) []Part {
	return []Part{
		{Name: "member",
			Data:  func(tx *store.Tx, s Subject) (any, error) { return members.PersonalData(tx, s.Person) },
			Erase: func(tx *store.Tx, s Subject) error { return members.Erase(tx, s.Person) }},
		{Name: "identity",
			Data:  func(tx *store.Tx, s Subject) (any, error) { return identity.PersonalData(tx, s.Actor) },
			Erase: func(tx *store.Tx, s Subject) error { return identity.Retire(tx, s.Actor) }},
		{Name: "sign_in",
			Data:  func(tx *store.Tx, s Subject) (any, error) { return signin.PersonalData(tx, s.Actor, s.Person) },
			Erase: func(tx *store.Tx, s Subject) error { return signin.Erase(tx, s.Actor, s.Person) }},
		{Name: "training",
			Data: func(tx *store.Tx, s Subject) (any, error) { return training.PersonalData(tx, s.Person) }},
		{Name: "orders",
			Data:  func(tx *store.Tx, s Subject) (any, error) { return order.PersonalData(tx, s.Person) },
			Open:  openOrders,
			Erase: func(tx *store.Tx, s Subject) error { return order.ErasePlaces(tx, s.Person) }},
		{Name: "feedback",
			Data:  func(tx *store.Tx, s Subject) (any, error) { return words.PersonalData(tx, s.Person) },
			Open:  openComplaints,
			Erase: func(tx *store.Tx, s Subject) error { return feedback.EraseWords(tx, s.Person) }},
		{Name: "passbook", Data: passbook, Open: openHours,
			Erase: func(tx *store.Tx, s Subject) error {
				_, err := ledger.EraseSalt(tx, string(s.Person))
				return err
			}},
		{Name: "trail", Data: trail},
	}
}

func openOrders(tx *store.Tx, s Subject) ([]Obstacle, error) {
	ids, err := order.Unfinished(tx, s.Person)
	return obstacle("orders", ids), err
}

func openComplaints(tx *store.Tx, s Subject) ([]Obstacle, error) {
	ids, err := feedback.Open(tx, s.Person)
	return obstacle("complaints", ids), err
}

func obstacle[S ~string](what string, ids []S) []Obstacle {
	if len(ids) == 0 {
		return nil
	}
	o := Obstacle{What: what}
	for _, id := range ids {
		o.Refs = append(o.Refs, string(id))
	}
	return []Obstacle{o}
}

// openHours refuses while something is held or left: hours must have found another owner before their own is forgotten.
func openHours(tx *store.Tx, s Subject) (open []Obstacle, err error) {
	book, err := ledger.PassbookOf(tx, string(s.Person), "", 1)
	if err != nil {
		return nil, err
	}
	var held, left []string
	for _, h := range book.Held {
		held = append(held, h.Ref)
	}
	for _, p := range book.Pending {
		held = append(held, string(p.ID))
	}
	for _, h := range book.Holdings {
		if h.Balance.Balance.Sign() > 0 {
			left = append(left, string(h.Class))
		}
	}
	return append(obstacle("holds", held), obstacle("hours", left)...), nil
}

// Passbook is the part of the book that is about a person.
type Passbook struct {
	Accounts []Account `json:"accounts"`
	Lines    []Entry   `json:"lines"`
}

// Account is what stands in one account, in minutes.
type Account struct {
	Class   ledger.Class `json:"class"`
	Bucket  string       `json:"bucket,omitempty"`
	Minutes int64        `json:"minutes"`
	Held    int64        `json:"held,omitempty"`
	Expires clock.Day    `json:"expires,omitempty"`
}

// Entry is one line of the passbook, in minutes.
type Entry struct {
	Tx       ledger.TxID   `json:"transaction"`
	Day      clock.Day     `json:"day"`
	Reason   ledger.Reason `json:"reason"`
	Class    ledger.Class  `json:"class"`
	Minutes  int64         `json:"minutes"`
	Balance  int64         `json:"balance"`
	Ref      string        `json:"ref,omitempty"`
	Service  string        `json:"service,omitempty"`
	Grade    string        `json:"grade,omitempty"`
	Region   region.ID     `json:"region,omitempty"`
	Recorded time.Time     `json:"recorded_at"`
}

func passbook(tx *store.Tx, s Subject) (any, error) {
	var out Passbook
	for before := ""; ; {
		page, err := ledger.PassbookOf(tx, string(s.Person), before, 1000)
		if err != nil {
			return nil, err
		}
		if before == "" {
			for _, h := range page.Holdings {
				out.Accounts = append(out.Accounts, Account{h.Class, h.Bucket, h.Balance.Balance.Int64(), h.Held.Int64(), h.Expires})
			}
		}
		for _, l := range page.Lines {
			out.Lines = append(out.Lines, Entry{l.Tx, l.Day, l.Reason, l.Class, l.Minutes.Int64(), l.Balance.Int64(), l.Ref, l.Service, l.Grade, region.ID(l.Region),
				l.RecordedAt})
		}
		if before = page.Next; before == "" {
			return out, nil
		}
	}
}

// Trail is what the audit trail holds about a person.
type Trail struct {
	Own    []Act `json:"own"`    // what the person did
	Others []Act `json:"others"` // what was done for the person or to its record, looks included
}

// Act is one entry of the trail.
type Act struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor,omitempty"`
	Action string    `json:"action"`
	Kind   string    `json:"kind"`
	Ref    string    `json:"ref"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`
}

func trail(tx *store.Tx, s Subject) (any, error) {
	var out Trail
	own, err := acts(tx, audit.Filter{Actor: string(s.Actor)}, nil)
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	for _, f := range []audit.Filter{{OnBehalf: string(s.Person)}, {Ref: string(s.Person)}} {
		more, err := acts(tx, f, seen)
		if err != nil {
			return nil, err
		}
		for _, a := range more {
			if a.Entry.Actor != string(s.Actor) {
				out.Others = append(out.Others, Act{a.At, a.Entry.Actor, a.Action, a.Kind, a.Ref, a.Before, a.After})
			}
		}
	}
	for _, a := range own {
		out.Own = append(out.Own, Act{At: a.At, Action: a.Action, Kind: a.Kind, Ref: a.Ref, Before: a.Before, After: a.After})
	}
	return out, nil
}

// acts returns every entry that a filter finds and that was not seen before, newest first.
func acts(tx *store.Tx, f audit.Filter, seen map[int64]bool) (all []audit.Recorded, err error) {
	for before := int64(0); ; {
		found, next, err := audit.Search(tx, f, before, 1000)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if seen != nil && seen[e.Seq] {
				continue
			}
			if seen != nil {
				seen[e.Seq] = true
			}
			all = append(all, e)
		}
		if before = next; before == 0 {
			return all, nil
		}
	}
}
