package privacy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/httpapi"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/notice"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/print/printtest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// The canaries: personal values that stand nowhere else.
var canaries = map[string]string{
	"name":      "甄金雀",
	"number":    citytest.IDNumber("1938-07-19", 777),
	"phone":     "13876543219",
	"address":   "金丝雀胡同七十七号",
	"rating":    "金丝雀说服务很好",
	"complaint": "金丝雀说没有来过",
	"new name":  "甄改雀",
	"new phone": "13965432187",
	"mail":      "zhen.canary@example.org",
	"code":      "canary-code-739155",
	"letter":    "金丝雀周日回来",
	"camera":    "canary-camera-4417",

	"place in WeChat": "oCanary7WeChat2Place",
}

// sung returns the canaries that stand in bytes, as text, as JSON escapes or in hexadecimal.
func sung(b []byte) (found []string) {
	for what, text := range canaries {
		escaped, hexed := fmt.Sprintf("%+q", text), hex.EncodeToString([]byte(text))
		if bytes.Contains(b, []byte(text)) || bytes.Contains(b, []byte(strings.Trim(escaped, `"`))) || bytes.Contains(bytes.ToLower(b), []byte(hexed)) {
			found = append(found, what)
		}
	}
	return found
}

// inClear is what stands in a document or a workbook, for whoever opens it; other bytes stay as they are.
func inClear(t *testing.T, b []byte) []byte {
	t.Helper()
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return []byte(printtest.Text(t, b))
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		book, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for _, f := range book.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err = errors.Join(err, r.Close()); err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		return all
	}
	return b
}

// mine is a flow over the API, of which every byte that was answered is kept.
type mine struct {
	t       *testing.T
	c       *citytest.City
	api     http.Handler
	emitted map[string][]byte
	keys    int
}

