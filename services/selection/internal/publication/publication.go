// Package publication makes the approved result public.
package publication

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
	"github.com/laurel-awards/laurel/services/selection/internal/notice"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
)

// maxBlob bounds a result, computed or published, in bytes.
const maxBlob = 64 << 20

// Publication publishes.
type Publication struct {
	deps   run.Deps
	signer ballotlog.Signer // of bundles
}

// New publishes from deps' database and blobs.
func New(deps run.Deps, signer ballotlog.Signer) *Publication { return &Publication{deps, signer} }

// PublishResult implements selection.Service.
func (p *Publication) PublishResult(ctx context.Context, in selection.PublishResult) (selection.Results, error) {
	if err := selection.Invalid(in.Check()...); err != nil {
		return selection.Results{}, err
	}
	if !event.ValidSlug(in.Slug) {
		return selection.Results{}, selection.ErrUnknown
	}
	in.Reason = strings.TrimSpace(in.Reason)
	now := p.deps.Time()
	var public selection.Results
	err := pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		var err error
		public, err = p.publish(ctx, tx, in, now)
		return err
	})
	return public, err
}

func (p *Publication) publish(ctx context.Context, tx *sqlx.Tx, in selection.PublishResult, now time.Time) (selection.Results, error) {
	var none selection.Results
	// One at a time: the second finds what the first has published.
	if _, err := tx.ExecContext(ctx, `SELECT slug FROM selection WHERE slug = $1 FOR UPDATE`, in.Slug); err != nil {
		return none, fmt.Errorf("publish: %w", err)
	}
	sel, err := store.Read(ctx, tx, in.Slug)
	if err != nil {
		return none, err
	}
	if sel.PublishedAt != nil {
		return read(ctx, tx, in.Slug)
	}
	phases, err := lifecycle.Load(ctx, tx, in.Slug)
	if err != nil {
		return none, err
	}
	if err := phases.Publishable(sel.Decided); err != nil {
		return none, err
	}
	if err := notice.Clear(ctx, tx, in.Slug); err != nil {
		return none, err
	}
	results, err := p.build(ctx, tx, sel, now)
	if err != nil {
		return none, err
	}
	body, err := json.Marshal(results)
	if err != nil {
		return none, fmt.Errorf("publish: %w", err)
	}
	ref, err := p.deps.Blobs.Put(ctx, bytes.NewReader(body), maxBlob)
	if err != nil {
		return none, fmt.Errorf("publish: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO publication (slug, blob, results, published_at) VALUES ($1, $2, $3, $4)`,
		in.Slug, ref.Hash, body, now); err != nil {
		return none, fmt.Errorf("publish: %w", err)
	}
	published := event.ResultPublished{ResultHash: ref.Hash}
	if err := outbox.Append(ctx, tx, now, in.Slug, "notice", published); err != nil {
		return none, err
	}
	if err := outbox.Append(ctx, tx, now, in.Slug, "end", event.SelectionEnded{}); err != nil {
		return none, err
	}
	return results, audit.Record(ctx, tx, now, in.Slug, "publish_result", in.Reason, published)
}

// PreviewResults implements selection.Service: it builds what publish would, in
// one snapshot, and keeps nothing of it.
func (p *Publication) PreviewResults(ctx context.Context, in selection.Of) (out selection.Preview, err error) {
	tx, err := p.deps.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("preview: %w", err)
	}
	defer tx.Rollback()
	sel, err := store.Read(ctx, tx, in.Slug)
	if err != nil {
		return out, err
	}
	if sel.PublishedAt != nil {
		public, err := read(ctx, tx, in.Slug)
		return selection.Preview{Results: &public}, err
	}
	phases, err := lifecycle.Load(ctx, tx, in.Slug)
	if err != nil {
		return out, err
	}
	refused := phases.Publishable(sel.Decided)
	if refused == nil {
		refused = notice.Clear(ctx, tx, in.Slug)
	}
	if refused != nil {
		if out.Refused = fault.From(refused); out.Refused.Kind == fault.Internal {
			return out, refused
		}
	}
	if !sel.Decided {
		return out, nil
	}
	results, err := p.build(ctx, tx, sel, p.deps.Time())
	switch {
	case err == nil:
		out.Results = &results
	case !errors.Is(err, selection.ErrNotArrived):
		return out, err
	case out.Refused == nil:
		out.Refused = fault.From(err)
	}
	return out, nil
}

// GetResults implements selection.Service.
func (p *Publication) GetResults(ctx context.Context, in selection.Of) (selection.Results, error) {
	if !event.ValidSlug(in.Slug) {
		return selection.Results{}, selection.ErrUnknown
	}
	results, err := read(ctx, p.deps.DB, in.Slug)
	if errors.Is(err, selection.ErrUnpublished) {
		if _, unknown := store.Read(ctx, p.deps.DB, in.Slug); unknown != nil {
			return results, unknown
		}
	}
	return results, err
}

// read gives what is public. Fault: ErrUnpublished.
func read(ctx context.Context, q sqlx.QueryerContext, slug string) (selection.Results, error) {
	var results selection.Results
	var body json.RawMessage
	err := sqlx.GetContext(ctx, q, &body, `SELECT results FROM publication WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return results, selection.ErrUnpublished
	}
	if err == nil {
		err = json.Unmarshal(body, &results)
	}
	if err != nil {
		return results, fmt.Errorf("read results: %w", err)
	}
	return results, nil
}
