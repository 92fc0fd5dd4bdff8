package identity

import (
	"time"

	"timebank/internal/region"
	"timebank/internal/store"
)

// Personal is everything this package stores about an actor, for the person's own copy.
type Personal struct {
	Actor    ActorID           `json:"actor"`
	Roles    []PersonalRole    `json:"roles"`
	Sessions []PersonalSession `json:"sessions"`
}

// PersonalRole is a role that the actor holds or held.
type PersonalRole struct {
	Role   Role      `json:"role"`
	Region region.ID `json:"region"`
	Point  string    `json:"point,omitempty"`
	// Campaign is the call-out that the role is limited to.
	Campaign string     `json:"campaign,omitempty"`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty"`
}

// PersonalSession is a session that is open.
type PersonalSession struct {
	Label   string    `json:"label"`
	Created time.Time `json:"created_at"`
	Seen    time.Time `json:"seen_at"`
}

// PersonalData gathers what is stored about an actor. It checks no right; the use-case that hands it out does.
func PersonalData(tx *store.Tx, of ActorID) (Personal, error) {
	p := Personal{Actor: of}
	grants, err := grantsOf(tx, of)
	if err != nil {
		return p, err
	}
	for _, g := range grants {
		one := PersonalRole{Role: g.Role, Region: g.Region, Point: g.Point, Campaign: g.Campaign, From: g.From}
		if !g.Until.IsZero() {
			one.Until = &g.Until
		}
		p.Roles = append(p.Roles, one)
	}
	sessions, err := loadSessions(tx, of)
	for _, s := range sessions {
		p.Sessions = append(p.Sessions, PersonalSession{s.Label, s.Created, s.Seen})
	}
	return p, err
}

// Retire ends all sessions and roles of an actor, whose person is no more. The actor stays: the trail names it.
func Retire(tx *store.Tx, of ActorID) error {
	if err := revokeSessions(tx, of, ""); err != nil {
		return err
	}
	return endGrants(tx, of)
}
