package bundle

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// results is what is public of a result: selection.Results.
type results struct {
	Slug           string            `json:"slug"`
	Title          map[string]string `json:"title"`
	Edition        int               `json:"edition"`
	PublishedAt    json.RawMessage   `json:"published_at"`
	RulebookHash   string            `json:"rulebook_hash"`
	ResultHash     string            `json:"result_hash"`
	VotesHash      string            `json:"votes_hash"`
	ScoresHash     string            `json:"scores_hash"`
	CandidatesHash string            `json:"candidates_hash"`
	Ballots        int64             `json:"ballots"`
	Decision       struct {
		Members   int `json:"members"`
		For       int `json:"for"`
		Against   int `json:"against"`
		Abstained int `json:"abstained"`
	} `json:"decision"`
	Lot     string      `json:"lot"`
	Decided bool        `json:"decided"`
	Changed bool        `json:"changed"`
	Awards  []awardList `json:"awards"`
	Ranking []ranked    `json:"ranking"`
}

type awardList struct {
	ID      string            `json:"id"`
	Title   map[string]string `json:"title"`
	Seats   int               `json:"seats"`
	Winners []ranked          `json:"winners"`
}

type ranked struct {
	Number     int               `json:"number"`
	Name       string            `json:"name"`
	Employer   string            `json:"employer,omitempty"`
	Rank       int               `json:"rank"`
	Total      string            `json:"total,omitempty"`
	Components map[string]string `json:"components,omitempty"`
	Award      string            `json:"award,omitempty"`
	Explain    []reason.Reason   `json:"explain,omitempty"`
}

// fields are those of the published result that are checked, or named among what is
// not.
func fields() []string {
	return []string{
		"slug", "title", "edition", "published_at", "rulebook_hash", "result_hash", "votes_hash", "scores_hash", "candidates_hash",
		"ballots", "decision", "lot", "decided", "awards", "ranking",
	}
}

// published reads the published result and holds its hashes to the parts.
func (c *checker) published() error {
	src, err := c.read(ResultsPart, maxSmall)
	if err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(src, &c.results), json.Unmarshal(src, &all)); err != nil {
		return broken(ResultsPart, err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(fields(), name) {
			c.leave("field_unknown", text("field", name))
		}
	}
	r := c.results
	switch {
	case r.Slug != c.Slug:
		return differs("slug", r.Slug, c.Slug)
	case r.Edition != c.rb.Edition:
		return differs("edition", r.Edition, c.rb.Edition)
	case !maps.Equal(r.Title, c.rb.Title):
		return differs("title", r.Title, c.rb.Title)
	}
	for _, h := range []struct{ field, told, part, idle string }{
		{"rulebook_hash", r.RulebookHash, RulebookPart, ""},
		{"votes_hash", r.VotesHash, VotesPart, ""},
		{"scores_hash", r.ScoresHash, ScoresPart, scoresHead},
		{"candidates_hash", r.CandidatesHash, CandidatesPart, ""},
		{"result_hash", r.ResultHash, ResultPart, ""},
	} {
		p, ok := c.manifest.part(h.part)
		if !ok && h.idle != "" && len(c.rb.Review.Panels) == 0 {
			sum := sha256.Sum256([]byte(h.idle))
			p.Hash, ok = hex.EncodeToString(sum[:]), true
		}
		switch {
		case ok && h.told != p.Hash:
			return differs(h.field, h.told, p.Hash)
		case ok:
			c.hold("hash", text("field", h.field), text("part", h.part))
		case h.field != "result_hash":
			c.leave("hash_unpublished", text("field", h.field), text("part", h.part), reason.Because("why", c.why(h.part)))
		}
	}
	return nil
}

// shown holds what is published of awards and ranks to the computed result; where it
// could not be made again, to itself and the rulebook.
func (c *checker) shown(result *ranking.Result) error {
	names, err := c.names()
	if err != nil {
		return err
	}
	for _, r := range c.results.Ranking {
		if name, known := names[r.Number]; names != nil && (!known || name != r.Name) {
			return differs("ranking.name", strconv.Itoa(r.Number)+" "+r.Name, name)
		}
	}
	if result != nil {
		if c.results.CandidatesHash == "" {
			result = result.AsWritten()
		}
		if err := c.ranks(result); err != nil {
			return err
		}
		if result.Decided != c.results.Decided {
			return differs("decided", c.results.Decided, result.Decided)
		}
		if result.Changed != c.results.Changed {
			return differs("changed", c.results.Changed, result.Changed)
		}
		if result.Lot != c.results.Lot {
			return differs("lot", c.results.Lot, result.Lot)
		}
	}
	if err := c.awards(); err != nil {
		return err
	}
	if result != nil {
		c.hold("published", count("n", len(c.results.Ranking)))
	}
	return nil
}

