package gate_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"timebank/internal/errs"
	"timebank/internal/gate"
)

var noon = time.Date(2020, 10, 12, 4, 0, 0, 0, time.UTC)

func proxies(t *testing.T, text string) []netip.Prefix {
	t.Helper()
	list, ok := gate.ParseProxies(text)
	if !ok {
		t.Fatalf("%q is no list of proxies", text)
	}
	return list
}

func TestAProxyIsBelievedWhenItIsOurs(t *testing.T) {
	g := gate.New(proxies(t, "10.0.0.0/8 192.0.2.7 2001:db8::/64"), gate.Rate{}, gate.Rate{})
	for _, c := range []struct {
		name, remote, forwarded, protocol string
		address, class                    string
		encrypted, local                  bool
	}{
		{"nobody between", "203.0.113.9:4000", "", "", "203.0.113.9", gate.ClassPublic, false, false},
		{"a stranger who writes the header", "203.0.113.9:4000", "127.0.0.1", "https", "203.0.113.9", gate.ClassPublic, false, false},
		{"our proxy", "10.1.2.3:4000", "203.0.113.9", "https", "203.0.113.9", gate.ClassPublic, true, false},
		{"our proxy, not encrypted", "10.1.2.3:4000", "203.0.113.9", "http", "203.0.113.9", gate.ClassPublic, false, false},
		{"two of ours, and a sender's lie before", "192.0.2.7:1", "127.0.0.1, 203.0.113.9, 10.9.9.9", "https", "203.0.113.9", gate.ClassPublic, true, false},
		{"a proxy without its header is a visitor", "10.1.2.3:4000", "", "https", "10.1.2.3", gate.ClassOffice, false, false},
		{"nonsense from a proxy", "10.1.2.3:4000", "somebody", "", "", gate.ClassUnknown, false, false},
		{"the machine", "127.0.0.1:1", "", "", "127.0.0.1", gate.ClassMachine, false, true},
		{"the machine by a proxy", "10.1.2.3:1", "127.0.0.1", "", "127.0.0.1", gate.ClassMachine, false, false},
		{"six", "[2001:db8::1]:4000", "[2001:db8:9::5]:99", "https", "2001:db8:9::5", gate.ClassPublic, true, false},
		{"four in six", "[::ffff:10.1.2.3]:4000", "198.51.100.1", "", "198.51.100.1", gate.ClassPublic, false, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.protocol != "" {
			r.Header.Set("X-Forwarded-Proto", c.protocol)
		}
		v := g.Look(r)
		address := ""
		if v.Address.IsValid() {
			address = v.Address.String()
		}
		if address != c.address || v.Class() != c.class || v.Encrypted != c.encrypted || v.Local() != c.local {
			t.Errorf("%s: got %s %s encrypted %v local %v", c.name, address, v.Class(), v.Encrypted, v.Local())
		}
	}
	if _, ok := gate.ParseProxies("10.0.0.0/8 the-proxy"); ok {
		t.Error("a name was taken for a proxy")
	}
	var none *gate.Gate
	if v := none.Look(httptest.NewRequest(http.MethodGet, "https://x.example/", nil)); !v.Encrypted {
		t.Error("without a gate an encrypted request is not seen as one")
	}
}

func TestTooManyRequestsWaitAndOthersDoNot(t *testing.T) {
	g := gate.New(nil, gate.Rate{Second: 2, Burst: 4}, gate.Rate{Second: 1, Burst: 2})
	from := func(a string) gate.Visit { return gate.Visit{Address: netip.MustParseAddr(a)} }
	for n := range 6 {
		if err := g.Knock(from("203.0.113.9"), noon); (err != nil) != (n >= 4) {
			t.Errorf("request %d: got %v", n, err)
		}
	}
	var told *errs.Error
	if err := g.Knock(from("203.0.113.9"), noon); !errors.As(err, &told) || told.Code != "gate.too_many" || told.Why.String() != "limits.address (city): retry_after=1s" {
		t.Errorf("got %v because %v, want a second to wait however often one tries", err, told.Why)
	}
	if err := g.Knock(from("203.0.113.10"), noon); err != nil {
		t.Errorf("a neighbour: %v", err)
	}
	if err := g.Knock(from("203.0.113.9"), noon.Add(time.Second)); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	for n := range 5 {
		if err := g.Knock(from(fmt.Sprintf("2001:db8::%d", n)), noon); (err != nil) != (n >= 4) {
			t.Errorf("address %d of one network: got %v", n, err)
		}
	}
	for n := range 3 {
		if err := g.Act("account", noon); (err != nil) != (n >= 2) {
			t.Errorf("act %d: got %v", n, err)
		}
	}
	if g.Act("another", noon) != nil || (*gate.Gate)(nil).Act("x", noon) != nil || gate.New(nil, gate.Rate{}, gate.Rate{}).Act("x", noon) != nil {
		t.Error("somebody waits who need not")
	}
}

// A million addresses take no more memory than some thousands.
func TestManyAddressesTakeLittleMemory(t *testing.T) {
	g := gate.New(nil, gate.Rate{Second: 1, Burst: 1}, gate.Rate{})
	fill := func(from, to int) uint64 {
		for n := from; n < to; n++ {
			if err := g.Knock(gate.Visit{Address: netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})}, noon); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	few := fill(0, 1<<15)
	if many := fill(1<<15, 1<<19); many > few+8<<20 {
		t.Errorf("after half a million addresses: %d bytes, after some thousands %d", many, few)
	}
	// Who keeps coming is remembered, however many others come.
	here := gate.Visit{Address: netip.MustParseAddr("203.0.113.9")}
	if err := g.Knock(here, noon); err != nil {
		t.Fatalf("a first request: %v", err)
	}
	fill(1<<20, 1<<20+5000)
	if g.Knock(here, noon) == nil {
		t.Error("somebody got a new bucket because others came")
	}
}

func TestEncryptedStaysEncrypted(t *testing.T) {
	g := gate.New(proxies(t, "10.0.0.1"), gate.Rate{}, gate.Rate{})
	h := g.Secure(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, c := range []struct {
		url, remote, protocol string
		want                  bool
	}{{"https://x.example/", "203.0.113.9:1", "", true}, {"http://x.example/", "203.0.113.9:1", "https", false}, {"http://x.example/", "10.0.0.1:1", "https", true},
		{"http://x.example/", "10.0.0.1:1", "http", false}} {
		r := httptest.NewRequest(http.MethodGet, c.url, nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", "203.0.113.1")
		r.Header.Set("X-Forwarded-Proto", c.protocol)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != c.want {
			t.Errorf("%+v: strict transport %v", c, got)
		}
	}
}

// Marks are of the address and the device, within a month, under a key.
func TestTheOriginHoldsMarksAndNoAddress(t *testing.T) {
	g := gate.New(nil, gate.Rate{}, gate.Rate{})
	visit := func(address string) gate.Visit {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = address
		return g.Look(r)
	}
	if got := g.Origin("r", visit("203.0.113.9:1"), "phone", noon); got != "r public" {
		t.Errorf("without a key: %q", got)
	}
	g.MarkBy(func(kind, value string) []byte {
		d := sha256.Sum256([]byte(kind + "|" + value))
		return d[:]
	})
	of := func(address, device string, at time.Time) string { return g.Origin("r", visit(address), device, at) }
	base := of("203.0.113.9:1", "phone", noon)
	if !regexp.MustCompile(`^r public address=[0-9a-f]{10} device=[0-9a-f]{10}$`).MatchString(base) {
		t.Fatalf("got %q", base)
	}
	for name, c := range map[string]struct {
		origin string
		same   bool
	}{
		"the same on another day": {of("203.0.113.9:2", "phone", noon.AddDate(0, 0, 10)), true},
		"the month after":         {of("203.0.113.9:1", "phone", noon.AddDate(0, 1, 0)), false},
		"another address":         {of("203.0.113.8:1", "phone", noon), false},
		"another device":          {of("203.0.113.9:1", "desk", noon), false},
	} {
		if (c.origin == base) != c.same {
			t.Errorf("%s: %q beside %q", name, c.origin, base)
		}
	}
	if a, b := of("[2001:db8::1]:1", "", noon), of("[2001:db8::2:3:4]:1", "", noon); a != b || strings.Contains(a, "device") {
		t.Errorf("two addresses of one household: %q, %q", a, b)
	}
	if got := of("somewhere", "", noon); got != "r unknown" {
		t.Errorf("an address that is not known: %q", got)
	}
}
