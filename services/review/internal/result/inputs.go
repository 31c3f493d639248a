package result

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/ranking"
)

// inputs is what a result is computed from, in the words of `laurel compute`.
type inputs struct {
	candidates []candidate
	votes      map[int]int64 // by candidate number
	scores     []score
}

type candidate struct {
	Number     int             `db:"number"`
	Attributes json.RawMessage `db:"attributes"`
}

// score is one cell of a submitted sheet, or a recusal.
type score struct {
	Panel     string
	Juror     string // J1, J2 …: the seat, not the person
	Candidate int
	Criterion string
	Score     string
}

// recused stands in the place of a score, for every criterion.
const recused = "recused"

// readScores gives the submitted scores of candidates that are not struck,
// ordered by panel, seat, candidate and criterion.
func readScores(ctx context.Context, q sqlx.QueryerContext, slug string) ([]score, error) {
	var sheets []struct {
		Panel     string          `db:"panel"`
		Seat      int             `db:"seat"`
		Candidate int             `db:"candidate"`
		Scores    json.RawMessage `db:"scores"`
	}
	if err := sqlx.SelectContext(ctx, q, &sheets, `
		SELECT j.panel, j.seat, c.number AS candidate,
		       CASE WHEN r.candidate IS NULL THEN s.scores ELSE json_build_object('', $2::text) END AS scores
		FROM juror j
		JOIN candidate c ON c.slug = j.slug AND NOT c.struck
		LEFT JOIN last_sheet s ON s.slug = j.slug AND s.panel = j.panel AND s.account = j.account AND s.candidate = c.number AND s.submitted
		LEFT JOIN recusal r ON r.slug = j.slug AND r.panel = j.panel AND r.account = j.account AND r.candidate = c.number
		WHERE j.slug = $1 AND (s.scores IS NOT NULL OR r.candidate IS NOT NULL)
		ORDER BY j.panel, j.seat, c.number`, slug, recused); err != nil {
		return nil, fmt.Errorf("scores: %w", err)
	}
	var out []score
	for _, s := range sheets {
		var cells map[string]string
		if err := json.Unmarshal(s.Scores, &cells); err != nil {
			return nil, fmt.Errorf("scores: %w", err)
		}
		for _, criterion := range slices.Sorted(maps.Keys(cells)) {
			out = append(out, score{s.Panel, "J" + strconv.Itoa(s.Seat), s.Candidate, criterion, cells[criterion]})
		}
	}
	return out, nil
}

// votesCSV is candidate,votes, as `laurel compute --votes` reads it and the
// voting service exports it.
func (in inputs) votesCSV() []byte {
	rows := [][]string{{"candidate", "votes"}}
	for _, c := range in.candidates {
		rows = append(rows, []string{strconv.Itoa(c.Number), strconv.FormatInt(in.votes[c.Number], 10)})
	}
	return table(rows)
}

// scoresCSV is panel,juror,candidate,criterion,score, as `laurel compute
// --scores` reads it.
func scoresCSV(scores []score) []byte {
	rows := [][]string{{"panel", "juror", "candidate", "criterion", "score"}}
	for _, s := range scores {
		rows = append(rows, []string{s.Panel, s.Juror, strconv.Itoa(s.Candidate), s.Criterion, s.Score})
	}
	return table(rows)
}

func (in inputs) scoresCSV() []byte { return scoresCSV(in.scores) }

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// rank is the rulebook's word on the inputs, as JSON.
func (in inputs) rank(sel phase.Selection) (json.RawMessage, error) {
	input := ranking.New(sel.Rulebook)
	for _, c := range in.candidates {
		var attributes map[string]string
		if err := json.Unmarshal(c.Attributes, &attributes); err != nil {
			return nil, fmt.Errorf("candidate %d: %w", c.Number, err)
		}
		id := strconv.Itoa(c.Number)
		if err := input.Candidate(id, attributes); err != nil {
			return nil, err
		}
		if err := input.Votes(id, "", in.votes[c.Number]); err != nil {
			return nil, err
		}
	}
	for _, s := range in.scores {
		id, put := strconv.Itoa(s.Candidate), input.Score
		if s.Score == recused {
			put = func(panel, juror, candidate, _, _ string) error { return input.Excuse(panel, juror, candidate) }
		}
		if err := put(s.Panel, s.Juror, id, s.Criterion, s.Score); err != nil {
			return nil, err
		}
	}
	result, err := input.Rank(ranking.Options{})
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}
