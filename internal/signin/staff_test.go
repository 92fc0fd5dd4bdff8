package signin_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

const password = "三月的玄武湖很美 7"

// watch is an authenticator: a second writing of RFC 6238.
type watch struct{ secret string }

func (w watch) at(now time.Time) string {
	key, err := base32.StdEncoding.DecodeString(w.secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	if err := binary.Write(mac, binary.BigEndian, now.Unix()/30); err != nil {
		panic(err)
	}
	sum := mac.Sum(nil)
	n := int(sum[19] & 15)
	return fmt.Sprintf("%06d", (int(sum[n]&127)<<24|int(sum[n+1])<<16|int(sum[n+2])<<8|int(sum[n+3]))%1000000)
}

// sentTo is the code that came to somebody's own telephone last.
func sentTo(t testing.TB, c *citytest.City, who citytest.Person) string {
	t.Helper()
	for _, l := range letters(t, c) {
		if l.Kind == notify.Code && l.To == phoneOf(t, c, who) {
			return l.Values["code"]
		}
	}
	t.Fatalf("no code came to the telephone of %s", who.ID)
	return ""
}

// enrol takes somebody with a role through invitation, password and authenticator.
func enrol(t testing.TB, c *citytest.City, who citytest.Person, login string) (signin.Confirmed, watch) {
	t.Helper()
	invited, err := c.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: identity.System, To: identity.ActorID(who.Actor.ID), Login: login})
	fine(t, err)
	enrolment, err := c.SignIn.Accept(t.Context(), signin.AcceptCmd{Where: here().Where, Invitation: invited.Code, Password: password})
	fine(t, err)
	w := watch{enrolment.Secret}
	done, err := c.SignIn.Confirm(t.Context(), signin.ConfirmCmd{Sign: here(), Ticket: enrolment.Ticket, Code: w.at(c.Clock.Now()), Sent: sentTo(t, c, who)})
	fine(t, err)
	return done, w
}

func staff(c *citytest.City, t testing.TB, login, pass string, p signin.Proof) (signin.SignedIn, error) {
	t.Helper()
	return c.SignIn.Staff(t.Context(), signin.StaffCmd{Sign: here(), Login: login, Password: pass, Proof: p})
}

func TestStaffSignsInByPasswordAndSecondFactor(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		office := c.Staff(identity.Administrator, c.Tree.City())
		done, w := enrol(t, c, office, "Office.1")
		if a := acts(t, c, done.Token); a.May(identity.LedgerIssuePropose, c.Tree.City(), c.Tree) != nil {
			t.Error("who has just confirmed the authenticator may not use guarded rights")
		}
		used := w.at(c.Clock.Now())
		_, err := staff(c, t, "office.1", password, signin.Proof{TOTP: used})
		refusal(t, "the code that confirmed the authenticator, again", err, "signin.wrong")
		c.Clock.Advance(30 * time.Second)
		for _, wrong := range []struct {
			name, login, pass string
			proof             signin.Proof
		}{
			{"an unknown name", "nobody", password, signin.Proof{TOTP: w.at(c.Clock.Now())}},
			{"a wrong password", "office.1", password + "!", signin.Proof{TOTP: w.at(c.Clock.Now())}},
			{"a wrong code", "office.1", password, signin.Proof{TOTP: other(w.at(c.Clock.Now()))}},
			{"no second factor", "office.1", password, signin.Proof{}},
		} {
			_, err := staff(c, t, wrong.login, wrong.pass, wrong.proof)
			refusal(t, wrong.name, err, "signin.wrong")
		}
		in, err := staff(c, t, " OFFICE.1 ", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		fine(t, err)
		actor := acts(t, c, in.Token)
		if err := actor.May(identity.LedgerIssuePropose, c.Tree.City(), c.Tree); err != nil {
			t.Errorf("a guarded right just after signing in: %v", err)
		}
		_, err = staff(c, t, "office.1", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		refusal(t, "a code in its own half minute again", err, "signin.wrong")

		// Guarded rights close by themselves and open by another code.
		c.Clock.Advance(identity.DefaultLimits.StepUp)
		actor = acts(t, c, in.Token)
		refusal(t, "a guarded right a quarter of an hour later", actor.May(identity.LedgerIssuePropose, c.Tree.City(), c.Tree), identity.CodeStepUp)
		_, err = c.SignIn.StepUp(t.Context(), actor, here().Where, signin.Proof{TOTP: other(w.at(c.Clock.Now()))})
		refusal(t, "stepping up by a wrong code", err, "signin.wrong")
		_, err = c.SignIn.StepUp(t.Context(), actor, here().Where, signin.Proof{TOTP: w.at(c.Clock.Now())})
		fine(t, err)
		if err := acts(t, c, in.Token).May(identity.LedgerIssuePropose, c.Tree.City(), c.Tree); err != nil {
			t.Errorf("a guarded right after stepping up: %v", err)
		}

		// The same person by a code on the telephone is a citizen.
		challenge, digits := code(t, c, phoneOf(t, c, office))
		citizen, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		refusal(t, "a role by a citizen's proof", acts(t, c, citizen.Token).May(identity.OrderRead, c.Tree.City(), c.Tree), "identity.not_allowed")
		_, err = c.SignIn.StepUp(t.Context(), acts(t, c, citizen.Token), here().Where, signin.Proof{Recovery: done.Recovery[0]})
		refusal(t, "stepping up in a citizen's session", err, "identity.session_ended")
		silent(t, c, password, w.secret, done.Recovery[0], "phone-1", "192.0.2.1")
	})
}

