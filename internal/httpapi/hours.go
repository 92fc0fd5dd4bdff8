package httpapi

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Balances are what stands in a person's accounts.
type Balances struct {
	Accounts []Account `json:"accounts"`
	Given    Minutes   `json:"given" doc:"Credited for services that the person did, over all times"`
	Received Minutes   `json:"received" doc:"Paid for services that the person received"`
}

// Account is one of a person's accounts.
type Account struct {
	Class     string  `json:"class" enum:"saved,grant,donated,group,campaign,pool,fund,issuer,retired,recovery,adjustment"`
	Bucket    string  `json:"bucket,omitempty" example:"2020-10" doc:"The month of a grant"`
	Balance   Minutes `json:"balance"`
	Held      Minutes `json:"held" doc:"Set aside for orders, disputes and what waits"`
	Available Minutes `json:"available"`
	Frozen    bool    `json:"frozen"`
	Expires   Day     `json:"expires,omitempty" doc:"First day on which nothing can be taken any more"`
}

func accountOf(h ledger.Holding, today clock.Day) Account {
	return Account{Class: string(h.Class), Bucket: h.Bucket, Balance: minutesOf(h.Balance.Balance), Held: minutesOf(h.Held),
		Available: minutesOf(h.Available(today)), Frozen: h.Frozen, Expires: Day(h.Expires)}
}

func (a *api) balances(ctx context.Context, in *OneID) (out Balances, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := mayReadHours(tx, tree, actor(ctx), in.ID); err != nil {
			return err
		}
		holdings, err := ledger.Holdings(tx, string(in.ID))
		if err != nil {
			return err
		}
		out.Accounts = each(holdings, func(h ledger.Holding) Account { return accountOf(h, clock.DayOf(tx.Now())) })
		totals, err := ledger.TotalsOf(tx, string(in.ID))
		out.Given, out.Received = minutesOf(totals.Given), minutesOf(totals.Received)
		return err
	})
	return out, err
}

// mayReadHours is for a person's hours, and for those of a team, which its manager and the staff of its region may see.
func mayReadHours(tx *store.Tx, tree *region.Tree, by identity.Actor, owner ID) error {
	teams, err := member.LoadTeams(tx, []member.TeamID{member.TeamID(owner)})
	if err != nil {
		return err
	}
	if t, ok := teams[member.TeamID(owner)]; ok {
		return by.MayFor(identity.LedgerRead, string(t.Manager), identity.LedgerReadFor, t.Region, tree)
	}
	return mayRead(tx, tree, by, identity.LedgerRead, member.PersonID(owner), identity.LedgerReadFor)
}

// Passbook is a page of what happened to a person's hours.
type Passbook struct {
	Owner    ID               `json:"owner"`
	Accounts []Account        `json:"accounts"`
	Lines    []PassbookLine   `json:"lines" doc:"Newest first"`
	Held     []PassbookHold   `json:"held" doc:"What is set aside"`
	Pending  []PendingPosting `json:"pending" doc:"What posts when its time comes, soonest first; until then its owner may undo it"`
	Next     string           `json:"next,omitempty"`
}

// PassbookLine is what one transfer did to one account.
type PassbookLine struct {
	Transaction ID        `json:"transaction"`
	Number      *int64    `json:"number,omitempty" doc:"Place in the public log; left out until it is sequenced"`
	Reason      string    `json:"reason" example:"service"`
	Class       string    `json:"class"`
	Bucket      string    `json:"bucket,omitempty"`
	Minutes     Minutes   `json:"minutes" doc:"Above zero when they came in"`
	Balance     Minutes   `json:"balance" doc:"Of the account after this line"`
	Counter     string    `json:"counter" doc:"Class of the account on the other side"`
	Ref         string    `json:"ref,omitempty" doc:"What they were for, such as an order"`
	Service     string    `json:"service,omitempty"`
	Grade       string    `json:"grade,omitempty" enum:"both,station,one,paper" doc:"How well the minutes are proven"`
	Day         Day       `json:"day"`
	OccurredAt  time.Time `json:"occurred_at"`
	RecordedAt  time.Time `json:"recorded_at"`
}

// PassbookHold is an open hold.
type PassbookHold struct {
	Ref     string    `json:"ref"`
	Class   string    `json:"class"`
	Bucket  string    `json:"bucket,omitempty"`
	Minutes Minutes   `json:"minutes"`
	Reason  string    `json:"reason" example:"order"`
	Since   time.Time `json:"since"`
}

// PendingPosting is a posting that waits.
type PendingPosting struct {
	ID      ID        `json:"id"`
	Reason  string    `json:"reason"`
	From    string    `json:"from" doc:"Class of the account it comes from"`
	To      string    `json:"to" doc:"Class of the account it goes to"`
	Minutes Minutes   `json:"minutes"`
	Ref     string    `json:"ref,omitempty"`
	Due     time.Time `json:"due"`
	Out     bool      `json:"out" doc:"It leaves this owner"`
}

func lineOf(l ledger.Line) PassbookLine {
	out := PassbookLine{Transaction: ID(l.Tx), Reason: string(l.Reason), Class: string(l.Class), Bucket: l.Bucket, Minutes: minutesOf(l.Minutes),
		Balance: minutesOf(l.Balance), Counter: string(l.Counter), Ref: l.Ref, Service: l.Service, Grade: l.Grade, Day: Day(l.Day),
		OccurredAt: l.OccurredAt, RecordedAt: l.RecordedAt}
	if l.Number >= 0 {
		out.Number = &l.Number
	}
	return out
}

func pendingOf(p ledger.Pending, owner string) PendingPosting {
	return PendingPosting{ID: ID(p.ID), Reason: string(p.Reason), From: string(p.From.Class), To: string(p.To.Class), Minutes: minutesOf(p.Minutes), Ref: p.Ref,
		Due: p.Due, Out: p.From.Owner == owner}
}

