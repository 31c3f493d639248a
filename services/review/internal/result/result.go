// Package result computes what the rulebook makes of the sealed tally and the
// scores, and keeps every result that was computed.
package result

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// maxResult is the largest result in bytes.
const maxResult = 256 << 20

// Results is the results of all selections.
type Results struct {
	deps   run.Deps
	budget int64         // of the search about quotas, while somebody waits for it
	turn   chan struct{} // of one computation that nobody keeps
}

// New keeps results in deps' database and blob store. The budget is that of the
// search about quotas while somebody waits for it; a job may be given more.
func New(deps run.Deps, budget int64) *Results { return &Results{deps, budget, make(chan struct{}, 1)} }

// Compute computes a selection's result in tx, if it can be: voting is sealed,
// review closed, no score missing and no result approved. It is called after
// everything that may have been the last condition.
func (r *Results) Compute(ctx context.Context, tx *sqlx.Tx, sel phase.Selection) error {
	if err := pg.Lock(ctx, tx, "meeting/"+sel.Slug); err != nil { // nothing is approved meanwhile
		return err
	}
	in, err := r.inputs(ctx, tx, sel)
	if errors.Is(err, review.ErrUncomputed) || errors.Is(err, review.ErrMissing) || errors.Is(err, review.ErrLot) {
		return nil
	}
	if err != nil {
		return err
	}
	if done, err := approved(ctx, tx, sel.Slug); err != nil || done {
		return err
	}
	computed, err := r.decide(ctx, tx, sel, in)
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		r.deps.Log.WarnContext(ctx, "the rulebook computes no result", "slug", sel.Slug, "error", err)
		return nil // the phase closes all the same; Result says why there is none
	}
	if err != nil {
		return err
	}
	was, err := latest(ctx, tx, sel.Slug)
	if err != nil {
		return err
	}
	out, err := r.made(ctx, sel, in, computed, was)
	if err != nil || out.Hash == was {
		return err // computed again, the same; what a motion has changed stays
	}
	return r.Enforce(ctx, tx, out)
}

// made keeps a result and what it was computed from; nothing is in force by that.
// Where it was, by that hash, made by a version before this, it stays of that form.
func (r *Results) made(ctx context.Context, sel phase.Selection, in inputs, computed *ranking.Result, was string) (out review.Result, err error) {
	out = review.Result{Slug: sel.Slug, RulebookHash: sel.Hash}
	if out.VotesHash, err = r.put(ctx, in.votesCSV()); err != nil {
		return out, err
	}
	if out.ScoresHash, err = r.put(ctx, in.scoresCSV()); err != nil {
		return out, err
	}
	body, err := out.Document(computed)
	if err != nil {
		return out, err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) == was {
		out.Hash, err = r.put(ctx, body)
		return out, err
	}
	candidates, err := in.candidatesCSV(sel.Rulebook)
	if err != nil {
		return out, err
	}
	if out.CandidatesHash, err = r.put(ctx, candidates); err != nil {
		return out, err
	}
	if body, err = out.Document(computed); err != nil {
		return out, err
	}
	out.Hash, err = r.put(ctx, body)
	return out, err
}

// Enforce puts a result in force, unless it is already, and tells of it.
func (r *Results) Enforce(ctx context.Context, tx *sqlx.Tx, out review.Result) error {
	return r.enforce(ctx, tx, out, false)
}

// EnforceChange is Enforce for a list that a motion has changed.
func (r *Results) EnforceChange(ctx context.Context, tx *sqlx.Tx, out review.Result) error {
	return r.enforce(ctx, tx, out, true)
}

func (r *Results) enforce(ctx context.Context, tx *sqlx.Tx, out review.Result, changed bool) error {
	now := r.deps.Time()
	res, err := tx.ExecContext(ctx, `
		INSERT INTO result (slug, seq, hash, computed_at, votes_hash, scores_hash, candidates_hash, changed)
		SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7 FROM result WHERE slug = $1
		HAVING coalesce((array_agg(hash ORDER BY seq DESC))[1], '') <> $2`,
		out.Slug, out.Hash, now, out.VotesHash, out.ScoresHash, out.CandidatesHash, changed)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err // computed again, the same
	}
	if !changed {
		if err := r.Fell(ctx, tx, out.Slug); err != nil {
			return err
		}
	}
	return outbox.Append(ctx, tx, now, out.Slug, "result", event.ResultComputed{
		ResultHash: out.Hash, RulebookHash: out.RulebookHash, VotesHash: out.VotesHash, ScoresHash: out.ScoresHash,
	})
}

// approved tells whether the committee has approved a result, for good.
func approved(ctx context.Context, q sqlx.QueryerContext, slug string) (bool, error) {
	return motion(ctx, q, slug, review.Approved)
}

