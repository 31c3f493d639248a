package app

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/nomination"
)

// Ordered copies a selection's list of candidates in an order. The fair one is a
// permutation that depends on the visitor's seed and the selection alone, so a
// visitor always meets the same one, and nobody is first for all. Struck
// candidates come last.
func Ordered(list []nomination.Candidate, order gateway.Order, seed, slug string) []nomination.Candidate {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b nomination.Candidate) int { return cmp.Compare(a.Number, b.Number) })
	if order != gateway.OrderNumber {
		sum := sha256.Sum256([]byte(seed + "/" + slug))
		rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))) // an order, not a secret
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	slices.SortStableFunc(list, func(a, b nomination.Candidate) int {
		switch {
		case a.Struck == b.Struck:
			return 0
		case a.Struck:
			return 1
		}
		return -1
	})
	return list
}
