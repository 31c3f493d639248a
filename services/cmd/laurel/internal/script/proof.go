package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
)

// proofs is how many receipts are proved at most, evenly spread: each is a
// request with two signatures to check, and the recount covers the rest.
const proofs = 4000

// Proven proves receipts: a line has the picks that were cast, is promised and in
// the log, and no other receipt has the same place.
// Then `laurel verify` recounts the exported log.
func (s *Script) Proven(ctx context.Context, binary string) error {
	key, err := s.API.LogKey(ctx, s.Slug)
	if err != nil {
		return err
	}
	receipts := s.Receipts()
	all := slices.Sorted(maps.Keys(receipts))
	codes := make([]string, min(len(all), proofs))
	for i := range codes {
		codes[i] = all[i*len(all)/len(codes)]
	}
	var mu sync.Mutex
	indexes, papers := make(map[int64]string, len(codes)), map[string]any{}
	if err := s.Crowd(ctx, len(codes), func(ctx context.Context, i int) error {
		r, err := s.Recorded(ctx, i, codes[i])
		if err != nil {
			return err
		}
		ballot, err := r.Evidence.Check(key, s.Slug, 0) // no promise of before is here
		if err != nil {
			return fmt.Errorf("receipt %s: %w", codes[i], err)
		}
		if r.Evidence.Proof == nil || r.Index == nil || *r.Index != r.Evidence.Proof.Index {
			return fmt.Errorf("receipt %s is not in the log", codes[i])
		}
		if bagKey(ballot.Picks) != bagKey(receipts[codes[i]]) {
			return fmt.Errorf("receipt %s: the log has the picks %v, cast were %v", codes[i], ballot.Picks, receipts[codes[i]])
		}
		mu.Lock()
		defer mu.Unlock()
		if i < papersKept {
			papers[fmt.Sprintf("receipt-%d.json", i)] = r
		}
		if other, taken := indexes[*r.Index]; taken {
			return fmt.Errorf("receipts %s and %s have one place in the log", other, codes[i])
		}
		indexes[*r.Index] = codes[i]
		return nil
	}); err != nil {
		return err
	}
	return s.verify(ctx, binary, len(all), papers)
}

// papersKept is how many receipts `laurel verify` gets.
const papersKept = 3

// verify runs `laurel verify` on what anybody can fetch, with receipts by the name
// of their file, and once more on a log with one byte changed.
func (s *Script) verify(ctx context.Context, binary string, ballots int, papers map[string]any) error {
	dir, err := os.MkdirTemp("", "laurel-verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var names []string
	for name, paper := range papers {
		body, err := json.Marshal(paper)
		if err != nil {
			return err
		}
		names = append(names, filepath.Join(dir, name))
		if err := os.WriteFile(names[len(names)-1], body, 0o600); err != nil {
			return err
		}
	}
	for name, fetch := range map[string]func() ([]byte, error){
		"leaves.txt":     func() ([]byte, error) { return s.API.Leaves(ctx, s.Slug) },
		"checkpoint.txt": func() ([]byte, error) { text, err := s.API.Checkpoint(ctx, s.Slug); return []byte(text), err },
		"key.txt": func() ([]byte, error) {
			key, err := s.API.LogKey(ctx, s.Slug)
			return []byte(key.String()), err
		},
		"rulebook.json": func() ([]byte, error) { return s.API.Rulebook(ctx, s.Slug) },
		"selection.json": func() ([]byte, error) {
			selection, err := s.API.Selection(ctx, s.Slug)
			if err != nil {
				return nil, err
			}
			return json.Marshal(selection)
		},
		"votes.csv":   func() ([]byte, error) { return s.auditor().Export(ctx, s.Slug, "votes") },
		"ballots.csv": func() ([]byte, error) { return s.auditor().Export(ctx, s.Slug, "ballots") },
	} {
		body, err := fetch()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		names = append(names, filepath.Join(dir, name))
		if err := os.WriteFile(names[len(names)-1], body, 0o600); err != nil {
			return err
		}
	}
	run := func() ([]byte, error) {
		return exec.CommandContext(ctx, binary, append([]string{"verify", "--selection", s.Slug}, names...)...).CombinedOutput()
	}
	out, err := run()
	if err != nil || !bytes.Contains(out, fmt.Appendf(nil, "%d ballots", ballots)) {
		return fmt.Errorf("laurel verify: %w\n%s", err, out)
	}
	leaves := filepath.Join(dir, "leaves.txt")
	text, err := os.ReadFile(leaves)
	if err != nil {
		return err
	}
	at := len(text) / 2
	for text[at] < '0' || text[at] > '8' {
		at++
	}
	text[at]++
	if err := os.WriteFile(leaves, text, 0o600); err != nil {
		return err
	}
	var refused *exec.ExitError
	if out, err := run(); !errors.As(err, &refused) {
		return fmt.Errorf("laurel verify accepts a log in which byte %d is changed: %w\n%s", at, err, out)
	}
	return nil
}
