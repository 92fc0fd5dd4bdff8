package httpapi

import (
	"context"
	"time"

	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
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

const (
	unitCount   = "count"
	unitMinutes = "minutes"
)

type figure struct {
	code  string
	value int64
	unit  string
}

func (a *api) figures(ctx context.Context, in *OneID) (out Figures, err error) {
	lang := requestOf(ctx).lang
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		place := region.ID(in.ID)
		if err := actor(ctx).May(identity.ReportRead, place, tree); err != nil {
			return err
		}
		people, err := member.Count(tx, place)
		if err != nil {
			return err
		}
		orders, err := order.Count(tx, place)
		if err != nil {
			return err
		}
		list := []figure{
			{code: "figure.persons", value: people.Persons, unit: unitCount},
			{code: "figure.recipients", value: people.Recipients, unit: unitCount},
			{code: "figure.key_elders", value: people.KeyElders, unit: unitCount},
			{code: "figure.volunteers", value: people.Volunteers, unit: unitCount},
			{code: "figure.certified", value: people.Certified, unit: unitCount},
			{code: "figure.active", value: orders.Active, unit: unitCount},
			{code: "figure.points", value: people.Points, unit: unitCount},
			{code: "figure.completed", value: orders.Completed, unit: unitCount},
			{code: "figure.minutes", value: orders.Minutes.Int64(), unit: unitMinutes},
			{code: "figure.open", value: orders.Open, unit: unitCount},
			{code: "figure.unfilled", value: orders.Unfilled, unit: unitCount},
			{code: "figure.cancelled", value: orders.Cancelled, unit: unitCount},
			{code: "figure.disputed", value: orders.Disputed, unit: unitCount},
		}
		if place == tree.City() {
			owed, err := liability(tx)
			if err != nil {
				return err
			}
			list = append(list, figure{code: "figure.liability", value: owed, unit: unitMinutes})
		}
		out = Figures{Region: in.ID, Name: tree.Name(place), At: tx.Now(), Figures: each(list, func(f figure) Figure {
			return Figure{Name: f.code, Definition: i18n.Text(lang, f.code), Value: f.value, Unit: f.unit}
		})}
		return nil
	})
	return out, err
}

// liability is what the city owes in service: every hour that somebody may still redeem.
func liability(tx *store.Tx) (minutes int64, err error) {
	totals, err := ledger.ClassTotals(tx)
	for _, t := range totals {
		switch t.Class {
		case ledger.Saved, ledger.Donated, ledger.Granted, ledger.Group:
			minutes += t.Balance.Int64()
		}
	}
	return minutes, err
}