// names are those of the candidates, by number; nil: they are not published.
func (c *checker) names() (map[int]string, error) {
	if !c.has(CandidatesPart) {
		return nil, nil
	}
	names := map[int]string{}
	err := c.rows(CandidatesPart, func(line int, row []string) error {
		if line == 1 {
			return nil
		}
		number, err := strconv.Atoi(row[0])
		if err != nil || len(row) < 2 {
			return errors.New("it does not begin with a candidate's number and name")
		}
		names[number] = row[1]
		return nil
	})
	return names, err
}

// ranks holds the published ranking to what the rulebook has shown of the computed one.
func (c *checker) ranks(result *ranking.Result) error {
	rules := c.rb.Results
	var want []ranked
	for _, r := range result.Ranking {
		listed := rules.Shown() == rulebook.ShowShortlisted && slices.Contains(result.Shortlist, r.Candidate)
		if r.Award == "" && rules.Shown() != rulebook.ShowAll && !listed {
			continue
		}
		number, err := strconv.Atoi(r.Candidate)
		if err != nil {
			return broken(CandidatesPart, err)
		}
		one := ranked{Number: number, Rank: r.Rank, Award: r.Award}
		if rules.Told() != rulebook.ScoresNone {
			one.Total = r.Total
		}
		if rules.Told() == rulebook.ScoresAll {
			one.Components, one.Explain = r.Components, r.Explain
		}
		want = append(want, one)
	}
	slices.SortStableFunc(want, func(a, b ranked) int { return cmp.Compare(a.Rank, b.Rank) })
	for i := range max(len(want), len(c.results.Ranking)) {
		var is, told ranked
		if i < len(want) {
			is = want[i]
		}
		if i < len(c.results.Ranking) {
			told = c.results.Ranking[i]
			is.Name, is.Employer = told.Name, told.Employer
		}
		if a, b := written(told), written(is); !bytes.Equal(a, b) {
			return differs("ranking["+strconv.Itoa(i)+"]", string(a), string(b))
		}
	}
	return nil
}

// written is a value as JSON, by which two are compared.
func written(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error()) // of texts and numbers there is none
	}
	return b
}

// awards holds the lists of winners to the ranking and to the rulebook's awards.
func (c *checker) awards() error {
	want := make([]awardList, len(c.rb.Awards))
	seated := 0
	for i, a := range c.rb.Awards {
		want[i] = awardList{a.ID, a.Title, a.Seats, []ranked{}}
		for _, r := range c.results.Ranking {
			if r.Award == a.ID {
				want[i].Winners = append(want[i].Winners, r)
			}
		}
		if n := len(want[i].Winners); n > a.Seats {
			return differs("awards."+a.ID, n, a.Seats)
		}
		seated += len(want[i].Winners)
	}
	for _, r := range c.results.Ranking {
		if r.Award != "" {
			seated--
		}
	}
	if seated != 0 {
		return differs("ranking.award", seated, 0)
	}
	for i := range max(len(want), len(c.results.Awards)) {
		var a, b []byte
		if i < len(c.results.Awards) {
			a = written(c.results.Awards[i])
		}
		if i < len(want) {
			b = written(want[i])
		}
		if !bytes.Equal(a, b) {
			return differs("awards["+strconv.Itoa(i)+"]", string(a), string(b))
		}
	}
	c.hold("awards", count("n", len(want)))
	return nil
}

// decision holds the committee's vote to the rulebook's quorum and majority.
func (c *checker) decision() error {
	d, rules := c.results.Decision, c.rb.Decision
	voted := d.For + d.Against + d.Abstained
	if min(d.For-1, d.Against, d.Abstained) < 0 || voted > d.Members || !reaches(voted, d.Members, rules.Quorum) || !reaches(d.For, voted, rules.Approve) {
		return fail("not_decided", count("for", d.For), count("voted", voted), count("members", d.Members))
	}
	c.hold("decision", count("for", d.For), count("voted", voted), count("members", d.Members))
	c.leave("members")
	return nil
}

// reaches tells whether part is at least share of whole; an unset share asks for more
// than half.
func reaches(part, whole int, share rulebook.Number) bool {
	if !share.IsSet() {
		return 2*part > whole
	}
	least := new(big.Rat).Mul(share.Rat(), new(big.Rat).SetInt64(int64(whole)))
	return new(big.Rat).SetInt64(int64(part)).Cmp(least) >= 0
}
