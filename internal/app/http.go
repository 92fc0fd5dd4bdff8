package app

import (
	"context"
	"net/http"
	"strings"

	"timebank/internal/carrier"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/gate"
	"timebank/internal/geocode"
	"timebank/internal/httpapi"
	"timebank/internal/notify"
	"timebank/internal/web"
	"timebank/internal/web/page"
)

// handler answers every request of the installation: pages for people and the API for programs, which share the address "/" and every one at which
// there is nothing.
func (a *App) handler() http.Handler {
	api := httpapi.New(httpapi.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Log: a.Log, Health: a.Health, Metrics: a.Metrics,
		Regions: a.Regions, Policies: a.Policies, Identity: a.Identity, Members: a.Members, Ledger: a.Ledger, Notary: a.Notary,
		Catalog: a.Catalog, Training: a.Training, Orders: a.Orders, Feedback: a.Feedback, Calls: a.Calls, Family: a.Family, Paper: a.Paper,
		SignIn: a.SignIn, Notify: a.Notify, Privacy: a.Privacy, Divisions: a.Divisions, Certificates: a.Certificates, Inbox: a.Config.SignIn.Inbox == "open", Gate: a.gate,
	})
	api = compressed(api)
	pages := a.Pages()
	mux := http.NewServeMux()
	for _, path := range httpapi.Paths() {
		mux.Handle(path, api)
	}
	for _, path := range web.Paths() {
		mux.Handle(path, pages)
	}
	for _, path := range carrier.ReportPaths() {
		mux.Handle(path, carrier.ReportHandler(a.Config.Carriers.Token, func(ctx context.Context, list []notify.Report) error {
			_, err := a.Notify.Report(ctx, list)
			return err
		}))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			pages.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
	return a.gate.Secure(mux)
}

// Pages answers the requests of people: see [web.Paths].
func (a *App) Pages() http.Handler {
	// The settings were found to be right when the installation was opened.
	tiles, _ := tilesOf(a.Config.Pages)
	return compressed(web.New(&page.Site{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Log: a.Log, Regions: a.Regions, Policies: a.Policies, Identity: a.Identity, Members: a.Members,
		Ledger: a.Ledger, Notary: a.Notary, Catalog: a.Catalog, Training: a.Training, Orders: a.Orders, Feedback: a.Feedback, Calls: a.Calls, Family: a.Family, Paper: a.Paper, Reports: a.Reports,
		Notify: a.Notify, SignIns: a.SignIn, Privacy: a.Privacy, Divisions: a.Divisions, Certificates: a.Certificates, Live: a.Live, Inbox: a.Config.SignIn.Inbox == "open", Phone: a.Config.Pages.Phone,
		Official: words(a.Config.Pages.Official), Record: a.Config.Pages.Record, Demo: a.Demo, Gate: a.gate,
		Outlines: a.outlines, Geocoder: a.asked(), Tiles: tiles,
	}))
}

// tilesOf are the tiles of the settings, nil without any. A map says whose it is. Error: config.invalid.
func tilesOf(c config.Pages) (*page.Tiles, error) {
	if c.Tiles == "" {
		return nil, nil
	}
	var bad errs.Fields
	tiles, ok := page.NewTiles(c.Tiles, c.Credit, c.Datum == "gcj02")
	if !ok {
		bad.Add("pages.tiles", "config.bad_address")
	}
	if c.Credit == "" {
		bad.Add("pages.tiles_credit", "config.missing")
	}
	return tiles, bad.Err("config.invalid")
}

// asked is the service that is sent addresses, "" when nobody is.
func (a *App) asked() string {
	if a.Config.Geocoder.Provider == geocode.Community {
		return ""
	}
	return a.Config.Geocoder.Provider
}

// words takes a setting apart that holds several words with commas between them.
func words(setting string) (all []string) {
	for w := range strings.SplitSeq(setting, ",") {
		if w = strings.TrimSpace(w); w != "" {
			all = append(all, w)
		}
	}
	return all
}

// gateOf turns the settings into the gate before the pages and the API. Error: config.invalid.
func gateOf(c config.Config) (*gate.Gate, error) {
	proxies, ok := gate.ParseProxies(c.HTTP.Proxies)
	if !ok {
		return nil, errs.Invalid("config.invalid", errs.Field{Path: "http.proxies", Code: "config.bad_proxies"})
	}
	l := c.Limits
	return gate.New(proxies, gate.Rate{Second: l.Address, Burst: l.AddressBurst}, gate.Rate{Second: l.Account, Burst: l.AccountBurst}), nil
}
