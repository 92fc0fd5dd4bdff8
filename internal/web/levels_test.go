package web_test

import (
	"bytes"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/region"
)

// shown is a figure as it stands on a page: what is written, and where it opens.
type shown struct{ number, opens string }

var (
	figureOf = regexp.MustCompile(`<dt>([^<]+)</dt>\s*<dd><a class="number" href="([^"]+)">([^<]+)</a>`)
	rowOf    = regexp.MustCompile(`(?s)<tr><th scope="row">(.*?)</th>\s*<td[^>]*>(.*?)</td>`)
	tagOf    = regexp.MustCompile(`(?s)<[^>]*>`)
)

func figuresOn(body string) map[string]shown {
	all := map[string]shown{}
	for _, m := range figureOf.FindAllStringSubmatch(body, -1) {
		all[html.UnescapeString(m[1])] = shown{m[3], html.UnescapeString(m[2])}
	}
	return all
}

// amount is what a figure says, in minutes or pieces.
func amount(t *testing.T, text string) (n int64) {
	t.Helper()
	sign := int64(1)
	if rest, minus := strings.CutPrefix(strings.TrimLeft(text, "'"), "−"); minus {
		text, sign = rest, -1
	}
	words := strings.Fields(strings.ReplaceAll(text, ",", ""))
	for i := 0; i < len(words); i += 2 {
		one, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil {
			t.Fatalf("%q is no figure", text)
		}
		if i+1 < len(words) && words[i+1] == "h" {
			one *= 60
		}
		n += one
	}
	return sign * n
}

// workbook opens a file as an office does.
func (a answer) workbook(t *testing.T) (sheets [][][]string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		t.Fatalf("%s: %v", a.Request.URL, err)
	}
	defer book.Close()
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, rows)
	}
	return sheets
}

// At every level each figure is the same for whoever may read it, is the sum of the entries that it opens to and of the places below, stands so on
// the map of the period, and in the workbook.
func TestTheFiguresOfEveryLevelAddUp(t *testing.T) {
	s := newSite(t)
	near, far := s.Community("320113003", 1), s.Community("320102002", 0)
	for community, minutes := range map[region.ID]int{s.Home(): 90, near: 60, far: 45} {
		elder, helper := s.KeyElder(community), s.Volunteer(community)
		s.Earn(helper, elder, minutes)
		s.Place(elder.Actor, elder)
	}
	settled := clock.DayOf(s.Clock.Now())
	s.PassTo(clock.MonthOf(s.Clock.Now()).End().Add(36 * time.Hour))
	s.Earn(s.Volunteer(s.Home()), s.KeyElder(s.Home()), 30)
	periods := []string{"when=all", "when=this", "when=last", "when=own&from=" + string(settled) + "&to=" + string(settled)}
	want := map[region.Level]string{region.City: "3 h 45 min", region.District: "3 h", region.Street: "3 h", region.Community: "2 h"}
	for _, place := range s.Tree.Path(s.Home()) {
		level := s.Tree.Level(place)
		t.Run(string(level), func(t *testing.T) {
			var readers []*reader
			for _, role := range []identity.Role{identity.Administrator, identity.Reviewer, identity.Dispatcher, identity.Auditor, identity.ReadOnly} {
				readers = append(readers, s.asFor(s.Staff(role, place), 24*time.Hour))
			}
			// Staff are people of the community as well: whoever reads first must not count fewer of them.
			s.Clock.Advance(time.Hour)
			for _, period := range periods {
				home := readers[0].get("/office/?" + period)
				home.is(t, http.StatusOK, s.Tree.FullName(place))
				figures := figuresOn(home.body)
				if len(figures) < 20 {
					t.Fatalf("%s: got %d figures", period, len(figures))
				}
				if got := figures["Service time"].number; period == "when=all" && got != want[level] {
					t.Errorf("served: got %s, want %s", got, want[level])
				}
				for _, other := range readers[1:] {
					if got := figuresOn(other.get("/office/?" + period).body); !maps.EqualFunc(got, figures, func(a, b shown) bool { return a.number == b.number }) {
						t.Errorf("%s: readers of one place see %v and %v", period, got, figures)
					}
				}
				inBook := map[string]string{}
				for _, row := range readers[0].get("/office/?as=xlsx&" + period).workbook(t)[0] {
					if len(row) > 1 {
						inBook[row[0]] = row[1]
					}
				}
				for name, f := range figures {
					sum := amount(t, f.number)
					if amount(t, inBook[name]) != sum {
						t.Errorf("%s, %s: the page says %s, the workbook %s", period, name, f.number, inBook[name])
					}
					readers[1].addsUp(name, f, sum)
					readers[2].below(t, name, f, sum)
				}
			}
		})
	}
}

// addsUp opens a figure: its head says the same, and the entries of the workbook add up to it.
func (r *reader) addsUp(name string, f shown, sum int64) {
	r.t.Helper()
	opened := r.get(f.opens)
	opened.is(r.t, http.StatusOK, f.number)
	var total int64
	lines := 0
	for _, sheet := range r.get(f.opens + "&as=xlsx").workbook(r.t)[1:] {
		if len(sheet[0]) < 6 {
			continue // the course of six months
		}
		for _, row := range sheet[1:] {
			total += amount(r.t, row[4])
			lines++
		}
	}
	if total != sum {
		r.t.Errorf("%s says %s, and its %d entries add up to %d", f.opens, f.number, lines, total)
	}
}

// below looks at the map of a figure: the places below add up to the place, which has the same figure.
func (r *reader) below(t *testing.T, name string, f shown, sum int64) {
	t.Helper()
	u, err := url.Parse(f.opens)
	if err != nil {
		t.Fatal(err)
	}
	rows := rowOf.FindAllStringSubmatch(r.get("/office/map?"+u.RawQuery).body, -1)
	if len(rows) == 0 {
		t.Fatalf("%s: no place on the map", name)
	}
	var parts int64
	value := func(row []string) int64 { return amount(t, strings.TrimSpace(tagOf.ReplaceAllString(row[2], ""))) }
	for _, row := range rows[:len(rows)-1] {
		parts += value(row)
	}
	if own := value(rows[len(rows)-1]); own != sum || len(rows) > 1 && parts != sum {
		t.Errorf("%s: the page says %s, the map %d, the %d places below together %d", name, f.number, own, len(rows)-1, parts)
	}
}
