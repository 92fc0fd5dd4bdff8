package httpapi

import (
	"context"

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