func (m *mine) call(by identity.Actor, method, path string, body any, into any) int {
	m.t.Helper()
	token, err := m.c.Identity.IssueToken(m.t.Context(), identity.ActorID(by.ID), time.Hour, "test")
	if err != nil {
		m.t.Fatal(err)
	}
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			m.t.Fatal(err)
		}
	}
	m.keys++
	r := httptest.NewRequest(method, "/api/v1"+path, bytes.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", fmt.Sprintf("canary-%04d", m.keys))
	w := httptest.NewRecorder()
	m.api.ServeHTTP(w, r)
	what := fmt.Sprintf("answer %d of %s %s", m.keys, method, path)
	m.emitted[what] = append([]byte(fmt.Sprint(w.Header())), inClear(m.t, w.Body.Bytes())...)
	if into != nil {
		if w.Code >= 300 {
			m.t.Fatalf("%s: %d %s", what, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			m.t.Fatal(err)
		}
	}
	return w.Code
}

// TestNothingPersonalLeaves plants unmistakable personal values, drives a city through its main flows, and looks for them in every byte that it
// emits and stores: answers that are not meant to show them, logs, figures, the book, the trail, receipts, and the database itself.
func TestNothingPersonalLeaves(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		var logged bytes.Buffer
		c.Log = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		m := &mine{t: t, c: c, emitted: map[string][]byte{}, api: httpapi.New(httpapi.Deps{DB: c.DB, Clock: c.Clock, IDs: c.IDs, Log: c.Log, Health: c.Health,
			Metrics: c.Metrics, Regions: c.Regions, Policies: c.Policies, Identity: c.Identity, Members: c.Members, Ledger: c.Ledger, Notary: c.Notary,
			Catalog: c.Catalog, Training: c.Training, Orders: c.Orders, Feedback: c.Feedback, SignIn: c.SignIn, Notify: c.Notify,
			Privacy: c.Privacy, Family: c.Family, Paper: c.Paper, Certificates: c.Certificates})}
		home := c.Home()
		desk, volunteer, auditor := c.Staff(identity.PointStaff, home), c.Volunteer(home), c.Staff(identity.Auditor, c.Tree.City())

		registration := map[string]any{"name": canaries["name"], "id_number": canaries["number"], "phone": canaries["phone"], "address": canaries["address"],
			"region": home, "consents": []string{"identity", "location", "health", "allowance"}}
		var registered struct{ Person, Actor string }
		m.call(desk.Actor, "POST", "/persons", registration, &registered)
		if code := m.call(desk.Actor, "POST", "/persons", registration, nil); code != http.StatusConflict {
			t.Errorf("the same person again: got %d", code)
		}
		for _, change := range []map[string]any{{"region": "nowhere"}, {"id_number": canaries["number"][:17] + "A"}, {"phone": canaries["phone"] + "9"},
			{"unknown": canaries["address"]}, {"consents": canaries["name"]}, {"name": 7}} {
			bad := map[string]any{}
			for k, v := range registration {
				bad[k] = v
			}
			for k, v := range change {
				bad[k] = v
			}
			if code := m.call(desk.Actor, "POST", "/persons", bad, nil); code < 400 || code > 499 {
				t.Errorf("with %v: got %d", change, code)
			}
		}
		elder := citytest.Person{ID: member.PersonID(registered.Person)}
		var err error
		if elder.Actor, err = c.Identity.Actor(ctx, identity.ActorID(registered.Actor), "test"); err != nil {
			t.Fatal(err)
		}
		c.Approve(elder, func(a *member.Attributes) { a.LivesAlone = true })
		m.call(desk.Actor, "POST", "/persons/search", map[string]any{"number": canaries["phone"]}, &struct{}{})
		m.call(volunteer.Actor, "GET", "/persons/"+registered.Person, nil, nil)

		paid := c.Earn(volunteer, elder, 60)
		rated, err := c.Feedback.Rate(ctx, []feedback.RateCmd{{Actor: elder.Actor, Key: c.Key(), Order: paid, Of: volunteer.ID, Stars: 5, Words: canaries["rating"]}})
		citytest.Must(t, rated, err)
		next := c.Served(volunteer, elder)
		m.call(elder.Actor, "POST", "/orders/"+string(next)+"/complaints", map[string]any{"category": "not_done", "words": canaries["complaint"]}, nil)
		if _, err := c.Orders.AttachPhoto(ctx, order.PhotoCmd{Actor: volunteer.Actor, Key: c.Key(), Order: next, Moment: order.AtCheckOut, File: bytes.NewReader(shot(t))}); err != nil {
			t.Fatal(err)
		}
		corrected, err := c.Members.Correct(ctx, []member.CorrectCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Phone: canaries["new phone"], Reason: "new"},
			{Actor: identity.System, Key: c.Key(), Person: elder.ID, Name: canaries["new name"], Reason: "card"}})
		citytest.Must(t, corrected, err)
		if found, err := c.Members.Search(ctx, desk.Actor, home, "甄"); err != nil || len(found) != 1 {
			t.Errorf("search: got %v, %v", found, err)
		} else {
			m.emitted["a printed match"] = fmt.Appendf(nil, "%v %+v %#v", found, found, found)
		}
		messages(t, c, elder)
		// Who is not meant to see them reads whatever there is to read.
		for _, one := range []struct {
			by   identity.Actor
			path string
		}{{volunteer.Actor, "/orders/" + string(paid)}, {volunteer.Actor, "/orders/" + string(next)}, {volunteer.Actor, "/orders/" + string(paid) + "/feedback"},
			{desk.Actor, "/regions/" + string(home) + "/board"}, {desk.Actor, "/regions/" + string(home) + "/recipients?state=approved"},
			{desk.Actor, "/regions/" + string(home) + "/complaints"}, {desk.Actor, "/regions/" + string(home) + "/follow-ups"},
			{auditor.Actor, "/audit?region=" + string(c.Tree.City())}, {desk.Actor, "/accounts/" + registered.Person + "/passbook"},
			{desk.Actor, "/persons/" + registered.Person + "/orders"}, {desk.Actor, "/persons/" + registered.Person + "/kin"},
			{elder.Actor, "/me"}, {volunteer.Actor, "/log/ledger/checkpoint"}, {volunteer.Actor, "/log/audit/checkpoint"},
			{volunteer.Actor, "/accounts/" + string(volunteer.ID) + "/passbook.csv"}, {volunteer.Actor, "/accounts/" + string(volunteer.ID) + "/passbook.xlsx"},
			{desk.Actor, "/persons/" + canaries["phone"]}} {
			m.call(one.by, "GET", one.path, nil, nil)
		}
		delete(m.emitted, fmt.Sprintf("answer %d of GET /persons/%s", m.keys, canaries["phone"])) // its own name holds what was asked
		// What the volunteer takes out of the system holds nothing of the elder.
		for _, format := range []string{"json", "pdf"} {
			if code := m.call(volunteer.Actor, "POST", "/persons/"+string(volunteer.ID)+"/copy", map[string]any{"format": format}, nil); code != http.StatusOK {
				t.Errorf("a copy as %s: got %d", format, code)
			}
		}
		for _, path := range []string{"/accounts/" + string(volunteer.ID) + "/passbook.pdf", "/persons/" + string(volunteer.ID) + "/card.pdf"} {
			if code := m.call(desk.Actor, "POST", path, map[string]any{}, nil); code != http.StatusOK {
				t.Errorf("%s: got %d", path, code)
			}
		}
		c.Pass(72 * time.Hour)
		if _, err := c.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		figures := httptest.NewRecorder()
		c.Metrics.Handler().ServeHTTP(figures, httptest.NewRequest("GET", "/metrics", nil))
		m.emitted["metrics"] = figures.Body.Bytes()
		m.emitted["log"] = logged.Bytes()
		m.emitted["receipt"] = receipt(t, c, paid)
		var journal bytes.Buffer
		if err := ledger.WriteJournal(ctx, c.DB, &journal); err != nil {
			t.Fatal(err)
		}
		m.emitted["journal"] = journal.Bytes()
		for what, b := range stored(t, c) {
			m.emitted[what] = b
		}
		if len(m.emitted) < 25 {
			t.Errorf("only %d things were looked at", len(m.emitted))
		}
		for what, b := range m.emitted {
			if found := sung(b); len(found) > 0 {
				t.Errorf("%s holds %s", what, strings.Join(found, ", "))
			}
		}
		// The look itself works: whoever may see them does.
		if m.call(desk.Actor, "GET", "/persons/"+registered.Person, nil, &struct{}{}); len(sung(m.emitted[fmt.Sprintf("answer %d of GET /persons/%s", m.keys, registered.Person)])) < 3 {
			t.Error("the desk does not see what it may see: the canaries are not found where they are")
		}
	})
}

