package app

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// compressed sends what is text in fewer bytes to whoever takes it: an old telephone on a slow network waits for bytes. Each answer is
// padded by a random length, so that its size tells nobody who can have a page repeat a guess whether the guess stands in it (BREACH).
// Streams of events are left alone: each line has to leave at once.
func compressed(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.RandomJitter(64, 0, false), gzhttp.ContentTypes([]string{
		"text/html", "text/css", "text/javascript", "text/plain", "text/csv", "image/svg+xml", "application/json", "application/problem+json",
		"application/openapi+json", "application/manifest+json"}))
	if err != nil {
		panic(err) // the options above are wrong
	}
	return wrap(h)
}
