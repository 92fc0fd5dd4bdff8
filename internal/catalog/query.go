package catalog

import (
	"encoding/json"
	"strings"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/store"
)

const columns = `SELECT code, version, state, effective_from, published_at, published_by, category, class, urgencies, name_zh, name_en,
	description_zh, description_en, never_zh, never_en, risk, volunteers, course, family_presence, agreement, insurance,
	shortest, usual, longest, from_hour, until_hour, steps, outcomes FROM service_item_version`

func scan(r *store.Rows) (*Item, error) {
	var i Item
	var effective, published, shortest, usual, longest int64
	var urgencies, steps, outcomes string
	var course *string
	err := r.Scan(&i.Code, &i.Version, &i.State, &effective, &published, &i.PublishedBy, &i.Category, &i.Class, &urgencies, &i.NameZH, &i.NameEN,
		&i.DescriptionZH, &i.DescriptionEN, &i.NeverZH, &i.NeverEN, &i.Risk, &i.Volunteers, &course, &i.FamilyPresence, &i.Agreement, &i.Insurance,
		&shortest, &usual, &longest, &i.From, &i.Until, &steps, &outcomes)
	if err != nil {
		return nil, err
	}
	i.EffectiveFrom, i.PublishedAt = clock.FromMicros(effective), clock.FromMicros(published)
	i.Shortest, i.Usual, i.Longest = hours.Of(shortest), hours.Of(usual), hours.Of(longest)
	if course != nil {
		i.Course = *course
	}
	for u := range strings.SplitSeq(urgencies, ",") {
		i.Urgencies = append(i.Urgencies, Urgency(u))
	}
	if err := json.Unmarshal([]byte(steps), &i.Steps); err != nil {
		return nil, err
	}
	return &i, json.Unmarshal([]byte(outcomes), &i.Outcomes)
}

// stamp names the newest publication: its revision orders publications, its id tells one that was taken back from the one that took
// its number.
type stamp struct {
	revision int64
	id       string
}

func newest(tx *store.Tx) (stamp, error) {
	return store.Newest(tx, "service_item_version", func() (s stamp, err error) {
		err = tx.QueryRow("SELECT revision, id FROM service_item_version ORDER BY revision DESC LIMIT 1").Scan(&s.revision, &s.id)
		if err == store.ErrNoRows {
			return stamp{}, nil
		}
		return s, err
	})
}

// load reads the whole catalogue, all versions: some hundred rows after years.
func load(tx *store.Tx) (*Catalogue, error) {
	s, err := newest(tx)
	if err != nil {
		return nil, err
	}
	items, err := store.All(tx, scan, columns+" WHERE revision <= $1 ORDER BY code, version", s.revision)
	if err != nil {
		return nil, err
	}
	return build(s, items), nil
}
