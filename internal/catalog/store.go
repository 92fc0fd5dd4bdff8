package catalog

import (
	"encoding/json"
	"strings"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// lock makes publications take turns, so that versions and revisions have no gaps and no doubles.
func lock(tx *store.Tx) error { return tx.LockName("catalog.publish") }

// save writes new versions with revisions after the given one.
func save(tx *store.Tx, after int64, items []*Item) error {
	const cols = 30
	codes, args := make([]any, 0, 2*len(items)), make([]any, 0, cols*len(items))
	for n, i := range items {
		codes = append(codes, i.Code, tx.NowMicros())
		steps, err := list(i.Steps)
		if err != nil {
			return err
		}
		outcomes, err := list(i.Outcomes)
		if err != nil {
			return err
		}
		var course any
		if i.Course != "" {
			course = i.Course
		}
		args = append(args, string(store.NewID[Item](tx)), after+int64(n)+1, i.Code, i.Version, string(i.State),
			clock.Micros(i.EffectiveFrom), clock.Micros(i.PublishedAt), i.PublishedBy,
			string(i.Category), string(i.Class), urgencies(i.Urgencies), i.NameZH, i.NameEN, i.DescriptionZH, i.DescriptionEN, i.NeverZH, i.NeverEN,
			string(i.Risk), i.Volunteers, course, bit(i.FamilyPresence), bit(i.Agreement), bit(i.Insurance),
			i.Shortest.Int64(), i.Usual.Int64(), i.Longest.Int64(), i.From, i.Until, steps, outcomes)
	}
	if _, err := tx.Insert("INSERT INTO service_item (code, recorded_at)", 2, codes, "ON CONFLICT (code) DO NOTHING"); err != nil {
		return err
	}
	_, err := tx.Insert(`INSERT INTO service_item_version (id, revision, code, version, state, effective_from, published_at, published_by,
		category, class, urgencies, name_zh, name_en, description_zh, description_en, never_zh, never_en,
		risk, volunteers, course, family_presence, agreement, insurance, shortest, usual, longest, from_hour, until_hour, steps, outcomes)`, cols, args, "")
	return err
}

func list(points []Point) (string, error) {
	if points == nil {
		points = []Point{}
	}
	b, err := json.Marshal(points)
	return string(b), err
}

func urgencies(list []Urgency) string {
	names := make([]string, len(list))
	for i, u := range list {
		names[i] = string(u)
	}
	return strings.Join(names, ",")
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
