//go:build !race

package ranking

// Raced: see race_test.go.
const Raced = false
