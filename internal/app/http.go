package app

import "net/http"

// handler answers every request of the installation.
func (a *App) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", a.Health.Live)
	mux.HandleFunc("GET /health/ready", a.Health.Ready)
	mux.Handle("GET /metrics", a.Metrics.Handler())
	return mux
}
