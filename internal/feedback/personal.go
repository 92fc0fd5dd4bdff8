package feedback

import (
	"time"

	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
)

// Personal is everything this package stores about a person, for the person's own copy.
type Personal struct {
	Said       []PersonalRating    `json:"said"`
	Heard      []PersonalRating    `json:"heard"`
	Complaints []PersonalComplaint `json:"complaints"`
	FollowUps  []PersonalFollowUp  `json:"follow_ups"`
}

// PersonalRating is a rating that the person gave or got. Words of another side are that side's own and are not repeated.
type PersonalRating struct {
	Order   order.ID  `json:"order"`
	Stars   int       `json:"stars"`
	Tags    []Tag     `json:"tags,omitempty"`
	Words   string    `json:"words,omitempty"`
	RatedAt time.Time `json:"rated_at"`
}

// PersonalComplaint is a complaint that the person made.
type PersonalComplaint struct {
	Order    order.ID   `json:"order"`
	Category Category   `json:"category"`
	Words    string     `json:"words,omitempty"`
	Appeal   string     `json:"appeal,omitempty"`
	FiledAt  time.Time  `json:"filed_at"`
	Decision Decision   `json:"decision,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Decided  *time.Time `json:"decided_at,omitempty"`
}

// PersonalFollowUp is a question of the station about a visit to the person.
type PersonalFollowUp struct {
	Order    order.ID  `json:"order"`
	Cause    Cause     `json:"cause"`
	Result   Result    `json:"result,omitempty"`
	OpenedAt time.Time `json:"opened_at"`
}

// PersonalData gathers what is stored about a person. It checks no right; the use-case that hands it out does.
func (s *Service) PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	orders, err := order.OfPerson(tx, who)
	if err != nil {
		return p, err
	}
	ratings, err := ratingsOf(tx, orders)
	if err != nil {
		return p, err
	}
	for _, r := range ratings {
		one := PersonalRating{Order: r.Order, Stars: r.Stars, Tags: r.Tags, RatedAt: r.RatedAt}
		switch who {
		case r.Rater:
			if one.Words, err = s.open(fieldRating, r.sealed); err != nil {
				return p, err
			}
			p.Said = append(p.Said, one)
		case r.Ratee:
			p.Heard = append(p.Heard, one)
		}
	}
	complaints, err := complaintsOf(tx, orders)
	if err != nil {
		return p, err
	}
	followUps, err := followUpsOf(tx, orders, false)
	if err != nil {
		return p, err
	}
	for _, id := range orders {
		for _, c := range complaints[id] {
			if c.Complainant != who {
				continue
			}
			one := PersonalComplaint{Order: id, Category: c.Category, FiledAt: c.FiledAt, Decision: c.Decision, Reason: c.Reason}
			if one.Words, err = s.open(fieldComplaint, c.words); err != nil {
				return p, err
			}
			if one.Appeal, err = s.open(fieldAppeal, c.appealWords); err != nil {
				return p, err
			}
			if !c.DecidedAt.IsZero() {
				one.Decided = &c.DecidedAt
			}
			p.Complaints = append(p.Complaints, one)
		}
		if f := followUps[id]; f != nil && f.Recipient == who {
			p.FollowUps = append(p.FollowUps, PersonalFollowUp{id, f.Cause, f.Result, f.OpenedAt})
		}
	}
	return p, nil
}

// Open returns the complaints about a person's visits that wait for a decision, whoever made them.
func Open(tx *store.Tx, who member.PersonID) (ids []ComplaintID, err error) {
	orders, err := order.OfPerson(tx, who)
	if err != nil {
		return nil, err
	}
	complaints, err := complaintsOf(tx, orders)
	for _, id := range orders {
		for _, c := range complaints[id] {
			if c.Open {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids, err
}
