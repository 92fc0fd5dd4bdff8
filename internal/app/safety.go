package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"timebank/internal/carrier"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/gate"
	"timebank/internal/id"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// DemoFile is the file in a demo's data folder that names the accounts which anybody may choose.
const DemoFile = "demo.json"

// publicSeeds are those of the replay and of the demo: whoever has the program can draw their keys.
const publicSeeds = 64

// examineSafety looks for what is convenient on a laptop and not safe where others reach the server.
func examineSafety(c config.Config) []Check {
	return []Check{examineSeeds(c), examineFolder(c), examineEncryption(c), examineOrigin(c), examineMetrics(c), examineInbox(c), examineCarriers(c), examineDemo(c), examineLimits(c),
		examineLog(c), examineLink(c)}
}

// examineSeeds finds keys that others can draw: the replay draws them from its seed.
func examineSeeds(c config.Config) Check {
	text, err := os.ReadFile(filepath.Join(c.KeyFolder(), sealingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Check{"key origin", true, "no keys yet: they are drawn at the first start"}
	}
	if err != nil {
		return Check{"key origin", false, err.Error()}
	}
	ring, err := parseRing(string(text))
	if err != nil {
		return Check{"key origin", false, err.Error()}
	}
	for seed := range uint64(publicSeeds) {
		for _, drawn := range []uint64{seed, ^seed} {
			known, err := NewKeys(c.City, id.Streams(drawn))
			if err != nil {
				return Check{"key origin", false, err.Error()}
			}
			if holds(ring, known.Ring) {
				return Check{"key origin", false, fmt.Sprintf("the sealing key is that of a replay with the seed %d, which anybody can draw", seed)}
			}
		}
	}
	return Check{"key origin", true, "drawn by chance"}
}

// holds reports whether a ring has a key or the index key of another.
func holds(ring, known pii.Ring) bool {
	for _, key := range ring.Keys {
		for _, other := range known.Keys {
			if key == other {
				return true
			}
		}
	}
	return ring.Index == known.Index
}

func examineFolder(c config.Config) Check {
	for _, folder := range []string{c.Data, c.KeyFolder()} {
		info, err := os.Stat(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return Check{"folders", false, err.Error()}
		case info.Mode().Perm()&0o077 != 0:
			return Check{"folders", false, folder + " can be read by others: its mode should be 0700"}
		}
	}
	return Check{"folders", true, "readable by their owner alone"}
}

// alone reports whether this machine alone can reach an address.
func alone(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func examineEncryption(c config.Config) Check {
	proxies, ok := gate.ParseProxies(c.HTTP.Proxies)
	switch {
	case !ok:
		return Check{"encryption", false, "http.proxies is no list of addresses"}
	case slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Bits() == 0 }):
		return Check{"encryption", false, "http.proxies believes everybody: anybody may write an address into the limits and the trail"}
	case (c.HTTP.Cert == "") != (c.HTTP.Key == ""):
		return Check{"encryption", false, "http.cert and http.key go together"}
	case c.HTTP.Cert != "":
		if info, err := os.Stat(c.HTTP.Key); err != nil {
			return Check{"encryption", false, err.Error()}
		} else if info.Mode().Perm()&0o077 != 0 {
			return Check{"encryption", false, c.HTTP.Key + " can be read by others: its mode should be 0600"}
		}
		return Check{"encryption", true, "the server answers encrypted by itself"}
	case alone(c.HTTP.Addr) && len(proxies) > 0:
		return Check{"encryption", true, "a proxy on this machine answers for the server"}
	case alone(c.HTTP.Addr):
		return Check{"encryption", true, c.HTTP.Addr + " is for this machine alone; set http.cert and http.key, or http.proxies, before others are let in"}
	case len(proxies) > 0:
		return Check{"encryption", false, c.HTTP.Addr + " can be reached past the proxy, not encrypted: listen on the machine's own address, or set http.cert and http.key"}
	}
	return Check{"encryption", false, c.HTTP.Addr + " answers others and nothing is encrypted: set http.cert and http.key, or http.proxies with a proxy in front"}
}

// open reports whether others than this machine are meant to come.
func open(c config.Config) bool {
	return !alone(c.HTTP.Addr) || strings.TrimSpace(c.HTTP.Proxies) != ""
}

func examineOrigin(c config.Config) Check {
	u, err := url.Parse(c.SignIn.Origin)
	switch {
	case err != nil || u.Host == "":
		return Check{"origin", false, "signin.origin is no address: " + c.SignIn.Origin}
	case open(c) && u.Scheme != "https":
		return Check{"origin", false, "signin.origin is " + c.SignIn.Origin + ": passkeys need the public address of the pages, encrypted"}
	case c.OpenID.Issuer != "" && !strings.HasPrefix(c.OpenID.Issuer, "https://"):
		return Check{"origin", false, "openid.issuer is asked without encryption"}
	}
	return Check{"origin", true, c.SignIn.Origin}
}

func examineMetrics(c config.Config) Check {
	switch {
	case c.HTTP.Metrics == "" && open(c):
		return Check{"metrics", false, "/metrics stands beside the pages for everybody: give it an address of its own with http.metrics"}
	case c.HTTP.Metrics != "" && !private(c.HTTP.Metrics):
		return Check{"metrics", false, c.HTTP.Metrics + " may be reached by everybody: it should be an address of this machine or of the office's network"}
	}
	return Check{"metrics", true, "not for the public"}
}

// private reports whether an address names an interface that the public does not reach.
func private(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsPrivate())
}

func examineInbox(c config.Config) Check {
	if c.SignIn.Inbox == "open" {
		return Check{"inbox", false, "signin.inbox is open: anybody reads everybody's codes"}
	}
	return Check{"inbox", true, "closed"}
}

