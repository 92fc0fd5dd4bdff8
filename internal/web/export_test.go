package web

import "timebank/internal/web/page"

// Patterns are the routes of the table, and whether each asks who its reader is.
func Patterns() map[string]bool {
	all := map[string]bool{}
	for _, r := range routes() {
		all[r.pattern] = r.need == page.SignedIn
	}
	return all
}
