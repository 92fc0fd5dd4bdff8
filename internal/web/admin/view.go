package admin

import (
	"strconv"

	"timebank/internal/web/ui"
)

// cell is one cell of a table. Bar is a share from 1 to 100 that is drawn beside the text, Shade a depth from 1 to 5 behind it; 0 is none.
type cell struct {
	Text, Href string
	Tone       ui.Tone
	Bar, Shade int
}

type table struct {
	Caption string
	Head    []string
	Rows    [][]cell
}

// form is a form of its own; one with Get asks and changes nothing.
type form struct {
	ID, Action, Key, Title, Text, Button, Kind string
	Get                                        bool
	Hidden                                     []ui.Row
	Fields                                     []ui.Field
}

// tile is one district of the map: its outline as a path, where its label stands, and how deep it is coloured.
type tile struct {
	Path, Name, Number, Href string
	X, Y                     string
	Shade                    int
}

type drawing struct {
	Label, Box string
	Tiles      []tile
}

// bars is a chart of columns.
type bars struct {
	Label string
	List  []bar
}

type bar struct {
	X, Y, H, Name string
}

// block is a part of a page: whatever is set of it is shown, in this order.
type block struct {
	Title, Text string
	Figures     []ui.Figure
	Map         *drawing
	Bars        *bars
	Facts       []ui.Row
	Table       *table
	Pre         string
	Empty       string
	Links       []ui.Link
	Why         *ui.Why
	Forms       []form
	More        string
	List        string // the list's place in the address, as [ui.More] has it
}

// view is every page of the door: the place, what can be chosen, and the blocks.
type view struct {
	ui.Page
	Place   string
	Above   []ui.Link
	Go      *form
	Lead    string
	Periods []ui.Link
	Faults  []ui.Fault
	WhyNot  *ui.Why
	Export  string
	Blocks  []block
}

func shade(n int) string { return "shade-" + strconv.Itoa(n) }

func width(n int) string { return strconv.Itoa(n) }

func text(s string) cell { return cell{Text: s} }

func texts(all ...string) []cell {
	out := make([]cell, len(all))
	for i, s := range all {
		out[i] = cell{Text: s}
	}
	return out
}