func TestRecoveryCodesStandInOnceEach(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		done, _ := enrol(t, c, c.Staff(identity.PointStaff, c.Home()), "desk-1")
		if len(done.Recovery) != 10 {
			t.Fatalf("%d recovery codes, want 10", len(done.Recovery))
		}
		first := done.Recovery[0]
		written := strings.ToUpper(first[:5]) + "-" + first[5:]
		_, err := staff(c, t, "desk-1", password, signin.Proof{Recovery: written})
		fine(t, err)
		_, err = staff(c, t, "desk-1", password, signin.Proof{Recovery: first})
		refusal(t, "a recovery code used twice", err, "signin.wrong")
		_, err = staff(c, t, "desk-1", password, signin.Proof{Recovery: "00000"})
		refusal(t, "an invented recovery code", err, "signin.wrong")
		_, err = staff(c, t, "desk-1", password, signin.Proof{Recovery: done.Recovery[1]})
		fine(t, err)
	})
}

func TestGuessingAPasswordWaits(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		_, w := enrol(t, c, c.Staff(identity.Reviewer, c.Home()), "reviewer")
		c.Clock.Advance(minute)
		for range 5 {
			_, err := staff(c, t, "reviewer", "wrong password", signin.Proof{TOTP: "000000"})
			refusal(t, "a wrong password", err, "signin.wrong")
		}
		_, err := staff(c, t, "reviewer", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		refusal(t, "the sixth attempt", err, "signin.too_many")
		c.Clock.Advance(minute)
		_, err = staff(c, t, "reviewer", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		fine(t, err)
		c.Clock.Advance(minute)
		_, err = staff(c, t, "reviewer", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		fine(t, err)
	})
}

func TestInvitations(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		office, manager, desk := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.PointManager, c.Home()), c.Staff(identity.PointStaff, c.Home())
		citizen := c.Person(40, c.Home())
		invite := func(by identity.Actor, to citytest.Person, login string) (signin.Invitation, error) {
			return c.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: by, To: identity.ActorID(to.Actor.ID), Login: login})
		}
		_, err := invite(office.Actor, office, "myself")
		refusal(t, "inviting oneself", err, "identity.grant_to_self")
		_, err = invite(manager.Actor, desk, "desk")
		refusal(t, "a manager inviting the staff of another point", err, "identity.not_allowed")
		_, err = invite(manager.Actor, office, "office")
		refusal(t, "a manager inviting an administrator", err, "identity.not_allowed")
		_, err = invite(office.Actor, citizen, "citizen")
		refusal(t, "inviting somebody without a role", err, "identity.not_allowed")
		_, err = invite(office.Actor, desk, "no spaces please")
		refusal(t, "a malformed name", err, "signin.login_invalid")

		old, err := invite(office.Actor, desk, "desk")
		fine(t, err)
		fresh, err := invite(office.Actor, desk, "desk")
		fine(t, err)
		accept := func(invitation, pass string) (signin.Enrolment, error) {
			return c.SignIn.Accept(t.Context(), signin.AcceptCmd{Invitation: invitation, Password: pass})
		}
		_, err = accept(old.Code, password)
		refusal(t, "an older invitation", err, "signin.stale")
		for _, bad := range []string{"short", "my desk is tidy", "aaaaaaaaaaaa", strings.Repeat("long ", 40)} {
			_, err = accept(fresh.Code, bad)
			refusal(t, "the password "+bad, err, "signin.password_invalid")
		}
		enrolment, err := accept(fresh.Code, password)
		fine(t, err)
		if !strings.HasPrefix(enrolment.URI, "otpauth://totp/") || !strings.Contains(enrolment.URI, "secret="+enrolment.Secret) {
			t.Errorf("the authenticator is given %q", enrolment.URI)
		}
		_, err = accept(fresh.Code, password)
		refusal(t, "an invitation taken up twice", err, "signin.stale")
		w := watch{enrolment.Secret}
		_, err = staff(c, t, "desk", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		refusal(t, "signing in before the authenticator is confirmed", err, "signin.wrong")
		_, err = c.SignIn.Confirm(t.Context(), signin.ConfirmCmd{Sign: here(), Ticket: enrolment.Ticket, Code: other(w.at(c.Clock.Now())), Sent: sentTo(t, c, desk)})
		refusal(t, "confirming by a wrong code", err, "signin.wrong")
		first, err := c.SignIn.Confirm(t.Context(), signin.ConfirmCmd{Sign: here(), Ticket: enrolment.Ticket, Code: w.at(c.Clock.Now()), Sent: sentTo(t, c, desk)})
		fine(t, err)
		_, err = invite(office.Actor, manager, "desk")
		refusal(t, "a name that is somebody's", err, "signin.login_taken")

		// A second invitation replaces everything, and leaves it until it is confirmed.
		c.Clock.Advance(minute)
		second, err := invite(office.Actor, desk, "desk")
		fine(t, err)
		acts(t, c, first.Token)
		again, err := accept(second.Code, password+" again")
		fine(t, err)
		_, err = c.SignIn.Confirm(t.Context(), signin.ConfirmCmd{Sign: here(), Ticket: again.Ticket, Code: watch{again.Secret}.at(c.Clock.Now()), Sent: sentTo(t, c, desk)})
		fine(t, err)
		ended(t, c, first.Token)
		c.Clock.Advance(minute)
		_, err = staff(c, t, "desk", password, signin.Proof{TOTP: w.at(c.Clock.Now())})
		refusal(t, "the password and authenticator before", err, "signin.wrong")

		late, err := invite(office.Actor, desk, "desk")
		fine(t, err)
		c.Clock.Set(late.Expires)
		_, err = accept(late.Code, password)
		refusal(t, "an invitation after its time", err, "signin.stale")
	})
}

