package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
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

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	heard, _ := url.QueryUnescape(r.URL.RawQuery + "&" + string(body))
	g.mu.Lock()
	g.heard = append(g.heard, heard)
	g.mu.Unlock()
	answer, _ := json.Marshal(map[string]string{"Code": heard, "Message": heard, "RequestId": heard})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(answer)
	select {
	case g.asked <- struct{}{}:
	default:
	}
}

// TestNothingPersonalWaitsInJobs lets a server deliver what a city with planted values asks for, to a carrier that fails and repeats what it was
// told, and looks for them in the rows and files of the jobs, failed attempts included, in what the carrier was told and in the log.
func TestNothingPersonalWaitsInJobs(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			ctx := t.Context()
			t.Chdir(t.TempDir()) // without a data folder the development inbox lies where the server was started
			g := &gossip{asked: make(chan struct{}, 1)}
			provider := httptest.NewServer(g)
			t.Cleanup(provider.Close)
			c := citytest.NewWith(t, engine, func(set *config.Config) {
				set.HTTP.Addr, set.Carriers.SMS = "127.0.0.1:0", "aliyun"
				set.Aliyun = config.Aliyun{Key: "key", Secret: "secret", Sign: "sign", Endpoint: provider.URL,
					Templates: "signin.code=SMS_1(code) order.coming=SMS_2(time:start,what:service) order.confirm=SMS_3(time:start) order.paid=SMS_4(hours)"}
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
			// The last that is asked for goes to the carrier: all others are with River by then.
			storetest.Write(t, c.DB, func(tx *store.Tx) error {
				_, err := c.Notify.Send(tx, notify.Message{Channel: notify.SMS, To: canaries["phone"], Kind: notify.Code, Values: map[string]string{"code": canaries["code"]}, Life: time.Hour})
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
			select {
			case <-g.asked:
			case <-time.After(time.Minute):
				t.Fatal("the carrier was asked for nothing within a minute")
			}
			stop()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}

			// What the carrier has to know is the number and what it carries.
			told := strings.Join(g.heard, "\n")
			for what, text := range canaries {
				if needed := what == "phone" || what == "code"; strings.Contains(told, text) != needed {
					t.Errorf("the carrier knows the %s: %v, want %v", what, !needed, needed)
				}
			}
			all := stored(t, c)
			all["log"] = logged.bytes()
			if engine == store.Postgres {
				if all["inbox"], err = os.ReadFile("inbox.log"); err != nil {
					t.Fatal(err)
				}
			}
			rows := 0
			for what, b := range all {
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
			if !bytes.Contains(all["log"], []byte("a job failed")) {
				t.Errorf("no delivery failed, so nobody was tempted to repeat what the carrier said:\n%s", all["log"])
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
