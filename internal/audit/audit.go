// Package audit owns the trail of who did what, on whose behalf, from where, and what it changed.
//
// An entry is written in the transaction of the act itself and is never edited: the database refuses it, and a second Merkle log
// under the notary's sequencer shows it. The package never decides whether an act is allowed, and holds ids and states, never names,
// numbers or addresses of persons.
package audit

import (
	"time"

	"timebank/internal/canon"
)

// System is the actor of what the installation does by itself: timers, imports.
const System = "system"

// Entry is one act.
type Entry struct {
	Actor    string // id of the actor, or [System]
	OnBehalf string // id of the person acted for or looked at, "" when the actor acts for itself
	Action   string // "order.confirm"
	Kind     string // kind of the entity: "order"
	Ref      string // id of the entity
	Region   string // id of the region of record, "" when there is none
	Before   string // what changed, as JSON or one word; "" for something new
	After    string
	// Origin says from where: the request's id and its address's class, then "address=", "device=" and "session=" as far as they are known; or
	// "replay". Address and device are keyed marks (gate.Gate.Origin), never themselves.
	Origin string
}

// Recorded is an entry as it stands in the trail.
type Recorded struct {
	Entry
	Seq    int64
	At     time.Time
	Number int64 // position in the log, -1 until sequenced
	Digest [32]byte
}

// digest is the leaf of an entry: canonical bytes, version 1.
func digest(at int64, e Entry) [32]byte {
	w := canon.New("timebank/audit", 1)
	w.Int(at)
	w.Str(e.Actor)
	w.Str(e.OnBehalf)
	w.Str(e.Action)
	w.Str(e.Kind)
	w.Str(e.Ref)
	w.Str(e.Region)
	w.Str(e.Before)
	w.Str(e.After)
	w.Str(e.Origin)
	return w.Digest()
}
