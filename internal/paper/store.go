package paper

import (
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/region"
	"timebank/internal/store"
)

// rememberLines keeps the codes of lines that were printed. A line that was printed before has its code already.
func rememberLines(tx *store.Tx, codes []string, lines []ledger.Line) error {
	args := make([]any, 0, 3*len(codes))
	for i, code := range codes {
		args = append(args, code, lines[i].Anchor(), clock.Micros(tx.Now()))
	}
	_, err := tx.Insert("INSERT INTO printed_line (code, anchor, printed_at)", 3, args, "ON CONFLICT (code) DO NOTHING")
	return err
}

// anchorOf is the line that was printed under a code, "" for none.
func anchorOf(tx *store.Tx, code string) (string, error) {
	found, err := store.All(tx, func(r *store.Rows) (anchor string, err error) { return anchor, r.Scan(&anchor) },
		"SELECT anchor FROM printed_line WHERE code = $1", code)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

func insertBatch(tx *store.Tx, b Batch, slips []Slip) error {
	if _, err := tx.Exec("INSERT INTO slip_batch (id, point, region, printed_by, printed_at) VALUES ($1, $2, $3, $4, $5)",
		string(b.ID), string(b.Point), string(b.Region), b.PrintedBy, clock.Micros(b.PrintedAt)); err != nil {
		return err
	}
	args := make([]any, 0, 8*len(slips))
	for _, s := range slips {
		args = append(args, s.Code, string(s.Batch), s.No, string(s.Kind), string(s.State), "", "", "")
	}
	_, err := tx.Insert("INSERT INTO slip (code, batch, n, kind, state, order_id, ended_by, reason)", 8, args, "")
	return err
}

// endSlip writes a slip that leaves the state "open"; two hands that key the same slip in at once are told by the number of rows.
func endSlip(tx *store.Tx, s Slip) error {
	n, err := tx.Exec("UPDATE slip SET state = $1, order_id = $2, ended_by = $3, ended_at = $4, reason = $5 WHERE code = $6 AND state = 'open'",
		string(s.State), string(s.Order), s.EndedBy, clock.Micros(s.EndedAt), s.Reason, s.Code)
	if err == nil && n != 1 {
		err = errs.New(errs.Conflict, "paper.slip_used").By("record.once", "nobody")
	}
	return err
}

const batchQuery = "SELECT b.id, b.point, b.region, b.printed_by, b.printed_at, SUM(CASE WHEN s.state = 'open' THEN 1 ELSE 0 END), " +
	"SUM(CASE WHEN s.state = 'used' THEN 1 ELSE 0 END), SUM(CASE WHEN s.state = 'void' THEN 1 ELSE 0 END) FROM slip_batch b JOIN slip s ON s.batch = b.id WHERE "

func scanBatch(r *store.Rows) (b Batch, err error) {
	var at int64
	err = r.Scan(&b.ID, &b.Point, &b.Region, &b.PrintedBy, &at, &b.Open, &b.Used, &b.Void)
	b.PrintedAt = clock.FromMicros(at)
	return b, err
}

const batchGroup = " GROUP BY b.id, b.point, b.region, b.printed_by, b.printed_at ORDER BY b.id DESC"

func batchesIn(tx *store.Tx, place region.ID, before BatchID, most int) ([]Batch, error) {
	return store.All(tx, scanBatch, batchQuery+region.WithinSQL("b.region", 1, 2)+" AND ($3 = '' OR b.id < $3)"+batchGroup+" LIMIT $4",
		string(place), string(clock.DayOf(tx.Now())), string(before), most)
}

const slipQuery = "SELECT s.code, s.batch, s.n, s.kind, s.state, s.order_id, s.ended_by, COALESCE(s.ended_at, 0), s.reason, b.point, b.region " +
	"FROM slip s JOIN slip_batch b ON b.id = s.batch WHERE "

func scanSlip(r *store.Rows) (s Slip, err error) {
	var at int64
	err = r.Scan(&s.Code, &s.Batch, &s.No, &s.Kind, &s.State, &s.Order, &s.EndedBy, &at, &s.Reason, &s.Point, &s.Region)
	s.EndedAt = clock.FromMicros(at)
	return s, err
}

func loadBatch(tx *store.Tx, which BatchID) (Batch, []Slip, error) {
	batches, err := store.All(tx, scanBatch, batchQuery+"b.id = $1"+batchGroup, string(which))
	if err == nil && len(batches) == 0 {
		err = errs.New(errs.NotFound, "paper.batch_unknown")
	}
	if err != nil {
		return Batch{}, nil, err
	}
	slips, err := store.All(tx, scanSlip, slipQuery+"s.batch = $1 ORDER BY s.n", string(which))
	return batches[0], slips, err
}

func loadSlip(tx *store.Tx, code string) (Slip, bool, error) {
	found, err := store.All(tx, scanSlip, slipQuery+"s.code = $1", code)
	if err != nil || len(found) == 0 {
		return Slip{}, false, err
	}
	return found[0], true, nil
}
