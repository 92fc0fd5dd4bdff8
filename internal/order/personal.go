package order

import (
	"time"

	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Personal is everything this package stores about a person, for the person's own copy.
type Personal struct {
	Asked  []PersonalOrder `json:"asked"`
	Served []PersonalOrder `json:"served"`
}

// PersonalOrder is an order from the side of one person: of the other side it names nobody.
type PersonalOrder struct {
	Order       ID                 `json:"order"`
	Item        string             `json:"item"`
	State       State              `json:"state"`
	Start       time.Time          `json:"start"`
	Minutes     int64              `json:"minutes"`
	Region      region.ID          `json:"region"`
	PlacedAs    PlacedAs           `json:"placed_as"`
	Urgency     string             `json:"urgency"`
	SubmittedAt time.Time          `json:"submitted_at"`
	ConfirmedBy ConfirmedBy        `json:"confirmed_by,omitempty"`
	Reason      string             `json:"reason,omitempty"`
	Outcome     string             `json:"outcome,omitempty"`
	LatE6       int64              `json:"lat_e6,omitempty"`
	LonE6       int64              `json:"lon_e6,omitempty"`
	Visit       *PersonalVisit     `json:"visit,omitempty"`
	Evidence    []PersonalEvidence `json:"evidence,omitempty"`
	Photos      []PersonalPhoto    `json:"photos,omitempty"`
}

// PersonalVisit is what the volunteer's own place on the order came to.
type PersonalVisit struct {
	State   AssignmentState `json:"state"`
	In      *time.Time      `json:"in,omitempty"`
	Out     *time.Time      `json:"out,omitempty"`
	Minutes int64           `json:"minutes"`
	Credit  int64           `json:"credit"`
	Grade   Grade           `json:"grade,omitempty"`
	Flags   string          `json:"flags,omitempty"`
}

// PersonalEvidence is one proof of the visit.
type PersonalEvidence struct {
	Moment     Moment    `json:"moment"`
	Methods    []Method  `json:"methods"`
	OccurredAt time.Time `json:"occurred_at"`
	Distance   int64     `json:"distance"`
}

// PersonalPhoto is a picture of the visit; whoever may see it asks for it by its id.
type PersonalPhoto struct {
	Photo      PhotoID     `json:"photo"`
	Moment     Moment      `json:"moment"`
	RecordedAt time.Time   `json:"recorded_at"`
	Place      Whereabouts `json:"place,omitempty"`
}

// PersonalData gathers what is stored about a person as one who asks and as one who serves. It checks no right; the use-case that hands it
// out does. A volunteer is not told where a recipient lives.
func PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	ids, err := OfPerson(tx, who)
	if err != nil {
		return p, err
	}
	orders, err := load(tx, ids, false)
	if err != nil {
		return p, err
	}
	for _, id := range ids {
		o := orders[id]
		evidence, err := evidenceOf(tx, id)
		if err != nil {
			return p, err
		}
		one := PersonalOrder{Order: id, Item: o.Item, State: o.State, Start: o.Start, Minutes: o.Minutes.Int64(), Region: o.Region, PlacedAs: o.PlacedAs,
			Urgency: string(o.Urgency), SubmittedAt: o.SubmittedAt, ConfirmedBy: o.ConfirmedBy, Outcome: o.Outcome}
		for _, e := range evidence {
			one.Evidence = append(one.Evidence, PersonalEvidence{e.Moment, e.Methods, e.OccurredAt, e.Distance})
		}
		photos, err := photosOf(tx, id)
		if err != nil {
			return p, err
		}
		for _, f := range photos {
			one.Photos = append(one.Photos, PersonalPhoto{f.ID, f.Moment, f.RecordedAt, f.Place})
		}
		if o.Recipient == who {
			one.Reason, one.LatE6, one.LonE6 = o.Reason, o.Point.LatE6, o.Point.LonE6
			p.Asked = append(p.Asked, one)
			continue
		}
		if a := o.partOf(who); a != nil {
			one.Visit = &PersonalVisit{State: a.State, In: moment(a.In), Out: moment(a.Out), Minutes: a.Minutes.Int64(), Credit: a.Credit.Int64(), Grade: a.Grade,
				Flags: a.Flags}
		}
		p.Served = append(p.Served, one)
	}
	return p, nil
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
