package page

import "timebank/internal/paper"

// Voice is how a document speaks to the reader.
func (r *Request) Voice() paper.Voice {
	v := paper.Voice{T: r.T, Lang: r.Lang, Brand: r.Brand, Phone: r.Phone}
	if len(r.Official) > 0 {
		v.Site = "https://" + r.Official[0]
	}
	return v
}

// TypePDF is the media type of a document.
const TypePDF = "application/pdf"

// PrintOwnPassbook answers with the reader's own passbook on paper.
func PrintOwnPassbook(r *Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	pdf, err := r.Paper.PrintPassbook(r.Context(), paper.PrintPassbookCmd{Actor: r.Actor, Person: me, Small: r.Form("size") == "small"}, r.Voice())
	if err != nil {
		return err
	}
	return r.Send("time-passbook.pdf", TypePDF, pdf)
}
