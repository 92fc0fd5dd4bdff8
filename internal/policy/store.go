package policy

import (
	"errors"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/timer"
)

const proposalColumns = `id, region_id, level, path, text, digest, effective_from, reason, proposed_by, proposed_at,
	state, decided_by, decided_at, decision`

func scanProposal(scan func(...any) error) (Proposal, error) {
	var (
		p             Proposal
		path          string
		from, decided *int64
		proposed      int64
	)
	err := scan(&p.ID, &p.Region, &p.Level, &path, &p.Text, &p.Digest, &from, &p.Reason, &p.ProposedBy, &proposed,
		&p.State, &p.DecidedBy, &decided, &p.Decision)
	p.Path = splitPath(path)
	p.ProposedAt = clock.FromMicros(proposed)
	if from != nil {
		p.From = clock.FromMicros(*from)
	}
	if decided != nil {
		p.DecidedAt = clock.FromMicros(*decided)
	}
	return p, err
}

// joinPath and splitPath keep a list of region ids, which never contain a space, in one column.
func joinPath(path []string) string { return strings.Join(path, " ") }
func splitPath(s string) []string   { return strings.Fields(s) }

func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return clock.Micros(t)
}

func insertProposal(tx *store.Tx, p Proposal) error {
	_, err := tx.Insert(`INSERT INTO policy_proposal (id, region_id, level, path, text, digest, effective_from, reason, proposed_by,
		proposed_at, state)`, 11, []any{string(p.ID), p.Region, string(p.Level), joinPath(p.Path), p.Text, p.Digest, micros(p.From),
		p.Reason, p.ProposedBy, clock.Micros(p.ProposedAt), string(p.State)}, "")
	return err
}

func loadProposal(tx *store.Tx, id ProposalID, lock string) (Proposal, error) {
	p, err := scanProposal(tx.QueryRow("SELECT "+proposalColumns+" FROM policy_proposal WHERE id = $1"+lock, string(id)).Scan)
	if errors.Is(err, store.ErrNoRows) {
		return p, errs.New(errs.NotFound, "policy.not_found")
	}
	return p, err
}

func decideProposal(tx *store.Tx, p Proposal) error {
	n, err := tx.Exec(`UPDATE policy_proposal SET state = $2, decided_by = $3, decided_at = $4, decision = $5
		WHERE id = $1 AND state = 'open'`, string(p.ID), string(p.State), p.DecidedBy, clock.Micros(p.DecidedAt), p.Decision)
	if err == nil && n != 1 {
		return errs.New(errs.Conflict, "policy.already_decided").By("record.once", "nobody")
	}
	if err != nil || p.DecidedBy == audit.System {
		return err
	}
	return timer.Cancel(tx, TimerProposalExpire, string(p.ID))
}

// insertVersion numbers and stores a publication. The caller holds the lock of publishing, so that numbers become visible in order.
func insertVersion(tx *store.Tx, p Publication) error {
	_, err := tx.Exec(`INSERT INTO policy_version (seq, id, proposal_id, region_id, level, effective_from, text, digest,
			proposed_by, approved_by, recorded_at)
		SELECT COALESCE(MAX(seq), 0) + 1, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT),
			CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($10 AS BIGINT)
		FROM policy_version`,
		string(p.ID), string(p.Proposal), p.Region, string(p.Level), clock.Micros(p.From), p.Text, p.Digest, p.ProposedBy, p.ApprovedBy,
		clock.Micros(p.RecordedAt))
	return err
}

const versionColumns = `id, proposal_id, region_id, level, effective_from, text, digest, proposed_by, approved_by, recorded_at`

func scanVersion(scan func(...any) error) (Publication, error) {
	var (
		p              Publication
		from, recorded int64
	)
	err := scan(&p.ID, &p.Proposal, &p.Region, &p.Level, &from, &p.Text, &p.Digest, &p.ProposedBy, &p.ApprovedBy, &recorded)
	p.From, p.RecordedAt = clock.FromMicros(from), clock.FromMicros(recorded)
	return p, err
}

func loadVersion(tx *store.Tx, id VersionID) (Publication, error) {
	p, err := scanVersion(tx.QueryRow("SELECT "+versionColumns+" FROM policy_version WHERE id = $1", string(id)).Scan)
	if errors.Is(err, store.ErrNoRows) {
		return p, errs.New(errs.NotFound, "policy.not_found")
	}
	return p, err
}

// newestVersion is the marker of the cache: the id, not the number, because a number is used again when its transaction is undone.
func newestVersion(tx *store.Tx) (VersionID, error) {
	return store.Newest(tx, "policy_version", func() (id VersionID, err error) {
		err = tx.QueryRow("SELECT id FROM policy_version ORDER BY seq DESC LIMIT 1").Scan(&id)
		if errors.Is(err, store.ErrNoRows) {
			return "", nil
		}
		return id, err
	})
}

// loadTimeline reads every publication, keeping what the older timeline has parsed and compiled already.
func loadTimeline(tx *store.Tx, older *timeline) (*timeline, error) {
	entries, err := store.All(tx, func(r *store.Rows) (*entry, error) {
		var (
			seq, from    int64
			id           VersionID
			region, text string
			level        Level
		)
		if err := r.Scan(&seq, &id, &region, &level, &from, &text); err != nil {
			return nil, err
		}
		if older != nil {
			if i, ok := older.position[id]; ok {
				return older.order[i], nil
			}
		}
		return newEntry(seq, id, region, level, from, text), nil
	}, "SELECT seq, id, region_id, level, effective_from, text FROM policy_version ORDER BY seq")
	if err != nil {
		return nil, err
	}
	return newTimeline(entries), nil
}
