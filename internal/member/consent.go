package member

import (
	"context"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/store"
)

// ConsentCmd gives or withdraws a person's consent to one purpose.
type ConsentCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID
	Purpose  Purpose
	Withdraw bool
}

// Consent gives or withdraws consents. Giving what is given changes nothing; withdrawing ends the use at once: the address and the place of the
// home, facts about health or allowance, and what relatives may do go with the purpose that they were told for. Errors of a command:
// member.purpose_unknown, member.person_unknown, identity.not_allowed, member.consent_required for the identity of a member, who would
// have to leave instead.
func (s *Service) Consent(ctx context.Context, cmds []ConsentCmd) ([]identity.Result[identity.Nothing], error) {
	return s.consent.Perform(ctx, s.db, cmds)
}

func (s *Service) runConsent(tx *store.Tx, cmds []*ConsentCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *ConsentCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.known(people, c.Actor, identity.MemberConsent, c.Person, identity.MemberConsentFor)
		switch {
		case !c.Purpose.valid():
			err = errs.Invalid("member.purpose_unknown", errs.Field{Path: "purpose", Code: "member.purpose_unknown"})
		case err == nil && c.Withdraw && c.Purpose == PurposeIdentity && p.State == PersonActive:
			err = errs.New(errs.Refused, "member.consent_required").By("consent.given", "person")
		}
		out[i].Err = err
		if out[i].Err != nil {
			continue
		}
		after := "granted"
		if c.Withdraw {
			after = "withdrawn"
			if err = withdrawConsent(tx, consentRow{p.ID, c.Purpose, c.Actor.ID}); err == nil {
				err = sc.stop(c.Actor, c.Purpose, p)
			}
			if err == nil && c.Purpose == PurposeLocation {
				// Nobody is found by an address that is gone.
				err = s.markAgain(tx, p.ID)
			}
		} else {
			err = grantConsents(tx, []consentRow{{p.ID, c.Purpose, c.Actor.ID}})
		}
		if err != nil {
			return err
		}
		sc.note(c.Actor, "member.consent", "person", string(p.ID), p, string(c.Purpose), after)
	}
	return sc.done()
}

// stop ends what a purpose was used for. Orders that are under way keep the place that they were given for the visit.
func (sc *scene) stop(by identity.Actor, purpose Purpose, p Person) error {
	switch purpose {
	case PurposeLocation:
		return forgetPlace(sc.tx, p.ID)
	case PurposePortrait:
		return deletePortrait(sc.tx, p.ID)
	case PurposeKin:
		return endDelegations(sc.tx, p.ID)
	case PurposeHealth, PurposeAllowance:
		return sc.unlearn(by, purpose, p)
	}
	return nil
}

// unlearn forgets what was told about health or allowance, and decides anew whether the person is a key elder without it.
func (sc *scene) unlearn(by identity.Actor, purpose Purpose, p Person) error {
	known, err := lockRecipients(sc.tx, []PersonID{p.ID})
	if err != nil {
		return err
	}
	r, ok := known[p.ID]
	if !ok {
		return nil
	}
	before := Decided{r.State, r.KeyElder}
	if purpose == PurposeHealth {
		r.Attributes.Disability = policy.DisabilityNone
	} else {
		r.Attributes.Allowance, r.Attributes.Hardship = false, false
	}
	if err := saveAttributes(sc.tx, r); err != nil || r.State != RecipientApproved {
		return err
	}
	if err := sc.decide(&r); err != nil {
		return err
	}
	rows := []verdict{{r, by.ID, ""}}
	if err := cancelFor(sc.tx, TimerKeyElder, rows); err != nil {
		return err
	}
	sc.note(by, "member.assess", "recipient", string(p.ID), p, before.encode(), Decided{r.State, r.KeyElder}.encode())
	return sc.keep(rows)
}
