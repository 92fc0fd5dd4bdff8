package store

import (
	"cmp"
	"slices"
	"strings"
)

// Append adds rows to a table that only grows: args holds as many values a row as columns names. The rows go in when the transaction ends,
// with those of its neighbours and in long statements, or before a statement that names the table; a row that the database refuses fails the
// transaction then. The audit trail, the outbox and evidence are such tables: every use-case adds a few rows to them and reads none.
func (tx *Tx) Append(table, columns string, args ...any) {
	p := &tx.session.pending
	i := slices.IndexFunc(p.tables, func(t *appended) bool { return t.name == table })
	if i < 0 {
		i = len(p.tables)
		p.tables = append(p.tables, &appended{name: table, prefix: "INSERT INTO " + table + " (" + columns + ")", cols: strings.Count(columns, ",") + 1})
	}
	p.tables[i].args = append(p.tables[i].args, args...)
	p.waits = true
}

// pending is what the transaction of a session will write at its end.
//
// Within a savepoint, rows of an earlier one may have to go in because a statement names their table; if the savepoint is then taken back, they
// are lost with it. So rows are kept after they went in until the savepoint has ended, and wait again if it was taken back.
type pending struct {
	tables []*appended
	keys   []doneKey
	byName map[[2]string]int // where in keys
	gone   int               // how many of keys are in the database
	depth  int               // savepoints that are open
	waits  bool              // something may have to go in
	names  map[string]naming // by statement, because looking for names costs as much as a short statement
}

// naming says which tables a statement names, of the first so many.
type naming struct {
	of     int
	keys   bool
	tables []int
}

type appended struct {
	name, prefix string
	cols         int
	args         []any
	gone         int // how many of args are in the database
}

// doneKey is a key with its result, as it is to be stored.
type doneKey struct {
	Key
	result string
	at     int64
	until  any
}

// mark is how much waits when a savepoint begins.
type mark struct {
	args []int
	keys int
}

func (p *pending) mark() mark {
	p.depth++
	m := mark{keys: len(p.keys), args: make([]int, len(p.tables))}
	for i, t := range p.tables {
		m.args[i] = len(t.args)
	}
	return m
}

// end says how a savepoint ended: kept, or taken back with everything that was added in it.
func (p *pending) end(m mark, kept bool) {
	p.depth--
	if !kept {
		for i, t := range p.tables {
			n := 0
			if i < len(m.args) {
				n = m.args[i]
			}
			t.args, t.gone = t.args[:n], 0
			p.waits = p.waits || n > 0
		}
		for _, k := range p.keys[m.keys:] {
			delete(p.byName, [2]string{k.Actor, k.Key.Key})
		}
		p.keys, p.gone = p.keys[:m.keys], 0
		p.waits = p.waits || m.keys > 0
	}
	if p.depth > 0 {
		return
	}
	for _, t := range p.tables {
		t.args = slices.Delete(t.args, 0, t.gone)
		t.gone = 0
	}
	if p.gone > 0 {
		// Statements find them from now on.
		p.keys = slices.Delete(p.keys, 0, p.gone)
		p.gone = 0
		clear(p.byName)
		for i, k := range p.keys {
			p.byName[[2]string{k.Actor, k.Key.Key}] = i
		}
	}
}

// reset forgets everything, with the transaction.
func (p *pending) reset() {
	for _, t := range p.tables {
		clear(t.args)
		t.args, t.gone = t.args[:0], 0
	}
	clear(p.keys)
	p.keys, p.gone, p.depth, p.waits = p.keys[:0], 0, 0, false
	clear(p.byName)
}

// pendingRows is how many rows of a table may wait: enough for long statements, and little memory.
const pendingRows = 4096

// long reports whether so much waits that it should go in.
func (p *pending) long() bool {
	return len(p.keys) >= 8*pendingRows || slices.ContainsFunc(p.tables, func(t *appended) bool { return len(t.args) >= pendingRows*t.cols })
}

// named reports whether a statement names a table that rows wait for.
func (p *pending) named(text string) bool {
	names, known := p.names[text]
	if !known || names.of != len(p.tables) {
		names = naming{of: len(p.tables), keys: strings.Contains(text, "idempotency") && !strings.HasSuffix(text, claims)}
		for i, t := range p.tables {
			if strings.Contains(text, t.name) {
				names.tables = append(names.tables, i)
			}
		}
		if p.names == nil {
			p.names = map[string]naming{}
		}
		p.names[text] = names
	}
	return names.keys && len(p.keys) > p.gone ||
		slices.ContainsFunc(names.tables, func(i int) bool { return len(p.tables[i].args) > p.tables[i].gone })
}

// settle writes what waits.
func (tx *Tx) settle() error {
	p := &tx.session.pending
	if !p.waits {
		return nil
	}
	p.waits = false
	tx = tx.Later()
	for _, t := range p.tables {
		from := t.gone
		t.gone = len(t.args)
		if _, err := tx.Insert(t.prefix, t.cols, t.args[from:], ""); err != nil {
			return err
		}
	}
	return tx.insertKeys()
}

// insertKeys writes the keys in the order of their table, so that neighbours share its pages.
func (tx *Tx) insertKeys() error {
	p := &tx.session.pending
	keys := slices.Clone(p.keys[p.gone:])
	p.gone = len(p.keys)
	slices.SortFunc(keys, func(a, b doneKey) int {
		return cmp.Or(cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Key.Key, b.Key.Key))
	})
	args := make([]any, 0, 7*len(keys))
	for i := range keys {
		k := &keys[i]
		args = append(args, k.Actor, k.Key.Key, k.Command, k.Digest[:], k.result, k.at, k.until)
	}
	_, err := tx.Insert("INSERT INTO idempotency (actor, key, command, digest, result, recorded_at, keep_until)", 7, args, "")
	return err
}
