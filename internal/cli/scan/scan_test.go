package scan

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"timebank/internal/cli"
	"timebank/internal/clock"
	"timebank/internal/httpapi"
)

// program makes the test binary the program itself, when it is called by that name.
const program = "timebank"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == program {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
	}
	os.Exit(m.Run())
}

// demo is a running demo city.
type demo struct {
	url string // without a slash at the end
	// tokens are those of its people by role: "recipient".
	tokens map[string]string
}

// certificate writes what the demo shows when it answers encrypted, so that what is only good on an encrypted connection is looked at too.
func certificate(t *testing.T, folder string) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.System().Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "demo"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

var account = regexp.MustCompile(`^  (\S.*?)  +([A-Za-z0-9_-]{43})\s`)

// start runs a demo of a small city until the test ends.
func start(t *testing.T) demo {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, key := certificate(t, folder)
	// The scanners send more than anybody may: the limits have tests of their own.
	cmd := exec.Command(self, "demo", "--data", filepath.Join(folder, "city"), "--addr", "127.0.0.1:0", "--scale", "0.001", "--set", "limits.address=0",
		"--set", "limits.account=0", "--set", "http.cert="+cert, "--set", "http.key="+key, "--set", "log.level=error")
	cmd.Args[0] = program
	cmd.Env = append(os.Environ(), "LANG=en_GB.UTF-8")
	var says bytes.Buffer
	cmd.Stderr = &says
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("the demo did not end well: %v\n%s", err, &says)
		}
	})
	d := demo{tokens: map[string]string{}}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		if d.url == "" && strings.HasPrefix(line, "https://") {
			d.url = strings.TrimRight(line, "/")
		}
		if m := account.FindStringSubmatch(line); m != nil && d.tokens[m[1]] == "" {
			d.tokens[m[1]] = m[2]
		}
		if strings.HasPrefix(line, "Everybody in this city is invented") {
			break
		}
	}
	if d.url == "" || len(d.tokens) < 3 {
		t.Fatalf("the demo says neither where it is nor who lives there: %+v\n%s", d, &says)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return d
}

// token is that of the first account whose role begins so.
func (d demo) token(t *testing.T, role string) string {
	t.Helper()
	for name, token := range d.tokens {
		if strings.HasPrefix(name, role) {
			return token
		}
	}
	t.Fatalf("the demo has no %s, only %v", role, d.tokens)
	return ""
}

// run runs a scanner, which must be installed: scripts/install-deps does it. A deadline ends one that hangs.
func run(t *testing.T, limit time.Duration, folder, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing (scripts/install-deps): %v", name, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "HOME="+folder, "LANG=C.UTF-8", "PYTHONWARNINGS=ignore", "NO_COLOR=1")
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, tail(out))
	}
	return string(out)
}

func tail(b []byte) string { return string(b[max(0, len(b)-3000):]) }

// longer makes every scan deeper: make soak sets it.
func longer() bool { return os.Getenv("SCAN") == "deep" }

// finding is one vulnerability of wapiti's report.
type finding struct {
	Info, Method, Path, Parameter string
	Level                         int
}

// wapiti looks at the pages of one visitor and returns what it found.
func wapiti(t *testing.T, base, door, token string) (found []string) {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "report.json")
	scan, attack, depth := "20", "12", "3"
	if longer() {
		scan, attack, depth = "300", "300", "6"
	}
	args := []string{"-u", base + door, "--scope", "folder", "-d", depth, "--max-scan-time", scan, "--max-attack-time", attack, "--max-links-per-page", "25",
		"--max-parameters", "12", "-S", "insane", "-l", "1", "-t", "20", "--verify-ssl", "0", "-v", "0", "-f", "json", "-o", file, "--flush-session", "--no-bugreport",
		"--store-session", folder, "--store-config", folder,
		"-m", "sql,xss,permanentxss,exec,file,crlf,redirect,shellshock,htaccess,methods,xxe,csp,cookieflags,http_headers"}
	if token != "" {
		args = append(args, "-H", "Cookie: __Host-session="+token)
	}
	out := run(t, 8*time.Minute, folder, "wapiti", args...)
	report, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("wapiti wrote no report: %v\n%s", err, tail([]byte(out)))
	}
	var r struct {
		Vulnerabilities, Anomalies map[string][]finding
	}
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []map[string][]finding{r.Vulnerabilities, r.Anomalies} {
		for name, list := range kind {
			for _, f := range list {
				found = append(found, fmt.Sprintf("%s: %s %s %s: %s", name, f.Method, f.Path, f.Parameter, f.Info))
			}
		}
	}
	return found
}

