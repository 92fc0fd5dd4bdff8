package notify

import (
	"context"

	"timebank/internal/store"
)

// Report is what a carrier says afterwards of a message that it took.
type Report struct {
	Carrier, Reference string
	Delivered          bool
	Code               string // why not, in the carrier's words
}

// Report keeps what became of messages and returns how many it was news of. A second report of a message changes nothing: carriers report more
// than once. One may come before we have written down that the carrier took the message; it counts as soon as we have. Of what others sent
// through the same account nothing is kept for longer than a day.
func (s *Service) Report(ctx context.Context, list []Report) (news int, err error) {
	err = s.db.Write(ctx, "notify.report", func(tx *store.Tx) error {
		news = 0
		for _, r := range list {
			found, err := report(tx, r)
			if err != nil {
				return err
			}
			if found {
				news++
			}
		}
		return nil
	})
	return news, err
}
