package result

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/review"
)

// Awards is who gets an award by a result, best first, with their names.
func (r *Results) Awards(ctx context.Context, q sqlx.QueryerContext, slug, hash string) ([]review.Awarded, error) {
	data, err := blob.Read(ctx, r.deps.Blobs, hash, maxResult)
	if err != nil {
		return nil, fmt.Errorf("awards: %w", err)
	}
	var found struct {
		Ranking struct {
			Ranking []struct {
				Candidate int `json:",string"`
				Award     string
			}
		}
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, fmt.Errorf("awards: %w", err)
	}
	awards, numbers := []review.Awarded{}, []int{}
	for _, one := range found.Ranking.Ranking {
		if one.Award != "" {
			awards, numbers = append(awards, review.Awarded{Candidate: one.Candidate, Award: one.Award}), append(numbers, one.Candidate)
		}
	}
	var rows []struct {
		Number int    `db:"number"`
		Name   string `db:"name"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `SELECT number, name FROM candidate WHERE slug = $1 AND number = ANY($2)`, slug, pq.Array(numbers)); err != nil {
		return nil, fmt.Errorf("awards: %w", err)
	}
	names := make(map[int]string, len(rows))
	for _, one := range rows {
		names[one.Number] = one.Name
	}
	for i := range awards {
		awards[i].Name = names[awards[i].Candidate]
	}
	return awards, nil
}

// Whole refuses a result that gives an award to a candidate who is struck, as one
// does after which none could be computed. Fault: ErrOtherHash.
func (r *Results) Whole(ctx context.Context, q sqlx.QueryerContext, slug, hash string) error {
	awards, err := r.Awards(ctx, q, slug, hash)
	if err != nil {
		return err
	}
	numbers := make([]int, len(awards))
	for i, one := range awards {
		numbers[i] = one.Candidate
	}
	var struck bool
	if err := sqlx.GetContext(ctx, q, &struck, `
		SELECT EXISTS (SELECT FROM candidate WHERE slug = $1 AND number = ANY($2) AND struck)`, slug, pq.Array(numbers)); err != nil {
		return fmt.Errorf("awards: %w", err)
	}
	if struck {
		return review.ErrOtherHash
	}
	return nil
}

// Ties gives of a result how many seats of each award ties leave open, and the
// candidates who tie for it.
func (r *Results) Ties(ctx context.Context, hash string) (open map[string]int, tied map[string][]int, err error) {
	data, err := blob.Read(ctx, r.deps.Blobs, hash, maxResult)
	if err != nil {
		return nil, nil, fmt.Errorf("open seats: %w", err)
	}
	var found struct{ Ranking ranking.Result }
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, nil, fmt.Errorf("open seats: %w", err)
	}
	open, tied = map[string]int{}, map[string][]int{}
	for _, a := range found.Ranking.Awards {
		open[a.Award] = a.Open
	}
	for _, t := range found.Ranking.Ties {
		for _, award := range t.Awards {
			for _, id := range t.Candidates {
				n, err := strconv.Atoi(id)
				if err != nil {
					return nil, nil, fmt.Errorf("open seats: %w", err)
				}
				tied[award] = append(tied[award], n)
			}
		}
	}
	return open, tied, nil
}

// Fell has what was adopted count no more that awaits the hosts, or has changed the
// list: the result is another now.
func (r *Results) Fell(ctx context.Context, tx *sqlx.Tx, slug string) error {
	var fallen []struct {
		Seq    int    `db:"seq"`
		Result string `db:"result"`
	}
	if err := tx.SelectContext(ctx, &fallen, `
		UPDATE motion SET outcome = $2 WHERE slug = $1 AND outcome IN ($3, $4) RETURNING seq, result`,
		slug, review.Fallen, review.AwaitsHosts, review.Changed); err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	for _, f := range fallen {
		if err := audit.Record(ctx, tx, r.deps.Time(), slug, "signatures_fell", "", map[string]any{"motion": f.Seq, "result_hash": f.Result}); err != nil {
			return err
		}
	}
	return nil
}
