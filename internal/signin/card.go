package signin

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/binary"
	"strings"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

//go:embed words.txt
var wordText string

// words are 256 easy ones of two characters, so that one byte chooses among them evenly.
var words = strings.Fields(wordText)

// cardLength is how many random characters a card carries: 60 bits.
const cardLength = 12

// cardID identifies a card.
type cardID = id.ID[Card]

// Card is what is printed for somebody without a telephone: a code, as a square one too, and a sheet with the words of the days to come. The
// code is shown once and stored as a digest.
type Card struct {
	ID    string
	Code  string
	Sheet []DayWord
}

// DayWord is the word that the holder says on a day.
type DayWord struct {
	Day  clock.Day
	Word string
}

// sheetDays is how many days a sheet covers; the station prints the next one.
const sheetDays = 62

// PrintCardCmd asks for a card of a person.
type PrintCardCmd struct {
	Actor  identity.Actor
	Person member.PersonID
}

// PrintCard makes a card and ends the one before. Staff of the person's region prints it, not for itself. Errors: member.person_unknown,
// identity.not_allowed, signin.own_card.
func (s *Service) PrintCard(ctx context.Context, cmd PrintCardCmd) (card Card, err error) {
	err = s.db.Write(ctx, "signin.print_card", func(tx *store.Tx) error {
		p, err := s.cardFor(tx, cmd.Actor, cmd.Person)
		if err != nil {
			return err
		}
		before, err := cardOf(tx, p.ID)
		if err != nil {
			return err
		}
		if _, err := revokeCard(tx, p.ID); err != nil {
			return err
		}
		card = Card{ID: string(store.NewID[Card](tx)), Code: tx.Code(cardLength)}
		if err := insertCard(tx, cardID(card.ID), p.ID, s.index("signin.card", card.Code), cmd.Actor.ID); err != nil {
			return err
		}
		card.Sheet = s.sheet(cardID(card.ID), clock.DayOf(tx.Now()))
		return noteCard(tx, cmd.Actor, "signin.print_card", p, cmp.Or(string(before), "no card"), card.ID)
	})
	return card, err
}

// PrintSheet gives the words of the days to come of the card that a person has. Errors: those of PrintCard and signin.no_card.
func (s *Service) PrintSheet(ctx context.Context, cmd PrintCardCmd) (sheet []DayWord, err error) {
	err = s.db.Write(ctx, "signin.print_sheet", func(tx *store.Tx) error {
		p, err := s.cardFor(tx, cmd.Actor, cmd.Person)
		if err != nil {
			return err
		}
		which, err := cardOf(tx, p.ID)
		if err != nil {
			return err
		}
		if which == "" {
			return errNoCard
		}
		sheet = s.sheet(which, clock.DayOf(tx.Now()))
		return noteCard(tx, cmd.Actor, "signin.print_sheet", p, "", string(which))
	})
	return sheet, err
}

// RevokeCard ends the card of a person, which was lost. The person may do it itself. Errors: those of PrintCard and signin.no_card.
func (s *Service) RevokeCard(ctx context.Context, cmd PrintCardCmd) error {
	return s.db.Write(ctx, "signin.revoke_card", func(tx *store.Tx) error {
		var p member.Person
		var err error
		if cmd.Actor.IsPerson(string(cmd.Person)) {
			p, err = person(tx, cmd.Person)
		} else {
			p, err = s.cardFor(tx, cmd.Actor, cmd.Person)
		}
		if err != nil {
			return err
		}
		before, err := cardOf(tx, p.ID)
		if err != nil {
			return err
		}
		n, err := revokeCard(tx, p.ID)
		if err == nil && n == 0 {
			err = errNoCard
		}
		if err != nil {
			return err
		}
		return noteCard(tx, cmd.Actor, "signin.revoke_card", p, string(before), "ended")
	})
}

var (
	errNoCard   = errs.New(errs.NotFound, "signin.no_card")
	errOwnCard  = errs.New(errs.Forbidden, "signin.own_card").By("identity.rights", "law")
	errOwnPrint = errs.New(errs.Forbidden, "signin.own_print").By("identity.two_persons", "law")
)

func person(tx *store.Tx, which member.PersonID) (member.Person, error) {
	known, err := member.LoadPersons(tx, []member.PersonID{which})
	if err != nil {
		return member.Person{}, err
	}
	p, ok := known[which]
	if !ok || p.State != member.PersonActive {
		return member.Person{}, errs.New(errs.NotFound, "member.person_unknown")
	}
	return p, nil
}

