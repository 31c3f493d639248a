package publication

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/notice"
)

// computed is the published part of what review wrote into the result's blob.
type computed struct {
	Slug         string `json:"slug"`
	RulebookHash string `json:"rulebook_hash"`
	VotesHash    string `json:"votes_hash"`
	ScoresHash   string `json:"scores_hash"`
	Candidates   string `json:"candidates_hash"`
	Ranking      struct {
		Lot       string   `json:"lot"`
		Decided   bool     `json:"decided"`
		Changed   bool     `json:"changed"`
		Shortlist []string `json:"shortlist"`
		Ranking   []struct {
			Candidate  string            `json:"candidate"`
			Rank       int               `json:"rank"`
			Total      string            `json:"total"`
			Components map[string]string `json:"components"`
			Award      string            `json:"award"`
			Explain    []reason.Reason   `json:"explain"`
		} `json:"ranking"`
	} `json:"ranking"`
}

// build makes the published results of the result that was approved and, once
// there is a notice, on notice.
func (p *Publication) build(ctx context.Context, tx *sqlx.Tx, sel selection.Selection, now time.Time) (selection.Results, error) {
	a, err := decided(ctx, tx, sel.Slug)
	if err != nil {
		return selection.Results{}, err
	}
	result, err := p.open(ctx, a.ResultHash)
	if err != nil {
		return selection.Results{}, err
	}
	// The approved result must come from the frozen rulebook and the announced
	// inputs.
	if result.Slug != sel.Slug || result.RulebookHash != sel.RulebookHash || a.RulebookHash != sel.RulebookHash ||
		result.VotesHash != a.VotesHash || result.ScoresHash != a.ScoresHash {
		return selection.Results{}, fmt.Errorf("result %s of %s is not what was computed and announced", a.ResultHash, sel.Slug)
	}
	ranking, err := ranked(ctx, tx, sel.Slug, result)
	if err != nil {
		return selection.Results{}, err
	}
	rules, err := rulebook.Parse(sel.Rulebook)
	if err != nil {
		return selection.Results{}, fmt.Errorf("results: %w", err)
	}
	ranking = told(rules.Results, ranking, result.Ranking.Shortlist)
	awards, err := awardLists(rules, ranking)
	if err != nil {
		return selection.Results{}, err
	}
	var signatures []event.HostSignature
	if a.Signatures != nil {
		if err := json.Unmarshal(a.Signatures, &signatures); err != nil {
			return selection.Results{}, fmt.Errorf("results: signatures: %w", err)
		}
	}
	runs, counts, err := notice.Held(ctx, tx, sel.Slug)
	if err != nil {
		return selection.Results{}, err
	}
	return selection.Results{
		Notices: runs, Objections: counts,
		Slug: sel.Slug, Title: sel.Title, Edition: sel.Edition, PublishedAt: now, Ballots: sel.Ballots,
		RulebookHash: sel.RulebookHash, ResultHash: a.ResultHash, VotesHash: a.VotesHash, ScoresHash: a.ScoresHash, CandidatesHash: result.Candidates,
		Decision: selection.DecisionRecord{Members: a.Members, For: a.For, Against: a.Against, Abstained: a.Abstained, Signatures: signatures},
		Lot:      result.Ranking.Lot, Decided: result.Ranking.Decided, Changed: result.Ranking.Changed, Awards: awards, Ranking: ranking,
	}, nil
}

// approved is the decision and what its result was computed from.
type approved struct {
	ResultHash   string `db:"result_hash"`
	RulebookHash string `db:"rulebook_hash"`
	VotesHash    string `db:"votes_hash"`
	ScoresHash   string `db:"scores_hash"`
	Members      int    `db:"members"`
	For          int    `db:"votes_for"`
	Against      int    `db:"votes_against"`
	Abstained    int    `db:"abstained"`
	Signatures   []byte `db:"signatures"` // JSON; nil: no host signs
}

