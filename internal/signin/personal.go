package signin

import (
	"time"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
)

// Personal is everything this package stores about how a person signs in, for the person's own copy. Secrets are not in it: they prove who
// one is and say nothing about anybody.
type Personal struct {
	Login    string            `json:"login,omitempty"`
	Passkeys []PersonalPasskey `json:"passkeys"`
	Cards    []PersonalCard    `json:"cards"`
	Links    []PersonalLink    `json:"links"`
}

// PersonalPasskey is a passkey of the person.
type PersonalPasskey struct {
	Label   string    `json:"label"`
	Created time.Time `json:"created_at"`
}

// PersonalCard is a card that was printed for the person.
type PersonalCard struct {
	Issued  time.Time  `json:"issued_at"`
	Revoked *time.Time `json:"revoked_at,omitempty"`
}

// PersonalLink is an account of the city's own sign-in.
type PersonalLink struct {
	Provider string    `json:"provider"`
	Linked   time.Time `json:"linked_at"`
}

// PersonalData gathers what is stored about how somebody signs in. It checks no right; the use-case that hands it out does.
func PersonalData(tx *store.Tx, of identity.ActorID, person member.PersonID) (p Personal, err error) {
	keys, err := listPasskeys(tx, of)
	if err != nil {
		return p, err
	}
	for _, k := range keys {
		p.Passkeys = append(p.Passkeys, PersonalPasskey{k.Label, k.Created})
	}
	if p.Login, err = loginOf(tx, of); err != nil {
		return p, err
	}
	if p.Cards, err = cardsOf(tx, person); err != nil {
		return p, err
	}
	p.Links, err = linksOf(tx, of)
	return p, err
}

// Erase removes every way by which a person signs in. Of its cards nothing stays: the trail says who printed them.
func Erase(tx *store.Tx, of identity.ActorID, person member.PersonID) error {
	return eraseWays(tx, of, string(person))
}
