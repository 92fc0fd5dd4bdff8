package member

import (
	"context"
	"io"
	"time"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/photo"
	"timebank/internal/store"
)

// ShowPortraitCmd says that whom a volunteer visits may see its face. It gives the consent to that in the same act.
type ShowPortraitCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
	File   io.Reader // JPEG or PNG as it came, at most photo.MaxBytes
}

// face is a ShowPortraitCmd whose picture is clean and kept.
type face struct {
	ShowPortraitCmd
	hash photo.Hash
}

// HidePortraitCmd takes the picture away, and the consent with it.
type HidePortraitCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
}

func (s *Service) portraitCalls() {
	s.showFace = nothing("member.portrait", func(c *face, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.hash))
		return c.Actor, c.Key
	}, s.runShowFace)
	s.hideFace = nothing("member.portrait_hide", func(c *HidePortraitCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person))
		return c.Actor, c.Key
	}, s.runHideFace)
}

// ShowPortrait cleans a picture of a volunteer, keeps it, and shows it from now on to whom the volunteer visits. Errors: member.person_unknown,
// member.person_not_active, member.volunteer_unknown, identity.not_allowed, and those of [photo.Folder.Take].
func (s *Service) ShowPortrait(ctx context.Context, cmd ShowPortraitCmd) error {
	// Nobody who may not show it makes us decode it.
	var now time.Time
	err := s.db.Read(ctx, "member.portrait_ask", func(tx *store.Tx) error {
		now = tx.Now()
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		people, err := LoadPersons(tx, []PersonID{cmd.Person})
		if err != nil {
			return err
		}
		_, err = sc.faced(people, cmd.Actor, cmd.Person)
		return err
	})
	if err != nil {
		return err
	}
	picture, err := s.photos.Take(ctx, now, cmd.File, photo.Portrait)
	if err != nil {
		return err
	}
	results, err := s.showFace.Perform(ctx, s.db, []face{{cmd, picture.Hash}})
	if err != nil {
		return err
	}
	return results[0].Err
}

// faced finds a volunteer whose picture an actor may change: its own, or one that the desk takes.
func (sc *scene) faced(people map[PersonID]Person, actor identity.Actor, which PersonID) (Person, error) {
	p, err := sc.whom(people, actor, identity.MemberConsent, which, identity.MemberConsentFor)
	if err != nil {
		return p, err
	}
	known, err := LoadVolunteers(sc.tx, []PersonID{which})
	if err != nil {
		return p, err
	}
	if _, ok := known[which]; !ok {
		return p, errs.New(errs.NotFound, "member.volunteer_unknown")
	}
	return p, nil
}

func (s *Service) runShowFace(tx *store.Tx, cmds []*face, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *face) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.faced(people, c.Actor, c.Person)
		if errs.Fault(err) {
			return err
		}
		if out[i].Err = err; err != nil {
			continue
		}
		if err := grantConsents(tx, []consentRow{{p.ID, PurposePortrait, c.Actor.ID}}); err != nil {
			return err
		}
		if err := putPortrait(tx, p.ID, c.Actor.ID, c.hash); err != nil {
			return err
		}
		sc.note(c.Actor, "member.portrait", "person", string(p.ID), p, "", "shown")
	}
	return sc.done()
}

// HidePortraits takes pictures away; the files are gone after the next night. Errors of a command: member.person_unknown, identity.not_allowed.
func (s *Service) HidePortraits(ctx context.Context, cmds []HidePortraitCmd) ([]identity.Result[identity.Nothing], error) {
	return s.hideFace.Perform(ctx, s.db, cmds)
}

func (s *Service) runHideFace(tx *store.Tx, cmds []*HidePortraitCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *HidePortraitCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.known(people, c.Actor, identity.MemberConsent, c.Person, identity.MemberConsentFor)
		if out[i].Err = err; err != nil {
			continue
		}
		if err := withdrawConsent(tx, consentRow{p.ID, PurposePortrait, c.Actor.ID}); err != nil {
			return err
		}
		if err := deletePortrait(tx, p.ID); err != nil {
			return err
		}
		sc.note(c.Actor, "member.portrait", "person", string(p.ID), p, "shown", "")
	}
	return sc.done()
}

// Portrait returns the picture of a person for the person itself and for staff of its place, as JPEG. Who is visited by a volunteer asks the
// orders' room. Errors: member.person_unknown, member.no_portrait, identity.not_allowed.
func (s *Service) Portrait(ctx context.Context, actor identity.Actor, which PersonID) ([]byte, error) {
	var hash photo.Hash
	err := s.db.Read(ctx, "member.portrait", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		people, err := LoadPersons(tx, []PersonID{which})
		if err != nil {
			return err
		}
		if _, err := sc.known(people, actor, identity.MemberRead, which, identity.MemberRead); err != nil {
			return err
		}
		faces, err := Portraits(tx, []PersonID{which})
		if err != nil {
			return err
		}
		var ok bool
		if hash, ok = faces[which]; !ok {
			return errs.New(errs.NotFound, "member.no_portrait")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.photos.Open(hash)
}
