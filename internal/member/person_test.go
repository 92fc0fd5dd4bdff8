package member_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestRegisterPersons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		place := region.Point{LatE6: 32_060_000, LonE6: 118_790_000}
		full := []member.Purpose{member.PurposeIdentity, member.PurposeLocation, member.PurposeIdentity}
		good := member.RegisterCmd{Actor: w.desk, Key: "1", Name: "曹桂英", IDNumber: idNumber("1938-02-03", 2), Phone: "025-83638888",
			Address: "迈皋桥街道 1 号 203 室", Region: w.home, Point: &place, Consents: full}
		twin, glyph, far, young := good, good, good, good
		twin.Key, twin.Name = "2", "曹桂花"
		glyph.Key, glyph.Name, glyph.IDNumber = "3", "李喆", idNumber("1940-01-01", 4)
		far.Key, far.IDNumber, far.Region = "4", idNumber("1941-01-01", 4), w.elsewhere
		young.Key, young.IDNumber = "5", idNumber("2021-01-01", 4)
		bad := member.RegisterCmd{Actor: w.desk, Key: "6", Name: "", IDNumber: "123", Phone: "1", Address: strings.Repeat("长", 201),
			Region: w.tree.City(), Point: &region.Point{LatE6: 91_000_000}, Consents: []member.Purpose{"fun"}}
		itself := good
		itself.Actor, itself.Key, itself.IDNumber = identity.Actor{ID: "stranger", At: clk.Now(), Origin: "test"}, "7", idNumber("1980-01-01", 9)

		out, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{good, twin, glyph, far, young, bad})
		wants(t, "register", out, err, "", "member.identity_taken", "", "identity.not_allowed", "member.person_invalid", "member.person_invalid")
		if e, ok := out[5].Err.(*errs.Error); ok {
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Path)
			}
			if want := "name id_number phone address region point consents.0 consents consents"; strings.Join(got, " ") != want {
				t.Errorf("bad fields: got %q, want %q", got, want)
			}
		}
		if len(out[0].Value.Warnings) != 0 || len(out[2].Value.Warnings) != 1 || out[2].Value.Warnings[0] != member.WarnGlyph {
			t.Errorf("warnings: got %v and %v, want one of the second", out[0].Value.Warnings, out[2].Value.Warnings)
		}
		again, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{good, twin, glyph})
		wants(t, "again", again, err, "", "member.identity_taken", "")
		if !again[0].Replayed || again[0].Value.Person != out[0].Value.Person || len(again[2].Value.Warnings) != 1 {
			t.Errorf("the same command again: got %+v, want the first run's result %+v", again, out)
		}
		other := good
		other.Phone = "13800000000"
		reused, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{other})
		wants(t, "the key with another input", reused, err, "idempotency.key_reused")

		// Somebody who signed in and is nobody yet registers itself and becomes that person.
		var stranger identity.ActorID
		storetest.Write(t, db, func(tx *store.Tx) error {
			ids, err := identity.Register(tx, []string{""})
			stranger = ids[0]
			return err
		})
		itself.Actor.ID = string(stranger)
		// A telephone alone does not go through a list of identity numbers, and leaves a trace.
		for n, want := range []string{"member.identity_taken", "member.identity_taken", "member.identity_taken", "member.identity_asked_often"} {
			probe := itself
			probe.Key, probe.IDNumber = fmt.Sprint("probe", n), good.IDNumber
			told, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{probe})
			wants(t, "a number that is registered", told, err, want)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			trail, err := audit.Of(tx, string(stranger))
			if len(trail) != 3 || trail[2].Action != "member.identity_asked" || trail[2].OnBehalf != string(out[0].Value.Person) {
				t.Errorf("the trail: %+v", trail)
			}
			return err
		})
		clk.Advance(25 * time.Hour)
		mine, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{itself})
		wants(t, "oneself", mine, err, "")
		if mine[0].Value.Actor != stranger {
			t.Errorf("actor: got %s, want the stranger's own", mine[0].Value.Actor)
		}
		second := itself
		second.Key, second.IDNumber = "8", idNumber("1980-01-02", 9)
		twice, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{second})
		wants(t, "oneself twice", twice, err, "identity.actor_bound")

		who := out[0].Value.Person
		p, d, err := w.s.Details(ctx, w.desk, who)
		if err != nil || d.Name.Reveal() != "曹桂英" || d.Phone.Reveal() == "" || d.Address.Reveal() != "迈皋桥街道 1 号 203 室" || p.Birth != "1938-02-03" ||
			p.Sex != pii.Female || !p.HasPoint || p.Point != place {
			t.Errorf("details: got %+v %+v %v", p, d, err)
		}
		if _, _, err := w.s.Details(ctx, w.self(out[2].Value.Person), who); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a stranger looks: got %v, want a refusal", err)
		}
		if _, _, err := w.s.Details(ctx, w.self(who), who); err != nil {
			t.Errorf("a person looks at itself: %v", err)
		}
		stationed, err := w.s.RegisterPoints(ctx, []member.RegisterPointCmd{{Actor: identity.System, Key: w.key(), Name: "迈皋桥服务点", Kind: member.PointCommunity, Region: w.home, Phone: "025-85550001"}})
		wants(t, "a station", stationed, err, "")
		nobody := idNumber("1939-09-09", 9)
		for _, c := range []struct {
			what   string
			by     identity.Actor
			number string
			reason member.LookUpReason
			found  int
			field  string // the bad one
		}{
			{"the own desk", w.desk, good.IDNumber, "", 1, ""}, {"the own desk, by phone", w.desk, "025 8363 8888", "", 3, ""},
			{"nobody, at the own desk", w.desk, nobody, "", 0, "reason member.look_up_reason_missing"},
			{"another district's desk", w.far, good.IDNumber, "", 0, "reason member.look_up_reason_missing"},
			{"nobody, at another district's desk", w.far, nobody, "", 0, "reason member.look_up_reason_missing"},
			{"for no reason of the list", w.far, good.IDNumber, "curious", 0, "reason member.look_up_reason_unknown"},
			{"no number", w.far, "12", "", 0, "number member.neither_id_number_nor_phone"},
			{"another district's desk, for a reason", w.far, good.IDNumber, member.LookUpCaller, 1, ""},
			{"another district's desk, by phone", w.far, "025 8363 8888", member.LookUpDanger, 3, ""},
			{"nobody, for a reason", w.far, nobody, member.LookUpRegister, 0, ""},
		} {
			found, err := w.s.LookUp(ctx, c.by, c.number, c.reason)
			var e *errs.Error
			if c.field != "" && (!errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Path+" "+e.Fields[0].Code != c.field) || c.field == "" && err != nil || len(found) != c.found {
				t.Errorf("%s: got %v %v, want %d, %q", c.what, found, err, c.found, c.field)
			}
			for _, one := range found[:min(len(found), 1)] {
				if one.Person != who || one.Name.String() != "曹**" || one.District != w.tree.District(w.home) || one.Station.Phone != "025-85550001" {
					t.Errorf("%s: got %+v", c.what, one)
				}
				if own := c.by.ID == "desk"; (one.Own != nil) != own {
					t.Errorf("%s: the record itself is shown: %v, want %v", c.what, one.Own != nil, own)
				}
			}
		}
		if _, err := w.s.LookUp(ctx, w.self(who), good.IDNumber, member.LookUpCaller); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a citizen looks up: got %v, want a refusal", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			trail, err := audit.Of(tx, string(who))
			var looks []string
			for _, e := range trail {
				if e.Action == "member.look" {
					looks = append(looks, e.Actor+" "+e.After)
				}
				if strings.Contains(fmt.Sprintf("%+v", e), "曹") {
					t.Errorf("the trail names a person: %+v", e)
				}
			}
			slices.Sort(looks)
			if want := []string{"desk details", "desk id_index", "desk phone_index", "far id_index masked caller", "far phone_index masked danger"}; !slices.Equal(looks, want) {
				t.Errorf("looks in the trail: got %q, want %q", looks, want)
			}
			vain, err := audit.Of(tx, string(w.elsewhere))
			if err != nil || len(vain) != 1 || vain[0].Action != "member.look_up" || vain[0].After != "id_index nobody register" {
				t.Errorf("a search that found nobody: got %+v %v", vain, err)
			}
			var name, number []byte
			if err := tx.QueryRow("SELECT name, id_number FROM person WHERE id = $1", string(who)).Scan(&name, &number); err != nil {
				return err
			}
			if bytes.Contains(name, []byte("曹")) || bytes.Contains(number, []byte("320102")) {
				t.Error("the database holds personal data in clear")
			}
			return err
		})
	})
}

