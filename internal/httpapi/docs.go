package httpapi

import (
	"bytes"
	"embed"
	"net/http"
	"strings"
	"time"

	"timebank/internal/errs"
)

//go:embed docs/index.html docs/docs.css docs/docs.js
var assets embed.FS

// docsPolicy lets the documentation page load what we serve ourselves, and nothing else.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// documents serves the description and the page that shows it.
func (a *api) documents(mux *http.ServeMux, description []byte) {
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(description))
	})
	for path, name := range map[string]string{"/docs": "index.html", "/docs/docs.css": "docs.css", "/docs/docs.js": "docs.js"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", docsPolicy)
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, assets, "docs/"+name)
		})
	}
}

const indexPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Timebank</title></head>
<body><h1>Timebank 时间银行</h1>
<ul><li><a href="/docs">API documentation</a></li><li><a href="/openapi.json">openapi.json</a></li><li><a href="/health/ready">Health</a></li></ul>
</body></html>
`

// elsewhere answers at / and wherever there is nothing, or nothing by that method.
func (a *api) elsewhere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			a.index(w, r)
			return
		}
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" && pattern != "" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			a.write(w, r, errs.New(errs.NotFound, "api.route_unknown"))
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		req := requestOf(r.Context())
		req.code = "api.method_not_allowed"
		writeProblem(w, tell(req, http.StatusMethodNotAllowed, "api.method_not_allowed"))
	}
}

func (a *api) index(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(indexPage))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"name":"timebank","api":"` + base + `","openapi":"/openapi.json","documentation":"/docs","health":"/health/ready"}` + "\n"))
}
