package member

import "timebank/internal/store"

// Reseal seals anew, under the active key, what older keys sealed about up to max people after the given one. It returns the last person it
// looked at, "" when there is none, and how many rows it changed.
func (s *Service) Reseal(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	people, err := sealedPersons(tx, after, max)
	if err != nil || len(people) == 0 {
		return "", 0, err
	}
	last = people[len(people)-1].id
	homes, err := sealedHomes(tx, people[0].id, last)
	if err != nil {
		return "", 0, err
	}
	for _, batch := range []struct {
		rows  []sealedRow
		kinds []string
		save  func(*store.Tx, sealedRow) error
	}{
		{people, []string{fieldName, fieldIDNumber, fieldPhone}, saveSealedPerson},
		{homes, []string{fieldAddress}, saveSealedHome},
	} {
		for _, row := range batch.rows {
			stale := false
			for i, kind := range batch.kinds {
				stale = stale || s.box.Stale(row.fields[i])
				if row.fields[i], err = s.box.Reseal(kind, row.fields[i]); err != nil {
					return "", 0, err
				}
			}
			if !stale {
				continue
			}
			if err := batch.save(tx, row); err != nil {
				return "", 0, err
			}
			changed++
		}
	}
	return last, changed, nil
}
