package member

import (
	"context"
	"slices"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Geocoder knows where addresses are on the map. An installation without one asks nobody: homes are then at their community's point until a
// person puts them elsewhere.
type Geocoder interface {
	// Name names it beside the points that it found, in at most 20 characters.
	Name() string
	// Find says where a building is. known is false when it is not known, or not nearly enough to be better than its community's point. An error
	// says nothing of the address and is worth another try later.
	Find(ctx context.Context, b Building) (at region.Point, known bool, err error)
}

// Building is what a geocoder is told: an address without unit and room, and in which city and district it is. Nobody's name goes with it.
type Building struct {
	CityCode       string // six digits
	City, District string
	Address        pii.Address
}

// TopicAddress is the topic of the events by which the geocoder is asked; their handler is [Service.Locate].
const TopicAddress = "member.address_told"

// LocateBy sets the geocoder; it is called before the first use-case, or not at all.
func (s *Service) LocateBy(g Geocoder) { s.geocoder = g }

// askWhere lets the geocoder be asked once the transaction is over.
func (s *Service) askWhere(tx *store.Tx, who PersonID) {
	if s.geocoder != nil {
		tx.Outbox(TopicAddress, string(who), "{}")
	}
}

// Locate asks the geocoder where a person's homes are that nobody has put on the map, the present one and one that is planned, and keeps what it
// says. It delivers an event of [TopicAddress], at least once: what has changed since the event was written counts as it is now. What lies
// further from the community than a person may put a home is not believed. Each question is in the trail, without the address and the answer.
// Error: Unavailable member.geocoder_away, to be tried again.
func (s *Service) Locate(ctx context.Context, e store.Event) error {
	if s.geocoder == nil {
		return nil
	}
	who := PersonID(e.Ref)
	tree, err := s.regions.Today(ctx)
	if err != nil {
		return err
	}
	var homes []openHome
	rules := map[region.ID]policy.Rules{}
	err = s.db.Read(ctx, "member.homes_to_locate", func(tx *store.Tx) error {
		sc, err := s.ruled(tx)
		if err != nil {
			return err
		}
		if homes, err = s.unlocated(tx, who); err != nil {
			return err
		}
		for _, h := range homes {
			if rules[h.Region], err = sc.at(h.Region); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, h := range homes {
		at, known, err := s.geocoder.Find(ctx, buildingOf(tree, h))
		if err != nil {
			return errs.New(errs.Unavailable, "member.geocoder_away").With(err)
		}
		if known {
			known = decidePlace(tree, rules[h.Region], at, h.Region) == nil
		}
		if err := s.found(ctx, who, h, at, known); err != nil {
			return err
		}
	}
	return nil
}

// openHome is a home with its address.
type openHome struct {
	PersonalHome
	address pii.Address
}

// unlocated are the homes of an active person that are or will be, have an address, and stand nowhere on the map.
func (s *Service) unlocated(tx *store.Tx, who PersonID) (open []openHome, err error) {
	people, err := LoadPersons(tx, []PersonID{who})
	if err != nil || people[who].State != PersonActive {
		return nil, err
	}
	homes, err := homesOf(tx, who)
	if err != nil {
		return nil, err
	}
	for _, h := range homes {
		if h.sealed == nil || h.LatE6 != nil || h.Until != "" && h.Until <= clock.DayOf(tx.Now()) {
			continue
		}
		text, err := s.box.Open(fieldAddress, h.sealed)
		if err != nil {
			return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
		}
		// It was read by the same function when it came in.
		address, err := pii.ParseAddress(text)
		if err != nil {
			return nil, errs.New(errs.Internal, errs.CodeInternal).With(err)
		}
		open = append(open, openHome{h.PersonalHome, address})
	}
	return open, nil
}

func buildingOf(tree *region.Tree, h openHome) Building {
	city, _ := tree.ByID(tree.City())
	return Building{CityCode: city.Code[:min(6, len(city.Code))], City: city.Name, District: tree.Name(tree.District(h.Region)), Address: h.address.Building()}
}

// found keeps the place of a home whose address is still the one that was asked about.
func (s *Service) found(ctx context.Context, who PersonID, asked openHome, at region.Point, known bool) error {
	return s.db.Write(ctx, "member.locate", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		people, err := lockPersons(tx, []PersonID{who})
		if err != nil {
			return err
		}
		homes, err := s.unlocated(tx, who)
		if err != nil {
			return err
		}
		same := slices.ContainsFunc(homes, func(h openHome) bool { return h.From == asked.From && h.address == asked.address })
		after := s.geocoder.Name() + " unknown"
		if known && same {
			after = s.geocoder.Name() + " found"
			if err := saveFound(tx, who, asked.From, sc.today, at, s.geocoder.Name()); err != nil {
				return err
			}
		}
		sc.note(identity.System, "member.locate", "person", string(who), people[who], "not on the map", after)
		return sc.done()
	})
}
