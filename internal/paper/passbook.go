package paper

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"timebank/internal/audit"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/print"
	"timebank/internal/region"
	"timebank/internal/store"
)

// PrintPassbookCmd asks for a person's passbook on paper.
type PrintPassbookCmd struct {
	Actor  identity.Actor
	Person member.PersonID
	// Small prints it on A5, which fits a wallet folded once.
	Small bool
}

// linesMost bounds a printed passbook (default, ours): some decades of a very busy volunteer.
const linesMost = 20_000

// linesAtOnce is how many lines of the book are read at a time.
const linesAtOnce = 1000

// printed is what stands in a passbook.
type printed struct {
	name   pii.Name
	at     time.Time
	totals ledger.Totals
	book   ledger.Passbook
	lines  []ledger.Line // oldest first
	codes  []string      // of the lines
	tree   *region.Tree
	items  *catalog.Catalogue
}

// PrintPassbook makes the passbook of a person as PDF: both totals, what stands in each account, and every line with the code by which
// anybody can ask whether it is true. The person prints its own; a desk prints it for people of its place. Each printing is in the trail.
// Errors: member.person_unknown, identity.not_allowed.
func (s *Service) PrintPassbook(ctx context.Context, cmd PrintPassbookCmd, voice Voice) ([]byte, error) {
	var b printed
	err := s.db.Write(ctx, "paper.passbook", func(tx *store.Tx) error {
		b = printed{at: tx.Now()}
		people, err := member.LoadPersons(tx, []member.PersonID{cmd.Person})
		if err != nil {
			return err
		}
		if b.tree, err = s.regions.Tree(tx); err != nil {
			return err
		}
		p, ok := people[cmd.Person]
		if !ok {
			p.Region = b.tree.City() // a stranger is refused alike whether there is such a person or not
		}
		if err := mayPrint(cmd.Actor, p, b.tree); err != nil {
			return err
		}
		if !ok {
			return errs.New(errs.NotFound, "member.person_unknown")
		}
		if err := s.gather(tx, cmd.Person, &b); err != nil {
			return err
		}
		if err := rememberLines(tx, b.codes, b.lines); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: cmd.Actor.ID, OnBehalf: cmd.Actor.Behalf(string(cmd.Person)), Action: "paper.passbook", Kind: "person", Ref: string(cmd.Person),
			Region: string(p.Region), After: number(len(b.lines)), Origin: cmd.Actor.Origin})
	})
	if err != nil {
		return nil, err
	}
	return b.draw(voice, cmd.Small)
}

// mayPrint lets the person itself print, and the desk of its place: who may only read a book at an office has no reason to carry it away.
func mayPrint(by identity.Actor, p member.Person, tree *region.Tree) error {
	if by.MayOwn(identity.LedgerRead, string(p.ID)) == nil {
		return nil
	}
	if err := by.May(identity.LedgerReadFor, p.Region, tree); err != nil {
		return err
	}
	return by.May(identity.IdentityCard, p.Region, tree)
}

func (s *Service) gather(tx *store.Tx, who member.PersonID, b *printed) error {
	names, err := s.members.Names(tx, []member.PersonID{who})
	if err != nil {
		return err
	}
	b.name = names[who]
	if b.items, err = s.items.Catalogue(tx); err != nil {
		return err
	}
	if b.totals, err = ledger.TotalsOf(tx, string(who)); err != nil {
		return err
	}
	for before := ""; len(b.lines) < linesMost; {
		page, err := ledger.PassbookOf(tx, string(who), before, linesAtOnce)
		if err != nil {
			return err
		}
		if before == "" {
			b.book = page
		}
		b.lines = append(b.lines, page.Lines...)
		if before = page.Next; before == "" {
			break
		}
	}
	slices.Reverse(b.lines)
	b.codes = make([]string, len(b.lines))
	for i, l := range b.lines {
		b.codes[i] = proofCode(s.box, l)
	}
	return nil
}

// proofCode is the code of a printed line: 60 bits that follow from the line's place and its transaction's leaf under the city's key. It cannot
// be guessed, is the same on every printing, and is another if a byte of the transaction changes.
func proofCode(box *pii.Box, l ledger.Line) string {
	return id.CodeOf(box.Index("printed_line", l.Anchor())[:proofLength])
}

// proofLength is how many characters a proof code has before its check digit.
const proofLength = 12

