package signin

import "timebank/internal/store"

// sealedSecret is a secret with the row it stands in.
type sealedSecret struct {
	id, kind string
	sealed   []byte
}

// ResealTickets seals anew, under the active key, what up to max tickets after the given one keep. It returns the last ticket it looked at, ""
// when there is none, and how many rows it changed.
func (s *Service) ResealTickets(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	return s.reseal(tx, sealedTickets, saveSealedTicket, after, max)
}

// ResealTOTP is ResealTickets for the secrets of authenticators.
func (s *Service) ResealTOTP(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	return s.reseal(tx, sealedTOTP, saveSealedTOTP, after, max)
}

// ResealPasskeys is ResealTickets for passkeys.
func (s *Service) ResealPasskeys(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	return s.reseal(tx, sealedPasskeys, saveSealedPasskey, after, max)
}

func (s *Service) reseal(tx *store.Tx, load func(*store.Tx, string, int) ([]sealedSecret, error), save func(*store.Tx, sealedSecret) error, after string,
	max int) (last string, changed int, err error) {
	rows, err := load(tx, after, max)
	if err != nil {
		return "", 0, err
	}
	for _, r := range rows {
		last = r.id
		if !s.box.Stale(r.sealed) {
			continue
		}
		if r.sealed, err = s.box.Reseal(r.kind, r.sealed); err != nil {
			return "", 0, err
		}
		if err := save(tx, r); err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}