// examineCarriers finds channels that reach nobody, and carriers that are asked without encryption or cannot send the code of a sign-in.
func examineCarriers(c config.Config) Check {
	carriers, err := carrier.New(c, clock.System())
	if err != nil {
		return Check{"carriers", false, err.Error()}
	}
	for _, at := range []struct{ name, address string }{{"aliyun", c.Aliyun.Endpoint}, {"tencent", c.Tencent.Endpoint}, {"wechat", c.WeChat.Endpoint}} {
		if !strings.HasPrefix(at.address, "https://") {
			return Check{"carriers", false, at.name + ".endpoint is asked without encryption"}
		}
	}
	sms := carriers.Carriers(notify.SMS)
	switch {
	case c.Carriers.Email != "" && c.SMTP.TLS == "none" && !alone(c.SMTP.Addr):
		return Check{"carriers", false, "smtp.tls is none: mail goes to " + c.SMTP.Addr + " for everybody to read"}
	case len(sms) == 0 && open(c):
		return Check{"carriers", false, "carriers.sms names nobody: codes and notices stay in the development inbox and reach no one"}
	case len(sms) == 0:
		return Check{"carriers", true, "none: messages stay in the development inbox. Set carriers.sms before others are let in"}
	case !carriers.Carries(notify.SMS, notify.Code):
		return Check{"carriers", false, "no carrier of text messages has a template for " + string(notify.Code) + ": nobody can sign in by code"}
	case c.Carriers.Token == "":
		return Check{"carriers", true, strings.Join(sms, ", then ") + "; carriers.token is empty: whether messages arrive is not known"}
	case len(c.Carriers.Token) < carrier.ShortestToken:
		return Check{"carriers", false, "carriers.token is too short: reports of delivery are not taken"}
	}
	return Check{"carriers", true, strings.Join(sms, ", then ")}
}

func examineDemo(c config.Config) Check {
	switch _, err := os.Stat(filepath.Join(c.Data, DemoFile)); {
	case err == nil:
		return Check{"demo", false, filepath.Join(c.Data, DemoFile) + " names accounts that anybody may choose: this is the folder of a demo"}
	case errors.Is(err, fs.ErrNotExist):
		return Check{"demo", true, "no demo accounts"}
	default:
		return Check{"demo", false, err.Error()}
	}
}

func examineLimits(c config.Config) Check {
	if c.Limits.Address == 0 || c.Limits.Account == 0 {
		return Check{"limits", false, "limits.address or limits.account is 0: somebody may send without end"}
	}
	return Check{"limits", true, fmt.Sprintf("%d a second from an address, %d of an account", c.Limits.Address, c.Limits.Account)}
}

// examineLog finds a log that is for looking for a fault: it is long, and says more of what somebody did than an operator needs.
func examineLog(c config.Config) Check {
	if c.Log.Level == "debug" && open(c) {
		return Check{"log", false, "log.level is debug: set it back to info once the fault is found"}
	}
	return Check{"log", true, "from " + c.Log.Level + " on"}
}

// backupLate is when the last backup counts as too old: one a night, and a night that failed (default, docs/operations.md).
const backupLate = 48 * time.Hour

// examineBackups looks for the last backup. Nobody need take one of an installation that is for this machine alone; one that was begun goes on.
func examineBackups(ctx context.Context, c config.Config, db *store.DB) Check {
	if c.Postgres != "" {
		return examineArchive(ctx, c, db)
	}
	text, err := os.ReadFile(filepath.Join(c.Data, backupFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Check{"backups", !open(c), "none was ever taken: run timebank backup each night, and restore one to see that it is good"}
	}
	if err != nil {
		return Check{"backups", false, err.Error()}
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return Check{"backups", false, backupFile + " says no time: take a backup"}
	}
	if clock.System().Now().Sub(at) > backupLate {
		return Check{"backups", false, "the last was taken at " + at.Format(time.RFC3339) + ": it should be one each night"}
	}
	return Check{"backups", true, "the last was taken and verified at " + at.Format(time.RFC3339)}
}

// examineArchive asks a PostgreSQL server whether it keeps what a recovery needs; base backups are its operator's own.
func examineArchive(ctx context.Context, c config.Config, db *store.DB) Check {
	archives, failing, err := db.Archiving(ctx)
	switch {
	case err != nil:
		return Check{"backups", false, err.Error()}
	case failing:
		return Check{"backups", false, "the server's last attempt to archive its write-ahead log failed: see pg_stat_archiver"}
	case !archives:
		return Check{"backups", !open(c), "the server does not archive its write-ahead log: a base backup alone loses what came after it"}
	}
	return Check{"backups", true, "the server archives its write-ahead log"}
}

// examineLink looks at the way to the database.
func examineLink(c config.Config) Check {
	if c.Postgres == "" {
		return Check{"database link", true, "a file of this machine"}
	}
	host, mode := linkOf(c.Postgres)
	if strings.HasPrefix(host, "/") || host == "" || alone(net.JoinHostPort(host, "0")) {
		return Check{"database link", true, "on this machine"}
	}
	if mode == "verify-full" || mode == "verify-ca" {
		return Check{"database link", true, "encrypted, and the server shows who it is"}
	}
	return Check{"database link", false, "the connection to " + host + " has no sslmode=verify-full: somebody between may read and answer"}
}

// linkOf returns host and sslmode of a connection string, which is an address or a list of words.
func linkOf(dsn string) (host, mode string) {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		if host = u.Hostname(); host == "" {
			host = u.Query().Get("host")
		}
		return host, u.Query().Get("sslmode")
	}
	for _, word := range strings.Fields(dsn) {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "host":
			host = strings.Trim(value, "'")
		case "sslmode":
			mode = strings.Trim(value, "'")
		}
	}
	return host, mode
}
