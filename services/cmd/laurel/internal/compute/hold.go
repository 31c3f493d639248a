package compute

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/review"
)

// maxPublished bounds a published result, in bytes.
const maxPublished = 256 << 20

// hold computes and holds what comes out against a published result, byte for
// byte: the rulebook, the files, and what the rulebook makes of them.
func (c *Command) hold(ctx context.Context) error {
	if c.WhatIf.asked() {
		return errors.New("--result: a what-if is not a result")
	}
	text, published, err := readPublished(c.Result)
	if err != nil {
		return err
	}
	rb, err := c.readRulebook()
	if err != nil {
		return err
	}
	for _, f := range []struct{ flag, path, want string }{
		{"rulebook", c.Rulebook, published.RulebookHash},
		{ofCandidates, c.Candidates, published.CandidatesHash},
		{ofVotes, c.Votes, published.VotesHash},
		{ofScores, c.Scores, published.ScoresHash},
	} {
		var got string
		switch {
		case f.flag == "rulebook": // of the canonical form, whatever form was given
			got = rb.Hash()
		case f.path == "" || f.want == "":
			continue
		default:
			if got, err = sumOf(f.path); err != nil {
				return err
			}
		}
		if got != f.want {
			return fmt.Errorf("%s is not what the result was computed from: its SHA-256 is %s, the result names %s", f.path, got, f.want)
		}
	}
	in, seats, seen, err := c.readInput(ctx, rb)
	seen.tell(c.err)
	if err != nil {
		return err
	}
	var was ranking.Result
	if err := json.Unmarshal(published.Ranking, &was); err != nil {
		return fmt.Errorf("%s: %w", c.Result, err)
	}
	searching := c.newSearching(ctx)
	defer searching.done()
	if err := searching.load(); err != nil {
		return err
	}
	options := ranking.Options{Lot: cmp.Or(c.Lot, was.Lot), Budget: c.Budget, Progress: searching.tell, Seats: seats, Changed: was.Changed}
	resumed := options
	resumed.Checkpoint = searching.state
	now, err := in.Rank(resumed)
	if failed := searching.save(); failed != nil {
		err = errors.Join(err, failed)
	}
	if err != nil {
		return advised(err, in, options)
	}
	document, err := published.Document(now)
	if err != nil {
		return err
	}
	if !bytes.Equal(document, text) {
		return fmt.Errorf("%s is not what the rulebook makes of these files:\n%s", c.Result, difference(&was, now))
	}
	sum := sha256.Sum256(text)
	w := c.out
	if w == nil {
		w = os.Stdout
	}
	_, err = fmt.Fprintf(w, "%s holds: the rulebook makes it of these files, byte for byte.\nIts SHA-256 is %s\n", c.Result, hex.EncodeToString(sum[:]))
	return err
}

func readPublished(path string) (text []byte, published review.Result, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, published, err
	}
	defer f.Close()
	if text, err = io.ReadAll(io.LimitReader(f, maxPublished)); err == nil {
		err = json.Unmarshal(text, &published)
	}
	if err == nil && (published.RulebookHash == "" || published.Ranking == nil) {
		err = errors.New("this is no result.json of a results page")
	}
	if err != nil {
		return nil, published, fmt.Errorf("%s: %w", path, err)
	}
	return text, published, nil
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// difference tells the first candidate of whom the results differ.
func difference(was, now *ranking.Result) string {
	place := func(r ranking.Ranked) string {
		return fmt.Sprintf("rank %d, total %s, award %q", r.Rank, r.Total, r.Award)
	}
	for i := range min(len(was.Ranking), len(now.Ranking)) {
		a, b := was.Ranking[i], now.Ranking[i]
		if a.Candidate != b.Candidate || place(a) != place(b) || !maps.Equal(a.Components, b.Components) {
			return fmt.Sprintf("published: candidate %s, %s; computed: candidate %s, %s", a.Candidate, place(a), b.Candidate, place(b))
		}
	}
	if len(was.Ranking) != len(now.Ranking) {
		return fmt.Sprintf("published: %d candidates; computed: %d", len(was.Ranking), len(now.Ranking))
	}
	return "ranks, totals and awards agree; what differs is in the reasons or beside the ranking"
}