// TestWapitiFindsNothing scans the doors as who they are for.
func TestWapitiFindsNothing(t *testing.T) {
	d := start(t)
	for _, visitor := range []struct{ door, role string }{{"/public/", ""}, {"/elder/", "recipient"}, {"/volunteer/", "volunteer"}, {"/desk/", "point "}} {
		t.Run(strings.Trim(visitor.door, "/"), func(t *testing.T) {
			t.Parallel()
			token := ""
			if visitor.role != "" {
				token = d.token(t, visitor.role)
			}
			found := wapiti(t, d.url, visitor.door, token)
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

// target is one request that sqlmap tries to put SQL into.
type target struct {
	method, path, body string
	form               bool
	token              string
}

// targets are operations of the description that take text and leave nothing behind that a second attempt would trip over, and some forms.
func (d demo) targets(t *testing.T) []target {
	t.Helper()
	desk, elder, volunteer := d.token(t, "point "), d.token(t, "recipient"), d.token(t, "volunteer")
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(httpapi.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	const id = "01h2xcejqtf2nbrexx3vqjhp41"
	var all []target
	for path, methods := range doc.Paths {
		for method, o := range methods {
			if method != "get" || !longer() && len(o.Parameters) == 0 {
				continue
			}
			address, query := path, url.Values{}
			for _, p := range o.Parameters {
				switch p.In {
				case "path":
					// The star is where sqlmap puts what it tries.
					address = strings.Replace(address, "{"+p.Name+"}", id+"*", 1)
				case "query":
					query.Set(p.Name, map[string]string{"limit": "1", "before": "5"}[p.Name]+id[:4])
				}
			}
			if !longer() && len(query) == 0 && strings.Count(address, "*") > 0 && len(all)%3 != 0 {
				// One address in three is enough by day: they all go through the same parser.
				all = append(all, target{})
				continue
			}
			if len(query) > 0 {
				address += "?" + query.Encode()
			}
			all = append(all, target{method: "GET", path: address, token: desk})
		}
	}
	some := all[:0]
	for _, one := range all {
		if one.method != "" {
			some = append(some, one)
		}
	}
	return append(some,
		target{method: "POST", path: "/api/v1/persons/search", body: `{"number":"13800138000"}`, token: desk},
		target{method: "POST", path: "/api/v1/persons/type", body: `{"region":"` + id + `","text":"li"}`, token: desk},
		target{method: "POST", path: "/api/v1/orders/near", body: `{"lat_e6":32100000,"lon_e6":118800000}`, token: volunteer},
		target{method: "POST", path: "/api/v1/sign-in/codes", body: `{"phone":"13800138000","device":"x"}`},
		target{method: "POST", path: "/api/v1/sign-in/staff", body: `{"login":"someone","password":"a long password","second":{"totp":"123456"}}`},
		target{method: "POST", path: "/public/check", body: "receipt=text", form: true},
		target{method: "POST", path: "/settings", body: "lang=en&back=/", form: true},
		target{method: "POST", path: "/elder/help", body: "key=a-first-key&item=smartphone_lesson&day=2030-01-02&at=09:00", form: true, token: elder},
		target{method: "POST", path: "/volunteer/orders/" + id + "*/claim", body: "key=a-first-key", form: true, token: volunteer},
	)
}

// proxyLog writes requests as the proxy Burp logs them, which sqlmap reads.
func proxyLog(base string, all []target) string {
	u, _ := url.Parse(base)
	var b strings.Builder
	const line = "======================================================\n"
	for _, one := range all {
		media, cookie := "application/json", ""
		if one.form {
			media = "application/x-www-form-urlencoded"
			cookie = "Cookie: __Host-session=" + one.token + "\r\n"
		}
		auth := ""
		if one.token != "" && !one.form {
			auth = "Authorization: Bearer " + one.token + "\r\n"
		}
		fmt.Fprintf(&b, "%s12:00:00  %s  [127.0.0.1]\n%s%s %s HTTP/1.1\r\nHost: %s\r\n%s%sAccept: */*\r\n", line, base, line, one.method, one.path, u.Host, auth, cookie)
		if one.body != "" {
			fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", media, len(one.body))
		}
		fmt.Fprintf(&b, "\r\n%s\n%s\n\n", one.body, line)
	}
	return b.String()
}

// sqlmap tries the targets and returns what it could put SQL into.
func sqlmap(t *testing.T, base string, all []target) (found []string, said string) {
	t.Helper()
	folder := t.TempDir()
	requests, results := filepath.Join(folder, "requests.log"), filepath.Join(folder, "results.csv")
	if err := os.WriteFile(requests, []byte(proxyLog(base, all)), 0o600); err != nil {
		t.Fatal(err)
	}
	level, technique := "1", "BEU"
	if longer() {
		level, technique = "2", "BEUST"
	}
	said = run(t, 20*time.Minute, folder, "sqlmap", "-l", requests, "--batch", "--level", level, "--risk", "1", "--technique", technique, "--force-ssl", "--flush-session",
		"--output-dir", filepath.Join(folder, "out"), "--results-file", results, "--randomize", "key", "--timeout", "20", "--retries", "1", "--disable-coloring",
		"--ignore-code", "401,403,404,405,409,422,429", "--skip-waf", "--ignore-stdin", "--answers", "follow=N,another session=N", "-v", "1")
	f, err := os.Open(results)
	if errors.Is(err, os.ErrNotExist) {
		return nil, said
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		// A row without a technique says that nothing was found there, and a note when sqlmap itself took back what it had suspected.
		if len(row) >= 5 && row[0] != "Target URL" && strings.TrimSpace(row[3]) != "" && !strings.Contains(row[4], "false positive") {
			found = append(found, strings.Join(row, " "))
		}
	}
	return found, said
}

func TestSqlmapFindsNothing(t *testing.T) {
	d := start(t)
	all := d.targets(t)
	var wg sync.WaitGroup
	const parts = 2
	for part := range parts {
		var mine []target
		for n, one := range all {
			if n%parts == part {
				mine = append(mine, one)
			}
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			found, said := sqlmap(t, d.url, mine)
			for _, f := range found {
				t.Error(f)
			}
			// It has to have looked.
			if n := strings.Count(said, "testing URL"); n < len(mine)/2 {
				t.Errorf("sqlmap looked at %d of %d targets\n%s", n, len(mine), tail([]byte(said)))
			}
		}()
	}
	wg.Wait()
}

// planted serves two pages that no city should have, encrypted as the demo: one says what it was sent as it was sent, the other puts it into SQL. They
// exist in this test alone.
func planted(t *testing.T) string {
	t.Helper()
	// The engine's driver comes with the program.
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	for _, text := range []string{"CREATE TABLE book (id TEXT, title TEXT)", "INSERT INTO book VALUES ('1', 'The lake in March'), ('2', 'The lake in May')"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><html><head><title>Planted</title></head><body>"+text+"</body></html>")
	}
	mux.HandleFunc("GET /planted/{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(w, `<a href="/planted/echo?words=hello">say it again</a> <a href="/planted/book?id=1">a book</a>`)
	})
	mux.HandleFunc("GET /planted/echo", func(w http.ResponseWriter, r *http.Request) { page(w, "<p>You said "+r.FormValue("words")+"</p>") })
	mux.HandleFunc("GET /planted/book", func(w http.ResponseWriter, r *http.Request) {
		rows, err := db.QueryContext(r.Context(), "SELECT title FROM book WHERE id = '"+r.FormValue("id")+"'")
		if err != nil {
			page(w, "<p>sqlite3.OperationalError: "+err.Error()+"</p>")
			return
		}
		defer rows.Close()
		list := ""
		for rows.Next() {
			var title sql.NullString
			if err := rows.Scan(&title); err != nil {
				break
			}
			list += "<li>" + title.String + "</li>"
		}
		page(w, "<ul>"+list+"</ul>")
	})
	srv := httptest.NewTLSServer(mux)
	t.Cleanup(func() {
		srv.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv.URL
}

// TestTheScannersFindWhatIsThere: the same calls that find nothing in the demo find what was planted, so that nothing means something.
func TestTheScannersFindWhatIsThere(t *testing.T) {
	base := planted(t)
	t.Run("wapiti", func(t *testing.T) {
		t.Parallel()
		found := strings.Join(wapiti(t, base, "/planted/", ""), "\n")
		for _, want := range []string{"Cross Site Scripting: GET /planted/echo words", "SQL Injection: GET /planted/book id"} {
			if !strings.Contains(found, want) {
				t.Errorf("wapiti does not find %q, but only\n%s", want, found)
			}
		}
	})
	t.Run("sqlmap", func(t *testing.T) {
		t.Parallel()
		found, said := sqlmap(t, base, []target{{method: "GET", path: "/planted/book?id=1"}, {method: "GET", path: "/planted/echo?words=hello"}})
		if len(found) != 1 || !strings.Contains(found[0], "/planted/book") {
			t.Errorf("sqlmap finds %q, want the book's page alone\n%s", found, tail([]byte(said)))
		}
	})
}
