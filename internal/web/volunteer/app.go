package volunteer

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// appFiles are what the installed door needs to show a page without a network.
var appFiles = []string{"ui.css", "read.js", "app.js", "place.js", "scan.js", "mark.svg", "icon-192.png"}

// Manifest describes the door to a telephone that installs it.
func Manifest(r *page.Request) error {
	icon := func(name, size, purpose string) map[string]string {
		return map[string]string{"src": ui.Asset(name), "sizes": size, "type": "image/png", "purpose": purpose}
	}
	short := []rune(r.T("page.volunteer.app_short"))
	body, err := json.Marshal(map[string]any{"id": "/volunteer/", "name": r.Brand, "short_name": string(short), "description": r.T("page.volunteer.app_what"),
		"lang": r.Lang, "start_url": "/volunteer/", "scope": "/volunteer/", "display": "standalone", "background_color": "#ffffff", "theme_color": "#0d4f57",
		"icons": []map[string]string{icon("icon-192.png", "192x192", "any"), icon("icon-512.png", "512x512", "any"), icon("icon-512.png", "512x512", "maskable")}})
	if err != nil {
		return err
	}
	return r.Inline("application/manifest+json", body)
}

// Worker is the script that serves the door without a network. It lies in the door's folder, so that it governs that folder alone; its text
// names the files of this version, so that a new version is a new worker.
func Worker(r *page.Request) error {
	script, err := ui.Script("worker.js")
	if err != nil {
		return err
	}
	var files []string
	for _, name := range appFiles {
		files = append(files, ui.Asset(name))
	}
	list, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return r.Inline("text/javascript; charset=utf-8", bytes.Replace(script, []byte(`["FILES"]`), list, 1))
}

// Offline is what stands where a page should, while there is no network. It holds nothing personal: the telephone keeps it.
func Offline(r *page.Request) error {
	v := offlineView{Page: r.Shell(r.T("page.volunteer.offline"))}
	v.Who = ""
	return r.Show(http.StatusOK, offline(v))
}

// Now answers with our clock in milliseconds, by which a telephone says when it kept a check-in: its own may be wrong.
func Now(r *page.Request) error {
	return r.Inline("text/plain; charset=utf-8", []byte(strings.TrimSpace(strconv.FormatInt(r.Now.UnixMilli(), 10))))
}
