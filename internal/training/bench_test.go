package training

import (
	"fmt"
	"testing"

	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// BenchmarkCertify measures a volunteer's way through one attendance and one exam to the certificate, 512 to a group.
func BenchmarkCertify(b *testing.B) {
	const group = 512
	db, clk := storetest.New(b, store.SQLite)
	w := newSchool(b, db, clk, b.N+1)
	b.ResetTimer()
	for from := 0; from < b.N; from += group {
		var attended []RecordAttendanceCmd
		var sat []RecordExamCmd
		for n := from; n < min(from+group, b.N); n++ {
			attended = append(attended, w.attendance(n, fmt.Sprint("a", n), "induction", "online", 240))
			sat = append(sat, w.exam(n, fmt.Sprint("e", n), "induction", 90))
		}
		if _, err := w.training.RecordAttendance(b.Context(), attended); err != nil {
			b.Fatal(err)
		}
		out, err := w.training.RecordExam(b.Context(), sat)
		if err != nil {
			b.Fatal(err)
		}
		if last := out[len(out)-1]; last.Err != nil || !last.Value.Certified {
			b.Fatalf("got %+v, want certified", last)
		}
	}
}
