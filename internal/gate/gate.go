// Package gate owns what is known of a request before anybody asks who sent it: the address that it came from, whether it travelled
// encrypted, and whether its sender has sent too many.
//
// It must never learn what a request asks for, keep an address longer than a limit needs it, or write one anywhere: the trail gets the
// address's class and marks that say nothing without the installation's key.
package gate

import (
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/why"
)

// Gate decides by the settings of an installation. The nil Gate trusts no proxy and limits nobody: that of tests.
type Gate struct {
	proxies            []netip.Prefix
	addresses, holders *limiter
	mark               func(kind, value string) []byte
}

// Rate is how many requests in a second are heard for long, and how many at once. Zero Second limits nothing.
type Rate struct{ Second, Burst int }

// New returns a gate that believes what the proxies say of the requests that they pass on, and limits each address and each account.
func New(proxies []netip.Prefix, address, account Rate) *Gate {
	return &Gate{proxies: proxies, addresses: newLimiter(address), holders: newLimiter(account)}
}

// ParseProxies reads addresses and networks ("10.0.0.0/8 ::1"), with spaces between; ok is false when one of them is neither.
func ParseProxies(text string) (list []netip.Prefix, ok bool) {
	for _, word := range strings.Fields(text) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			a, err := netip.ParseAddr(word)
			if err != nil {
				return nil, false
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		list = append(list, p.Masked())
	}
	return list, true
}

// Visit is where a request came from.
type Visit struct {
	Address   netip.Addr // of whoever sent it, or of the nearest proxy that is not ours; invalid when it is unknown
	Encrypted bool       // between the sender and us, or our proxy
	Proxied   bool       // one of our proxies passed it on
}

// The classes of addresses, as they stand in the trail.
const (
	ClassMachine = "machine" // this very machine
	ClassOffice  = "office"  // a private network
	ClassPublic  = "public"
	ClassUnknown = "unknown"
)

// Class says what kind of address the request came from: enough to tell the counter in the station from somebody far away, and no
// more.
func (v Visit) Class() string {
	switch {
	case !v.Address.IsValid():
		return ClassUnknown
	case v.Address.IsLoopback():
		return ClassMachine
	case v.Address.IsPrivate(), v.Address.IsLinkLocalUnicast():
		return ClassOffice
	}
	return ClassPublic
}

// MarkBy gives the keyed digest by which the trail tells one address and one device from others; it is called before the first request.
func (g *Gate) MarkBy(mark func(kind, value string) []byte) { g.mark = mark }

// Origin is what the trail keeps of where a request came from: its id, the class of its address, and marks of the address and of the device, whose
// name may be "". Within a month of the city equal marks are one address or one device, and from month to month they tell nothing; without the
// key they never say which (docs/decisions/0021). The nil Gate makes none.
func (g *Gate) Origin(request string, v Visit, device string, now time.Time) string {
	origin := request + " " + v.Class()
	if g == nil || g.mark == nil {
		return origin
	}
	month := string(clock.DayOf(now))[:len("2006-01")]
	if v.Address.IsValid() {
		origin += " address=" + g.short("trail.address", month+" "+household(v.Address).String())
	}
	if device != "" {
		origin += " device=" + g.short("trail.device", month+" "+device)
	}
	return origin
}

// short is 40 bits of a mark: two of a city's devices share one in a month by chance once in a million million times.
func (g *Gate) short(kind, value string) string { return hex.EncodeToString(g.mark(kind, value)[:5]) }

// household is the address, or the network of IPv6 that is given out as a whole: devices change the rest of it by themselves.
func household(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// Local reports whether the request never left this machine: it came from it, and no proxy passed it on.
func (v Visit) Local() bool { return v.Address.IsLoopback() && !v.Proxied }

// Look finds out where a request came from. A proxy's word counts only when the connection itself comes from one of ours: anybody can
// write such a header.
func (g *Gate) Look(r *http.Request) Visit {
	v := Visit{Address: parse(r.RemoteAddr), Encrypted: r.TLS != nil}
	if g == nil || !g.ours(v.Address) {
		return v
	}
	forwarded := words(r.Header.Values("X-Forwarded-For"))
	if len(forwarded) == 0 {
		return v
	}
	v.Proxied = true
	if protocols := words(r.Header.Values("X-Forwarded-Proto")); len(protocols) > 0 {
		v.Encrypted = strings.EqualFold(protocols[len(protocols)-1], "https")
	}
	// Each proxy adds whom it heard from at the end: the last that is not ours is the sender, what stands before is the sender's word.
	for _, word := range slices.Backward(forwarded) {
		v.Address = parse(word)
		if !g.ours(v.Address) {
			break
		}
	}
	return v
}

func (g *Gate) ours(a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parse reads an address with or without a port.
func parse(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// words splits header lines at their commas.
func words(lines []string) (all []string) {
	for _, line := range lines {
		for word := range strings.SplitSeq(line, ",") {
			if word = strings.TrimSpace(word); word != "" {
				all = append(all, word)
			}
		}
	}
	return all
}

// Knock counts a request of a visitor, and refuses it with TooMany gate.too_many and the time to wait when there have been too many.
// Everybody in a network of IPv6 that is given out as a whole counts as one.
func (g *Gate) Knock(v Visit, now time.Time) error {
	if g == nil || !v.Address.IsValid() {
		return nil
	}
	return tooMany(g.addresses.take(household(v.Address).String(), now), "limits.address")
}

// Act counts a request of somebody who is signed in, wherever it comes from; it refuses as Knock does.
func (g *Gate) Act(account string, now time.Time) error {
	if g == nil {
		return nil
	}
	return tooMany(g.holders.take(account, now), "limits.account")
}

// tooMany refuses for a time, in whole seconds: who comes back when they are over is heard.
func tooMany(wait time.Duration, rule string) error {
	if wait <= 0 {
		return nil
	}
	seconds := (wait + time.Second - 1).Truncate(time.Second)
	return errs.New(errs.TooMany, "gate.too_many").Because(why.Rule(rule, "", "city").With("retry_after", seconds.String()))
}

// hsts makes a browser come back encrypted for two years (default, ours: what browsers ask for before they believe it at once).
const hsts = "max-age=63072000; includeSubDomains"

// Secure tells browsers that came encrypted to come so for good, and old ones what the content security policy tells the others: not to put a
// page into another site's frame, and to stop at what looks like an injected script.
func (g *Gate) Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-XSS-Protection", "1; mode=block")
		if g.Look(r).Encrypted {
			h.Set("Strict-Transport-Security", hsts)
		}
		next.ServeHTTP(w, r)
	})
}
