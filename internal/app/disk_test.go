package app

import (
	"testing"

	"timebank/internal/config"
)

func TestADiskWithoutRoomIsNamed(t *testing.T) {
	for _, c := range []struct {
		what      string
		free, all uint64
		full      bool
	}{
		{"half of a small one", 1 << 30, 2 << 30, false},
		{"a twentieth of a small one", 1 << 30, 20 << 30, true},
		{"a twentieth of a large one", 50 << 30, 1000 << 30, false},
		{"nothing", 0, 100 << 30, true},
		{"one that does not say", 0, 0, false},
	} {
		if got := full(c.free, c.all); got != c.full {
			t.Errorf("%s is free: full is %v, want %v", c.what, got, c.full)
		}
	}
	free, all, err := diskOf(t.TempDir())
	if err != nil || all == 0 || free > all {
		t.Errorf("this disk has %d of %d free, %v", free, all, err)
	}
	cfg := config.Default()
	cfg.Data, cfg.Photos = t.TempDir(), ""
	if got := examineDisk(cfg); got.OK == full(free, all) {
		t.Errorf("the doctor says %+v", got)
	}
}
