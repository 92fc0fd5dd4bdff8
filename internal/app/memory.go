package app

import (
	"os"
	"runtime/debug"
)

// roomy is how much a server's memory may grow, in percent of what is in use, before it collects what is not (ours; measured in docs/benchmarks.md).
const roomy = 400

// MakeRoom lets this process, a server that has its machine's memory to itself, collect garbage a quarter as often as Go does by default, until it
// fills mib MiB: with every processor busy, collecting is an eighth of what a settlement costs. GOGC and GOMEMLIMIT in the environment go before it.
func MakeRoom(mib int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(roomy)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(mib) << 20)
	}
}
