package httpapi

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
)

// TrailQuery searches the audit trail of a region and all below it.
type TrailQuery struct {
	Region ID     `query:"region" required:"true" doc:"Entries that concern this region or one below it"`
	Actor  string `query:"actor" maxLength:"26" doc:"Who acted"`
	Behalf string `query:"on_behalf" maxLength:"26" doc:"For whom: a person"`
	Ref    string `query:"ref" maxLength:"60" doc:"What it was done to: an id"`
	Action string `query:"action" maxLength:"60" example:"order.confirm" doc:"A whole action or its beginning: order. is whatever was done to orders"`
	From   Day    `query:"from" doc:"First day"`
	To     Day    `query:"to" doc:"Last day"`
	Page
}

// Trail is a page of the audit trail, newest first.
type Trail struct {
	Entries []TrailEntry `json:"entries"`
	Next    string       `json:"next,omitempty"`
}

// TrailEntry is one act.
type TrailEntry struct {
	Seq      int64     `json:"seq"`
	Number   *int64    `json:"number,omitempty" doc:"Place in the public log of the trail"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	OnBehalf string    `json:"on_behalf,omitempty" doc:"The person acted for"`
	Action   string    `json:"action"`
	Kind     string    `json:"kind"`
	Ref      string    `json:"ref"`
	Region   string    `json:"region,omitempty"`
	Before   string    `json:"before,omitempty"`
	After    string    `json:"after,omitempty"`
	Origin   string    `json:"origin" doc:"From where: the request, the class of its address, and as far as they are known keyed marks of address and device, equal within a month for one of them, and the session; or what the installation did by itself"`
	Digest   string    `json:"digest" doc:"Leaf of the log, SHA-256 in hexadecimal"`
}

func entryOf(r audit.Recorded) TrailEntry {
	out := TrailEntry{Seq: r.Seq, At: r.At, Actor: r.Actor, OnBehalf: r.OnBehalf, Action: r.Action, Kind: r.Kind, Ref: r.Ref, Region: r.Region, Before: r.Before,
		After: r.After, Origin: r.Origin, Digest: hex.EncodeToString(r.Digest[:])}
	if r.Number >= 0 {
		out.Number = &r.Number
	}
	return out
}

func (a *api) trail(ctx context.Context, in *TrailQuery) (out Trail, err error) {
	before := int64(0)
	if in.key != "" {
		if before, err = strconv.ParseInt(in.key, 10, 64); err != nil {
			return out, err
		}
	}
	f := audit.Filter{Actor: in.Actor, OnBehalf: in.Behalf, Ref: in.Ref, Action: in.Action}
	if in.From != "" {
		f.From = clock.Day(in.From).Start()
	}
	if in.To != "" {
		f.Until = clock.Day(in.To).Add(1).Start()
	}
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		place := region.ID(in.Region)
		if err := actor(ctx).May(identity.AuditRead, place, tree); err != nil {
			return err
		}
		if place != tree.City() {
			f.Regions = []string{string(place)}
			for _, below := range [][]region.ID{tree.Descendants(region.Administrative, place), tree.Descendants(region.Reporting, place)} {
				f.Regions = append(f.Regions, each(below, func(id region.ID) string { return string(id) })...)
			}
		}
		rows, next, err := audit.Search(tx, f, before, in.Limit)
		if err != nil {
			return err
		}
		out = Trail{Entries: each(rows, entryOf)}
		if next > 0 {
			out.Next = in.next(strconv.FormatInt(next, 10))
		}
		return nil
	})
	return out, err
}