// shot is a picture with a camera's remark in its head.
func shot(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 24)), nil); err != nil {
		t.Fatal(err)
	}
	remark := canaries["camera"] + " " + canaries["address"]
	head := append([]byte{0xff, 0xd8, 0xff, 0xfe}, binary.BigEndian.AppendUint16(nil, uint16(len(remark)+2))...)
	return append(append(head, remark...), b.Bytes()[2:]...)
}

// messages tells the elder of its visits and gives it a mail address and a letter from its daughter, with what was planted in each; a carrier takes
// some, others wait.
func messages(t *testing.T, c *citytest.City, elder citytest.Person) {
	t.Helper()
	daughter := c.Daughter(elder, c.Home())
	for _, one := range [][2]citytest.Person{{elder, daughter}, {daughter, elder}} {
		citytest.Got(c.Family.Line(t.Context(), []family.LineCmd{{Actor: one[0].Actor, Key: c.Key(), Person: one[0].ID, Relative: one[1].ID, Open: true}})).Must(t, "line")
	}
	citytest.Got(c.Family.Send(t.Context(), []family.SendCmd{{Actor: daughter.Actor, Key: c.Key(), From: daughter.ID, To: elder.ID, Words: canaries["letter"]}})).Must(t, "letter")
	citytest.Got(c.Notify.AskEmail(t.Context(), []notify.AskEmailCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Address: canaries["mail"]}})).Must(t, "ask")
	var events []store.Event
	storetest.Write(t, c.DB, func(tx *store.Tx) (err error) {
		if events, err = store.WaitingEvents(tx, 1000); err == nil {
			_, err = c.Notify.Send(tx, notify.Message{Channel: notify.SMS, To: canaries["new phone"], Kind: notify.Code, Values: map[string]string{"code": canaries["code"]}, Life: time.Hour})
		}
		return err
	})
	for _, e := range events {
		var err error
		switch {
		case e.Topic == notify.Topic:
			err = c.Notify.Deliver(t.Context(), notify.ID(e.Ref))
		case slices.Contains(notice.Topics(), e.Topic):
			err = c.Notices.Tell(t.Context(), e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func receipt(t *testing.T, c *citytest.City, id order.ID) []byte {
	t.Helper()
	var leaf ledger.Disclosure
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		of, err := ledger.Of(tx, string(id))
		if err != nil || len(of) == 0 {
			t.Fatalf("got transactions %v, %v", of, err)
		}
		leaf, err = ledger.Disclose(tx, of[0])
		return err
	})
	proof, err := c.Notary.Receipt(t.Context(), "ledger", leaf.Number, leaf.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

// stored returns the bytes of the database and of the folder of pictures: the files of SQLite, every row of every table of PostgreSQL.
func stored(t *testing.T, c *citytest.City) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	folder := c.Config.Data
	if folder == "" {
		folder = c.Config.Photos
	}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all["file "+d.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil || c.Config.Data != "" && len(all) < 2 {
		t.Fatalf("got %d files of the installation, %v", len(all), err)
	}
	if c.DB.Engine() == store.SQLite {
		return all
	}
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		text := func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) }
		tables, err := store.All(tx, text, "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'")
		for _, table := range tables {
			var rows []string
			if err == nil {
				rows, err = store.All(tx, text, "SELECT x::text FROM "+table+" x")
			}
			all["table "+table] = []byte(strings.Join(rows, "\n"))
		}
		if len(all) < 30 {
			t.Errorf("got %d tables", len(all))
		}
		return err
	})
	return all
}
