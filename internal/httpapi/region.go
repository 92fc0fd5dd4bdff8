package httpapi

import (
	"context"
	"time"

	"timebank/internal/clock"
	"timebank/internal/division"
	"timebank/internal/errs"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Region is one region as it stands today.
type Region struct {
	ID          ID     `json:"id"`
	Code        string `json:"code" example:"320113" doc:"Statistical code, or one of ours beginning with a letter"`
	Name        string `json:"name" example:"栖霞区" doc:"Not a key: names repeat"`
	Level       string `json:"level" enum:"city,district,street,community"`
	Kind        string `json:"kind" enum:"city,district,zone,subdistrict,town,unit,community"`
	Residential bool   `json:"residential" doc:"A form for residents offers it"`
	Point       *Point `json:"point,omitempty" doc:"Where its seat roughly is"`
}

// RegionDetail is a region with where it stands.
type RegionDetail struct {
	Region
	Path     []Region `json:"path" doc:"From the city down to the region itself"`
	Children []Region `json:"children"`
}

func regionOf(r region.Region) Region {
	return Region{ID: ID(r.ID), Code: r.Code, Name: r.Name, Level: string(r.Level), Kind: string(r.Kind), Residential: r.Residential(), Point: pointOf(r.Seat, r.HasSeat)}
}

// TreeQuery says which of the two trees is meant.
type TreeQuery struct {
	Tree string `query:"tree" enum:"administrative,reporting" default:"reporting" doc:"The law's tree, or that of statistics and duty, in which functional zones have their streets"`
}

// RegionQuery asks for one region.
type RegionQuery struct {
	ID ID `path:"id"`
	TreeQuery
}

func (a *api) getCity(ctx context.Context, in *TreeQuery) (out RegionDetail, err error) {
	err = a.read(ctx, func(_ *store.Tx, tree *region.Tree) error {
		out, err = regionDetail(tree, region.TreeName(in.Tree), tree.City())
		return err
	})
	return out, err
}

func (a *api) getRegion(ctx context.Context, in *RegionQuery) (out RegionDetail, err error) {
	err = a.read(ctx, func(_ *store.Tx, tree *region.Tree) error {
		out, err = regionDetail(tree, region.TreeName(in.Tree), region.ID(in.ID))
		return err
	})
	return out, err
}

// RegionMove puts a region under another one.
type RegionMove struct {
	Parent ID       `json:"parent" doc:"Where to, one level higher"`
	Trees  []string `json:"trees,omitempty" enum:"administrative,reporting" uniqueItems:"true" maxItems:"2" doc:"Left out: both"`
	From   Day      `json:"from" doc:"The first day, tomorrow at the earliest"`
	Reason string   `json:"reason" minLength:"1" maxLength:"500" doc:"The decree; names nobody"`
}

// RegionRecode gives a region another code or name.
type RegionRecode struct {
	Code   string `json:"code" minLength:"1" maxLength:"12" doc:"The present one where only the name changes"`
	System string `json:"system,omitempty" enum:"official,private" default:"official" doc:"Who issued the code"`
	Name   string `json:"name" minLength:"1" maxLength:"60" doc:"The present one where only the code changes"`
	From   Day    `json:"from" doc:"The first day, tomorrow at the earliest"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"The decree; names nobody"`
}

// RegionMerge lets a region take others over.
type RegionMerge struct {
	Merged []ID   `json:"merged" minItems:"1" maxItems:"50" doc:"What ends: of the same level and under the same regions, with nothing below"`
	From   Day    `json:"from" doc:"The first day, tomorrow at the earliest"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"The decree; names nobody"`
}

// named refuses a parameter that names a region which is not there; what is left out names none. Regions are public: this tells nobody anything new.
func named(tree *region.Tree, parameter string, ids ...ID) error {
	for _, id := range ids {
		if _, ok := tree.ByID(region.ID(id)); !ok && id != "" {
			return errs.Invalid("api.input_invalid", errs.Field{Path: "query." + parameter, Code: "region.unknown"})
		}
	}
	return nil
}

// MergeQuery asks what a merger would end.
type MergeQuery struct {
	ID     ID   `path:"id"`
	Merged []ID `query:"merged" required:"true" minItems:"1" maxItems:"50" doc:"What would end, with commas between"`
	From   Day  `query:"from" doc:"The first day; left out: as if it were today"`
}

// MergePreview is what a merger would end besides the regions themselves.
type MergePreview struct {
	Ends []RuleEnd `json:"ends"`
}

// RuleEnd is a rule of its own that ends with a region.
type RuleEnd struct {
	Region ID        `json:"region"`
	Rule   string    `json:"rule" example:"time.max_per_day"`
	Value  string    `json:"value" doc:"What holds there, as the rule book writes it"`
	From   time.Time `json:"from" doc:"Since when, or from when on"`
	Then   string    `json:"then,omitempty" doc:"What holds for its people afterwards"`
}

func ruleEndOf(e division.Ending) RuleEnd {
	return RuleEnd{Region: ID(e.Region), Rule: e.Key, Value: e.Value, From: e.From, Then: e.Then}
}

func (a *api) previewRegionMerge(ctx context.Context, in *MergeQuery) (out MergePreview, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if _, ok := tree.ByID(region.ID(in.ID)); !ok {
			return errs.New(errs.NotFound, "region.unknown")
		}
		if err := named(tree, "merged", in.Merged...); err != nil {
			return err
		}
		all, err := a.Divisions.Endings(tx, tree, division.Change{Kind: division.Merge, Region: region.ID(in.ID), From: clock.Day(in.From),
			Merged: each(in.Merged, func(id ID) region.ID { return region.ID(id) })})
		out.Ends = each(all, ruleEndOf)
		return err
	})
	return out, err
}

