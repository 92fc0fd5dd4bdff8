package signin_test

import (
	"runtime"
	"sync/atomic"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
	"timebank/internal/signin"
)

// meter counts keyed digests: the real ones, each of which is counted on its way.
type meter struct{ macs atomic.Int64 }

func (m *meter) box(t testing.TB) *pii.Box {
	t.Helper()
	suite := pii.International
	real := suite.MAC
	suite.MAC = func(key, data []byte) []byte {
		m.macs.Add(1)
		return real(key, data)
	}
	return piitest.Box(t, pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Random: id.Seeded(3), Suite: suite})
}

// Who is registered does not show in the work that is done: an unknown number, login or card costs as many digests as a wrong code, password or
// word, and a refusal is the same.
func TestTheUnknownTakeAsMuchWorkAsTheWrong(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		m := &meter{}
		set := signin.Defaults()
		// A password's digest takes so much memory that its runs are counted by it.
		const mib = 64
		set.Argon = signin.Argon{Memory: mib * 1024, Passes: 1, Threads: 1}
		s := signin.New(c.DB, c.Clock, c.Regions, c.Identity, c.Members, c.Notify, m.box(t), set)
		c.SignIn = s
		li, desk := c.Recipient(82, c.Home()), c.Staff(identity.PointStaff, c.Home())
		n := 0
		where := func() signin.Sign {
			n++
			return signin.Sign{Where: from("phone-"+string(rune('a'+n)), "192.0.2."+string(rune('0'+n%10)))}
		}
		type work struct {
			macs, passwords int64
			code            string
		}
		measured := func(do func() error) work {
			t.Helper()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m.macs.Store(0)
			err := do()
			runtime.ReadMemStats(&after)
			w := work{macs: m.macs.Load(), passwords: int64(after.TotalAlloc-before.TotalAlloc) / (mib << 20)}
			if err != nil {
				w.code = errs.CodeOf(err)
			}
			return w
		}
		alike := func(what string, want work, all map[string]func() error) {
			t.Helper()
			var first work
			for name, do := range all {
				got := measured(do)
				if first == (work{}) {
					first = got
				}
				if got != first || got.code != want.code || got.passwords != want.passwords || got.macs == 0 {
					t.Errorf("%s, %s: %+v, want as much as the others, %+v, and %+v", what, name, got, first, want)
				}
			}
		}

		var known, unknown signin.Asked
		alike("asking for a code", work{}, map[string]func() error{
			"registered": func() (err error) {
				known, err = s.AskCode(t.Context(), signin.AskCodeCmd{Where: where().Where, Phone: phoneOf(t, c, li)})
				return err
			},
			"unknown": func() (err error) {
				unknown, err = s.AskCode(t.Context(), signin.AskCodeCmd{Where: where().Where, Phone: "13700000001"})
				return err
			},
		})
		check := func(challenge string) func() error {
			return func() error {
				_, err := s.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: where(), Challenge: challenge, Code: "12345x"})
				return err
			}
		}
		alike("a wrong code", work{code: "signin.wrong"}, map[string]func() error{"registered": check(known.Challenge), "unknown": check(unknown.Challenge), "invented": check("nothing")})

		enrol(t, c, desk, "desk.1")
		come := func(login string) func() error {
			return func() error {
				_, err := s.Staff(t.Context(), signin.StaffCmd{Sign: where(), Login: login, Password: "not the password", Proof: signin.Proof{TOTP: "000000"}})
				return err
			}
		}
		alike("a wrong password", work{code: "signin.wrong", passwords: 1}, map[string]func() error{"known": come("desk.1"), "unknown": come("nobody.1")})

		card, err := s.PrintCard(t.Context(), signin.PrintCardCmd{Actor: desk.Actor, Person: li.ID})
		fine(t, err)
		show := func(code string) func() error {
			return func() error {
				_, err := s.UseCard(t.Context(), signin.UseCardCmd{Sign: where(), Actor: desk.Actor, Code: code, Word: "错词"})
				return err
			}
		}
		alike("a card", work{code: "signin.wrong"}, map[string]func() error{"its word is wrong": show(card.Code), "unknown": show("0000000000000")})
	})
}
