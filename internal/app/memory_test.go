package app_test

import (
	"runtime/debug"
	"testing"

	"timebank/internal/app"
)

// TestMakeRoomGivesWayToTheEnvironment changes settings of the whole process, so it runs beside no other test.
func TestMakeRoomGivesWayToTheEnvironment(t *testing.T) {
	set := func(percent int, limit int64) (int, int64) {
		return debug.SetGCPercent(percent), debug.SetMemoryLimit(limit)
	}
	percent, limit := set(100, 1<<40)
	defer set(percent, limit)

	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	app.MakeRoom(300)
	if percent, limit := set(100, 1<<40); percent != 400 || limit != 300<<20 {
		t.Errorf("%d percent and %d bytes, want 400 and %d", percent, limit, 300<<20)
	}
	t.Setenv("GOGC", "50")
	t.Setenv("GOMEMLIMIT", "1TiB")
	app.MakeRoom(300)
	if percent, limit := set(100, 1<<40); percent != 100 || limit != 1<<40 {
		t.Errorf("with both in the environment: %d percent and %d bytes, want what was", percent, limit)
	}
}
