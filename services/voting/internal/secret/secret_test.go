package secret_test

import (
	"bytes"
	"testing"

	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

func TestKeys_Name(t *testing.T) {
	a, err := secret.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	b, err := secret.New(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Check, b.Check) || a.Receipt.Issue("s-1", receipt.Place{Batch: 1, Rank: 1}) == b.Receipt.Issue("s-1", receipt.Place{Batch: 1, Rank: 1}) {
		t.Error("two keys have the same check or receipts")
	}
	voter, other := [16]byte{1}, [16]byte{2}
	names := []secret.Pseudonym{
		a.Name("s-1", 0, voter), a.Name("s-1", 0, other), a.Name("s-1", 1, voter),
		a.Name("s-2", 0, voter), b.Name("s-1", 0, voter),
	}
	seen := map[secret.Pseudonym]int{}
	for i, n := range names {
		if j, ok := seen[n]; ok {
			t.Errorf("pseudonyms %d and %d are the same", i, j)
		}
		seen[n] = i
	}
	if _, err := secret.New(make([]byte, 31)); err == nil {
		t.Error("a key of 31 bytes was taken")
	}
}
