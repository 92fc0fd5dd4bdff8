package why_test

import (
	"encoding/json"
	"testing"

	"timebank/internal/why"
)

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	base := why.Rule("account.cap", "v3", "city").With("balance", "1490h")
	one, two := base.With("cap", "1500h"), base.With("cap", "1400h")
	if got := len(base.Values); got != 1 {
		t.Errorf("base has %d values, want 1", got)
	}
	if one.Values[1].Value != "1500h" || two.Values[1].Value != "1400h" {
		t.Errorf("got %v and %v, want each with its own cap", one, two)
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		w    why.Why
		want string
	}{
		{why.Why{}, ""},
		{why.Rule("order.own", "", ""), "order.own"},
		{why.Rule("account.cap", "v3", "city").With("balance", "1490h").With("cap", "1500h"), "account.cap@v3 (city): balance=1490h cap=1500h"},
	} {
		if got := c.w.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestJSONNames(t *testing.T) {
	b, err := json.Marshal(why.Rule("account.cap", "v3", "city").With("cap", "1500h"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"rule":"account.cap","version":"v3","values":[{"name":"cap","value":"1500h"}],"owner":"city"}`
	if string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
}