// PassbookQuery asks for a page of a passbook.
type PassbookQuery struct {
	ID ID `path:"id"`
	Page
}

func (a *api) passbook(ctx context.Context, in *PassbookQuery) (out Passbook, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := mayReadHours(tx, tree, actor(ctx), in.ID); err != nil {
			return err
		}
		p, err := ledger.PassbookOf(tx, string(in.ID), in.key, in.Limit)
		if err != nil {
			return err
		}
		today := clock.DayOf(tx.Now())
		out = Passbook{Owner: in.ID, Next: in.next(p.Next), Lines: each(p.Lines, lineOf),
			Accounts: each(p.Holdings, func(h ledger.Holding) Account { return accountOf(h, today) }),
			Held: each(p.Held, func(h ledger.Held) PassbookHold {
				return PassbookHold{h.Ref, string(h.Class), h.Bucket, minutesOf(h.Minutes), h.Reason, h.Since}
			}),
			Pending: each(p.Pending, func(p ledger.Pending) PendingPosting { return pendingOf(p, string(in.ID)) })}
		return nil
	})
	return out, err
}

// exportMost bounds an export (default, ours): some decades of a very busy volunteer.
const exportMost = 50_000

const (
	typeCSV  = "text/csv"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func (a *api) passbookCSV(ctx context.Context, in *OneID) (download, error) {
	return a.exportPassbook(ctx, in.ID, typeCSV+"; charset=utf-8", "csv", func(out io.Writer, lines []ledger.Line, words func(string) string) error {
		// Spreadsheets take a file for UTF-8 only when it begins with this mark.
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return err
		}
		return ledger.WriteCSV(out, lines, words)
	})
}

func (a *api) passbookXLSX(ctx context.Context, in *OneID) (download, error) {
	return a.exportPassbook(ctx, in.ID, typeXLSX, "xlsx", ledger.WriteXLSX)
}

func (a *api) exportPassbook(ctx context.Context, owner ID, contentType, suffix string, write func(io.Writer, []ledger.Line, func(string) string) error) (download, error) {
	var lines []ledger.Line
	err := a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := mayReadHours(tx, tree, actor(ctx), owner); err != nil {
			return err
		}
		lines = nil
		for before := ""; len(lines) < exportMost; {
			p, err := ledger.PassbookOf(tx, string(owner), before, 1000)
			if err != nil {
				return err
			}
			lines = append(lines, p.Lines...)
			if before = p.Next; before == "" {
				break
			}
		}
		return nil
	})
	if err != nil {
		return download{}, err
	}
	lang := requestOf(ctx).lang
	var out bytes.Buffer
	err = write(&out, lines, func(key string) string { return words(lang, key) })
	return download{ContentType: contentType, Disposition: `attachment; filename="passbook-` + string(owner) + "." + suffix + `"`, Body: out.Bytes()}, err
}

// words gives the sentence of a key, or the key's last part when nobody wrote one: a cell must not say that something went wrong.
func words(lang, key string) string {
	if i18n.Has(key) {
		return i18n.Text(lang, key)
	}
	return key[strings.LastIndexByte(key, '.')+1:]
}

// ClearingQuery asks for the clearing matrix of some days.
type ClearingQuery struct {
	From Day `query:"from" required:"true" doc:"First day"`
	To   Day `query:"to" required:"true" doc:"Last day"`
}

// Clearing is who served whom, district by district: deposit anywhere, withdraw anywhere.
type Clearing struct {
	From  Day            `json:"from"`
	To    Day            `json:"to"`
	Cells []ClearingCell `json:"cells"`
}

// ClearingCell is what volunteers of one district did for people of another.
type ClearingCell struct {
	Payer      ID      `json:"payer" doc:"District of those who were served"`
	PayerName  string  `json:"payer_name"`
	Earner     ID      `json:"earner" doc:"District of those who served"`
	EarnerName string  `json:"earner_name"`
	Services   int64   `json:"services"`
	Minutes    Minutes `json:"minutes" doc:"Credited"`
	Reversed   Minutes `json:"reversed" doc:"Of these, taken back later"`
}

func (a *api) clearing(ctx context.Context, in *ClearingQuery) (out Clearing, err error) {
	out = Clearing{From: in.From, To: in.To}
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := actor(ctx).May(identity.ReportRead, tree.City(), tree); err != nil {
			return err
		}
		rows, err := ledger.Clearing(tx, clock.Day(in.From), clock.Day(in.To))
		out.Cells = districts(rows, tree)
		return err
	})
	return out, err
}

// districts adds rows of communities up to the districts of the reporting tree, in the order in which they first appear.
func districts(rows []ledger.Served, tree *region.Tree) []ClearingCell {
	type pair struct{ payer, earner region.ID }
	up := func(id string) region.ID {
		if d := tree.ReportingDistrict(region.ID(id)); d != "" {
			return d
		}
		return region.ID(id)
	}
	at := map[pair]int{}
	cells := []ClearingCell{}
	add := func(m Minutes, more hours.Minutes) Minutes { return minutesOf(hours.Of(m.Minutes).Add(more)) }
	for _, r := range rows {
		p := pair{up(r.Region), up(r.RegionTo)}
		i, ok := at[p]
		if !ok {
			i = len(cells)
			at[p] = i
			cells = append(cells, ClearingCell{Payer: ID(p.payer), PayerName: tree.Name(p.payer), Earner: ID(p.earner), EarnerName: tree.Name(p.earner)})
		}
		c := &cells[i]
		c.Services += r.Services
		c.Minutes, c.Reversed = add(c.Minutes, r.Minutes), add(c.Reversed, r.Reversed)
	}
	return cells
}