// motion tells whether there is a motion of an outcome.
func motion(ctx context.Context, q sqlx.QueryerContext, slug, outcome string) (is bool, err error) {
	if err := sqlx.GetContext(ctx, q, &is, `SELECT EXISTS (SELECT FROM motion WHERE slug = $1 AND outcome = $2)`, slug, outcome); err != nil {
		return false, fmt.Errorf("motion: %w", err)
	}
	return is, nil
}

// latest is the hash of the latest result as computed; empty: there is none.
func latest(ctx context.Context, q sqlx.QueryerContext, slug string) (hash string, err error) {
	if err := sqlx.GetContext(ctx, q, &hash, `
		SELECT coalesce((SELECT hash FROM result WHERE slug = $1 AND NOT changed ORDER BY seq DESC LIMIT 1), '')`, slug); err != nil {
		return "", fmt.Errorf("result: %w", err)
	}
	return hash, nil
}

func (r *Results) put(ctx context.Context, body []byte) (hash string, err error) {
	ref, err := r.deps.Blobs.Put(ctx, bytes.NewReader(body), maxResult)
	if err != nil {
		return "", fmt.Errorf("result: %w", err)
	}
	return ref.Hash, nil
}

// InForce is the hash of the latest result. Faults: ErrUncomputed, ErrMissing,
// ErrLot, or why the rulebook computes none, such as quotas_infeasible;
// ErrRecused in their place.
func (r *Results) InForce(ctx context.Context, q sqlx.ExtContext, sel phase.Selection) (string, error) {
	var hash string
	err := sqlx.GetContext(ctx, q, &hash, `SELECT hash FROM result WHERE slug = $1 ORDER BY seq DESC LIMIT 1`, sel.Slug)
	if errors.Is(err, sql.ErrNoRows) {
		in, err := r.inputs(ctx, q, sel)
		if err == nil {
			_, err = r.decide(ctx, q, sel, in)
		}
		if err == nil {
			return "", review.ErrUncomputed
		}
		if err := watch.Result(ctx, q, sel.Slug); err != nil {
			return "", err // why there is none may tell of the candidate
		}
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("result: %w", err)
	}
	return hash, nil
}

// GetResult implements review.Service.
func (r *Results) GetResult(ctx context.Context, in review.Of) (review.Result, error) {
	sel, err := r.deps.Selections.Get(ctx, r.deps.DB, in.Slug)
	if err != nil {
		return review.Result{}, err
	}
	if err := watch.Result(ctx, r.deps.DB, in.Slug); err != nil {
		return review.Result{}, err
	}
	hash, err := r.InForce(ctx, r.deps.DB, sel)
	if err != nil {
		return review.Result{}, err
	}
	data, err := blob.Read(ctx, r.deps.Blobs, hash, maxResult)
	if err != nil {
		return review.Result{}, fmt.Errorf("result: %w", err)
	}
	var out review.Result
	if err := json.Unmarshal(data, &out); err != nil {
		return review.Result{}, fmt.Errorf("result: %w", err)
	}
	out.Hash = hash
	return out, nil
}

// ExportScores implements review.Service.
func (r *Results) ExportScores(ctx context.Context, in review.Of) (review.Exported, error) {
	sel, err := r.deps.Selections.Get(ctx, r.deps.DB, in.Slug)
	if err != nil {
		return review.Exported{}, err
	}
	if err := projection.ReviewClosed(ctx, r.deps.DB, in.Slug, r.deps.Time()); err != nil {
		return review.Exported{}, err
	}
	if err := watch.Result(ctx, r.deps.DB, in.Slug); err != nil {
		return review.Exported{}, err
	}
	scores, err := readScores(ctx, r.deps.DB, sel)
	if err != nil {
		return review.Exported{}, err
	}
	hash, err := r.put(ctx, scoresCSV(scores))
	return review.Exported{Blob: hash, Rows: int64(len(scores))}, err
}

// inputs reads everything that the result is computed from.
func (r *Results) inputs(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) (inputs, error) {
	var in inputs
	if projection.ReviewClosed(ctx, q, sel.Slug, r.deps.Time()) != nil {
		return in, review.ErrUncomputed
	}
	votes, sealed, err := projection.Votes(ctx, q, sel.Slug)
	if err != nil {
		return in, err
	}
	if !sealed {
		return in, review.ErrUncomputed
	}
	in.votes = votes
	open, err := gaps(ctx, q, sel)
	if err != nil {
		return in, err
	}
	if len(open) > 0 {
		return in, review.ErrMissing.At(open...)
	}
	if in.candidates, err = projection.Candidates(ctx, q, sel.Slug); err != nil {
		return in, err
	}
	in.scores, err = readScores(ctx, q, sel)
	if err != nil {
		return in, err
	}
	in.lot, err = lotOf(ctx, q, sel)
	return in, err
}
