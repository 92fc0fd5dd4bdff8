package notary_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/notary"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

const logName = "ledger"

// rows is an owner of logged rows: a table of digests, of which row i is leafAt(i).
type rows struct {
	refuse error // what Number returns, when it is to fail
}

func newRows(t *testing.T, db *store.DB) rows {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE notary_test_row (seq BIGINT PRIMARY KEY, number BIGINT UNIQUE, digest BYTEA NOT NULL)`)
		return err
	})
	return rows{}
}

func (rows) add(t *testing.T, db *store.DB, from, n int64) {
	t.Helper()
	var args []any
	for i := from; i < from+n; i++ {
		d := leafAt(i).Digest()
		args = append(args, i, d[:])
	}
	storetest.Write(t, db, func(tx *store.Tx) error {
		_, err := tx.Insert(`INSERT INTO notary_test_row (seq, digest)`, 2, args, "")
		return err
	})
}

func (rows) Name() string { return logName }

func (rows) Pending(tx *store.Tx, max int) ([]notary.Pending, error) {
	return store.All(tx, func(r *store.Rows) (p notary.Pending, err error) {
		var d []byte
		err = r.Scan(&p.Row, &d)
		copy(p.Digest[:], d)
		return p, err
	}, `SELECT seq, digest FROM notary_test_row WHERE number IS NULL ORDER BY seq LIMIT $1`, max)
}

func (s rows) Number(tx *store.Tx, waiting []notary.Pending, first int64) error {
	args := make([]any, 0, 2*len(waiting))
	for i, p := range waiting {
		args = append(args, p.Row, first+int64(i))
	}
	n, err := tx.With("WITH v (seq, number) AS (VALUES ", []string{"BIGINT", "BIGINT"}, args,
		`) UPDATE notary_test_row SET number = v.number FROM v WHERE notary_test_row.seq = v.seq AND notary_test_row.number IS NULL`)
	if err == nil && n != int64(len(waiting)) {
		err = errs.New(errs.Conflict, "test.numbered_twice")
	}
	return errors.Join(err, s.refuse)
}

func (rows) leaves(tx *store.Tx, from int64, max int) ([]notary.Numbered, error) {
	return store.All(tx, func(r *store.Rows) (n notary.Numbered, err error) {
		var d []byte
		err = r.Scan(&n.Index, &d)
		copy(n.Digest[:], d)
		return n, err
	}, `SELECT number, digest FROM notary_test_row WHERE number >= $1 ORDER BY number LIMIT $2`, from, max)
}

func service(t *testing.T, db *store.DB, owner string, keys ...notary.Key) *notary.Service {
	t.Helper()
	if len(keys) == 0 {
		keys = []notary.Key{exampleKey(t)}
	}
	s, err := notary.New(db, notary.Config{City: "320100", Owner: owner, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sequence(t *testing.T, s *notary.Service, source notary.Source, max, want int) {
	t.Helper()
	n, err := s.Sequence(t.Context(), source, max)
	if err != nil || n != want {
		t.Fatalf("Sequence: got %d, %v, want %d", n, err, want)
	}
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if errs.CodeOf(err) != want {
		t.Errorf("got %v (%s), want %s", err, errs.CodeOf(err), want)
	}
}

// verify verifies the log in a snapshot of its own.
func verify(ctx context.Context, db *store.DB, s *notary.Service, source rows) (c notary.Checkpoint, err error) {
	err = db.Read(ctx, "test.verify", func(tx *store.Tx) (err error) {
		c, err = s.Verify(tx, logName, source.leaves)
		return err
	})
	return c, err
}

func TestLogFromRowsToReceipts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		ctx, source, s := t.Context(), newRows(t, db), service(t, db, "a")
		sequence(t, s, source, 10, 0)
		_, err := s.Checkpoint(ctx, logName)
		wantCode(t, err, "notary.log_empty")
		if c, err := verify(ctx, db, s, source); err != nil || c.Size != 0 {
			t.Fatalf("an empty log: got %+v, %v", c, err)
		}

		var heads []notary.Checkpoint
		for _, batch := range []int64{1, 4, 251, 1, 600, 3} {
			var size int64
			if len(heads) > 0 {
				size = heads[len(heads)-1].Size
			}
			source.add(t, db, size, batch)
			sequence(t, s, source, int(batch), int(batch))
			c, err := s.Checkpoint(ctx, logName)
			if err != nil {
				t.Fatal(err)
			}
			if want := rfcRoot(records(size + batch)); c.Size != size+batch || !bytes.Equal(c.Root[:], want) || !c.SignedAt.Equal(clk.Now()) {
				t.Fatalf("at %d: got %+v, want root %x", size+batch, c, want)
			}
			if _, err := verify(ctx, db, s, source); err != nil {
				t.Fatalf("at %d: %v", c.Size, err)
			}
			heads = append(heads, c)
			clk.Advance(time.Minute)
		}
		sequence(t, s, source, 10, 0)

		last := heads[len(heads)-1]
		verifier, err := s.Verifier(logName)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int64{0, 1, 4, 255, 256, 511, 512, last.Size - 1} {
			receipt, err := s.Receipt(ctx, logName, i, leafAt(i).Bytes())
			if err != nil {
				t.Fatalf("leaf %d: %v", i, err)
			}
			if want := rfcReceipt(t, exampleKey(t), last.Size, i); !bytes.Equal(receipt, want) {
				t.Fatalf("leaf %d: got\n%s\nwant\n%s", i, receipt, want)
			}
			if p, err := notary.VerifyReceipt(receipt, verifier); err != nil || p.Index != i {
				t.Fatalf("leaf %d: got %+v, %v", i, p, err)
			}
		}
		for i, older := range heads {
			for _, newer := range heads[i:] {
				proof, err := s.Growth(ctx, logName, older.Size, newer.Size)
				if err != nil {
					t.Fatal(err)
				}
				if err := notary.CheckGrowth([]byte(older.Note), []byte(newer.Note), proof, verifier); err != nil {
					t.Errorf("from %d to %d: %v", older.Size, newer.Size, err)
				}
				if len(proof) > 0 {
					proof[0][0] ^= 1
					wantCode(t, notary.CheckGrowth([]byte(older.Note), []byte(newer.Note), proof, verifier), "notary.not_grown")
				}
			}
		}
		wantCode(t, notary.CheckGrowth([]byte(last.Note), []byte(heads[0].Note), nil, verifier), "notary.not_grown")
	})
}

func TestRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		ctx, source, s := t.Context(), newRows(t, db), service(t, db, "a")
		source.add(t, db, 0, 300)
		sequence(t, s, source, 300, 300)

		_, err := s.Receipt(ctx, logName, 300, leafAt(300).Bytes())
		wantCode(t, err, "notary.not_logged_yet")
		_, err = s.Receipt(ctx, logName, 3, leafAt(4).Bytes())
		wantCode(t, err, "notary.leaf_differs")
		_, err = s.Receipt(ctx, logName, 3, nil)
		wantCode(t, err, "notary.leaf_malformed")
		_, err = s.Receipt(ctx, "audit", 3, leafAt(3).Bytes())
		wantCode(t, err, "notary.log_unknown")
		_, err = s.Growth(ctx, logName, 1, 301)
		wantCode(t, err, "notary.not_logged_yet")
		_, err = s.Growth(ctx, logName, 2, 1)
		wantCode(t, err, "notary.sizes_wrong")

		public, err := notary.OpenVerifier(exampleKey(t).Verifier())
		if err != nil {
			t.Fatal(err)
		}
		reader := service(t, db, "b", public)
		_, err = reader.Sequence(ctx, source, 1)
		wantCode(t, err, "notary.key_absent")
		if c, err := verify(ctx, db, reader, source); err != nil || c.Size != 300 {
			t.Errorf("with the public key alone: got %+v, %v", c, err)
		}

		source.add(t, db, 300, 10)
		failing := source
		failing.refuse = errs.New(errs.Conflict, "test.refused")
		_, err = s.Sequence(ctx, failing, 10)
		wantCode(t, err, "test.refused")
		if c, err := verify(ctx, db, s, source); err != nil || c.Size != 300 {
			t.Errorf("after a refused batch: got %+v, %v, want size 300", c, err)
		}
		sequence(t, s, source, 10, 10)

		for _, text := range []string{
			`DELETE FROM notary_tile`,
			`DELETE FROM notary_head`,
			`UPDATE notary_tile SET width = width WHERE n = 0 AND level = 0`,
			`UPDATE notary_head SET size = size - 1`,
		} {
			err := db.Write(ctx, "test", func(tx *store.Tx) error {
				_, err := tx.Exec(text)
				return err
			})
			if !store.Refused(err) {
				t.Errorf("%s: got %v, want the database to refuse it", text, err)
			}
		}
	})
}

func TestConfigRefusals(t *testing.T) {
	k := exampleKey(t)
	for _, c := range []struct {
		cfg  notary.Config
		want string
	}{
		{notary.Config{City: "320100", Keys: []notary.Key{k}}, "notary.owner_missing"},
		{notary.Config{City: "110000", Owner: "a", Keys: []notary.Key{k}}, "notary.key_name"},
		{notary.Config{City: "320100", Owner: "a", Keys: []notary.Key{k, k}}, "notary.key_name"},
		{notary.Config{City: "320100", Owner: "a", Keys: []notary.Key{{}}}, "notary.key_name"},
	} {
		_, err := notary.New(nil, c.cfg)
		wantCode(t, err, c.want)
	}
}

func TestLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		ctx, source, a, b := t.Context(), newRows(t, db), service(t, db, "a"), service(t, db, "b")
		source.add(t, db, 0, 10)
		sequence(t, a, source, 2, 2)
		_, err := b.Sequence(ctx, source, 2)
		wantCode(t, err, "notary.lease_held")
		sequence(t, a, source, 2, 2)
		clk.Advance(notary.DefaultLease)
		sequence(t, b, source, 2, 2)
		_, err = a.Sequence(ctx, source, 2)
		wantCode(t, err, "notary.lease_held")
		if err := a.Release(ctx, logName); err != nil {
			t.Fatal(err)
		}
		_, err = a.Sequence(ctx, source, 2)
		wantCode(t, err, "notary.lease_held")
		if err := b.Release(ctx, logName); err != nil {
			t.Fatal(err)
		}
		sequence(t, a, source, 10, 4)
	})
}

func TestManySequencersLeaveNoGap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		const total = 700
		ctx, source, s := t.Context(), newRows(t, db), service(t, db, "a")
		source.add(t, db, 0, total)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					n, err := s.Sequence(ctx, source, 50)
					switch errs.CodeOf(err) {
					case "", "notary.head_moved":
					default:
						t.Errorf("Sequence: %v", err)
						return
					}
					if err == nil && n == 0 {
						return
					}
				}
			})
		}
		wg.Wait()
		c, err := verify(ctx, db, s, source)
		if err != nil || c.Size != total || !bytes.Equal(c.Root[:], rfcRoot(records(total))) {
			t.Errorf("got %+v, %v", c, err)
		}
	})
}

// TestVerifyFindsWhatWasChanged changes one thing behind the notary's back in a transaction that is then taken back.
func TestVerifyFindsWhatWasChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		ctx, source, s := t.Context(), newRows(t, db), service(t, db, "a")
		source.add(t, db, 0, 700)
		sequence(t, s, source, 650, 650)
		for _, c := range []struct {
			name, text string
			args       []any
			want       notary.Fault
		}{
			{"a row's digest", `UPDATE notary_test_row SET digest = $1 WHERE number = 300`, []any{bytes.Repeat([]byte{7}, 32)},
				notary.Fault{Code: "notary.leaf_differs", Index: 300, Level: 0, Tile: 1}},
			{"a row in the open tile", `UPDATE notary_test_row SET digest = $1 WHERE number = 649`, []any{bytes.Repeat([]byte{7}, 32)},
				notary.Fault{Code: "notary.leaf_differs", Index: 649, Level: 0, Tile: 2}},
			{"a row gone", `DELETE FROM notary_test_row WHERE number = 300`, nil,
				notary.Fault{Code: "notary.leaf_missing", Index: 300, Level: -1, Tile: -1}},
			{"the last row gone", `DELETE FROM notary_test_row WHERE number = 649`, nil,
				notary.Fault{Code: "notary.leaf_missing", Index: 649, Level: -1, Tile: -1}},
			{"a row numbered by hand", `UPDATE notary_test_row SET number = 651 WHERE seq = 660`, nil,
				notary.Fault{Code: "notary.leaf_beyond_head", Index: 651, Level: -1, Tile: -1}},
			{"a full tile", `UPDATE notary_tile SET data = $1 WHERE level = 0 AND n = 0`, []any{bytes.Repeat([]byte{7}, 256*32)},
				notary.Fault{Code: "notary.leaf_differs", Index: 0, Level: 0, Tile: 0}},
			{"an upper tile", `UPDATE notary_tile SET data = $1 WHERE level = 1`, []any{bytes.Repeat([]byte{7}, 2*32)},
				notary.Fault{Code: "notary.tile_differs", Index: -1, Level: 1, Tile: 0}},
			{"a shorter tile", `UPDATE notary_tile SET width = 1, data = $1 WHERE level = 1`, []any{bytes.Repeat([]byte{7}, 32)},
				notary.Fault{Code: "notary.tile_differs", Index: -1, Level: 1, Tile: 0}},
			{"a tile gone", `DELETE FROM notary_tile WHERE level = 0 AND n = 1`, nil,
				notary.Fault{Code: "notary.tile_missing", Index: -1, Level: 0, Tile: 1}},
			{"a tile too many", `INSERT INTO notary_tile (log, level, n, width, data) VALUES ('ledger', 2, 0, 1, $1)`, []any{bytes.Repeat([]byte{7}, 32)},
				notary.Fault{Code: "notary.tile_beyond_head", Index: -1, Level: 2, Tile: 0}},
			{"the root", `UPDATE notary_head SET root = $1`, []any{bytes.Repeat([]byte{7}, 32)},
				notary.Fault{Code: "notary.root_differs", Index: -1, Level: -1, Tile: -1}},
			{"the checkpoint", `UPDATE notary_head SET checkpoint = replace(checkpoint, '650', '651')`, nil,
				notary.Fault{Code: "notary.checkpoint_differs", Index: -1, Level: -1, Tile: -1}},
			{"the head gone", `DELETE FROM notary_head`, nil,
				notary.Fault{Code: "notary.leaf_beyond_head", Index: 0, Level: -1, Tile: -1}},
		} {
			c.want.Log = logName
			tampered(ctx, t, db, c.text, c.args, func(tx *store.Tx) {
				_, err := s.Verify(tx, logName, source.leaves)
				fault, ok := errors.AsType[*notary.Fault](err)
				if !ok || *fault != c.want || errs.CodeOf(err) != c.want.Code {
					t.Errorf("%s: got %v, want %v", c.name, err, &c.want)
				}
			})
		}
		if _, err := verify(ctx, db, s, source); err != nil {
			t.Errorf("after all was taken back: %v", err)
		}
	})
}

// TestDamageStopsTheSequencer leaves the damage in place: neither new heads nor receipts may be signed over it.
func TestDamageStopsTheSequencer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		ctx, source, s := t.Context(), newRows(t, db), service(t, db, "a")
		source.add(t, db, 0, 310)
		sequence(t, s, source, 300, 300)
		storetest.Write(t, db, func(tx *store.Tx) error {
			if err := dropTriggers(tx); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE notary_tile SET data = $1 WHERE level = 0 AND n = 1`, bytes.Repeat([]byte{7}, 44*32))
			return err
		})
		_, err := s.Sequence(ctx, source, 10)
		wantCode(t, err, "notary.tree_damaged")
		_, err = s.Receipt(ctx, logName, 270, leafAt(270).Bytes())
		wantCode(t, err, "notary.tree_damaged")
	})
}

