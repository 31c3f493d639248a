// Package retention erases what a room keeps of people once its time is over, and
// tells what was erased.
package retention

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed migrations
var migrations embed.FS

// Set is the table of the report, for each service's schema.
func Set() pg.Set { return pg.Embedded("migration_retention", migrations) }

// JobKind is the kind of the job that erases.
const JobKind = "retention"

// every is how often the job looks for what is over.
const every = time.Hour

// Periods are for how long data are kept; zero is for ever.
type Periods struct {
	Withdrawn   time.Duration // entries, from when they were withdrawn
	Refused     time.Duration // entries that were vetoed or lapsed, from the publication
	Struck      time.Duration // candidates that were struck, from the publication
	Objections  time.Duration // what objections tell of people, from the publication
	Roster      time.Duration // members of a roster, from the publication
	SignIns     time.Duration // what the audit log tells of sign-ins, from each
	Audit       time.Duration // what it tells of people besides, from each act
	Unpublished time.Duration // from its beginning until a selection that is not published counts as published
}

// Erased is so many of a kind in a selection.
type Erased struct {
	Slug  string    `json:"-" db:"slug"`
	Kind  string    `json:"kind" db:"kind"`
	Count int       `json:"count" db:"count"`
	At    time.Time `json:"at" db:"at"`
}

// Item is one thing that was erased.
type Item struct{ Slug, Kind string }

// Rule is one kind of data that has its time.
type Rule struct {
	// For is how long it is kept; zero is for ever.
	For time.Duration
	// Erase erases, now, some of what was over at a moment, and tells of each; more
	// tells whether there may be others.
	Erase func(ctx context.Context, tx *sqlx.Tx, now, over time.Time) (erased []Item, more bool, err error)

	recorded bool // Erase itself records it in the audit log
}

// Most is how many rows a rule erases in one transaction.
const Most = 500

// Plan is what a room has of people and of bodies.
type Plan struct {
	Rules []Rule
	// Needs tells which of some bodies the room's tables refer to; nil: the room
	// has none.
	Needs func(ctx context.Context, q sqlx.QueryerContext, hashes []string) ([]string, error)
}

// With is p and another plan of the same room.
func (p Plan) With(other Plan) Plan {
	return Plan{
		Rules: append(slices.Clip(p.Rules), other.Rules...),
		Needs: func(ctx context.Context, q sqlx.QueryerContext, hashes []string) (needed []string, err error) {
			for _, one := range []Plan{p, other} {
				if one.Needs == nil {
					continue
				}
				some, err := one.Needs(ctx, q, hashes)
				if err != nil {
					return nil, err
				}
				needed = append(needed, some...)
			}
			return needed, nil
		},
	}
}

// Room is what a room erases by.
type Room struct {
	Plan

	Periods Periods
	Now     func() time.Time
	Log     *slog.Logger
	Blobs   blob.Store // the room's own
	Owners  []string   // of bodies: all rooms of the installation
}

// Job erases what is over, at the start and every hour: first the rows, each with
// its report, then the bodies that no row refers to any more. What a crash leaves
// of it the next one finds.
func (r Room) Job() job.Kind {
	rules := append(auditRules(r.Periods), r.Rules...)
	return job.Kind{Name: JobKind, Every: every, Run: func(ctx context.Context, w *job.Work) (any, error) {
		ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: JobKind})
		done := map[string]int{}
		for _, rule := range rules {
			for more := rule.For > 0; more; {
				if err := w.Progress(ctx, int64(len(done)), 0); err != nil {
					return nil, err
				}
				err := pg.InTx(ctx, w.DB, func(tx *sqlx.Tx) (err error) {
					more, err = r.erase(ctx, tx, rule, done)
					return err
				})
				if err != nil {
					return nil, err
				}
			}
		}
		removed, err := r.bodies(ctx, w, done)
		if err != nil {
			return nil, err
		}
		if len(done)+removed.any() > 0 {
			r.Log.InfoContext(ctx, "erased what was over", "rows", done, "bodies", removed.Bodies, "uploads", removed.Uploads, "unowned", removed.Unowned)
		}
		return struct {
			Rows map[string]int `json:"rows"`
			bodies
		}{done, removed}, nil
	}}
}

// bodies is how many were removed.
type bodies struct {
	Bodies  int `json:"bodies"`  // of the room's own
	Uploads int `json:"uploads"` // of requests that broke off
	Unowned int `json:"unowned"` // from before bodies had owners
}

func (b bodies) any() int { return b.Bodies + b.Uploads + b.Unowned }

// bodies takes over what the room needs of the bodies from before they had owners,
// and removes what no row refers to.
func (r Room) bodies(ctx context.Context, w *job.Work, done map[string]int) (removed bodies, err error) {
	keeps := func(ctx context.Context, hashes []string) ([]string, error) {
		if err := w.Progress(ctx, int64(len(done)), 0); err != nil || r.Needs == nil {
			return nil, err
		}
		return r.Needs(ctx, w.DB, hashes)
	}
	adopted, unowned, err := r.Blobs.Adopt(ctx, r.Owners, keeps)
	if ctx.Err() != nil {
		return removed, err
	}
	if err != nil { // a file that cannot be taken or removed keeps nothing else from being erased
		r.Log.WarnContext(ctx, "bodies from before they had owners stay for now", "error", err)
	}
	if adopted > 0 {
		r.Log.InfoContext(ctx, "took over bodies from before they had owners", "bodies", adopted)
	}
	removed.Unowned = unowned
	if removed.Bodies, err = r.Blobs.Sweep(ctx, blob.Grace, keeps); err != nil {
		return removed, err
	}
	removed.Uploads, err = r.Blobs.In(blob.Uploads).Sweep(ctx, blob.Grace, blob.Nothing)
	return removed, err
}

// erase erases some by one rule, with its report and its audit rows.
func (r Room) erase(ctx context.Context, tx *sqlx.Tx, rule Rule, done map[string]int) (more bool, err error) {
	now := r.Now().UTC().Truncate(time.Microsecond)
	items, more, err := rule.Erase(ctx, tx, now, now.Add(-rule.For))
	if err != nil {
		return false, err
	}
	counts := map[Item]int{}
	for _, i := range items {
		counts[i]++
	}
	for _, i := range slices.SortedFunc(maps.Keys(counts), func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Slug, b.Slug), cmp.Compare(a.Kind, b.Kind))
	}) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO erasure (slug, kind, count, at) VALUES ($1, $2, $3, $4)`, i.Slug, i.Kind, counts[i], now); err != nil {
			return false, fmt.Errorf("report of what is erased: %w", err)
		}
		if !rule.recorded {
			if err := audit.Record(ctx, tx, now, i.Slug, "erase_expired", "", map[string]any{"kind": i.Kind, "count": counts[i]}); err != nil {
				return false, err
			}
		}
		done[i.Kind] += counts[i]
	}
	return more, nil
}

// maxReport bounds a report; a selection has few kinds of data.
const maxReport = 10_000

// List is what was erased in a selection, or in none where slug is "", oldest first.
func List(ctx context.Context, q sqlx.QueryerContext, slug string) ([]Erased, error) {
	all := []Erased{}
	if err := sqlx.SelectContext(ctx, q, &all, `SELECT slug, kind, count, at FROM erasure WHERE slug = $1 ORDER BY id LIMIT $2`, slug, maxReport); err != nil {
		return nil, fmt.Errorf("what was erased: %w", err)
	}
	for i := range all {
		all[i].At = all[i].At.UTC()
	}
	return all, nil
}
