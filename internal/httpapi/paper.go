package httpapi

import (
	"context"
	"time"

	"timebank/internal/i18n"
	"timebank/internal/member"
	"timebank/internal/paper"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// voice is how a document speaks to who sent the request.
func (a *api) voice(ctx context.Context) (paper.Voice, error) {
	lang := requestOf(ctx).lang
	v := paper.Voice{Lang: lang, T: func(code string, params ...any) string { return i18n.Text(lang, code, params...) }}
	err := a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		var rules policy.Rules
		rules, err := a.Policies.Current(tx, tx.Now(), []string{string(tree.City())})
		v.Brand = rules.BrandName
		return err
	})
	return v, err
}

// BookWish asks for a passbook on paper.
type BookWish struct {
	ID   ID `path:"id" doc:"The person"`
	Body struct {
		Small bool `json:"small,omitempty" doc:"A5 instead of A4"`
	}
}

func (a *api) printPassbook(ctx context.Context, in *BookWish) (download, error) {
	voice, err := a.voice(ctx)
	if err != nil {
		return download{}, err
	}
	pdf, err := a.Paper.PrintPassbook(ctx, paper.PrintPassbookCmd{Actor: actor(ctx), Person: member.PersonID(in.ID), Small: in.Body.Small}, voice)
	return download{ContentType: typePDF, Disposition: `attachment; filename="passbook.pdf"`, Body: pdf}, err
}

func (a *api) printDoorCard(ctx context.Context, in *OneID) (download, error) {
	voice, err := a.voice(ctx)
	if err != nil {
		return download{}, err
	}
	pdf, err := a.Paper.PrintCard(ctx, paper.PrintCardCmd{Actor: actor(ctx), Person: member.PersonID(in.ID)}, voice)
	return download{ContentType: typePDF, Disposition: `attachment; filename="card.pdf"`, Body: pdf}, err
}

// ProofQuery names a line of a printed passbook.
type ProofQuery struct {
	Code string `path:"code" minLength:"13" maxLength:"20" example:"1N3Q-Q6KJ-2CKEW" doc:"As it stands on paper; capitals, spaces and hyphens do not matter"`
}

// LineProof is what anybody may know of a printed line.
type LineProof struct {
	True     bool     `json:"true" doc:"The book holds this very line"`
	Day      Day      `json:"day,omitempty"`
	Minutes  *Minutes `json:"minutes,omitempty" doc:"Above zero when they came in"`
	Reason   string   `json:"reason,omitempty" example:"service"`
	Number   *int64   `json:"number,omitempty" doc:"Place in the public log; left out until it is sequenced"`
	Reversed bool     `json:"reversed,omitempty" doc:"Taken back after it was written"`
}

func (a *api) checkProof(ctx context.Context, in *ProofQuery) (out LineProof, err error) {
	p, err := a.Paper.Check(ctx, in.Code)
	if err != nil || !p.True {
		return out, err
	}
	m := minutesOf(p.Minutes)
	out = LineProof{True: true, Day: Day(p.Day), Minutes: &m, Reason: string(p.Reason), Reversed: p.Reversed}
	if p.Number >= 0 {
		out.Number = &p.Number
	}
	return out, nil
}

// SlipWish asks for blank slips.
type SlipWish struct {
	Orders int `json:"orders,omitempty" minimum:"0" maximum:"100" doc:"Slips to write requests on"`
	Visits int `json:"visits,omitempty" minimum:"0" maximum:"100" doc:"Slips to write visits on"`
}

func (a *api) printSlips(ctx context.Context, in *With[SlipWish]) (Made, error) {
	made, err := a.Paper.PrintSlips(ctx, paper.PrintSlipsCmd{Actor: actor(ctx), Key: in.Key, Point: member.PointID(in.ID), Orders: in.Body.Orders, Visits: in.Body.Visits})
	return Made{ID(made)}, err
}

func (a *api) drawSlips(ctx context.Context, in *OneID) (download, error) {
	voice, err := a.voice(ctx)
	if err != nil {
		return download{}, err
	}
	pdf, err := a.Paper.DrawSlips(ctx, actor(ctx), paper.BatchID(in.ID), voice)
	return download{ContentType: typePDF, Disposition: `attachment; filename="slips.pdf"`, Body: pdf}, err
}

