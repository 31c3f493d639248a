package result

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
)

// inputs is what a result is computed from, in the words of `laurel compute`.
type inputs struct {
	candidates []projection.Candidate
	votes      map[int]int64 // by candidate number
	scores     []score
	lot        string // as recorded; empty where the rulebook itself has it
}

// score is one cell of a submitted sheet, or what stands in the place of a
// whole sheet: a word of `laurel compute`, or nothing where it is missing.
type score struct {
	Panel     string
	Juror     string // J1, J2 …: the seat, not the person
	Candidate int
	Criterion string
	Score     string
}

// The words for a sheet that is absent without being missing.
const (
	recused    = "recused"
	unassigned = "unassigned"
	abstained  = "abstained"
)

// readScores gives the scores that count of candidates that are not struck,
// ordered by panel, seat, candidate and criterion. In panels where everyone
// scores all, it names those who do not as unassigned.
func readScores(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) ([]score, error) {
	all := []string{}
	for _, p := range sel.Rulebook.Review.Panels {
		if p.Assign == rulebook.AssignAll {
			all = append(all, p.ID)
		}
	}
	var sheets []struct {
		Panel     string          `db:"panel"`
		Seat      int             `db:"seat"`
		Candidate int             `db:"candidate"`
		Scores    json.RawMessage `db:"scores"`
	}
	if err := sqlx.SelectContext(ctx, q, &sheets, `
		SELECT j.panel, j.seat, c.number AS candidate,
		       CASE WHEN r.candidate IS NOT NULL THEN json_build_object('', $2::text)
		            WHEN a.candidate IS NULL THEN json_build_object('', $3::text)
		            WHEN s.abstained THEN json_build_object('', $4::text)
		            WHEN s.scores IS NULL THEN json_build_object('', '')
		            ELSE s.scores END AS scores
		FROM juror j
		JOIN candidate c ON c.slug = j.slug AND NOT c.struck
		LEFT JOIN assignment a ON a.slug = j.slug AND a.panel = j.panel AND a.account = j.account AND a.candidate = c.number
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate AND s.submitted
		LEFT JOIN recusal r ON r.slug = j.slug AND r.panel = j.panel AND r.account = j.account AND r.candidate = c.number
		WHERE j.slug = $1 AND (a.candidate IS NOT NULL OR j.panel = ANY($5))
		ORDER BY j.panel, j.seat, c.number`, sel.Slug, recused, unassigned, abstained, pq.Array(all)); err != nil {
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
	return written(rows)
}

// scoresCSV is panel,juror,candidate,criterion,score, as `laurel compute
// --scores` reads it.
func scoresCSV(scores []score) []byte {
	rows := [][]string{{"panel", "juror", "candidate", "criterion", "score"}}
	for _, s := range scores {
		rows = append(rows, []string{s.Panel, s.Juror, strconv.Itoa(s.Candidate), s.Criterion, s.Score})
	}
	return written(rows)
}

// candidatesCSV is candidate,name and the attributes that quotas name, as `laurel
// compute --candidates` reads it.
func (in inputs) candidatesCSV(rb *rulebook.Rulebook) ([]byte, error) {
	var names []string
	for _, q := range rb.Quotas {
		if !slices.Contains(names, q.Attribute) {
			names = append(names, q.Attribute)
		}
	}
	header := []string{"candidate", "name"}
	rows := [][]string{append(header, names...)}
	for _, c := range in.candidates {
		var attributes map[string]string
		if err := json.Unmarshal(c.Attributes, &attributes); err != nil {
			return nil, fmt.Errorf("candidate %d: %w", c.Number, err)
		}
		row := []string{strconv.Itoa(c.Number), c.Name}
		for _, name := range names {
			row = append(row, attributes[name])
		}
		rows = append(rows, row)
	}
	return written(rows), nil
}

func (in inputs) scoresCSV() []byte { return scoresCSV(in.scores) }

func written(rows [][]string) []byte {
	var b bytes.Buffer
	w := table.NewCSV(&b)
	var err error
	for _, row := range rows {
		err = errors.Join(err, w.Write(row...))
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// rank is the rulebook's word on the inputs.
func (in inputs) rank(sel phase.Selection, o ranking.Options) (*ranking.Result, error) {
	input, err := in.put(sel)
	if err != nil {
		return nil, err
	}
	o.Lot = in.lot
	return input.Rank(o)
}

// put hands the inputs to the rulebook.
func (in inputs) put(sel phase.Selection) (*ranking.Input, error) {
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
		var err error
		switch id := strconv.Itoa(s.Candidate); s.Score {
		case "":
			err = input.Assign(s.Panel, s.Juror, id)
		case recused, unassigned, abstained:
			err = input.Excuse(s.Panel, s.Juror, id)
		default:
			err = input.Score(s.Panel, s.Juror, id, s.Criterion, s.Score)
		}
		if err != nil {
			return nil, err
		}
	}
	return input, nil
}
