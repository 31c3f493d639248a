package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/receipt"
)

// Recorded is what the API says of a receipt.
type Recorded struct {
	Name   string   `json:"-"` // of its file
	Unused []string `json:"-"` // fields that nobody knows

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

// ReadRecorded reads a receipt from a file of a name.
func ReadRecorded(name string, text []byte) (Recorded, error) {
	r := Recorded{Name: name}
	has, unused, err := Exact(text, recordedFields())
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	r.Unused = unused
	for _, field := range recordedFields() {
		optional := field == "index" || strings.HasPrefix(field, "evidence.proof") && r.Evidence.Proof == nil
		if err == nil && !optional && !slices.Contains(has, field) {
			err = fmt.Errorf("%s: it is missing", field)
		}
	}
	return r, err
}

// Contradiction is of what was signed: it is evidence against whoever signed.
type Contradiction struct{ error }

// Unwrap gives what is behind it.
func (c Contradiction) Unwrap() error { return c.error }

func contradicts(format string, args ...any) error {
	return Contradiction{fmt.Errorf(format, args...)}
}

// Log is a ballot log whose lines are those of the head.
type Log struct {
	Slug    string
	Name    string // of the head's file
	Keys    ballotlog.PublicKey
	Head    ballotlog.Head
	Removed []ballotlog.Removal
}

// Prove proves receipts: by their signatures, and by the lines, whose places it
// gives. A Contradiction is of what is signed; every error names the receipt.
func (l Log) Prove(receipts []Recorded, leaves io.Reader) (places []int64, err error) {
	look := ballotlog.Look{Roots: map[int64]tlog.Hash{}, Places: map[tlog.Hash]int64{}}
	for _, r := range receipts {
		if err := l.signed(r); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		look.Places[ballotlog.Hash([]byte(r.Evidence.Leaf))] = ballotlog.Absent
		if p := r.Evidence.Proof; p != nil {
			head, err := l.Keys.Open(p.Head)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Name, err)
			}
			look.Roots[head.N] = tlog.Hash{}
		}
	}
	if err := look.Read(leaves); err != nil {
		return nil, err
	}
	for _, r := range receipts {
		if err := l.proved(r, look); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		places = append(places, look.Places[ballotlog.Hash([]byte(r.Evidence.Leaf))])
	}
	return places, distinct(receipts)
}

// signed checks what a receipt says by itself.
func (l Log) signed(r Recorded) error {
	code, err := receipt.Parse(r.Receipt)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	ballot, err := r.Evidence.Check(l.Keys, l.Slug, code.OldBatch())
	switch {
	case err != nil:
		return err
	case r.Slug != l.Slug:
		return fmt.Errorf("slug: it is %q, not %q", r.Slug, l.Slug)
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
func (l Log) proved(r Recorded, look ballotlog.Look) error {
	if p := r.Evidence.Proof; p != nil {
		head, err := l.Keys.Open(p.Head)
		switch {
		case err != nil:
			return err
		case head.N > l.Head.N:
			return contradicts("evidence.proof.head: a log of %d lines is signed, and %s is of %d: an older log, or another one", head.N, l.Name, l.Head.N)
		case look.Roots[head.N] != head.Hash:
			return contradicts("evidence.proof.head: it is signed, and not of these lines: their first %d have the root %s, not %s",
				head.N, look.Roots[head.N], head.Hash)
		}
	}
	place := look.Places[ballotlog.Hash([]byte(r.Evidence.Leaf))]
	if place == ballotlog.Absent {
		return contradicts("promise broken: it is signed that this ballot is in the count, and none of the %d lines is its own: %s", l.Head.N, r.Evidence.Leaf)
	}
	if r.Index != nil && place != *r.Index {
		return fmt.Errorf("index: it is %d, and line %d has the ballot", *r.Index, place)
	}
	for _, gone := range l.Removed {
		if gone.Index == place {
			return contradicts("promise broken: the ballot of line %d was taken out of the count: %s", place, gone.Reason)
		}
	}
	return nil
}

// distinct tells whether each line has one code and each code one line: the same
// receipt for two voters is how one of two ballots is hidden.
func distinct(receipts []Recorded) error {
	lines, codes := map[string]Recorded{}, map[string]Recorded{}
	for _, r := range receipts {
		code, err := receipt.Parse(r.Receipt)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		if other, taken := lines[code.String()]; taken && other.Evidence.Leaf != r.Evidence.Leaf {
			return fmt.Errorf("%s and %s: one code has two lines", other.Name, r.Name)
		}
		if other, taken := codes[r.Evidence.Leaf]; taken {
			if before, err := receipt.Parse(other.Receipt); err != nil || before != code {
				return fmt.Errorf("%s and %s: one line has two codes", other.Name, r.Name)
			}
		}
		lines[code.String()], codes[r.Evidence.Leaf] = r, r
	}
	return nil
}

// receipts proves those that were given.
func (c *checker) receipts() error {
	if len(c.Receipts) == 0 {
		return nil
	}
	if len(c.rb.Voting.Voters) == 0 {
		return fail("no_vote")
	}
	l := Log{c.Slug, CheckpointPart, c.keys, c.head, c.recount.Removed}
	var all []Recorded
	for _, src := range c.Receipts {
		r, err := ReadRecorded(src.Name, []byte(src.Text))
		if err != nil {
			return theirs(err)
		}
		all = append(all, r)
	}
	places, err := l.Prove(all, c.reader(LeavesPart))
	if err != nil {
		return theirs(err)
	}
	for i, r := range all {
		c.hold("receipt", text("code", r.Receipt), count("line", places[i]), text("leaf", r.Evidence.Leaf))
		c.leave("receipt_code", text("code", r.Receipt))
	}
	return nil
}

// theirs is of a receipt that does not hold; of a Contradiction, the bundle's own
// keys tell.
func theirs(err error) *Failure {
	f := fail("receipt_refused", text("detail", err.Error()))
	f.cause, f.Theirs = err, !errors.As(err, new(Contradiction))
	return f
}
