package page

import "timebank/internal/member"

// SendCopy answers with a copy of everything that is stored about a person, for the person itself or for the manager of its station who hands it
// over; the use-case decides, and notes it.
func SendCopy(r *Request, of member.PersonID, machines bool) error {
	all, err := r.Privacy.Export(r.Context(), r.Actor, of)
	if err != nil {
		return err
	}
	if machines {
		text, err := all.JSON()
		if err != nil {
			return err
		}
		return r.Send("my-data.json", "application/json", text)
	}
	text, err := all.PDF(r.Lang)
	if err != nil {
		return err
	}
	return r.Send("my-data.pdf", TypePDF, text)
}
