package privacy_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/config"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/jobs"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// gossip is a carrier that repeats whatever it is told, as an error.
type gossip struct {
	mu    sync.Mutex
	heard []string
	asked chan struct{}
}

func (g *gossip) keep(heard string) {
	g.mu.Lock()
	g.heard = append(g.heard, heard)
	g.mu.Unlock()
	select {
	case g.asked <- struct{}{}:
	default:
	}
}

func (g *gossip) told() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.heard, "\n")
}

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/cgi-bin/stable_token" {
		_, _ = io.WriteString(w, `{"access_token":"token","expires_in":7200}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	heard, _ := url.QueryUnescape(r.URL.RawQuery + "&" + string(body))
	answer, _ := json.Marshal(map[string]any{"Code": heard, "Message": heard, "RequestId": heard, "errmsg": heard, "Response": map[string]any{"Error": map[string]string{"Code": heard, "Message": heard}}})
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(answer)
	g.keep(heard)
}

// mail answers as a mail server that refuses each letter with all that it was told.
func (g *gossip) mail(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	talk := func(conn net.Conn) {
		defer func() { _ = conn.Close() }() // the client may have gone first
		heard, answer := "", func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
		answer("220 mail.example.org")
		for r := bufio.NewScanner(conn); r.Scan(); {
			heard += r.Text() + " "
			switch verb, _, _ := strings.Cut(r.Text(), " "); verb {
			case "DATA":
				answer("354 go on")
				for r.Scan() && r.Text() != "." {
					heard += r.Text() + " "
				}
				answer("451 " + heard)
				g.keep(heard)
			case "QUIT":
				answer("221 bye")
				return
			default:
				answer("250 ok")
			}
		}
	}
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talk(conn)
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return l.Addr().String()
}

// carriers are one of each kind, every one a gossip, and what each has to know of what was planted.
func carriers(t *testing.T) (all map[string]*gossip, needs map[string][]string, set func(*config.Config)) {
	t.Helper()
	all = map[string]*gossip{}
	at := func(name string) string {
		g := &gossip{asked: make(chan struct{}, 1)}
		all[name] = g
		if name == "smtp" {
			return g.mail(t)
		}
		provider := httptest.NewServer(g)
		t.Cleanup(provider.Close)
		return provider.URL
	}
	aliyun, tencent, wechat, smtp := at("aliyun"), at("tencent"), at("wechat"), at("smtp")
	needs = map[string][]string{"aliyun": {"phone", "code"}, "tencent": {"phone", "code"}, "wechat": {"place in WeChat", "code"}, "smtp": {"mail", "code"}}
	return all, needs, func(set *config.Config) {
		set.Carriers.SMS, set.Carriers.Email, set.Carriers.WeChat = "aliyun tencent", "smtp", "wechat"
		set.Aliyun = config.Aliyun{Key: "key", Secret: "secret", Sign: "sign", Endpoint: aliyun,
			Templates: "signin.code=SMS_1(code) order.coming=SMS_2(time:start,what:service) order.confirm=SMS_3(time:start) order.paid=SMS_4(hours)"}
		set.Tencent = config.Tencent{ID: "id", Secret: "secret", App: "1400000000", Sign: "sign", Region: "ap-guangzhou", Endpoint: tencent, Templates: "signin.code=77(code) order.coming=78(start,service)"}
		set.WeChat = config.WeChat{App: "app", Secret: "secret", Endpoint: wechat, Templates: "signin.code=T1(thing1:code) order.coming=T2(thing1:service,time2:start)"}
		set.SMTP.Addr, set.SMTP.From, set.SMTP.TLS = smtp, "bank@example.org", "none"
	}
}

// TestNothingPersonalWaitsInJobs lets a server deliver what a city with planted values asks for, to carriers of every kind that fail and repeat what
// they were told, and looks for them in the rows and files of the jobs, failed attempts included, in what each carrier was told, in the figures and in
// the log.
func TestNothingPersonalWaitsInJobs(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			ctx := t.Context()
			t.Chdir(t.TempDir()) // without a data folder the development inbox lies where the server was started
			all, needs, settings := carriers(t)
			c := citytest.NewWith(t, engine, func(set *config.Config) {
				settings(set)
				set.HTTP.Addr = "127.0.0.1:0"
			})
			var logged syncBuffer
			c.Log = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			registered, err := c.Members.RegisterPersons(ctx, []member.RegisterCmd{{Actor: identity.System, Key: c.Key(), Name: canaries["name"], IDNumber: canaries["number"],
				Phone: canaries["phone"], Address: canaries["address"], Region: c.Home(), Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}}})
			elder := citytest.Person{ID: citytest.Must(t, registered, err)[0].Value.Person}
			if elder.Actor, err = c.Identity.Actor(ctx, registered[0].Value.Actor, "test"); err != nil {
				t.Fatal(err)
			}
			c.Approve(elder, func(a *member.Attributes) { a.LivesAlone = true })
			volunteer := c.Volunteer(c.Home())
			served := c.Served(volunteer, elder)
			citytest.Got(c.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: elder.Actor, Key: c.Key(), Order: served, Category: feedback.Poor, Words: canaries["complaint"]}})).Must(t, "complain")
			citytest.Got(c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: c.Place(elder.Actor, elder), Reason: "not needed"}})).Must(t, "cancel")
			// The last that is asked for goes to the carriers: all others are with River by then.
			storetest.Write(t, c.DB, func(tx *store.Tx) (err error) {
				for channel, to := range map[notify.Channel]string{notify.SMS: "phone", notify.Email: "mail", notify.WeChat: "place in WeChat"} {
					_, sent := c.Notify.Send(tx, notify.Message{Channel: channel, To: canaries[to], Kind: notify.Code, Values: map[string]string{"code": canaries["code"]}, Life: time.Hour})
					err = errors.Join(err, sent)
				}
				return err
			})

			server, err := c.Listen(ctx)
			if err != nil {
				t.Fatal(err)
			}
			running, stop := context.WithCancel(ctx)
			defer stop()
			ended := make(chan error, 1)
			go func() { ended <- server.Run(running, func() error { return nil }) }()
			for name, g := range all {
				for within := time.After(time.Minute); !strings.Contains(g.told(), canaries["code"]); {
					select {
					case <-g.asked:
					case <-within:
						t.Fatalf("%s was not asked for the code within a minute; it knows %q", name, g.told())
					}
				}
			}
			stop()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}

			// What a carrier has to know is where it goes and what it carries.
			for name, g := range all {
				for what, text := range canaries {
					if needed := slices.Contains(needs[name], what); strings.Contains(g.told(), text) != needed {
						t.Errorf("%s knows the %s: %v, want %v", name, what, !needed, needed)
					}
				}
			}
			kept := stored(t, c)
			kept["log"] = logged.bytes()
			figures := httptest.NewRecorder()
			c.Metrics.Handler().ServeHTTP(figures, httptest.NewRequest("GET", "/metrics", nil))
			kept["metrics"] = figures.Body.Bytes()
			rows := 0
			for what, b := range kept {
				if what == "table river_job" || strings.HasPrefix(what, "file "+jobs.FileName) {
					rows += bytes.Count(b, []byte(string(served)))
				}
				if found := sung(b); len(found) > 0 {
					t.Errorf("%s holds %s", what, strings.Join(found, ", "))
				}
			}
			if rows == 0 {
				t.Error("the jobs have no row about the visit: they are not where they were looked for")
			}
			if !bytes.Contains(kept["log"], []byte("a job failed")) {
				t.Errorf("no delivery failed, so nobody was tempted to repeat what the carrier said:\n%s", kept["log"])
			}
		})
	}
}

// syncBuffer is a buffer that many write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}