// TestOneNumberOnePerson: of many who register the same identity number at once, one is registered and the others hear why not.
func TestOneNumberOnePerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		const clerks = 8
		codes := make(chan string, clerks)
		var all sync.WaitGroup
		for n := range clerks {
			all.Go(func() {
				out, err := w.s.RegisterPersons(t.Context(), []member.RegisterCmd{{Actor: w.desk, Key: fmt.Sprint("clerk", n), Name: "李明",
					IDNumber: idNumber("1940-01-01", 1), Region: w.home, Consents: []member.Purpose{member.PurposeIdentity}}})
				if err == nil {
					err = out[0].Err
				}
				codes <- errs.CodeOf(err)
			})
		}
		all.Wait()
		close(codes)
		got := map[string]int{}
		for c := range codes {
			got[c]++
		}
		if got[""] != 1 || got["member.identity_taken"] != clerks-1 {
			t.Errorf("got %v, want one registered and %d member.identity_taken", got, clerks-1)
		}
	})
}

// One record is a look without a second factor anew (docs/decisions/0019); changing it asks for one, and the identity number prints its mask. Each
// look is an entry, refused ones change nothing.
func TestWhatALookAsksFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		who := w.person("1940-01-01")
		signedIn := w.desk
		signedIn.Session = "a session whose second factor was shown long ago"
		for n := range 2 {
			_, d, err := w.s.Details(ctx, signedIn, who)
			if err != nil || d.Name.Reveal() != "李明" {
				t.Errorf("a look at one record: got %v %v", d, err)
			}
			if shown := fmt.Sprint(d.IDNumber); !strings.Contains(shown, "**********") {
				t.Errorf("the identity number prints %q", shown)
			}
			storetest.Read(t, db, func(tx *store.Tx) error {
				var looks int
				err := tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.look' AND ref = $1 AND actor = 'desk' AND after = 'details'", string(who)).Scan(&looks)
				if looks != n+1 {
					t.Errorf("entries after %d looks: got %d", n+1, looks)
				}
				return err
			})
		}
		corrected, err := w.s.Correct(ctx, []member.CorrectCmd{{Actor: signedIn, Key: "c1", Person: who, Phone: "13812345678", Reason: "new phone"}})
		wants(t, "a change", corrected, err, identity.CodeStepUp)
		signedIn.SteppedUp = clk.Now().Add(time.Minute)
		corrected, err = w.s.Correct(ctx, []member.CorrectCmd{{Actor: signedIn, Key: "c2", Person: who, Phone: "13812345678", Reason: "new phone"}})
		wants(t, "a change with the second factor", corrected, err, "")
		if _, _, err := w.s.Details(ctx, w.far, who); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a look from another district: got %v", err)
		}
	})
}