// draw puts a passbook on paper.
func (b *printed) draw(voice Voice, small bool) ([]byte, error) {
	size, margin, letters := print.A4, 48.0, print.Small+1
	if small {
		size, margin, letters = print.A5, 26.0, print.Small-1.5
	}
	d := print.New(size, margin, voice.T("print.passbook_title"))
	d.Foot(voice.Brand + " · " + voice.T("print.passbook_title"))
	d.Write(print.Style{Size: print.Small, Gray: true}, voice.Brand)
	top := d.Y()
	d.Write(print.Style{Size: print.Head}, voice.T("print.passbook_title"))
	d.Write(print.Style{Size: print.Part}, voice.T("print.passbook_of", "name", b.name.Reveal()))
	d.Write(print.Style{Size: print.Small, Gray: true}, voice.T("print.printed_at", "when", stamp(b.at)))
	if voice.Site != "" {
		// The code leads to the page alone: which line is asked about is typed, so that a look over the shoulder tells nothing.
		d.QR(size.Width-margin-70, top-4, 70, voice.Site+"/public/proof")
	}
	d.Gap(10)
	d.Write(print.Style{Size: print.Part}, voice.T("print.given", "long", voice.long(b.totals.Given))+"    "+voice.T("print.received", "long", voice.long(b.totals.Received)))
	for _, h := range b.book.Holdings {
		if h.Balance.Balance.IsZero() && h.Held.IsZero() {
			continue
		}
		d.Write(print.Style{}, voice.T("print.stands", "class", voice.T("class."+string(h.Class)), "long", voice.long(h.Balance.Balance), "held", voice.long(h.Held)))
	}
	d.Gap(8)
	d.Write(print.Style{Size: print.Small, Gray: true}, voice.T("print.proof_hint", "site", site(voice)))
	d.Gap(6)
	t := print.Table{Size: letters, Columns: []print.Column{{Head: voice.T("print.col_day"), Share: 0.145}, {Head: voice.T("print.col_what"), Share: 0.2},
		{Head: voice.T("print.col_time"), Share: 0.125, Align: print.End}, {Head: voice.T("print.col_grade"), Share: 0.15}, {Head: voice.T("print.col_partner"), Share: 0.17},
		{Head: voice.T("print.col_code"), Share: 0.21}}}
	for i, l := range b.lines {
		t.Rows = append(t.Rows, b.row(voice, l, b.codes[i]))
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{{"", voice.T("print.no_lines")}}
	}
	d.Table(t)
	return d.Bytes()
}

func (b *printed) row(voice Voice, l ledger.Line, code string) []string {
	what := voice.T("reason." + string(l.Reason))
	if l.Service != "" {
		what += " " + service(b.items, l.Service, voice.Lang)
	}
	long := voice.long(l.Minutes)
	if l.Minutes.Cmp(hours.Zero) > 0 {
		long = "+" + long
	}
	grade := ""
	if l.Grade != "" {
		grade = voice.T("grade." + l.Grade)
	}
	return []string{string(l.Day), what, long, grade, b.partner(l), group(code)}
}

// partner is where the other side of a line is at home, no closer than its street.
func (b *printed) partner(l ledger.Line) string {
	where := region.ID(l.Region)
	if l.Minutes.Sign() < 0 {
		where = region.ID(l.RegionTo)
	}
	if where == "" {
		return ""
	}
	return b.tree.Name(b.tree.District(where)) + "\n" + b.tree.Name(b.tree.StreetOf(where))
}

func site(voice Voice) string {
	if voice.Site == "" {
		return voice.Brand
	}
	return voice.Site + "/public/proof"
}

func stamp(at time.Time) string { return at.In(clock.Zone).Format("2006-01-02 15:04") }

// Proof is what anybody may know of a line that was printed.
type Proof struct {
	// True says that the book holds this very line.
	True    bool
	Day     clock.Day
	Minutes hours.Minutes // above zero when they came in
	Reason  ledger.Reason
	// Number is the place of the line's transaction in the public log, -1 until it is sequenced.
	Number int64
	// Reversed says that the transaction was taken back after it was written.
	Reversed bool
}

// Check says whether a line that was printed under a code stands in the book, and nothing about whose it is. A code that was never printed is
// not true, and so is one whose line or transaction is no longer what it was. Error: Invalid id.code_malformed for a code with a slip of the pen.
func (s *Service) Check(ctx context.Context, code string) (p Proof, err error) {
	err = s.db.Read(ctx, "paper.check", func(tx *store.Tx) error {
		p, err = CheckLine(tx, s.box, code)
		return err
	})
	return p, err
}

// CheckLine is Check for whoever has the database and its keys without a server.
func CheckLine(tx *store.Tx, box *pii.Box, typed string) (Proof, error) {
	code, err := id.ParseCode(typed)
	if err != nil {
		return Proof{}, err
	}
	anchor, err := anchorOf(tx, code)
	if err != nil || anchor == "" {
		return Proof{}, err
	}
	l, err := ledger.LineAt(tx, anchor)
	if err == nil && subtle.ConstantTimeCompare([]byte(proofCode(box, l)), []byte(code)) != 1 {
		return Proof{}, nil
	}
	if err == nil {
		// The leaf is made anew from the book, so that an entry that was changed behind the log's back is not true.
		_, err = ledger.Disclose(tx, l.Tx)
	}
	switch code := errs.CodeOf(err); {
	case code == "ledger.line_unknown", code == "ledger.leaf_differs":
		return Proof{}, nil
	case err != nil:
		return Proof{}, err
	}
	back, err := ledger.Reversed(tx, l.Tx)
	return Proof{True: true, Day: l.Day, Minutes: l.Minutes, Reason: l.Reason, Number: l.Number, Reversed: back}, err
}
