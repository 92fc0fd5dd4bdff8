package httpapi

import (
	"context"
	"time"

	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
)

// Figures are counts of a region and all below it, each with its definition: published head-counts disagree because nobody says what
// they count.
type Figures struct {
	Region  ID        `json:"region"`
	Name    string    `json:"region_name"`
	At      time.Time `json:"at"`
	Figures []Figure  `json:"figures"`
}

// Figure is one count.
type Figure struct {
	Name       string `json:"name" example:"figure.certified"`
	Definition string `json:"definition" doc:"What is counted, in the language of Accept-Language"`
	Value      int64  `json:"value"`
	Unit       string `json:"unit" enum:"count,minutes"`
}

func (a *api) figures(ctx context.Context, in *OneID) (out Figures, err error) {
	lang := requestOf(ctx).lang
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		place := region.ID(in.ID)
		if err := actor(ctx).May(identity.ReportRead, place, tree); err != nil {
			return err
		}
		values, err := report.Measure(tx, tree, place, report.Span{})
		if err != nil {
			return err
		}
		out = Figures{Region: in.ID, Name: tree.Name(place), At: tx.Now(), Figures: each(report.Figures(), func(f report.Figure) Figure {
			return Figure{Name: string(f.Code), Definition: i18n.Text(lang, string(f.Code)), Value: values[0][f.Code], Unit: string(f.Unit)}
		})}
		return nil
	})
	return out, err
}
