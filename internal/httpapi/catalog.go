package httpapi

import (
	"context"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/region"
	"timebank/internal/store"
)

// ItemSpec is what a city decides about a service.
type ItemSpec struct {
	Code           string     `json:"code" minLength:"2" maxLength:"40" example:"smartphone"`
	Category       string     `json:"category" enum:"meals,bathing,cleaning,urgent_help,medical_errands,smartphone,errands,comfort,going_out,life_story,legal_advice,anti_fraud_talks"`
	Class          string     `json:"class" enum:"living,health,company,learning,rights"`
	Urgencies      []string   `json:"urgencies" minItems:"1" maxItems:"3" enum:"everyday,within_day,at_once"`
	NameZH         string     `json:"name_zh" maxLength:"60" example:"学用智能手机"`
	NameEN         string     `json:"name_en" maxLength:"100" example:"Learning to use a smartphone"`
	DescriptionZH  string     `json:"description_zh" maxLength:"1000"`
	DescriptionEN  string     `json:"description_en" maxLength:"2000"`
	NeverZH        string     `json:"never_zh,omitempty" maxLength:"1000" doc:"What the volunteer does not do"`
	NeverEN        string     `json:"never_en,omitempty" maxLength:"2000"`
	Risk           string     `json:"risk" enum:"low,medium,high"`
	Volunteers     int        `json:"volunteers" minimum:"1" maximum:"20" doc:"How many volunteers one visit needs"`
	Course         string     `json:"course,omitempty" maxLength:"40" doc:"The course whose certificate each volunteer needs"`
	FamilyPresence bool       `json:"family_presence,omitempty"`
	Agreement      bool       `json:"agreement,omitempty"`
	Insurance      bool       `json:"insurance,omitempty"`
	Shortest       Minutes    `json:"shortest" doc:"Of one visit, for each volunteer"`
	Usual          Minutes    `json:"usual"`
	Longest        Minutes    `json:"longest"`
	From           int        `json:"from_hour" minimum:"0" maximum:"24" doc:"Whole hour of the day before which no visit begins"`
	Until          int        `json:"until_hour" minimum:"0" maximum:"24" doc:"Whole hour of the day after which none goes on"`
	Steps          []ItemStep `json:"steps,omitempty" maxItems:"30"`
	Outcomes       []ItemStep `json:"outcomes,omitempty" maxItems:"30" doc:"Ticked at the end"`
}

// ItemStep is a step of a service, or an outcome.
type ItemStep struct {
	Code string `json:"code" maxLength:"40"`
	ZH   string `json:"zh" maxLength:"200"`
	EN   string `json:"en" maxLength:"200"`
}

// Item is one version of a service. It never changes.
type Item struct {
	ItemSpec
	Version       int       `json:"version"`
	State         string    `json:"state" enum:"published,withdrawn"`
	EffectiveFrom time.Time `json:"effective_from"`
	PublishedAt   time.Time `json:"published_at"`
	PublishedBy   string    `json:"published_by"`
}

// Items are services.
type Items struct {
	Items []Item `json:"items"`
}

func itemOf(i *catalog.Item) Item {
	return Item{Version: i.Version, State: string(i.State), EffectiveFrom: i.EffectiveFrom, PublishedAt: i.PublishedAt, PublishedBy: i.PublishedBy,
		ItemSpec: ItemSpec{Code: i.Code, Category: string(i.Category), Class: string(i.Class), Urgencies: each(i.Urgencies, func(u catalog.Urgency) string { return string(u) }),
			NameZH: i.NameZH, NameEN: i.NameEN, DescriptionZH: i.DescriptionZH, DescriptionEN: i.DescriptionEN, NeverZH: i.NeverZH, NeverEN: i.NeverEN,
			Risk: string(i.Risk), Volunteers: i.Volunteers, Course: i.Course, FamilyPresence: i.FamilyPresence, Agreement: i.Agreement, Insurance: i.Insurance,
			Shortest: minutesOf(i.Shortest), Usual: minutesOf(i.Usual), Longest: minutesOf(i.Longest), From: i.From, Until: i.Until,
			Steps: each(i.Steps, stepOf), Outcomes: each(i.Outcomes, stepOf)}}
}

func stepOf(p catalog.Point) ItemStep { return ItemStep(p) }

func (s ItemSpec) catalog() catalog.Spec {
	point := func(p ItemStep) catalog.Point { return catalog.Point(p) }
	return catalog.Spec{Code: s.Code, Category: catalog.Category(s.Category), Class: catalog.Class(s.Class),
		Urgencies: each(s.Urgencies, func(u string) catalog.Urgency { return catalog.Urgency(u) }), NameZH: s.NameZH, NameEN: s.NameEN,
		DescriptionZH: s.DescriptionZH, DescriptionEN: s.DescriptionEN, NeverZH: s.NeverZH, NeverEN: s.NeverEN, Risk: catalog.Risk(s.Risk),
		Volunteers: s.Volunteers, Course: s.Course, FamilyPresence: s.FamilyPresence, Agreement: s.Agreement, Insurance: s.Insurance,
		Shortest: s.Shortest.hours(), Usual: s.Usual.hours(), Longest: s.Longest.hours(), From: s.From, Until: s.Until,
		Steps: each(s.Steps, point), Outcomes: each(s.Outcomes, point)}
}

func (a *api) listItems(ctx context.Context, _ *Nothing) (out Items, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		c, err := a.Catalog.Catalogue(tx)
		if err == nil {
			out.Items = each(c.List(tx.Now()), itemOf)
		}
		return err
	})
	return out, err
}

// ItemCode names a service in the path.
type ItemCode struct {
	Code string `path:"code" maxLength:"40"`
}

func (a *api) itemVersions(ctx context.Context, in *ItemCode) (out Items, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		c, err := a.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		versions := c.Versions(in.Code)
		if len(versions) == 0 {
			return catalog.ErrNotFound
		}
		out.Items = each(versions, itemOf)
		return nil
	})
	return out, err
}

// NewItem publishes a version of a service.
type NewItem struct {
	ItemSpec
	EffectiveFrom *time.Time `json:"effective_from,omitempty" doc:"Left out: now"`
}

// ItemRef names one version.
type ItemRef struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
}

func (a *api) publishItem(ctx context.Context, in *Take[NewItem]) (ItemRef, error) {
	ref, err := a.Catalog.Publish(ctx, catalog.PublishCmd{Actor: actor(ctx), Key: in.Key, Spec: in.Body.catalog(), EffectiveFrom: orZero(in.Body.EffectiveFrom)})
	return ItemRef(ref), err
}

// ItemEnd ends a service.
type ItemEnd struct {
	Mutation
	Code string `path:"code" maxLength:"40"`
	Body struct {
		Reason        string     `json:"reason" minLength:"1" maxLength:"200"`
		EffectiveFrom *time.Time `json:"effective_from,omitempty" doc:"Left out: now"`
	}
}

func (a *api) withdrawItem(ctx context.Context, in *ItemEnd) (ItemRef, error) {
	ref, err := a.Catalog.Withdraw(ctx, catalog.WithdrawCmd{Actor: actor(ctx), Key: in.Key, Code: in.Code, Reason: in.Body.Reason, EffectiveFrom: orZero(in.Body.EffectiveFrom)})
	return ItemRef(ref), err
}
