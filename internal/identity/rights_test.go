package identity_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// nanjing imports the city and returns its regions.
func nanjing(t testing.TB, db *store.DB) (*region.Service, *region.Tree) {
	t.Helper()
	s := region.New(db)
	if _, err := s.Import(t.Context(), region.Nanjing()); err != nil {
		t.Fatalf("import the regions: %v", err)
	}
	tree, err := s.Today(t.Context())
	if err != nil {
		t.Fatalf("load the regions: %v", err)
	}
	return s, tree
}

// line is one community with all that stands above it, and a community that shares nothing with it but the city.
func line(tree *region.Tree) (path []region.ID, elsewhere region.ID) {
	all := tree.Communities()
	path = tree.Path(all[0].ID)
	for _, c := range all {
		if !tree.Contains(path[1], c.ID) {
			return path, c.ID
		}
	}
	return path, ""
}

func hold(role identity.Role, at region.ID) identity.Actor {
	return identity.Actor{ID: "a", Person: "p", At: storetest.Epoch,
		Grants: []identity.Grant{{Role: role, Region: at, From: storetest.Epoch.Add(-time.Hour), Until: storetest.Epoch.Add(time.Hour)}}}
}

// TestMatrix holds the whole table of rights against a golden file that a person can read: for each right and role, at which levels of
// office it reaches a community inside the office's area (c city, d district, s street, m community). Outside its area, before and
// after its dates, and at another level, every role is refused.
func TestMatrix(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	_, tree := nanjing(t, db)
	path, elsewhere := line(tree)
	var b strings.Builder
	for _, right := range identity.Rights() {
		fmt.Fprintf(&b, "%s:", right)
		if (identity.Actor{ID: "a", Person: "p"}).MayOwn(right, "p") == nil {
			b.WriteString(" self")
		}
		for _, role := range identity.Roles() {
			var at string
			for n, office := range path {
				a := hold(role, office)
				if a.May(right, path[3], tree) == nil {
					at += "cdsm"[n : n+1]
				}
				for _, other := range path[:n] {
					if a.May(right, other, tree) == nil {
						t.Errorf("%s as %s of %s reaches upwards to %s", right, role, tree.Name(office), tree.Name(other))
					}
				}
				if n > 0 && a.May(right, elsewhere, tree) == nil {
					t.Errorf("%s as %s of %s reaches %s", right, role, tree.Name(office), tree.Name(elsewhere))
				}
				for _, when := range []time.Time{{}, storetest.Epoch.Add(-2 * time.Hour), storetest.Epoch.Add(time.Hour)} {
					late := a
					late.At = when
					if late.May(right, path[3], tree) == nil {
						t.Errorf("%s as %s is allowed at %s, outside the grant's dates", right, role, when)
					}
				}
			}
			if at != "" {
				fmt.Fprintf(&b, " %s=%s", role, at)
			}
		}
		// A session opened by a code or a password alone is refused what is guarded, and a card what is not for the desk.
		bare := hold(identity.Administrator, path[0])
		bare.Session = "s"
		for _, role := range identity.Roles() {
			for _, office := range path {
				bare.Grants = append(bare.Grants, hold(role, office).Grants...)
			}
		}
		if errs.CodeOf(bare.May(right, path[3], tree)) == identity.CodeStepUp {
			b.WriteString(" guarded")
			if bare.SteppedUp = storetest.Epoch.Add(time.Minute); bare.May(right, path[3], tree) != nil {
				t.Errorf("%s is refused after a second factor", right)
			}
		}
		if (identity.Actor{ID: "staff", Person: "p", ByCard: true}).MayOwn(right, "p") == nil {
			b.WriteString(" card")
		}
		b.WriteByte('\n')
	}
	golden := filepath.Join("testdata", "rights.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("the table of rights differs from %s; after a wanted change run the test with -update\ngot\n%swant\n%s", golden, got, want)
	}
}

func TestDeniedByDefault(t *testing.T) {
	db, _ := storetest.New(t, store.SQLite)
	_, tree := nanjing(t, db)
	citizen := identity.Actor{ID: "a", Person: "p", At: storetest.Epoch}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a right that is not in the table", hold(identity.Administrator, tree.City()).May("order.invent", tree.City(), tree), "identity.not_allowed"},
		{"a place that does not exist", hold(identity.Administrator, tree.City()).May(identity.LedgerIssuePropose, "nowhere", tree), "identity.not_allowed"},
		{"nobody", identity.Actor{}.May(identity.OrderRead, tree.City(), tree), "identity.not_allowed"},
		{"nobody for nobody", identity.Actor{}.MayOwn(identity.OrderPlace, ""), "identity.not_oneself"},
		{"a citizen by a role's right", citizen.May(identity.OrderPlace, tree.City(), tree), "identity.not_allowed"},
		{"a citizen for another", citizen.MayOwn(identity.OrderPlace, "q"), "identity.not_oneself"},
		{"a citizen by a staff right for itself", citizen.MayOwn(identity.OrderDecide, "p"), "identity.not_oneself"},
		{"a citizen for itself", citizen.MayOwn(identity.OrderPlace, "p"), ""},
		{"the system", identity.System.May(identity.LedgerIssuePropose, tree.City(), tree), ""},
	} {
		if got := errs.CodeOf(c.err); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	forged := identity.Actor{ID: identity.System.ID, Origin: "x"}
	if forged.IsSystem() || forged.May(identity.OrderRead, tree.City(), tree) == nil {
		t.Error("an actor that only bears the system's id acts as the system")
	}
}
