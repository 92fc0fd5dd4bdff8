package paper

import (
	"context"

	"timebank/internal/audit"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/print"
	"timebank/internal/store"
)

// DrawSlips puts the open slips of a batch on paper, two to a sheet, as PDF. Each printing is in the trail; a slip that was keyed in or is void
// is not printed again. Errors: paper.batch_unknown, and those of PrintSlips.
func (s *Service) DrawSlips(ctx context.Context, by identity.Actor, which BatchID, voice Voice) ([]byte, error) {
	var station member.ServicePoint
	var slips []Slip
	err := s.db.Write(ctx, "paper.draw_slips", func(tx *store.Tx) error {
		b, all, err := loadBatch(tx, which)
		if err != nil {
			return err
		}
		if station, err = s.station(tx, by, b.Point); err != nil {
			return err
		}
		slips = nil
		for _, one := range all {
			if one.State == Open {
				slips = append(slips, one)
			}
		}
		return audit.Record(tx, audit.Entry{Actor: by.ID, Action: "paper.draw_slips", Kind: "slip_batch", Ref: string(b.ID), Region: string(b.Region),
			After: number(len(slips)), Origin: by.Origin})
	})
	if err != nil {
		return nil, err
	}
	return drawSlips(voice, station, slips)
}

func drawSlips(voice Voice, station member.ServicePoint, slips []Slip) ([]byte, error) {
	const margin = 36.0
	d := print.New(print.A4, margin, voice.T("print.slips_title"))
	half := print.A4.Height / 2
	for i, slip := range slips {
		top := half*float64(i%2) + margin
		if i > 0 && i%2 == 0 {
			d.Page()
		}
		if i%2 == 0 {
			d.Cut(half)
		}
		drawSlip(d, voice, station, slip, margin, top)
	}
	if len(slips) == 0 {
		d.Write(print.Style{}, voice.T("print.no_open_slips"))
	}
	return d.Bytes()
}

// slipTitles are the codes of what stands at the head of a slip.
var slipTitles = map[Kind]string{ForOrder: "print.slip_order", ForVisit: "print.slip_visit"}

// drawSlip draws one blank slip into half a sheet.
func drawSlip(d *print.Document, voice Voice, station member.ServicePoint, slip Slip, x, y float64) {
	const side, step = 84.0, 27.0
	width := d.Width()
	d.QR(x+width-side, y-10, side, slip.Code)
	d.WriteAt(x, y, width-side, print.Style{Size: print.Head - 2}, voice.T(slipTitles[slip.Kind]))
	d.WriteAt(x, y+27, width-side, print.Style{Size: print.Small, Gray: true}, station.Name+" · "+voice.Brand)
	d.WriteAt(x, y+42, width-side, print.Style{Size: print.Part}, voice.T("print.slip_code")+" "+group(slip.Code))
	y += side - 4
	line := func(codes ...string) {
		each := width / float64(len(codes))
		for i, code := range codes {
			name := ""
			if code != "" {
				name = voice.T(code)
			}
			d.Blank(x+float64(i)*each, y, each-8, name, print.Text)
		}
		y += step
	}
	line("print.line_name", "print.line_phone")
	line("print.line_what")
	if slip.Kind == ForOrder {
		line("print.line_wished", "print.line_wished_at")
		line("print.line_address")
		line("print.line_words")
		line("") // and more room for words
		line("print.line_taken_by", "print.line_taken_at")
	} else {
		line("print.line_day", "print.line_from", "print.line_until")
		line("print.line_volunteer", "print.line_volunteer_phone")
		line("print.line_volunteer_two", "print.line_volunteer_phone")
		line("print.line_done")
		line("print.line_sign_elder", "print.line_sign_volunteer")
	}
	d.WriteAt(x, y+4, width, print.Style{Size: print.Small, Gray: true}, voice.T("print.slip_hint"))
}
