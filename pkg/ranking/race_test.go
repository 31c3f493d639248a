//go:build race

package ranking

// Raced tells whether the race detector looks on, which takes ten times as long:
// there is no second goroutine here, so it sees as much in fewer and smaller cases.
const Raced = true