// decided gives the approved result; a notice of another one is none of it.
func decided(ctx context.Context, tx *sqlx.Tx, slug string) (approved, error) {
	var a approved
	err := tx.GetContext(ctx, &a, `
		SELECT d.result_hash, r.rulebook_hash, r.votes_hash, r.scores_hash, d.members, d.votes_for, d.votes_against, d.abstained, d.signatures
		FROM decision d
		JOIN result r ON r.slug = d.slug AND r.result_hash = d.result_hash
		LEFT JOIN notice n ON n.slug = d.slug
		WHERE d.slug = $1 AND d.approved AND coalesce(n.result_hash, d.result_hash) = d.result_hash`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return a, selection.ErrNotArrived
	}
	if err != nil {
		return a, fmt.Errorf("approved result: %w", err)
	}
	return a, nil
}

// open reads the result that review keeps. What is approved and announced is its
// hash, so it is held to that.
func (p *Publication) open(ctx context.Context, hash string) (result computed, err error) {
	text, err := blob.Read(ctx, p.deps.Blobs.In(event.Review), hash, maxBlob)
	if errors.Is(err, blob.ErrNotFound) {
		return result, selection.ErrNotArrived.Because(err)
	}
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	if err != nil {
		return result, fmt.Errorf("read result %s: %w", hash, err)
	}
	return result, nil
}

// ranked gives everybody's rank with the name that they were candidates under.
func ranked(ctx context.Context, tx *sqlx.Tx, slug string, result computed) ([]selection.RankedCandidate, error) {
	var rows []struct {
		Number   int    `db:"number"`
		Name     string `db:"name"`
		Employer string `db:"employer"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT number, name, coalesce(attributes->>'employer', '') AS employer FROM candidate WHERE slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	known := make(map[string]int, len(rows))
	for i, r := range rows {
		known[strconv.Itoa(r.Number)] = i
	}
	ranking := make([]selection.RankedCandidate, len(result.Ranking.Ranking))
	for i, r := range result.Ranking.Ranking {
		at, ok := known[r.Candidate]
		if !ok {
			return nil, selection.ErrNotArrived.With("candidate", r.Candidate)
		}
		ranking[i] = selection.RankedCandidate{
			Number: rows[at].Number, Name: rows[at].Name, Employer: rows[at].Employer,
			Rank: r.Rank, Total: r.Total, Components: r.Components, Award: r.Award, Explain: r.Explain,
		}
	}
	slices.SortStableFunc(ranking, func(a, b selection.RankedCandidate) int { return cmp.Compare(a.Rank, b.Rank) })
	return ranking, nil
}

// told leaves out what the rulebook does not have published.
func told(rules rulebook.Results, ranking []selection.RankedCandidate, shortlist []string) []selection.RankedCandidate {
	out := make([]selection.RankedCandidate, 0, len(ranking))
	for _, r := range ranking {
		listed := rules.Shown() == rulebook.ShowShortlisted && slices.Contains(shortlist, strconv.Itoa(r.Number))
		if r.Award == "" && rules.Shown() != rulebook.ShowAll && !listed {
			continue
		}
		if rules.Told() != rulebook.ScoresAll {
			r.Components, r.Explain = nil, nil
		}
		if rules.Told() == rulebook.ScoresNone {
			r.Total = ""
		}
		out = append(out, r)
	}
	return out
}

// awardLists sorts the winners into the rulebook's awards.
func awardLists(rb *rulebook.Rulebook, ranking []selection.RankedCandidate) ([]selection.AwardList, error) {
	lists := make([]selection.AwardList, len(rb.Awards))
	at := make(map[string]int, len(rb.Awards))
	for i, a := range rb.Awards {
		lists[i] = selection.AwardList{ID: a.ID, Title: a.Title, Seats: a.Seats, Winners: []selection.RankedCandidate{}}
		at[a.ID] = i
	}
	for _, s := range ranking {
		if s.Award == "" {
			continue
		}
		i, ok := at[s.Award]
		if !ok || len(lists[i].Winners) == lists[i].Seats {
			return nil, fmt.Errorf("awards: the rulebook has no seat of %q for candidate %d", s.Award, s.Number)
		}
		lists[i].Winners = append(lists[i].Winners, s)
	}
	return lists, nil
}
