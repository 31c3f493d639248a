package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/table/cell"
)

// document is the computed result as its hash is of it: docs/checking.md.
type document struct {
	Slug           string          `json:"slug"`
	RulebookHash   string          `json:"rulebook_hash"`
	VotesHash      string          `json:"votes_hash"`
	ScoresHash     string          `json:"scores_hash"`
	CandidatesHash string          `json:"candidates_hash,omitempty"`
	Ranking        *ranking.Result `json:"ranking"`
}

// scoresHead is the heading of the scores, and all of them where there is no panel.
const scoresHead = "panel,juror,candidate,criterion,score\n"

// compute makes the result again, as far as what it is made of is published.
func (c *checker) compute() error {
	if why := c.uncomputable(); why != "" {
		hangs := []reason.Reason{reason.New("bundle_hangs_composite")}
		if len(c.rb.Quotas) > 0 {
			hangs = append(hangs, reason.New("bundle_hangs_quotas"))
		}
		c.leave("unpublished", text("part", why), reason.Because("why", c.why(why)),
			reason.Because("hangs", append(hangs, reason.New("bundle_hangs_ties"), reason.New("bundle_hangs_awards"))...))
		return c.shown(nil)
	}
	in, err := c.input()
	if err != nil {
		return err
	}
	o := ranking.Options{Lot: c.results.Lot, Budget: c.Budget}
	if o.Changed = c.results.Changed; c.results.Decided || c.results.Changed {
		o.Seats = c.seats()
		c.leave("seats")
	}
	result, err := in.Rank(o)
	switch {
	case fault.HasCode(err, ranking.CodeUndecided):
		c.leave("undecided")
		return c.shown(nil)
	case err != nil:
		f := fail("not_computed", text("detail", err.Error()))
		f.cause = err
		return f
	}
	if err := c.same(result); err != nil {
		return err
	}
	c.computed(result)
	return c.shown(result)
}

// uncomputable names the part for whose absence the result cannot be made again.
func (c *checker) uncomputable() string {
	switch {
	case !c.has(CandidatesPart):
		return CandidatesPart
	case !c.has(ScoresPart) && len(c.rb.Review.Panels) > 0:
		return ScoresPart
	}
	return ""
}

// why is the reason for which a part is absent.
func (c *checker) why(part string) reason.Reason {
	switch why := c.manifest.why(part); why {
	case Withheld, NoVote, Unhashed:
		return reason.New("bundle_why_" + why)
	default:
		return reason.New("bundle_why", text("why", why))
	}
}

// same holds what was computed to the published hash, and to the computed result
// where that is published.
func (c *checker) same(result *ranking.Result) error {
	if c.results.CandidatesHash == "" {
		result = result.AsWritten()
	}
	made, err := json.Marshal(document{
		c.Slug, c.results.RulebookHash, c.results.VotesHash, c.results.ScoresHash, c.results.CandidatesHash, result,
	})
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	if c.has(ResultPart) {
		published, err := c.read(ResultPart, maxSmall)
		if err != nil {
			return err
		}
		if !bytes.Equal(published, made) {
			return fail("result_other", text("detail", difference(published, result)))
		}
	}
	sum := sha256.Sum256(made)
	if is := hex.EncodeToString(sum[:]); is != c.results.ResultHash {
		return differs("result_hash", c.results.ResultHash, is)
	}
	return nil
}

// difference tells the first candidate of whom the results differ.
func difference(published []byte, now *ranking.Result) string {
	var was struct{ Ranking ranking.Result }
	if err := json.Unmarshal(published, &was); err != nil {
		return err.Error()
	}
	place := func(r ranking.Ranked) string {
		return fmt.Sprintf("candidate %s: rank %d, total %s, award %q", r.Candidate, r.Rank, r.Total, r.Award)
	}
	for i := range min(len(was.Ranking.Ranking), len(now.Ranking)) {
		a, b := was.Ranking.Ranking[i], now.Ranking[i]
		if place(a) != place(b) || !maps.Equal(a.Components, b.Components) {
			return place(a) + "; " + place(b)
		}
	}
	return fmt.Sprintf("%d candidates; %d candidates", len(was.Ranking.Ranking), len(now.Ranking))
}

// computed says what the recomputation has shown.
func (c *checker) computed(result *ranking.Result) {
	c.hold("composite", count("n", len(result.Ranking)))
	if len(c.rb.Quotas) > 0 {
		c.hold("quotas", count("n", len(c.rb.Quotas)), count("proofs", len(result.Proofs)))
	}
	c.hold("ties", count("n", len(result.Ties)))
	if result.Lot != "" {
		c.hold("lot", text("lot", result.Lot))
		if _, own := c.rb.LotValue(); !own {
			c.leave("lot_source", text("lot", result.Lot))
		}
	}
	c.hold("result", text("hash", c.results.ResultHash))
}

// seats are who got which award, where a decision filled them.
func (c *checker) seats() []ranking.Seat {
	seats := []ranking.Seat{}
	for _, r := range c.results.Ranking {
		if r.Award != "" {
			seats = append(seats, ranking.Seat{Candidate: strconv.Itoa(r.Number), Award: r.Award})
		}
	}
	return seats
}

// rows reads a table that this program wrote.
func (c *checker) rows(part string, each func(line int, row []string) error) error {
	r := csv.NewReader(c.reader(part))
	r.ReuseRecord = true
	for n := 1; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		for i := range row {
			row[i] = cell.Unguard(row[i])
		}
		if err == nil {
			err = each(n, row)
		}
		if err != nil {
			return broken(part, fmt.Errorf("line %d: %w", n, err))
		}
	}
}

// input puts candidates, votes and scores into the engine.
func (c *checker) input() (*ranking.Input, error) {
	in := ranking.New(c.rb)
	var heading []string
	listed := 0
	if err := c.rows(CandidatesPart, func(line int, row []string) error {
		if line == 1 {
			heading = slices.Clone(row)
			if len(row) < 2 || row[0] != "candidate" || row[1] != "name" {
				return errors.New("its columns do not begin with candidate and name")
			}
			return nil
		}
		attributes := make(map[string]string, len(row))
		for i, value := range row[2:] {
			attributes[heading[i+2]] = value
		}
		number, err := strconv.Atoi(row[0])
		votes, counted := c.votes[number]
		if err != nil || !counted || strconv.Itoa(number) != row[0] {
			return fmt.Errorf("%s has no votes of candidate %q", VotesPart, row[0])
		}
		listed++
		if err := in.Candidate(row[0], attributes); err != nil {
			return err
		}
		return in.Votes(row[0], "", votes)
	}); err != nil {
		return nil, err
	}
	if listed != len(c.votes) {
		return nil, broken(CandidatesPart, fmt.Errorf("it has %d candidates, %s has %d", listed, VotesPart, len(c.votes)))
	}
	if !c.has(ScoresPart) {
		return in, nil
	}
	return in, c.rows(ScoresPart, func(line int, row []string) error {
		if line == 1 {
			if !slices.Equal(row, []string{"panel", "juror", "candidate", "criterion", "score"}) {
				return errors.New("it has other columns than panel, juror, candidate, criterion and score")
			}
			return nil
		}
		switch row[4] {
		case "":
			return in.Assign(row[0], row[1], row[2])
		case "recused", "unassigned", "abstained":
			return in.Excuse(row[0], row[1], row[2])
		}
		return in.Score(row[0], row[1], row[2], row[3], row[4])
	})
}
