package archtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// TraceRow is one line of docs/trace.md: a row of the product's promises and what keeps it.
type TraceRow struct {
	ID       string // S1 … S22, N1 … N15
	UseCases []string
	Tests    []string
	Later    bool // the row says which later issue keeps it
}

var (
	traceLine = regexp.MustCompile(`^\| ([SN][0-9]+) \|`)
	traceCode = regexp.MustCompile("`([^`]+)`")
	promised  = map[string]int{"S": 22, "N": 15}
)

// ParseTrace reads the table of docs/trace.md, whose columns are: row, what, use-case, page, test.
func ParseTrace(text string) ([]TraceRow, error) {
	var rows []TraceRow
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		m := traceLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 5 {
			return nil, fmt.Errorf("docs/trace.md: row %s has %d columns, want 5", m[1], len(cells))
		}
		row := TraceRow{ID: m[1], Later: strings.Contains(line, "later")}
		for _, c := range traceCode.FindAllStringSubmatch(cells[2], -1) {
			row.UseCases = append(row.UseCases, c[1])
		}
		for _, c := range traceCode.FindAllStringSubmatch(cells[4], -1) {
			row.Tests = append(row.Tests, c[1])
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// CheckTrace returns one sentence for each promise without a row, each row that names nothing, and each name that is not there. A
// use-case is package.Name or package.Type.Name, a test the name of a test function.
func CheckTrace(rows []TraceRow, declared, tests map[string]bool) []string {
	var bad []string
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.ID] {
			bad = append(bad, r.ID+" stands twice in docs/trace.md")
		}
		seen[r.ID] = true
		if !r.Later && (len(r.UseCases) == 0 || len(r.Tests) == 0) {
			bad = append(bad, r.ID+" names no use-case or no test, and no later issue")
		}
		for _, u := range r.UseCases {
			if !declared[u] {
				bad = append(bad, r.ID+" names the use-case "+u+", which is not declared")
			}
		}
		for _, t := range r.Tests {
			if !tests[t] {
				bad = append(bad, r.ID+" names the test "+t+", which does not exist")
			}
		}
	}
	for kind, n := range promised {
		for i := 1; i <= n; i++ {
			if id := fmt.Sprint(kind, i); !seen[id] {
				bad = append(bad, id+" has no row in docs/trace.md")
			}
		}
	}
	slices.Sort(bad)
	return bad
}
