package member_test

import (
	"strings"
	"testing"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestSearchWhileTyping(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		ids := map[string]member.PersonID{}
		for n, p := range []struct{ name, phone string }{{"李小明", "13800138001"}, {"李明", "13800131234"}, {"欧阳震华", "025-83638888"}, {"单小鹏", ""}, {"John Smith", "13900001234"}, {"吕梁", ""}} {
			got, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{{Actor: w.desk, Key: p.name, Name: p.name, Phone: p.phone,
				IDNumber: idNumber("1940-01-01", n+1), Region: w.home, Consents: []member.Purpose{member.PurposeIdentity}}})
			if err != nil || got[0].Err != nil {
				t.Fatal(err, got)
			}
			ids[p.name] = got[0].Value.Person
		}
		search := func(text string) string {
			t.Helper()
			found, err := w.s.Search(ctx, w.desk, w.home, text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			var names []string
			for _, m := range found {
				names = append(names, m.Name.Reveal())
				if strings.Contains(m.Name.String()+m.Phone.String(), "明") {
					t.Errorf("%q shows %s", text, m.Name)
				}
			}
			return strings.Join(names, " ")
		}
		for text, want := range map[string]string{"李": "李小明 李明", "小明": "李小明", "李小明": "李小明", "李明": "李明", "欧阳": "欧阳震华", "lixi": "李小明", "LIM": "李明",
			"lxm": "李小明", "lx": "李小明", "li": "李小明 李明", "1234": "李明 John Smith", "李 1234": "李明", "oy": "欧阳震华", "ouyangzhenhua": "欧阳震华", "shanxi": "单小鹏",
			"john": "John Smith", "js": "John Smith", "lvliang": "吕梁", "王": "", "9999": ""} {
			if got := search(text); got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		}
		for _, text := range []string{"", "l", "123", "13800138001"} {
			if _, err := w.s.Search(ctx, w.desk, w.home, text); errs.CodeOf(err) != "member.look_up_invalid" {
				t.Errorf("%q: got %v, want member.look_up_invalid", text, err)
			}
		}
		if _, err := w.s.Search(ctx, identity.Actor{ID: "somebody"}, w.home, "李"); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("a stranger: got %v, want identity.not_allowed", err)
		}
		corrected, err := w.s.Correct(ctx, []member.CorrectCmd{{Actor: w.desk, Key: "c", Person: ids["李明"], Name: "王明", Phone: "13800135678", Reason: "card"}})
		if err != nil || corrected[0].Err != nil {
			t.Fatal(err, corrected)
		}
		if got := search("李") + search("王") + search("5678"); got != "李小明王明王明" {
			t.Errorf("after a correction: got %q", got)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			found, _, err := audit.Search(tx, audit.Filter{Action: "member.search"}, 0, 100)
			if len(found) < 20 || !strings.Contains(found[0].After, string(ids["李明"])) {
				t.Errorf("got %d entries about searches, the last of them %q", len(found), found[0].After)
			}
			return err
		})
	})
}
