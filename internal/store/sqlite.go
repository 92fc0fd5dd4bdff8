package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
)

// busyWait is how long a statement waits for another connection to let go of the file.
const busyWait = 10 * time.Second

// lite is a connection to the embedded database, asked without the layers of database/sql: there, half of what a short question takes is
// not SQLite's. It is used by one goroutine at a time.
type lite struct {
	conn  *sqlite.Conn
	known map[string]*prepared
}

// prepared is a statement of a connection.
type prepared struct {
	*sqlite.Stmt
	places []int // which argument each parameter takes, where they stand in another order in the text; nil if in this one
	open   bool  // a question whose rows are not read to their end
}

// liteError is what SQLite says.
type liteError struct {
	code sqlite.ResultCode
	err  error
}

func (e *liteError) Error() string { return e.err.Error() }

// said marks an error of the library as one of SQLite's.
func said(err error) error {
	if err == nil {
		return nil
	}
	return &liteError{code: sqlite.ErrCode(err), err: err}
}

// openLite opens the file, makes it where it is missing, and executes the pragmas in their order.
func openLite(path string, pragmas ...string) (*lite, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, said(err)
	}
	conn.SetBusyTimeout(busyWait)
	l := &lite{conn: conn, known: map[string]*prepared{}}
	for _, pragma := range pragmas {
		if _, err := l.exec("PRAGMA "+pragma, nil); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

func (l *lite) close() error { return said(l.conn.Close()) }

func (l *lite) prepare(text string) (*prepared, error) {
	if st, ok := l.known[text]; ok {
		return st, nil
	}
	made, err := l.conn.Prepare(orFail(text))
	if err != nil {
		return nil, said(err)
	}
	st := &prepared{Stmt: made}
	places := make([]int, made.BindParamCount())
	for i := range places {
		places[i] = i
		// To SQLite $2 is a name, which gets its number when it is first met.
		if name := made.BindParamName(i + 1); name != "" {
			n, err := strconv.Atoi(name[1:])
			if err != nil || n < 1 || n > len(places) {
				return nil, fmt.Errorf("store: a statement has a parameter %s among %d", name, len(places))
			}
			places[i] = n - 1
		}
		if places[i] != i {
			st.places = places
		}
	}
	l.known[text] = st
	return st, nil
}

// ask prepares the statement, or takes it as it was prepared, and gives it its arguments.
func (l *lite) ask(text string, args []any) (*prepared, error) {
	st, err := l.prepare(text)
	if err != nil {
		return nil, err
	}
	if st.open {
		return nil, errors.New("store: a question is asked again before its rows are read")
	}
	if len(args) != st.BindParamCount() {
		return nil, fmt.Errorf("store: a statement with %d parameters got %d arguments", st.BindParamCount(), len(args))
	}
	for i := range args {
		place := i
		if st.places != nil {
			place = st.places[i]
		}
		if err := st.bind(i+1, args[place]); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// bind gives a parameter its value: text, a whole number, yes or no, bytes, nothing, or what stands for one of them as database/sql has it.
func (st *prepared) bind(param int, value any) error {
	switch v := value.(type) {
	case nil:
		st.BindNull(param)
	case string:
		st.BindText(param, v)
	case int64:
		st.BindInt64(param, v)
	case int:
		st.BindInt64(param, int64(v))
	case bool:
		st.BindBool(param, v)
	case []byte:
		if v == nil {
			st.BindNull(param)
		} else {
			st.BindBytes(param, v)
		}
	default:
		plain, err := driver.DefaultParameterConverter.ConvertValue(value)
		if err != nil {
			return err
		}
		switch plain.(type) {
		case nil, string, int64, bool, []byte:
			return st.bind(param, plain)
		}
		return fmt.Errorf("store: a %T has no place in a row", value)
	}
	return nil
}

// exec carries a statement out and returns how many rows it changed.
func (l *lite) exec(text string, args []any) (int64, error) {
	st, err := l.ask(text, args)
	if err != nil {
		return 0, err
	}
	for more := true; more; {
		if more, err = st.Step(); err != nil {
			_ = st.end()
			return 0, said(err)
		}
	}
	changed := int64(l.conn.Changes())
	return changed, st.end()
}

// end makes the statement ready for its next use; nothing of this one stays in memory.
func (st *prepared) end() error {
	st.open = false
	return said(errors.Join(st.Reset(), st.ClearBindings()))
}

// query begins a question.
func (l *lite) query(text string, args []any) (*found, error) {
	st, err := l.ask(text, args)
	if err != nil {
		return nil, err
	}
	st.open = true
	return &found{st: st}, nil
}

// found is what the embedded database finds, row by row.
type found struct {
	st   *prepared
	err  error
	over bool
}

// Next goes on to the next row.
func (f *found) Next() bool {
	if f.over {
		return false
	}
	more, err := f.st.Step()
	if err != nil {
		f.err = said(err)
	}
	if !more {
		_ = f.Close()
	}
	return more
}

// Err says why there was no next row, if not because it was the last.
func (f *found) Err() error { return f.err }

// Close ends the question.
func (f *found) Close() error {
	if f.over {
		return nil
	}
	f.over = true
	return f.st.end()
}

// Scan copies the row's columns.
func (f *found) Scan(dest ...any) error {
	if n := f.st.ColumnCount(); n != len(dest) {
		return fmt.Errorf("store: a row of %d columns is read as one of %d", n, len(dest))
	}
	for i, d := range dest {
		if err := f.read(i, d); err != nil {
			return fmt.Errorf("store: column %d: %w", i, err)
		}
	}
	return nil
}

// read copies a column to where dest points. Nothing becomes nil where there is a place for it, and is an error elsewhere, and so is a number
// that is read as text, or text as a number.
func (f *found) read(col int, dest any) error {
	switch d := dest.(type) {
	case *string:
		text, err := f.text(col)
		*d = text
		return err
	case *int64:
		n, err := f.number(col)
		*d = n
		return err
	case *bool:
		n, err := f.number(col)
		*d = n != 0
		return err
	case *[]byte:
		b, err := f.bytes(col, nil)
		*d = b
		return err
	case *RawBytes:
		b, err := f.bytes(col, (*d)[:0])
		*d = b
		return err
	case *any:
		*d = f.value(col)
	case sql.Scanner:
		return d.Scan(f.value(col))
	default:
		return f.reflect(col, reflect.ValueOf(dest).Elem())
	}
	return nil
}

// bytes reads a column, into buf where it is long enough; where there is nothing, it is nil.
func (f *found) bytes(col int, buf []byte) ([]byte, error) {
	switch is := f.st.ColumnType(col); is {
	case sqlite.TypeNull:
		return nil, nil
	case sqlite.TypeBlob, sqlite.TypeText:
		n := f.st.ColumnLen(col)
		if cap(buf) < n || buf == nil {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		f.st.ColumnBytes(col, buf)
		return buf, nil
	default:
		return nil, fmt.Errorf("a %v is read as bytes", is)
	}
}

// reflect reads a column into a type of ours, or into a pointer that is nil where there is nothing.
func (f *found) reflect(col int, to reflect.Value) error {
	switch {
	case to.Kind() == reflect.Pointer && f.st.ColumnType(col) == sqlite.TypeNull:
		to.SetZero()
	case to.Kind() == reflect.Pointer:
		one := reflect.New(to.Type().Elem())
		if err := f.read(col, one.Interface()); err != nil {
			return err
		}
		to.Set(one)
	case to.Kind() == reflect.String:
		text, err := f.text(col)
		if err != nil {
			return err
		}
		to.SetString(text)
	case to.CanInt():
		n, err := f.number(col)
		if err != nil {
			return err
		}
		if to.OverflowInt(n) {
			return fmt.Errorf("%d is no %s", n, to.Type())
		}
		to.SetInt(n)
	default:
		return fmt.Errorf("nothing is read into a %s", to.Type())
	}
	return nil
}

func (f *found) text(col int) (string, error) {
	if err := f.holds(col, sqlite.TypeText); err != nil {
		return "", err
	}
	return f.st.ColumnText(col), nil
}

func (f *found) number(col int) (int64, error) {
	if err := f.holds(col, sqlite.TypeInteger); err != nil {
		return 0, err
	}
	return f.st.ColumnInt64(col), nil
}

var errNothing = errors.New("there is nothing, where something was expected")

// holds reports whether the column has a value of the type.
func (f *found) holds(col int, want sqlite.ColumnType) error {
	switch is := f.st.ColumnType(col); is {
	case want:
		return nil
	case sqlite.TypeNull:
		return errNothing
	default:
		return fmt.Errorf("a %v is read as a %v", is, want)
	}
}

// value is the column as database/sql has it.
func (f *found) value(col int) any {
	switch f.st.ColumnType(col) {
	case sqlite.TypeInteger:
		return f.st.ColumnInt64(col)
	case sqlite.TypeFloat:
		return f.st.ColumnFloat(col)
	case sqlite.TypeText:
		return f.st.ColumnText(col)
	case sqlite.TypeBlob:
		b, _ := f.bytes(col, nil)
		return b
	default:
		return nil
	}
}
