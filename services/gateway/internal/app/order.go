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

// Orders is how many fair orders there are of a selection's candidates: as many as
// candidates stand, and twice as many where that is an odd number. Together they
// are balanced (E. J. Williams, 1949): each candidate stands in each place equally
// often, and each comes next behind each other one equally often. So a page of each
// order can be kept, and nobody is first, last, or behind the favourite, for more
// visitors than anybody else.
func Orders(list []nomination.Candidate) int {
	n := standing(list)
	return max(n+n%2*n, 1)
}

// standing is how many candidates are not struck.
func standing(list []nomination.Candidate) (n int) {
	for i := range list {
		if !list[i].Struck {
			n++
		}
	}
	return n
}

// OrderOf is which of the fair orders a visitor meets: by the seed and the selection
// alone, as long as the same candidates stand.
func OrderOf(list []nomination.Candidate, seed, slug string) int {
	sum := sha256.Sum256([]byte(seed + "/" + slug))
	return int(binary.BigEndian.Uint64(sum[:]) % uint64(Orders(list)))
}

// Ordered copies a selection's list of candidates in an order; seed is the
// visitor's. Struck candidates come last, by number.
func Ordered(list []nomination.Candidate, order gateway.Order, seed, slug string) []nomination.Candidate {
	if order != gateway.OrderNumber {
		return InOrder(list, OrderOf(list, seed, slug), slug)
	}
	list = byNumber(list)
	slices.SortStableFunc(list, struckLast)
	return list
}

// InOrder copies the list in one of the fair orders, 0 to Orders-1.
func InOrder(list []nomination.Candidate, order int, slug string) []nomination.Candidate {
	list = byNumber(list)
	slices.SortStableFunc(list, struckLast)
	n := standing(list)
	square := slices.Clone(list[:n])
	sum := sha256.Sum256([]byte(slug))                                                              // who is who in the square, in each selection anew
	rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))) // an order, not a secret
	rng.Shuffle(n, func(i, j int) { square[i], square[j] = square[j], square[i] })
	for place := range n {
		// The first row of the square is 0, 1, n-1, 2, n-2, …; each other one is a number further.
		at := (place + 1) / 2
		if place%2 == 0 {
			at = n - at
		}
		list[place] = square[(at+order)%n]
	}
	if order >= n { // of an odd number, each order once more from its end
		slices.Reverse(list[:n])
	}
	return list
}

func byNumber(list []nomination.Candidate) []nomination.Candidate {
	return slices.SortedFunc(slices.Values(list), func(a, b nomination.Candidate) int { return cmp.Compare(a.Number, b.Number) })
}

func struckLast(a, b nomination.Candidate) int {
	switch {
	case a.Struck == b.Struck:
		return 0
	case a.Struck:
		return 1
	}
	return -1
}
