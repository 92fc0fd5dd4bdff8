package call

import (
	"time"

	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
)

// Personal is everything this package stores about a person, for the person's own copy.
type Personal struct {
	Calls []PersonalCall `json:"calls"`
}

// PersonalCall is a call about the person.
type PersonalCall struct {
	Reason  Reason    `json:"reason"`
	Words   string    `json:"words,omitempty"`
	Order   order.ID  `json:"order,omitempty"`
	TakenAt time.Time `json:"taken_at"`
}

// PersonalData gathers what is stored about a person. It checks no right; the use-case that hands it out does.
func (s *Service) PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	all, err := ofPerson(tx, who)
	for _, c := range all {
		words, err := s.open(c.sealed)
		if err != nil {
			return p, err
		}
		p.Calls = append(p.Calls, PersonalCall{c.Reason, words, c.Order, c.TakenAt})
	}
	return p, err
}

// Reseal seals anew, under the active key, the words of up to max calls after the given one. It returns the last call it has looked at, "" when
// there is none, and how many rows it changed.
func (s *Service) Reseal(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := callsAfter(tx, after, max)
	if err != nil {
		return "", 0, err
	}
	for _, c := range rows {
		last = string(c.ID)
		if !s.box.Stale(c.sealed) {
			continue
		}
		sealed, err := s.box.Reseal(fieldWords, c.sealed)
		if err == nil {
			err = saveWords(tx, c.ID, sealed)
		}
		if err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}
