package app

import (
	"context"

	"timebank/internal/catalog"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/training"
)

// Founding is what a new city begins with.
type Founding struct {
	Regions region.Dataset
	Rules   []byte // TOML of the first policy version
	Courses []training.Course
	Items   []catalog.Spec
	// Pool and Fund are the first hours that the city issues to the public pool and to the guarantee fund.
	Pool, Fund hours.Minutes
}

// Nanjing is the founding of the demo city, of the replay and of tests.
func Nanjing() Founding {
	return Founding{Regions: region.Nanjing(), Rules: policy.NanjingTOML(), Courses: training.Defaults(), Items: catalog.Default(),
		Pool: hours.Of(1_200_000 * 60), Fund: hours.Of(200_000 * 60)}
}

// founders are the two accounts by which an installation sets itself up: even then nobody makes a rule or an hour alone.
var founders = [2]string{"founding-proposer", "founding-approver"}

// Founded reports whether a city has been set up in the database.
func (a *App) Founded(ctx context.Context) (done bool, err error) {
	err = a.DB.Read(ctx, "app.founded", func(tx *store.Tx) error {
		done, err = founded(tx)
		return err
	})
	return done, err
}

func founded(tx *store.Tx) (bool, error) {
	done, err := store.Setting(tx, "founded")
	return done != "", err
}

// Found sets a new city up: its regions, its first rules, courses, services and public hours. Running it again changes nothing.
func (a *App) Found(ctx context.Context, f Founding) error {
	done, err := a.Founded(ctx)
	if err != nil || done {
		return err
	}
	if _, err := a.Regions.Import(ctx, f.Regions); err != nil {
		return err
	}
	proposal, err := a.Policies.Propose(ctx, policy.Founder(founders[0]), policy.ProposeCmd{Key: "founding", TOML: f.Rules, Reason: "founding"})
	if err != nil {
		return err
	}
	if _, err := a.Policies.Approve(ctx, policy.Founder(founders[1]), policy.DecideCmd{Key: "founding", Proposal: proposal.ID, Reason: "founding"}); err != nil {
		return err
	}
	system := identity.System.From("founding")
	if err := a.Training.Define(ctx, training.DefineCmd{Actor: system, Key: "founding-courses", Courses: f.Courses}); err != nil {
		return err
	}
	if _, err := a.Catalog.Import(ctx, catalog.ImportCmd{Actor: system, Key: "founding-items", Specs: f.Items}); err != nil {
		return err
	}
	return a.DB.Write(ctx, "app.found", func(tx *store.Tx) error {
		var postings []ledger.Posting
		for _, to := range []struct {
			key     ledger.Key
			minutes hours.Minutes
		}{{ledger.PoolAccount, f.Pool}, {ledger.FundAccount, f.Fund}} {
			if to.minutes.Sign() > 0 {
				postings = append(postings, ledger.Posting{Reason: ledger.ForIssue, Meta: ledger.Meta{Actor: founders[1], Note: "founding"},
					Transfers: []ledger.Transfer{{From: ledger.IssuerAccount, To: to.key, Minutes: to.minutes}}})
			}
		}
		posted, err := ledger.Book(tx, postings)
		if err != nil {
			return err
		}
		for _, p := range posted {
			if p.Err != nil {
				return p.Err
			}
		}
		if err := a.Ledger.ScheduleGrants(tx); err != nil {
			return err
		}
		if err := a.Orders.ScheduleDaily(tx); err != nil {
			return err
		}
		if err := a.Privacy.ScheduleDaily(tx); err != nil {
			return err
		}
		if err := a.Feedback.ScheduleDaily(tx); err != nil {
			return err
		}
		if err := a.Reports.ScheduleDaily(tx); err != nil {
			return err
		}
		return store.SetSetting(tx, "founded", "yes")
	})
}
