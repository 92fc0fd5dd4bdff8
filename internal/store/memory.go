package store

import (
	"maps"
	"regexp"
	"slices"
)

// memory is what the transaction of the embedded database's one writer knows of rows that it has read or written. Nobody else can change them
// before it ends, so the writes that share the transaction need not ask for them again. PostgreSQL, where others write beside, has none: every
// method of a nil memory does nothing.
type memory struct {
	tables map[string]forgetter
	parts  map[string][]forgetter // by the table whose rows are parts of others
	newest map[string]any
	writes map[string]written // by statement, because looking costs as much as a short statement
}

// written says what a statement does to a table: rows that were there are changed or gone, or rows are added. The zero value only reads.
type written struct {
	table        string
	adds, alters bool
}

type forgetter interface{ forget() }

func newMemory() *memory {
	return &memory{tables: map[string]forgetter{}, parts: map[string][]forgetter{}, newest: map[string]any{}, writes: map[string]written{}}
}

// forget ends with the transaction, or with a savepoint that was taken back.
func (m *memory) forget() {
	if m == nil {
		return
	}
	clear(m.newest)
	for _, t := range m.tables {
		t.forget()
	}
}

var writing = regexp.MustCompile(`(?:^\s*|\)\s+)(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)`)

var onConflict = regexp.MustCompile(`(?s)ON CONFLICT.*DO UPDATE`)

func writtenBy(text string) (w written) {
	if m := writing.FindStringSubmatch(text); m != nil {
		w.table = m[2]
		w.adds = m[1] == "INSERT INTO"
		w.alters = !w.adds || onConflict.MatchString(text)
	}
	return w
}

// wrote forgets what a statement has changed, unless its author answers for the table.
func (m *memory) wrote(text string, answered []string) {
	if m == nil {
		return
	}
	w, seen := m.writes[text]
	if !seen {
		w = writtenBy(text)
		m.writes[text] = w
	}
	if w.table == "" {
		return
	}
	if w.adds {
		delete(m.newest, w.table)
	}
	if slices.Contains(answered, w.table) {
		return
	}
	if t := m.tables[w.table]; t != nil && w.alters {
		t.forget()
	}
	for _, t := range m.parts[w.table] {
		t.forget()
	}
}

// Newest returns what load says of the newest row of a table that only grows. The writes that share a transaction of the embedded database ask
// once, and again after one of them has added to the table: every use-case looks whether its rules are still the newest, and they hardly ever
// change.
func Newest[T any](tx *Tx, table string, load func() (T, error)) (T, error) {
	m := tx.session.memory
	if m == nil {
		return load()
	}
	if known, ok := m.newest[table].(T); ok {
		return known, nil
	}
	found, err := load()
	if err == nil {
		m.newest[table] = found
	}
	return found, err
}

// Memory is rows of a table, by key, that a transaction knows; see [Known].
type Memory[K comparable, V any] struct{ young, old map[K]V }

// memoryRows is how many rows of a table stay known after their last use, at least; twice as many at most.
const memoryRows = 4096

// Known returns what the transaction knows of a table's rows and of the rows of other tables that are their parts; nil where it keeps nothing.
// Whoever alters rows of the table, or parts, makes it forget all of them, unless the statement is sent by [Tx.Answering]. What is kept must be the
// row as the database has it, and whoever gets it leaves it as it is.
func Known[K comparable, V any](tx *Tx, table string, parts ...string) *Memory[K, V] {
	m := tx.session.memory
	if m == nil {
		return nil
	}
	if t, ok := m.tables[table].(*Memory[K, V]); ok {
		return t
	}
	t := &Memory[K, V]{young: map[K]V{}, old: map[K]V{}}
	m.tables[table] = t
	for _, part := range parts {
		m.parts[part] = append(m.parts[part], t)
	}
	return t
}

// Get returns a known row.
func (m *Memory[K, V]) Get(key K) (v V, ok bool) {
	if m == nil {
		return v, false
	}
	if v, ok = m.young[key]; ok {
		return v, true
	}
	if v, ok = m.old[key]; ok {
		m.Put(key, v)
	}
	return v, ok
}

// Put says what a row is.
func (m *Memory[K, V]) Put(key K, v V) {
	if m == nil {
		return
	}
	if len(m.young) >= memoryRows {
		m.young, m.old = m.old, m.young
		clear(m.young)
	}
	m.young[key] = v
}

// Drop forgets a row.
func (m *Memory[K, V]) Drop(key K) {
	if m != nil {
		delete(m.young, key)
		delete(m.old, key)
	}
}

func (m *Memory[K, V]) forget() {
	clear(m.young)
	clear(m.old)
}

// Look returns the rows of keys by key: those that are known, and what load finds of the others.
func (m *Memory[K, V]) Look(keys []K, load func(unknown []K) (map[K]V, error)) (map[K]V, error) {
	if m == nil {
		return load(keys)
	}
	found, unknown := make(map[K]V, len(keys)), make([]K, 0, len(keys))
	for _, k := range keys {
		if v, ok := m.Get(k); ok {
			found[k] = v
		} else {
			unknown = append(unknown, k)
		}
	}
	if len(unknown) == 0 {
		return found, nil
	}
	loaded, err := load(unknown)
	if err != nil {
		return nil, err
	}
	for k, v := range loaded {
		m.Put(k, v)
	}
	maps.Copy(found, loaded)
	return found, nil
}

// Answering is the transaction for statements whose caller answers for what is known of the tables: it says itself, row by row, what they have changed.
func (tx *Tx) Answering(tables ...string) *Tx {
	answering := *tx
	answering.answered = tables
	return &answering
}
