package testkit

import "runtime"

// Allocated is how many bytes the process allocates while fn runs. It stands for
// work: unlike time, it does not depend on what else the machine does. Work that
// is in proportion to its input allocates about twice as much for twice as much.
func Allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
