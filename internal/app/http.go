package app

import (
	"net/http"

	"timebank/internal/httpapi"
)

// handler answers every request of the installation.
func (a *App) handler() http.Handler {
	return httpapi.New(httpapi.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Log: a.Log, Health: a.Health, Metrics: a.Metrics,
		Regions: a.Regions, Policies: a.Policies, Identity: a.Identity, Members: a.Members, Ledger: a.Ledger, Notary: a.Notary,
		Catalog: a.Catalog, Training: a.Training, Orders: a.Orders, Feedback: a.Feedback,
	})
}
