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
		for n, p := range []struct{ name, phone string }{{"李小明", "13800138001"}, {"李明", "13800131234"}, {"欧阳震华", "025-83638888"}, {"单小鹏", ""}, {"John Smith", "13900001234"}, {"吕梁", ""}, {"鄂", ""}, {"李", ""}} {
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
		for text, want := range map[string]string{"李": "李小明 李明 李", "鄂": "鄂", "小明": "李小明", "李小明": "李小明", "李明": "李明", "欧阳": "欧阳震华", "lixi": "李小明", "LIM": "李明",
			"lxm": "李小明", "lx": "李小明", "li": "李小明 李明 李", "1234": "李明 John Smith", "李 1234": "李明", "oy": "欧阳震华", "ouyangzhenhua": "欧阳震华", "shanxi": "单小鹏",
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
		if got := search("李") + search("王") + search("5678"); got != "李小明 李王明王明" {
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

// A desk finds people by the street or estate where they live, with the numbers of house and building; never by the door. What is found follows a
// correction, a move and the end of the consent.
func TestSearchByAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		ids := map[string]member.PersonID{}
		for n, p := range []struct{ name, address string }{{"李明", "栖霞区迈皋桥街道和平路12号3幢502室"}, {"王芳", "和平路１２号5-301"}, {"赵平路", "兴卫新村8栋"}, {"钱和", ""}} {
			consents := []member.Purpose{member.PurposeIdentity}
			if p.address != "" {
				consents = append(consents, member.PurposeLocation)
			}
			got, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{{Actor: w.desk, Key: p.name, Name: p.name, Address: p.address, IDNumber: idNumber("1940-01-01", n+1),
				Region: w.home, Consents: consents}})
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
			}
			return strings.Join(names, " ")
		}
		for text, want := range map[string]string{"和平路": "李明 王芳", "和平": "李明 王芳", "和平路12号": "李明 王芳", "和平12": "李明 王芳", "和平路 12": "李明 王芳", "和平路12号3幢": "李明", "和平路3栋": "李明",
			"和平路12号5": "王芳", "和平路13号": "", "和平路502": "", "和平路301": "", "平路": "李明 王芳 赵平路", "李 和平路": "李明", "liming 和平路": "李明", "兴卫新村8": "赵平路", "新村８栋": "赵平路", "迈皋桥": ""} {
			if got := search(text); got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		}
		if _, err := w.s.Search(ctx, w.desk, w.home, "12号"); errs.CodeOf(err) != "member.look_up_invalid" {
			t.Errorf("a number alone: got %v, want member.look_up_invalid", err)
		}
		corrected, err := w.s.Correct(ctx, []member.CorrectCmd{{Actor: w.desk, Key: "c", Person: ids["李明"], Address: "寅春路9号", Reason: "card"}})
		if err != nil || corrected[0].Err != nil {
			t.Fatal(err, corrected)
		}
		moved, err := w.s.Move(ctx, []member.MoveCmd{{Actor: w.desk, Key: "m", Person: ids["赵平路"], Region: w.home, Address: "万寿村6幢", From: clock.DayOf(clk.Now())}})
		if err != nil || moved[0].Err != nil {
			t.Fatal(err, moved)
		}
		if got := search("和平路") + search("寅春路9") + search("新村") + search("万寿村6"); got != "王芳李明赵平路" {
			t.Errorf("after a correction and a move: got %q", got)
		}
		withdrawn, err := w.s.Consent(ctx, []member.ConsentCmd{{Actor: w.desk, Key: "w", Person: ids["王芳"], Purpose: member.PurposeLocation, Withdraw: true}})
		if err != nil || withdrawn[0].Err != nil {
			t.Fatal(err, withdrawn)
		}
		if got := search("和平路"); got != "" {
			t.Errorf("by an address that is gone: got %q", got)
		}
		// What an older version has marked is marked anew, once.
		storetest.Write(t, db, func(tx *store.Tx) error {
			if _, err := tx.Exec("UPDATE person SET marks = NULL WHERE id = $1", string(ids["李明"])); err != nil {
				return err
			}
			for _, want := range []int{1, 0} {
				if _, changed, err := w.s.Remark(tx, "", 100); err != nil || changed != want {
					t.Errorf("marked anew: %d, %v, want %d", changed, err, want)
				}
			}
			return nil
		})
		if got := search("寅春路"); got != "李明" {
			t.Errorf("marked anew: got %q", got)
		}
	})
}
