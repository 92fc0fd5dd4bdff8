package e2e_test

import "testing"

// wire is what the page and everything it loads weighed on the way, in bytes with heads.
const wire = `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, e) => sum + e.transferSize, 0)`

// An old telephone on a slow network waits for bytes: the first load of a door is bounded.
func TestAFirstLoadIsLight(t *testing.T) {
	w := newTown(t)
	for _, door := range []struct {
		who, path string
		most      int64
	}{{"李国强", "/elder/", 60_000}, {"陈晓燕", "/volunteer/", 120_000}} {
		// Signing in has loaded things already; the weight is that of somebody who comes for the first time.
		v := w.open("zh-CN")
		v.signIn(door.who)
		v.forget()
		v.visit(door.path)
		got := ask[int64](v, "weigh", wire)
		if got < 2_000 || got > door.most {
			t.Errorf("first load of %s: got %d bytes, want at most %d (and more than nothing)", door.path, got, door.most)
		}
	}
}
