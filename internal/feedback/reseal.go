package feedback

import (
	"slices"

	"timebank/internal/store"
)

// ResealRatings seals anew, under the active key, the words of up to max ratings after the given order. It returns the last order it has
// finished, "" when there is none, and how many rows it changed.
func (s *Service) ResealRatings(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := ratingsAfter(tx, after, max)
	if err != nil || len(rows) == 0 {
		return "", 0, err
	}
	last = string(rows[len(rows)-1].Order)
	if first := string(rows[0].Order); len(rows) == max && first != last {
		// The last order may have more ratings than the page; it is the next page's.
		rows = slices.DeleteFunc(rows, func(r Rating) bool { return string(r.Order) == last })
		last = string(rows[len(rows)-1].Order)
	}
	for _, r := range rows {
		if !s.box.Stale(r.sealed) {
			continue
		}
		sealed, err := s.box.Reseal(fieldRating, r.sealed)
		if err == nil {
			err = saveRatingWords(tx, r, sealed)
		}
		if err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}

// ResealComplaints is ResealRatings for up to max complaints after the given one.
func (s *Service) ResealComplaints(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := complaintsAfter(tx, after, max)
	if err != nil || len(rows) == 0 {
		return "", 0, err
	}
	for _, c := range rows {
		last = string(c.ID)
		if !s.box.Stale(c.words) && !s.box.Stale(c.appealWords) {
			continue
		}
		if c.words, err = s.box.Reseal(fieldComplaint, c.words); err != nil {
			return "", 0, err
		}
		if c.appealWords, err = s.box.Reseal(fieldAppeal, c.appealWords); err != nil {
			return "", 0, err
		}
		if err := saveComplaintWords(tx, c); err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}
