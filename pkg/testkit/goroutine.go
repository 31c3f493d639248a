package testkit

import (
	"runtime"
	"strings"
)

// Goroutines gives the stacks of those in a function whose name contains name.
func Goroutines(name string) (stacks []string) {
	all := make([]byte, 8<<20)
	for stack := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(stack, name) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