// Whoever may let others in does not become a second person by taking their invitation up itself: the proof is in the invited person's pocket.
func TestAnInvitationNeedsTheInvitedPersonsTelephone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		office, second := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.Reviewer, c.Tree.City())
		before, _ := enrol(t, c, second, "second")
		c.Clock.Advance(minute)
		invited, err := c.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: office.Actor, To: identity.ActorID(second.Actor.ID), Login: "second"})
		fine(t, err)
		enrolment, err := c.SignIn.Accept(t.Context(), signin.AcceptCmd{Where: here().Where, Invitation: invited.Code, Password: password})
		fine(t, err)
		if phone := phoneOf(t, c, second); enrolment.Phone.String() != phone[:3]+"****"+phone[7:] {
			t.Errorf("the code went to %s", enrolment.Phone)
		}
		confirm := func(sent string) error {
			_, err := c.SignIn.Confirm(t.Context(), signin.ConfirmCmd{Sign: here(), Ticket: enrolment.Ticket, Code: watch{enrolment.Secret}.at(c.Clock.Now()), Sent: sent})
			return err
		}
		right := sentTo(t, c, second)
		for _, sent := range []string{"", other(right), invited.Code} {
			refusal(t, "without the code of the telephone: "+sent, confirm(sent), "signin.wrong")
		}
		acts(t, c, before.Token) // what the person signed in with stays good
		fine(t, confirm(right))

		// A number that the inviter has set, before the invitation or after, says nothing of who is there.
		number := func(by citytest.Person, phone string) {
			t.Helper()
			citytest.Got(c.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: by.Actor, Key: c.Key(), Person: second.ID, Phone: phone, Reason: "test"}})).Must(t, "number")
		}
		third := c.Staff(identity.Administrator, c.Tree.City())
		invite := func(by citytest.Person) (signin.Invitation, error) {
			return c.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: by.Actor, To: identity.ActorID(second.Actor.ID), Login: "second"})
		}
		number(office, "13905557777")
		_, err = invite(office)
		refusal(t, "an invitation by who set the number", err, "signin.phone_by_inviter")
		invited, err = invite(third)
		fine(t, err)
		number(third, "13905558888")
		_, err = c.SignIn.Accept(t.Context(), signin.AcceptCmd{Where: here().Where, Invitation: invited.Code, Password: password})
		refusal(t, "an invitation whose sender set the number since", err, "signin.phone_by_inviter")
		number(office, "13905559999")
		_, err = c.SignIn.Accept(t.Context(), signin.AcceptCmd{Where: here().Where, Invitation: invited.Code, Password: password})
		fine(t, err)

		number(citytest.Person{Actor: identity.System}, "025-83638888")
		_, err = c.SignIn.Invite(t.Context(), signin.InviteCmd{Actor: office.Actor, To: identity.ActorID(second.Actor.ID), Login: "second"})
		refusal(t, "a person whose number takes no messages", err, "signin.phone_needed")
		if noted := trail(t, c, "signin.invite"); len(noted) != 3 || noted[1].OnBehalf != string(second.ID) || noted[1].Region != string(c.Tree.City()) {
			t.Errorf("the trail says %+v", noted)
		}
		silent(t, c, right)
	})
}

// TestADigestAtOldCostsIsRenewed changes the costs, as an installation does when machines become faster.
func TestADigestAtOldCostsIsRenewed(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		done, _ := enrol(t, c, c.Staff(identity.Reviewer, c.Home()), "reviewer")
		digest := func() (text string) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error { return tx.QueryRow("SELECT digest FROM signin_password").Scan(&text) })
			return text
		}
		if got := digest(); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Fatalf("the digest is %q", got)
		}
		set := signin.Defaults()
		set.Argon = signin.Argon{Memory: 8 * 1024, Passes: 3, Threads: 1}
		dearer := c.SignIn.With(set)
		for n := range 2 {
			_, err := dearer.Staff(t.Context(), signin.StaffCmd{Sign: here(), Login: "reviewer", Password: password, Proof: signin.Proof{Recovery: done.Recovery[n]}})
			fine(t, err)
			if got := digest(); !strings.HasPrefix(got, "$argon2id$v=19$m=8192,t=3,p=1$") {
				t.Errorf("after sign-in %d the digest is %q, want it at the new costs", n+1, got)
			}
		}
	})
}
