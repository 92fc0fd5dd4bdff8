package archtest

import (
	"fmt"
	"regexp"

	"golang.org/x/mod/modfile"
)

// row matches a line of the table in docs/dependencies.md: module, version, why it is here, what we would do without it.
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (v[^ |]+) \\| ([^|]+) \\| ([^|]+) \\|$")

// CheckDependencies returns one sentence for each direct requirement of go.mod that has no line with its version in
// docs/dependencies.md, and for each line there that go.mod does not require directly.
func CheckDependencies(gomod []byte, document string) ([]string, error) {
	mod, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return nil, fmt.Errorf("archtest: read go.mod: %w", err)
	}
	versions := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(document, -1) {
		versions[m[1]] = m[2]
	}
	var offences []string
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		switch v, there := versions[r.Mod.Path]; {
		case !there:
			offences = append(offences, fmt.Sprintf("docs/dependencies.md has no line for %s %s", r.Mod.Path, r.Mod.Version))
		case v != r.Mod.Version:
			offences = append(offences, fmt.Sprintf("docs/dependencies.md says %s %s, go.mod %s", r.Mod.Path, v, r.Mod.Version))
		}
		delete(versions, r.Mod.Path)
	}
	for path := range versions {
		offences = append(offences, fmt.Sprintf("docs/dependencies.md has a line for %s, which go.mod does not require directly", path))
	}
	return offences, nil
}
