package httpapi_test

import (
	"regexp"
	"strings"

	"timebank/internal/audit"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// shown is what no answer holds without an entry in the trail: a number of a citizen, where somebody lives, what a home visit found. The name of a
// service point's street is public.
var shown = regexp.MustCompile(`\d{17}[\dX]|"address":"[^"]|"(disability|lives_alone|allowance)":`)

// notedWhenShown holds an answer of a rehearsal, in which nothing can be written into the trail, against that: what shows such a thing should not have
// been able to.
func (w *world) notedWhenShown(op, who string, got answer) {
	w.t.Helper()
	// Who asks who it is sees its own.
	if found := shown.Find(got.raw); op != "me" && got.status/100 == 2 && found != nil {
		w.t.Errorf("%s shows %s %q without an entry in the trail", op, who, found)
	}
}

// looks are the acts that change nothing: they say what was seen where that is not plain.
func looks(action string) bool {
	return strings.HasSuffix(action, ".look") || strings.HasSuffix(action, ".export") || strings.HasSuffix(action, "see_door")
}

// births are the acts of the scenarios before which there was nothing: they make something new, say what was shown or printed, or that a proof was refused.
var births = setOf("identity.sign_in identity.grant_role identity.propose member.register member.register_point member.register_team member.add_kin member.apply_volunteer " +
	"member.apply_recipient member.invite_to_team member.portrait policy.propose training.define catalog.publish region.import order.place order.photo ledger.transfer ledger.donate " +
	"family.ask family.send feedback.rate feedback.complain certificate.issue call.note notify.ask_email signin.invite signin.add_passkey " +
	"signin.use_card signin.staff signin.passkey signin.openid signin.check_code " +
	"signin.print_sheet paper.print_slips paper.draw_slips paper.passbook order.photo_look member.search")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// trailSaysAll holds every entry that a scenario has left: from where the act came, what it changed, and on whose behalf where its actor did it for
// somebody, in the place where an auditor looks for it.
func (w *world) trailSaysAll(seen map[string]bool) {
	w.t.Helper()
	storetest.Read(w.t, w.DB, func(tx *store.Tx) error {
		all, err := audit.After(tx, 0, 1_000_000)
		if err != nil {
			return err
		}
		ids := make([]identity.ActorID, len(all))
		for i, e := range all {
			ids[i] = identity.ActorID(e.Actor)
		}
		actors, err := identity.Load(tx, ids, "")
		for _, e := range all {
			seen[e.Action] = true
			if e.Origin == "" {
				w.t.Errorf("%s does not say from where it comes", e.Action)
			}
			if e.Before == "" && e.After == "" && !looks(e.Action) {
				w.t.Errorf("%s of %s %s says neither what was before nor what is after", e.Action, e.Kind, e.Ref)
			}
			if e.Before == "" && !looks(e.Action) && !births[e.Action] {
				w.t.Errorf("%s of %s %s does not say what was before: %q", e.Action, e.Kind, e.Ref, e.After)
			}
			if e.Before == e.After && e.Before != "" {
				w.t.Errorf("%s of %s %s does not say what changed: %q before and after", e.Action, e.Kind, e.Ref, e.After)
			}
			of := e.Kind == "person" || e.Kind == "recipient" || e.Kind == "volunteer" || e.Kind == "account"
			if of && e.Actor != audit.System && e.OnBehalf == "" && actors[identity.ActorID(e.Actor)].Person != e.Ref {
				w.t.Errorf("%s was done to %s %s by another and does not say for whom", e.Action, e.Kind, e.Ref)
			}
			if of && e.Region == "" {
				w.t.Errorf("%s of %s %s says no place", e.Action, e.Kind, e.Ref)
			}
		}
		return err
	})
}
