package training

import (
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// records loads what is known of volunteers; who is no volunteer is left out.
func records(tx *store.Tx, ids []member.PersonID) (map[member.PersonID]*record, error) {
	// What completes somebody's training may come in two commands at once, each of which would miss the other. Training is entered by a
	// few people for a moment, so all of them take turns.
	if err := tx.LockName("training.record"); err != nil {
		return nil, err
	}
	volunteers, err := member.LoadVolunteers(tx, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[member.PersonID]*record, len(volunteers))
	present := make([]member.PersonID, 0, len(volunteers))
	for _, id := range ids {
		if v, ok := volunteers[id]; ok {
			known[id] = &record{volunteer: v}
			present = append(present, id)
		}
	}
	return known, load(tx, present, known)
}

// bars reads the policy where the volunteers are at home.
func (s *Service) bars(tx *store.Tx, tree *region.Tree, known map[member.PersonID]*record) (map[region.ID]bar, error) {
	view, err := s.rules.View(tx)
	if err != nil {
		return nil, err
	}
	bars := map[region.ID]bar{}
	for _, r := range known {
		home := r.volunteer.Person.Region
		if _, done := bars[home]; done {
			continue
		}
		rules, err := view.At(tx.Now(), tree.RulePath(home, tree.Day()))
		if err != nil {
			return nil, err
		}
		bars[home] = bar{minutes: hours.Of(60).Times(int64(rules.VolunteerTrainingHours)), score: rules.VolunteerExamPass, version: rules.Version}
	}
	return bars, nil
}

// certify tells the member package who has learnt enough, and the results of the facts what came of it.
func certify(tx *store.Tx, done []*fact) error {
	for len(done) > 0 {
		n := 1
		for n < len(done) && done[n].actor.ID == done[0].actor.ID {
			n++
		}
		refused, err := member.Certify(tx, done[0].actor, volunteersOf(done[:n]))
		if err != nil {
			return err
		}
		for i, f := range done[:n] {
			f.out.Value.Certified = refused[i] == nil
		}
		done = done[n:]
	}
	return nil
}

func volunteersOf(facts []*fact) []member.PersonID {
	ids := make([]member.PersonID, len(facts))
	for i, f := range facts {
		ids[i] = f.volunteer
	}
	return ids
}

// mayRecord refuses whoever has no right to record the training of the volunteer, and the volunteer.
func mayRecord(by identity.Actor, v member.Volunteer, tree *region.Tree) error {
	if by.IsPerson(string(v.Person.ID)) {
		return errOneself
	}
	return by.May(identity.TrainingRecord, v.Person.Region, tree)
}
