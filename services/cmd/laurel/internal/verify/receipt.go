package verify

import (
	"errors"
	"os"

	"github.com/laurel-awards/laurel/pkg/bundle"
)

// checkReceipts proves receipts: by their signatures, and by the lines.
func (v *verifier) checkReceipts() error {
	if len(v.receipts) == 0 {
		return nil
	}
	leaves, err := os.Open(v.leaves)
	if err != nil {
		return err
	}
	defer leaves.Close()
	log := bundle.Log{Slug: v.slug, Name: v.checkpoint.name, Keys: v.keys, Head: v.head, Removed: v.recount.Removed}
	places, err := log.Prove(v.receipts, leaves)
	if errors.As(err, new(bundle.Contradiction)) {
		return refusal{err, exitBroken}
	}
	if err != nil {
		return err
	}
	for i, r := range v.receipts {
		if r.Index == nil {
			v.hold("receipt %s is proved: its promise is kept by line %d; there was no proof yet", r.Receipt, places[i])
		} else {
			v.hold("receipt %s is proved: line %d", r.Receipt, places[i])
		}
		for _, name := range r.Unused {
			v.leave("%s: its field %q, which is not used", r.Name, name)
		}
		v.leave("%s: that code and line belong together, which only the service can tell: ask it for the receipt again", r.Name)
	}
	return nil
}
