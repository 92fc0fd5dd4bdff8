package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/region"
	"timebank/internal/store"
)

// LogName names one of the logs.
type LogName struct {
	Log string `path:"log" enum:"ledger,audit"`
}

// Checkpoint is a signed head of a log.
type Checkpoint struct {
	Origin   string    `json:"origin" example:"320100.timebank/ledger"`
	Size     int64     `json:"size" doc:"Number of leaves"`
	Root     string    `json:"root" doc:"RFC 6962 tree hash in hexadecimal"`
	Note     string    `json:"note" doc:"The signed note, a C2SP tlog-checkpoint"`
	Verifier string    `json:"verifier" doc:"Key that checks the signature"`
	SignedAt time.Time `json:"signed_at"`
}

func (a *api) checkpoint(ctx context.Context, in *LogName) (Checkpoint, error) {
	key, err := a.Notary.Verifier(in.Log)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := a.Notary.Checkpoint(ctx, in.Log)
	return Checkpoint{Origin: c.Origin, Size: c.Size, Root: hex.EncodeToString(c.Root[:]), Note: c.Note, Verifier: key, SignedAt: c.SignedAt}, err
}

// GrowthQuery asks for the proof that a log only grew.
type GrowthQuery struct {
	Log  string `path:"log" enum:"ledger,audit"`
	From int64  `query:"from" required:"true" minimum:"1" doc:"Size of the older head"`
	To   int64  `query:"to" required:"true" minimum:"1" doc:"Size of the newer head"`
}

// Growth proves that a log begins with all leaves that it had before.
type Growth struct {
	From  int64    `json:"from"`
	To    int64    `json:"to"`
	Proof []string `json:"proof" doc:"RFC 6962 consistency proof, base64"`
}

func (a *api) growth(ctx context.Context, in *GrowthQuery) (Growth, error) {
	proof, err := a.Notary.Growth(ctx, in.Log, in.From, in.To)
	return Growth{in.From, in.To, each(proof, func(h tlog.Hash) string { return base64.StdEncoding.EncodeToString(h[:]) })}, err
}

func (a *api) receipt(ctx context.Context, in *OneID) (download, error) {
	var d ledger.Disclosure
	err := a.read(ctx, func(tx *store.Tx, _ *region.Tree) (err error) {
		d, err = ledger.Disclose(tx, ledger.TxID(in.ID))
		return err
	})
	if err != nil {
		return download{}, err
	}
	if d.Number < 0 {
		// The sequencer numbers what waits within seconds.
		return download{}, errs.New(errs.Unavailable, "api.receipt_not_ready")
	}
	text, err := a.Notary.Receipt(ctx, "ledger", d.Number, d.Leaf)
	return download{ContentType: "text/plain; charset=utf-8", Disposition: `attachment; filename="receipt-` + string(in.ID) + `.txt"`, Body: text}, err
}