func dropTriggers(tx *store.Tx) error {
	for _, name := range []string{"notary_head_only_grows", "notary_head_no_delete", "notary_tile_only_grows", "notary_tile_no_delete"} {
		text := "DROP TRIGGER " + name
		if tx.Engine() == store.Postgres {
			text += " ON " + name[:len("notary_head")]
		}
		if _, err := tx.Exec(text); err != nil {
			return err
		}
	}
	return nil
}

// tampered runs check on a database without its triggers in which the statement was run, and takes all of it back.
func tampered(ctx context.Context, t *testing.T, db *store.DB, text string, args []any, check func(tx *store.Tx)) {
	t.Helper()
	takeBack := errs.New(errs.Conflict, "test.take_back")
	err := db.Write(ctx, "test", func(tx *store.Tx) error {
		if err := dropTriggers(tx); err != nil {
			return err
		}
		n, err := tx.Exec(text, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%s changed nothing", text)
		}
		check(tx)
		return takeBack
	})
	if errs.CodeOf(err) != takeBack.Code {
		t.Fatalf("%s: %v", text, err)
	}
}

// BenchmarkSequenceSQLite numbers batches of 3,250 rows as a replay does, without the owner's statements.
func BenchmarkSequenceSQLite(b *testing.B) {
	db, _ := storetest.New(b, store.SQLite)
	key, err := notary.NewKey(countUp{}, origin)
	if err != nil {
		b.Fatal(err)
	}
	s, err := notary.New(db, notary.Config{City: "320100", Owner: "a", Keys: []notary.Key{key}})
	if err != nil {
		b.Fatal(err)
	}
	var size int64
	for b.Loop() {
		waiting := make([]notary.Pending, 3250)
		for i := range waiting {
			waiting[i] = notary.Pending{Row: size, Digest: leafAt(size).Digest()}
			size++
		}
		if _, err := s.Sequence(b.Context(), prepared{waiting}, len(waiting)); err != nil {
			b.Fatal(err)
		}
	}
}

// prepared is an owner that costs nothing, so that the benchmark shows the notary's own share.
type prepared struct{ waiting []notary.Pending }

func (prepared) Name() string { return logName }

func (p prepared) Pending(*store.Tx, int) ([]notary.Pending, error) { return p.waiting, nil }

func (prepared) Number(*store.Tx, []notary.Pending, int64) error { return nil }
