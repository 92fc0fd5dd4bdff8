package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"timebank/internal/citytest"
)

// TestSentTwiceAtOnce sends one order many times at the same moment, as an impatient finger does: there is one order, and every answer
// names it.
func TestSentTwiceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		elder := w.Recipient(85, w.Home())
		token, before := w.token(elder), w.rows()
		body := fmt.Sprintf(`{"recipient":%q,"item":%q,"start":%q}`, elder.ID, citytest.Lesson, w.at(1, 9, 0))
		const times, impatient = 12, "impatient-1"
		answers := make([]answer, times)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				r := httptest.NewRequest("POST", "/api/v1/orders", strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Idempotency-Key", impatient)
				answers[i] = w.serve(r)
			})
		}
		all.Wait()
		for _, a := range answers {
			if a.status != 201 || a.text("id") == "" || a.text("id") != answers[0].text("id") {
				t.Errorf("got %s, want 201 with the order %s", a, answers[0].text("id"))
			}
		}
		more := written(before, w.rows())
		if more["service_order"] != 1 || more["hold"] != 1 || more["idempotency"] != 1 {
			t.Errorf("wrote %s, want one order", show(more))
		}
		// The same key with another wish is found out.
		got := w.send(call{as: &elder, method: "POST", path: "/orders", body: strings.Replace(body, w.at(1, 9, 0), w.at(1, 10, 0), 1), key: impatient})
		if got.status != 409 || got.code() != "idempotency.key_reused" {
			t.Errorf("another wish with the same key: got %s", got)
		}
	})
}
