// Package web owns the pages that people use: which addresses exist and which door each belongs to. The doors themselves are packages
// below it, the look is ui, and what the doors share is page.
//
// Every flow works without JavaScript, on a narrow screen, at twice the type size and by keyboard. The package must never decide what a
// rule decides, put anything personal into an address, or load anything from elsewhere.
package web

import (
	"net/http"

	"timebank/internal/web/page"
	"timebank/internal/web/public"
	"timebank/internal/web/ui"
)

// New returns the handler of all pages. Mount it at every address of [Paths].
func New(s *page.Site) http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.Handle(r.pattern, s.Handle(r.door, r.need, r.do))
	}
	mux.Handle("GET "+ui.AssetPath, ui.Assets())
	mux.Handle("/", s.Handle(public.Door, page.Anybody, public.Nowhere))
	// A form that another site sends is refused before anybody is looked at.
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(s.Handle(public.Door, page.Anybody, public.Foreign))
	return guard.Handler(mux)
}

// Paths lists the patterns under which pages lie. The address "/" itself is shared with the API, whose index it is to a program, and so is what
// lies nowhere.
func Paths() []string {
	return []string{"/elder/", "/family/", "/volunteer/", "/public/", "/desk/", "/office/", "/live/", ui.AssetPath, "/sign-in", "/sign-in/", "/sign-out", "/settings", "/step-up", "/register", "/account", "/account/", "/inbox"}
}
