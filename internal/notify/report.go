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

// Report keeps what became of messages and returns how many it was news of. A second report of a message, and one of a message that nobody
// knows, change nothing: carriers report more than once, and of what others sent through the same account.
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