// cardFor returns a person if staff may deal with its card.
func (s *Service) cardFor(tx *store.Tx, by identity.Actor, which member.PersonID) (member.Person, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return member.Person{}, err
	}
	p, unknown := person(tx, which)
	if errs.KindOf(unknown) == errs.NotFound {
		p.Region = tree.City() // a stranger is refused alike whether there is such a person or not
	} else if unknown != nil {
		return p, unknown
	}
	if err := by.May(identity.IdentityCard, p.Region, tree); err != nil {
		return p, err
	}
	if unknown != nil {
		return p, unknown
	}
	if by.IsPerson(string(which)) {
		return p, errOwnCard.Because(why.Rule("identity.two_persons", "", "law"))
	}
	return p, nil
}

func noteCard(tx *store.Tx, by identity.Actor, action string, p member.Person, before, after string) error {
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(p.ID)), Action: action, Kind: "person", Ref: string(p.ID),
		Region: string(p.Region), Before: before, After: after, Origin: by.Origin})
}

// word is the word of a card on a civil day. Without the city's key it says nothing of any other.
func (s *Service) word(of cardID, day clock.Day) string {
	sum := s.box.Index("signin.day_word", string(of)+" "+string(day))
	return words[binary.BigEndian.Uint64(sum)%uint64(len(words))]
}

func (s *Service) sheet(of cardID, from clock.Day) []DayWord {
	sheet := make([]DayWord, sheetDays)
	for i := range sheet {
		day := from.Add(i)
		sheet[i] = DayWord{day, s.word(of, day)}
	}
	return sheet
}

// UseCardCmd is a card shown at the desk, with the word that its holder says.
type UseCardCmd struct {
	Sign
	Actor identity.Actor // staff at the desk
	Code  string
	Word  string
}

// UseCard opens a short session in which staff gives commands for the holder of a card, who stands at the desk: a few of the holder's own
// rights, and in the trail the staff acts on the holder's behalf. Neither can do it without the other, so whoever printed the card, and may
// know its code and its words, does not take it. Errors: signin.wrong for a card or a word that is not right, signin.too_many,
// identity.not_allowed outside the staff's region, signin.own_card, signin.own_print.
func (s *Service) UseCard(ctx context.Context, cmd UseCardCmd) (in SignedIn, err error) {
	code, malformed := id.ParseCode(cmd.Code)
	digest := s.index("signin.card", code)
	// By card: who has found one may not try the words. By staff: who has none may not try cards.
	limits := append(s.trying(cmd.Where, "try.card", digest, s.set.TryAccount),
		hit{limit: s.set.TryAccount, scope: "try.desk", subject: s.index("signin.desk", cmd.Actor.ID), own: true})
	err = s.settled(ctx, "signin.use_card", func(tx *store.Tx) (error, error) {
		in = SignedIn{}
		tree, err := s.regions.Tree(tx)
		if err != nil {
			return nil, err
		}
		if err := mayUseCards(cmd.Actor, tree); err != nil {
			return err, nil
		}
		if refusal, err := count(tx, limits); refusal != nil || err != nil {
			return refusal, err
		}
		card, found, err := cardByDigest(tx, digest)
		if err != nil {
			return nil, err
		}
		right := same([]byte(s.word(card.id, clock.DayOf(tx.Now()))), []byte(strings.Join(strings.Fields(cmd.Word), "")))
		if !found || malformed != nil || !right {
			return errWrong, refused(tx, "signin.use_card", string(card.id), cmd.Where)
		}
		p, err := s.cardFor(tx, cmd.Actor, card.holder)
		if err == nil {
			err = notWhoPrinted(tx, cmd.Actor, card)
		}
		if k := errs.KindOf(err); k == errs.Forbidden || k == errs.NotFound {
			return err, nil
		}
		if err != nil {
			return nil, err
		}
		if err := proved(tx, limits); err != nil {
			return nil, err
		}
		opened, err := s.identity.Open(tx, identity.Opening{Of: identity.ActorID(cmd.Actor.ID), Grade: identity.GradeCard, Label: cmd.Label,
			Behalf: string(p.ID), Origin: cmd.Origin})
		in = SignedIn{Opened: opened, Actor: identity.ActorID(cmd.Actor.ID)}
		return nil, err
	})
	return in, err
}

// notWhoPrinted refuses the person who printed the card, by whichever of its accounts.
func notWhoPrinted(tx *store.Tx, by identity.Actor, card printed) error {
	one, err := samePerson(tx, card.by, identity.ActorID(by.ID))
	if err == nil && one {
		err = errOwnPrint.Because(why.Rule("identity.two_persons", "", "law"))
	}
	return err
}

// mayUseCards asks for the right at any desk, before anything is said of the card.
func mayUseCards(by identity.Actor, tree *region.Tree) error {
	err := by.May(identity.IdentityCard, tree.City(), tree)
	for _, g := range by.Grants {
		if err != nil {
			err = by.May(identity.IdentityCard, g.Region, tree)
		}
	}
	return err
}
