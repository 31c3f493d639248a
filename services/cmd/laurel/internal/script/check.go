package script

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// Check is something that must hold at the end.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// Checks look at the finished selection from outside, as an auditor would.
// binary is the laurel that computes the result once more.
func (s *Script) Checks(binary string) []Check {
	return []Check{
		{"every acknowledged ballot is counted once", s.Counted},
		{"second and late ballots were refused", s.refusedAll},
		{"the tally equals a recount of the exported ballots", s.Recount},
		{
			fmt.Sprintf("the ballot log proves its receipts (%d asked), and `laurel verify` recounts it", min(s.Voters, proofs)),
			func(ctx context.Context) error { return s.Proven(ctx, binary) },
		},
		{"a reader of the results page computes and recounts what it says", func(ctx context.Context) error { return s.Checked(ctx, binary) }},
		{"every event was consumed by everyone it concerns, once", s.Delivered},
		{"`laurel verify` checks the one file of the published result", func(ctx context.Context) error { return s.Bundled(ctx, binary) }},
	}
}

func (s *Script) auditor() *client.Client { return s.As(identity.Auditor) }

// maxAsked is how many receipts are asked for one by one.
const maxAsked = 2000

// Counted finds the picks of each receipt in the export, as often as they were
// cast: the export names no receipts, so the two sides are compared as bags of
// picks, and each receipt, up to maxAsked, is asked for its place in the log.
func (s *Script) Counted(ctx context.Context) error {
	ballots, err := s.exportedBallots(ctx)
	if err != nil {
		return err
	}
	receipts := s.Receipts()
	if len(ballots) != len(receipts) {
		return fmt.Errorf("%d ballots are exported, %d were acknowledged", len(ballots), len(receipts))
	}
	bag := map[string]int{}
	for _, picks := range ballots {
		bag[bagKey(picks)]++
	}
	for receipt, picks := range receipts {
		key := bagKey(picks)
		if bag[key]--; bag[key] < 0 {
			return fmt.Errorf("receipt %s: its picks %v are not in the export", receipt, picks)
		}
	}
	asked := slices.Collect(maps.Keys(receipts))
	asked = asked[:min(maxAsked, len(asked))]
	indexes := make([]int64, len(asked))
	if err := s.Crowd(ctx, len(asked), func(ctx context.Context, i int) error {
		r, err := s.Recorded(ctx, i, asked[i])
		if err != nil {
			return err
		}
		if r.Index == nil || *r.Index < 0 || *r.Index >= int64(len(ballots)) || bagKey(ballots[*r.Index]) != bagKey(receipts[asked[i]]) {
			return fmt.Errorf("receipt %s is not at its place in the log", asked[i])
		}
		indexes[i] = *r.Index
		return nil
	}); err != nil {
		return err
	}
	slices.Sort(indexes)
	if len(slices.Compact(indexes)) != len(asked) {
		return errors.New("two receipts have one place in the log")
	}
	return nil
}

func (s *Script) refusedAll(context.Context) error {
	if got := s.refused.Load(); got != int64(s.Again) {
		return fmt.Errorf("%d second ballots of %d were refused", got, s.Again)
	}
	if got := s.late.Load(); got != int64(s.Late) {
		return fmt.Errorf("%d late ballots of %d were refused", got, s.Late)
	}
	return nil
}

// Recount compares the tally with the exported ballots, and has the voting
// service check itself.
func (s *Script) Recount(ctx context.Context) error {
	ballots, err := s.exportedBallots(ctx)
	if err != nil {
		return err
	}
	recount := map[int]int64{}
	for _, picks := range ballots {
		for _, p := range picks {
			recount[p]++
		}
	}
	for _, c := range s.Candidates {
		recount[c.Number] += 0
		if c.Struck { // has no row in the tally
			delete(recount, c.Number)
		}
	}
	tally, err := s.API.Tally(ctx, s.Slug)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(recount, tally.Votes); diff != "" {
		return fmt.Errorf("recount and tally differ:\n%s", diff)
	}
	check, err := s.auditor().CheckTally(ctx, s.Slug)
	if err != nil {
		return err
	}
	if len(check.Problems) > 0 || check.Ballots != int64(len(ballots)) {
		return fmt.Errorf("the service's own check: %+v", check)
	}
	return nil
}

// Delivered asks whether every event reached everyone it concerns, once.
func (s *Script) Delivered(ctx context.Context) error {
	report, err := s.auditor().Deliveries(ctx, s.Slug)
	if err != nil {
		return err
	}
	if !report.Complete {
		return errors.New(strings.Join(report.Problems, "\n"))
	}
	return nil
}

// Recorded has the i-th of a crowd ask for the ballot behind a receipt, again while
// the server is too busy to answer in time.
func (s *Script) Recorded(ctx context.Context, i int, receipt string) (r voting.Recorded, err error) {
	if err = s.retry(ctx, func() error {
		r, err = s.API.From(address(i)).Receipt(ctx, s.Slug, receipt)
		return err
	}); err != nil {
		err = fmt.Errorf("receipt %s: %w", receipt, err)
	}
	return r, err
}

// exportedBallots gives the picks of each ballot by its index in the log.
func (s *Script) exportedBallots(ctx context.Context) ([][]int, error) {
	body, err := s.auditor().Export(ctx, s.Slug, "ballots")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll() // index,period,voter,picks
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("exported ballots: %w", err)
	}
	seen := map[string]bool{}
	ballots := make([][]int, 0, len(rows)-1)
	for i, r := range rows[1:] {
		if r[0] != strconv.Itoa(i) || seen[r[1]+"/"+r[2]] {
			return nil, fmt.Errorf("exported ballots: row %d is out of order, or votes twice: %v", i+2, r)
		}
		seen[r[1]+"/"+r[2]] = true
		var picks []int
		for _, p := range strings.Fields(r[3]) {
			n, err := strconv.Atoi(p)
			if err != nil {
				return nil, fmt.Errorf("exported ballots: row %d: %w", i+2, err)
			}
			picks = append(picks, n)
		}
		ballots = append(ballots, picks)
	}
	return ballots, nil
}
