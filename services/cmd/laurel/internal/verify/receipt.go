package verify

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/receipt"
)

// recorded is what the API says of a receipt.
type recorded struct {
	file
	unused []string // fields that nobody knows

	Slug     string            `json:"slug"`
	Receipt  string            `json:"receipt"`
	Period   string            `json:"period"`
	Index    *int64            `json:"index"`
	Evidence ballotlog.Receipt `json:"evidence"`
}

// recordedFields are all fields of a receipt.
func recordedFields() []string {
	fields := []string{"slug", "receipt", "period", "index", "evidence", "evidence.leaf"}
	for _, in := range []string{"evidence.promise", "evidence.proof"} {
		fields = append(fields, in, in+".index", in+".head", in+".path")
	}
	return fields
}

// checkReceipts proves receipts: by their signatures, and by the lines.
func (v *verifier) checkReceipts() error {
	look := ballotlog.Look{Roots: map[int64]tlog.Hash{}, Places: map[tlog.Hash]int64{}}
	for _, r := range v.receipts {
		if err := v.signed(r); err != nil {
			return r.fault(err)
		}
		look.Places[ballotlog.Hash([]byte(r.Evidence.Leaf))] = ballotlog.Absent
		if p := r.Evidence.Proof; p != nil {
			head, err := v.keys.Open(p.Head)
			if err != nil {
				return r.fault(err)
			}
			look.Roots[head.N] = tlog.Hash{}
		}
	}
	if len(v.receipts) == 0 {
		return nil
	}
	leaves, err := os.Open(v.leaves)
	if err != nil {
		return err
	}
	defer leaves.Close()
	if err := look.Read(leaves); err != nil {
		return err
	}
	for _, r := range v.receipts {
		if err := v.proved(r, look); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return v.distinct()
}

// signed checks what a receipt says by itself.
func (v *verifier) signed(r recorded) error {
	code, err := receipt.Parse(r.Receipt)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	ballot, err := r.Evidence.Check(v.keys, v.slug, code.OldBatch())
	switch {
	case err != nil:
		return err
	case r.Slug != v.slug:
		return fmt.Errorf("slug: it is %q, not %q", r.Slug, v.slug)
	case r.Period != ballot.Period:
		return fmt.Errorf("period: it is %q; that of its line, which is signed, is %q", r.Period, ballot.Period)
	case r.Index != nil && r.Evidence.Proof == nil:
		return errors.New("index: there is one, and no evidence.proof")
	case r.Evidence.Proof != nil && (r.Index == nil || *r.Index != r.Evidence.Proof.Index):
		return errors.New("index: it is not that of evidence.proof")
	}
	return nil
}

// proved looks a receipt up in the lines.
func (v *verifier) proved(r recorded, look ballotlog.Look) error {
	if p := r.Evidence.Proof; p != nil {
		head, err := v.keys.Open(p.Head)
		switch {
		case err != nil:
			return err
		case head.N > v.head.N:
			return broken("evidence.proof.head: a log of %d lines is signed, and %s is of %d: an older log, or another one", head.N, v.checkpoint.name, v.head.N)
		case look.Roots[head.N] != head.Hash:
			return broken("evidence.proof.head: it is signed, and not of these lines: their first %d have the root %s, not %s", head.N, look.Roots[head.N], head.Hash)
		}
	}
	place := look.Places[ballotlog.Hash([]byte(r.Evidence.Leaf))]
	if place == ballotlog.Absent {
		return broken("promise broken: it is signed that this ballot is in the count, and none of the %d lines is its own: %s", v.head.N, r.Evidence.Leaf)
	}
	if r.Index != nil && place != *r.Index {
		return fmt.Errorf("index: it is %d, and line %d has the ballot", *r.Index, place)
	}
	for _, gone := range v.recount.Removed {
		if gone.Index == place {
			return broken("promise broken: the ballot of line %d was taken out of the count: %s", place, gone.Reason)
		}
	}
	if r.Index == nil {
		v.hold("receipt %s is proved: its promise is kept by line %d; there was no proof yet", r.Receipt, place)
	} else {
		v.hold("receipt %s is proved: line %d", r.Receipt, place)
	}
	for _, name := range r.unused {
		v.leave("%s: its field %q, which is not used", r.name, name)
	}
	v.leave("%s: that code and line belong together, which only the service can tell: ask it for the receipt again", r.name)
	return nil
}

// distinct tells whether each line has one code and each code one line: the same
// receipt for two voters is how one of two ballots is hidden.
func (v *verifier) distinct() error {
	lines, codes := map[string]recorded{}, map[string]recorded{}
	for _, r := range v.receipts {
		code, err := receipt.Parse(r.Receipt)
		if err != nil {
			return r.fault(err)
		}
		if other, taken := lines[code.String()]; taken && other.Evidence.Leaf != r.Evidence.Leaf {
			return fmt.Errorf("%s and %s: one code has two lines", other.name, r.name)
		}
		if other, taken := codes[r.Evidence.Leaf]; taken {
			if before, err := receipt.Parse(other.Receipt); err != nil || before != code {
				return fmt.Errorf("%s and %s: one line has two codes", other.name, r.name)
			}
		}
		lines[code.String()], codes[r.Evidence.Leaf] = r, r
	}
	return nil
}