// SlipBatch is the slips that a station printed at one time.
type SlipBatch struct {
	ID        ID        `json:"id"`
	Point     ID        `json:"point"`
	PrintedAt time.Time `json:"printed_at"`
	Open      int       `json:"open"`
	Used      int       `json:"used"`
	Void      int       `json:"void"`
	Slips     []Slip    `json:"slips,omitempty"`
}

// Slip is one sheet with its code.
type Slip struct {
	Code   string `json:"code"`
	Kind   string `json:"kind" enum:"order,visit"`
	State  string `json:"state" enum:"open,used,void"`
	Order  ID     `json:"order,omitempty" doc:"What its words became"`
	Reason string `json:"reason,omitempty" doc:"Why it is void"`
}

// SlipBatches is a page of batches, newest first.
type SlipBatches struct {
	Batches []SlipBatch `json:"batches"`
	Next    string      `json:"next,omitempty"`
}

func batchOf(b paper.Batch) SlipBatch {
	return SlipBatch{ID: ID(b.ID), Point: ID(b.Point), PrintedAt: b.PrintedAt, Open: b.Open, Used: b.Used, Void: b.Void}
}

// BatchesQuery asks for the batches of a region.
type BatchesQuery struct {
	ID ID `path:"id" doc:"The region"`
	Page
}

func (a *api) listBatches(ctx context.Context, in *BatchesQuery) (out SlipBatches, err error) {
	list, err := a.Paper.Batches(ctx, actor(ctx), region.ID(in.ID), paper.BatchID(in.key), in.Limit+1)
	if err != nil {
		return out, err
	}
	list, out.Next = cut(&in.Cursor, list, in.Limit, func(b paper.Batch) string { return string(b.ID) })
	out.Batches = each(list, batchOf)
	return out, nil
}

func (a *api) getBatch(ctx context.Context, in *OneID) (SlipBatch, error) {
	b, slips, err := a.Paper.Slips(ctx, actor(ctx), paper.BatchID(in.ID))
	out := batchOf(b)
	out.Slips = each(slips, func(s paper.Slip) Slip {
		return Slip{Code: s.Code, Kind: string(s.Kind), State: string(s.State), Order: ID(s.Order), Reason: s.Reason}
	})
	return out, err
}

// OnSlip is a command about one slip.
type OnSlip[B any] struct {
	Mutation
	Code string `path:"code" minLength:"9" maxLength:"20" doc:"As it stands on the slip"`
	Body B
}

// SlipWords is what a slip says.
type SlipWords struct {
	Recipient     ID        `json:"recipient"`
	Item          string    `json:"item" minLength:"1" maxLength:"40" example:"smartphone_lesson"`
	Start         time.Time `json:"start" doc:"When the visit began, or is wished for"`
	Minutes       *Length   `json:"minutes,omitempty" doc:"How long the visit took"`
	Volunteers    []ID      `json:"volunteers,omitempty" maxItems:"5" doc:"Who came, for a visit"`
	FamilyPresent bool      `json:"family_present,omitempty"`
	Again         bool      `json:"again,omitempty" doc:"Of a request: one more is meant, although this service is asked for already at that time"`
	Signed        bool      `json:"signed,omitempty" doc:"The recipient's signature stands on the slip of a visit"`
}

func (a *api) keyIn(ctx context.Context, in *OnSlip[SlipWords]) (Made, error) {
	b := in.Body
	made, err := a.Paper.KeyIn(ctx, paper.KeyInCmd{Actor: actor(ctx), Key: in.Key, Code: in.Code, Recipient: member.PersonID(b.Recipient), Item: b.Item,
		Start: orZero(&b.Start), Minutes: b.Minutes.orZero(), Volunteers: each(b.Volunteers, func(v ID) member.PersonID { return member.PersonID(v) }),
		FamilyPresent: b.FamilyPresent, Again: b.Again, Signed: b.Signed})
	return Made{ID(made)}, err
}

func (a *api) voidSlip(ctx context.Context, in *OnSlip[Reason]) error {
	return a.Paper.VoidSlip(ctx, paper.VoidSlipCmd{Actor: actor(ctx), Key: in.Key, Code: in.Code, Reason: in.Body.Reason})
}