func (a *api) proposeMove(ctx context.Context, in *With[RegionMove]) (Made, error) {
	b := in.Body
	trees := each(b.Trees, func(t string) region.TreeName { return region.TreeName(t) })
	if len(trees) == 0 {
		trees = region.TreeNames()
	}
	return a.proposeChange(ctx, in.Key, b.Reason, division.Change{Kind: division.Move, Region: region.ID(in.ID), Parent: region.ID(b.Parent), Trees: trees, From: clock.Day(b.From)})
}

func (a *api) proposeRecode(ctx context.Context, in *With[RegionRecode]) (Made, error) {
	b := in.Body
	return a.proposeChange(ctx, in.Key, b.Reason, division.Change{Kind: division.Recode, Region: region.ID(in.ID), Code: b.Code, System: region.System(b.System), Name: b.Name,
		From: clock.Day(b.From)})
}

func (a *api) proposeRegionMerge(ctx context.Context, in *With[RegionMerge]) (Made, error) {
	b := in.Body
	return a.proposeChange(ctx, in.Key, b.Reason, division.Change{Kind: division.Merge, Region: region.ID(in.ID), Merged: each(b.Merged, func(id ID) region.ID { return region.ID(id) }),
		From: clock.Day(b.From)})
}

func (a *api) proposeChange(ctx context.Context, key, reason string, change division.Change) (Made, error) {
	made, err := a.Divisions.Propose(ctx, division.ProposeCmd{Actor: actor(ctx), Key: key, Change: change, Reason: reason})
	return Made{ID(made)}, err
}

// RegionChanges are the changes that were decided and have not begun, by their day.
type RegionChanges struct {
	Changes []RegionChange `json:"changes"`
}

// RegionChange is one of them: a move, another code or name, or an end.
type RegionChange struct {
	Region ID       `json:"region"`
	From   Day      `json:"from" doc:"The first day"`
	Parent ID       `json:"parent,omitempty" doc:"Under which region it stands then"`
	Trees  []string `json:"trees,omitempty" doc:"In which trees"`
	Code   string   `json:"code,omitempty" doc:"Which code it bears then"`
	Name   string   `json:"name,omitempty" doc:"Which name it bears then"`
	Into   ID       `json:"into,omitempty" doc:"Which region takes it over: it ends"`
}

func (a *api) listRegionChanges(ctx context.Context, _ *Nothing) (out RegionChanges, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		all, err := region.Plans(tx)
		out.Changes = each(all, func(p region.Planned) RegionChange {
			return RegionChange{Region: ID(p.Region), From: Day(p.From), Parent: ID(p.Parent), Trees: each(p.Trees, func(t region.TreeName) string { return string(t) }), Code: p.Code,
				Name: p.Name, Into: ID(p.Into)}
		})
		return err
	})
	return out, err
}

func regionDetail(tree *region.Tree, name region.TreeName, which region.ID) (RegionDetail, error) {
	r, ok := tree.ByID(which)
	if !ok {
		return RegionDetail{}, errs.New(errs.NotFound, "region.unknown")
	}
	known := func(id region.ID) Region {
		one, _ := tree.ByID(id)
		return regionOf(one)
	}
	return RegionDetail{Region: regionOf(r), Path: each(tree.PathIn(name, which), known), Children: each(tree.Children(name, which), known)}, nil
}
