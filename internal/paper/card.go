package paper

import (
	"context"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/print"
	"timebank/internal/region"
	"timebank/internal/signin"
	"timebank/internal/store"
)

// PrintCardCmd asks for the card of somebody without a telephone of its own.
type PrintCardCmd struct {
	Actor  identity.Actor
	Person member.PersonID
}

// PrintCard makes a new card and ends the one before: a sheet that hangs beside the telephone, with the station's number in letters that are
// read from across the room and the code by which its holder acts at the desk, and another sheet with the words of the days, which is put
// away. Errors: those of signin.PrintCard.
func (s *Service) PrintCard(ctx context.Context, cmd PrintCardCmd, voice Voice) ([]byte, error) {
	card, err := s.signIns.PrintCard(ctx, signin.PrintCardCmd{Actor: cmd.Actor, Person: cmd.Person})
	if err != nil {
		return nil, err
	}
	var name pii.Name
	var station member.ServicePoint
	var at time.Time
	err = s.db.Read(ctx, "paper.card", func(tx *store.Tx) error {
		at = tx.Now()
		people, err := member.LoadPersons(tx, []member.PersonID{cmd.Person})
		if err != nil {
			return err
		}
		names, err := s.members.Names(tx, []member.PersonID{cmd.Person})
		if err != nil {
			return err
		}
		name = names[cmd.Person]
		tree, err := s.regions.Tree(tx)
		if err != nil {
			return err
		}
		station, err = stationOf(tx, tree, people[cmd.Person].Region)
		return err
	})
	if err != nil {
		return nil, err
	}
	return drawCard(voice, card, name, station, at)
}

// stationOf is the service point of somebody's place: one of its community that has a number, else one of its street.
func stationOf(tx *store.Tx, tree *region.Tree, home region.ID) (best member.ServicePoint, err error) {
	for _, where := range []region.ID{home, tree.StreetOf(home)} {
		points, err := member.PointsIn(tx, where)
		if err != nil {
			return best, err
		}
		for _, p := range points {
			if best.ID == "" || best.Phone == "" && p.Phone != "" {
				best = p
			}
		}
		if best.Phone != "" {
			return best, nil
		}
	}
	return best, nil
}

// The sizes of letters on the card, in points: the number is read without glasses.
const (
	cardNumber = 54.0
	cardTitle  = 34.0
	cardText   = 20.0
)

func drawCard(voice Voice, card signin.Card, name pii.Name, station member.ServicePoint, at time.Time) ([]byte, error) {
	const margin = 40.0
	d := print.New(print.A4, margin, voice.T("print.card_title"))
	d.Foot(voice.Brand + " · " + voice.T("print.printed_at", "when", stamp(at)))
	center := func(size float64, text string) { d.Write(print.Style{Size: size, Align: print.Middle}, text) }
	where, phone := station.Name, station.Phone
	if phone == "" {
		phone = voice.Phone
	}
	if where == "" {
		where = voice.Brand
	}
	center(cardTitle, voice.T("print.card_call"))
	center(cardText, where)
	center(cardNumber, phone)
	center(cardText, voice.T("print.card_for", "name", name.Reveal()))
	d.Rule()
	d.Gap(8)
	center(cardTitle, voice.T("print.card_emergency"))
	center(cardTitle, voice.T("print.card_emergency_more"))
	center(cardText, voice.T("print.card_emergency_hint"))
	d.Rule()
	d.Gap(8)
	const side = 190.0
	top := d.Y()
	d.QR(margin, top, side, card.Code)
	x := margin + side + 16
	y := top + 12
	y += d.WriteAt(x, y, d.Width()-side-16, print.Style{Size: cardText}, voice.T("print.card_use"))
	d.WriteAt(x, y+8, d.Width()-side-16, print.Style{Size: cardText}, group(card.Code))
	d.MoveTo(top + side + 8)
	d.Write(print.Style{Size: print.Part, Align: print.Middle}, voice.T("print.card_hang"))

	d.Page()
	d.Write(print.Style{Size: print.Head}, voice.T("print.words_title"))
	d.Write(print.Style{Size: print.Part}, voice.T("print.words_hint"))
	d.Gap(8)
	const across = 3
	t := print.Table{Size: print.Text + 1}
	for range across {
		t.Columns = append(t.Columns, print.Column{Head: voice.T("print.col_day"), Share: 0.17}, print.Column{Head: voice.T("print.col_word"), Share: 1.0/across - 0.17})
	}
	rows := (len(card.Sheet) + across - 1) / across
	for row := range rows {
		var cells []string
		for column := range across {
			if i := column*rows + row; i < len(card.Sheet) {
				cells = append(cells, short(card.Sheet[i].Day), card.Sheet[i].Word)
			}
		}
		t.Rows = append(t.Rows, cells)
	}
	d.Table(t)
	return d.Bytes()
}

func short(day clock.Day) string { return day.Start().In(clock.Zone).Format("01-02") }

// errNoPoint is the refusal of somebody who works at no station.
var errNoPoint = errs.New(errs.Forbidden, "paper.no_station").By("paper.station", "street")
