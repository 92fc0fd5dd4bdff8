package catalog

import (
	"slices"
	"strings"
	"time"

	"timebank/internal/store"
)

// Catalogue is every version of every item as of one publication. It is immutable and safe for concurrent use, so a use-case that takes
// many commands asks for it once.
type Catalogue struct {
	stamp  stamp
	byCode map[string][]*Item
	codes  []string
}

// build makes the catalogue of items that are sorted by code and version.
func build(s stamp, items []*Item) *Catalogue {
	c := &Catalogue{stamp: s, byCode: make(map[string][]*Item)}
	for _, i := range items {
		if c.byCode[i.Code] == nil {
			c.codes = append(c.codes, i.Code)
		}
		c.byCode[i.Code] = append(c.byCode[i.Code], i)
	}
	return c
}

// Current returns the version of an item that can be ordered at the time. The error is [ErrNotFound] for an item nobody published and
// [ErrNotOffered] for one that was withdrawn or begins later.
func (c *Catalogue) Current(code string, when time.Time) (*Item, error) {
	versions := c.byCode[code]
	if len(versions) == 0 {
		return nil, ErrNotFound
	}
	i := at(versions, when)
	if i == nil || i.State == Withdrawn {
		return nil, ErrNotOffered
	}
	return i, nil
}

// ByVersion returns one version of an item, whether or not it can still be ordered: an order keeps the one it was placed under.
func (c *Catalogue) ByVersion(code string, version int) (*Item, error) {
	versions := c.byCode[code]
	if version < 1 || version > len(versions) {
		return nil, ErrNotFound
	}
	return versions[version-1], nil
}

// Versions returns all versions of an item, oldest first.
func (c *Catalogue) Versions(code string) []*Item { return slices.Clone(c.byCode[code]) }

// List returns what can be ordered at the time, by category in the order of pages, then by code.
func (c *Catalogue) List(when time.Time) []*Item {
	var items []*Item
	for _, code := range c.codes {
		if i, err := c.Current(code, when); err == nil {
			items = append(items, i)
		}
	}
	order := Categories()
	slices.SortStableFunc(items, func(a, b *Item) int {
		if d := slices.Index(order, a.Category) - slices.Index(order, b.Category); d != 0 {
			return d
		}
		return strings.Compare(a.Code, b.Code)
	})
	return items
}

// Catalogue returns the catalogue as tx sees it. Versions are immutable, so it is kept in memory, and one small row tells whether
// anything was published since, by this process or another.
func (s *Service) Catalogue(tx *store.Tx) (*Catalogue, error) {
	now, err := newest(tx)
	if err != nil {
		return nil, err
	}
	kept := s.kept.Load()
	if kept != nil && kept.stamp == now {
		return kept, nil
	}
	fresh, err := load(tx)
	if err != nil {
		return nil, err
	}
	// A transaction that looks at an older state must not put it in the place of a newer one.
	if kept == nil || kept.stamp.revision <= fresh.stamp.revision {
		s.kept.Store(fresh)
	}
	return fresh, nil
}

// Current is [Catalogue.Current] of the catalogue as tx sees it.
func (s *Service) Current(tx *store.Tx, code string, when time.Time) (*Item, error) {
	c, err := s.Catalogue(tx)
	if err != nil {
		return nil, err
	}
	return c.Current(code, when)
}

// ByVersion is [Catalogue.ByVersion] of the catalogue as tx sees it.
func (s *Service) ByVersion(tx *store.Tx, code string, version int) (*Item, error) {
	c, err := s.Catalogue(tx)
	if err != nil {
		return nil, err
	}
	return c.ByVersion(code, version)
}

// Offer is an item with its texts in one language, ready to be shown.
type Offer struct {
	Item        *Item
	Name        string
	Description string
	Never       string
	Steps       []string
	Outcomes    []string // in the order of Item.Outcomes, whose codes are ticked
}

// List returns what can be ordered at the time with texts in the language ("zh-CN" or "en"), in the order of pages.
func (s *Service) List(tx *store.Tx, when time.Time, lang string) ([]Offer, error) {
	c, err := s.Catalogue(tx)
	if err != nil {
		return nil, err
	}
	items := c.List(when)
	offers := make([]Offer, len(items))
	for n, i := range items {
		offers[n] = Offer{Item: i, Name: i.Name(lang), Description: i.Description(lang), Never: i.Never(lang),
			Steps: texts(i.Steps, lang), Outcomes: texts(i.Outcomes, lang)}
	}
	return offers, nil
}

func texts(points []Point, lang string) []string {
	out := make([]string, len(points))
	for i, p := range points {
		out[i] = p.Text(lang)
	}
	return out
}
