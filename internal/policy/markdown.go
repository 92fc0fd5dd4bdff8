package policy

import (
	"fmt"
	"strings"
)

const markdownHead = `# Policy parameters

<!-- Generated from the registry in internal/policy: go test ./internal/policy -run TestDocs -update -->

Every number and choice in the rules of the bank is one of these parameters. A city publishes all of them at once as a **version**, effective from
its approval or later, never earlier. Proposer and approver are two people. Every decision stores the version that it was made under.

A parameter has an **owner**: that level and those above set it freely, a level below may only move it in the direction given (lower,
higher, a subset), so that rules get stricter downwards and never looser. On a choice, "higher" means further right in the list of choices.
The **reference** is the moment whose version counts for one case: the order was submitted, the service took place, hours were credited, or
hours were redeemed. A default is **published** by a city, set by **law**, or, as **default**, ours because nobody published one.

A policy file is TOML, with the keys below as dotted names or as tables; what it leaves out keeps its default. Minutes are whole numbers or text such as
` + "`\"12h45m\"`" + `, durations text such as ` + "`\"48h\"`" + `. ` + "`internal/policy/nanjing.toml`" + ` is an example, and
` + "`timebank policy check FILE`" + ` lists everything wrong with a file. The published text of a version is canonical (one line a parameter, in
the order of this page), and its digest is the SHA-256 of that text.

Rules over a person, such as key_elder.rule, are expressions in [CEL](https://cel.dev) over the attributes named in their shape. They are
type-checked, limited in cost, and tried on a grid of people before they are accepted.
`

// Markdown returns docs/policy.md, generated from the registry.
func Markdown() []byte {
	var b strings.Builder
	b.WriteString(markdownHead)
	for _, book := range Books() {
		zh, en := book.Title()
		fmt.Fprintf(&b, "\n## %s %s\n", zh, en)
		for _, p := range registry {
			if p.Book == book {
				p.markdown(&b)
			}
		}
	}
	return []byte(b.String())
}

func (p Param) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n%s\n\n", p.Key, p.ZH, p.EN)
	if def, ok := p.Default(); ok {
		fmt.Fprintf(b, "- default: `%s`", def)
		if p.Unit != "" && p.Unit != "minutes" {
			fmt.Fprintf(b, " %s", p.Unit)
		}
		b.WriteString("\n")
	} else {
		b.WriteString("- default: **none: the city must set it before go-live**\n")
	}
	fmt.Fprintf(b, "- value: %s\n- owner: %s", p.Shape().EN, p.Owner)
	switch p.Narrow {
	case Never:
		b.WriteString("; a lower level may not change it\n")
	case Subset:
		b.WriteString("; a lower level may take a subset\n")
	default:
		fmt.Fprintf(b, "; a lower level may only go %s\n", p.Narrow)
	}
	fmt.Fprintf(b, "- reference: %s\n- source: %s", p.Ref, p.Origin)
	if p.Place != "" {
		fmt.Fprintf(b, " (%s)", p.Place)
	}
	b.WriteString("\n")
	if p.Variants.EN != "" {
		fmt.Fprintf(b, "- elsewhere: %s\n", p.Variants.EN)
	}
}
