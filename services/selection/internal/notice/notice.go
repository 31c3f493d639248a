// Package notice puts the approved result on public notice, and tells what is on
// notice.
package notice

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
)

// Notices tells what is on notice.
type Notices struct {
	deps     run.Deps
	holidays calendar.Holidays
}

// New tells of deps' database and blobs. Deadlines heed holidays before those that
// come with this version.
func New(deps run.Deps, holidays calendar.Holidays) *Notices { return &Notices{deps, holidays} }

// Runs gives the time of each notice of a decision that is posted now. Fault:
// ErrNoHolidays, which names the year.
func Runs(rules []byte, now time.Time, holidays calendar.Holidays) ([]rulebook.NoticeRun, error) {
	rb, err := rulebook.Parse(rules)
	if err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	runs, err := rb.NoticeRuns(now, holidays)
	if missing, ok := errors.AsType[calendar.NoDataError](err); ok {
		return nil, selection.NoHolidays(rb.Phases.Notice.Calendar, missing.Year)
	}
	return runs, err
}

// Post puts the approved result on public notice.
func Post(ctx context.Context, tx *sqlx.Tx, slug, result string, runs []rulebook.NoticeRun) error {
	first, last := runs[0], runs[len(runs)-1]
	if _, err := tx.ExecContext(ctx, `INSERT INTO notice (slug, result_hash, posted_at) VALUES ($1, $2, $3)`, slug, result, first.Posted); err != nil {
		return fmt.Errorf("post notice: %w", err)
	}
	for i, r := range runs {
		title, err := json.Marshal(words(r.Title))
		if err != nil {
			return fmt.Errorf("post notice: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO notice_run (slug, seq, title, working_days, days, posted_at, closes_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			slug, i+1, title, r.WorkingDays, r.Days, r.Posted, r.Closes); err != nil {
			return fmt.Errorf("post notice: %w", err)
		}
	}
	return outbox.Append(ctx, tx, first.Posted, slug, "notice", event.NoticePosted{ResultHash: result, ClosesAt: last.Closes})
}

// words are a text as JSON has it, never null.
func words(t rulebook.Text) map[string]string {
	if t == nil {
		return map[string]string{}
	}
	return t
}

// GetNotice implements selection.Service.
func (n *Notices) GetNotice(ctx context.Context, in selection.Of) (out selection.Notice, err error) {
	tx, err := n.deps.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("notice: %w", err)
	}
	defer tx.Rollback()
	sel, err := store.Read(ctx, tx, in.Slug)
	if err != nil {
		return out, err
	}
	posted, err := read(ctx, tx, in.Slug)
	if err != nil {
		return out, err
	}
	rules, err := rulebook.Parse(sel.Rulebook)
	if err != nil {
		return out, fmt.Errorf("notice: %w", err)
	}
	out = selection.Notice{
		Slug: sel.Slug, Title: sel.Title, Edition: sel.Edition, Timezone: sel.Timezone, RulebookHash: sel.RulebookHash,
		ResultHash: posted.Result, DecidedAt: posted.MadeAt.UTC(), ClosedAt: sel.Phase(rulebook.PhaseNotice).ClosedAt, PublishedAt: sel.PublishedAt,
		Decision: selection.DecisionRecord{Members: posted.Members, For: posted.For, Against: posted.Against, Abstained: posted.Abstained},
		Order:    rules.Notice.Ordered(), Show: rules.Notice.Shown(), Office: office(rules.Notice.Office),
		Objections: selection.ObjectionRules{By: rules.Notice.Objections.Counts(), Anonymous: rules.Notice.Objections.Anonymous},
	}
	if posted.Signed != nil {
		if err := json.Unmarshal(posted.Signed, &out.Decision.Signatures); err != nil {
			return out, fmt.Errorf("notice: signatures: %w", err)
		}
	}
	if out.Notices, err = runs(ctx, tx, in.Slug); err != nil {
		return out, err
	}
	if out.Counts, err = Counts(ctx, tx, in.Slug); err != nil {
		return out, err
	}
	out.Awards, err = n.lists(ctx, tx, rules, posted.Result, in.Slug)
	return out, err
}

// posted is the notice with its decision.
type posted struct {
	Result    string    `db:"result_hash"`
	MadeAt    time.Time `db:"made_at"`
	Members   int       `db:"members"`
	For       int       `db:"votes_for"`
	Against   int       `db:"votes_against"`
	Abstained int       `db:"abstained"`
	Signed    []byte    `db:"signatures"` // JSON; nil: no host signs
}

// read gives it. Fault: ErrNoNotice.
func read(ctx context.Context, tx *sqlx.Tx, slug string) (p posted, err error) {
	err = tx.GetContext(ctx, &p, `
		SELECT n.result_hash, d.made_at, d.members, d.votes_for, d.votes_against, d.abstained, d.signatures
		FROM notice n JOIN decision d USING (slug) WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return p, selection.ErrNoNotice
	}
	if err != nil {
		return p, fmt.Errorf("notice: %w", err)
	}
	return p, nil
}

// runs gives the notices with their times.
func runs(ctx context.Context, tx *sqlx.Tx, slug string) (all []selection.NoticeRun, err error) {
	var rows []struct {
		Title       json.RawMessage `db:"title"`
		WorkingDays int             `db:"working_days"`
		Days        int             `db:"days"`
		PostedAt    sql.NullTime    `db:"posted_at"`
		ClosesAt    sql.NullTime    `db:"closes_at"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT title, working_days, days, posted_at, closes_at FROM notice_run WHERE slug = $1 ORDER BY seq`, slug); err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	for _, r := range rows {
		one := selection.NoticeRun{
			WorkingDays: r.WorkingDays, Days: r.Days, PostedAt: *lifecycle.UTC(r.PostedAt), ClosesAt: *lifecycle.UTC(r.ClosesAt),
		}
		if err := json.Unmarshal(r.Title, &one.Title); err != nil {
			return nil, fmt.Errorf("notices: %w", err)
		}
		if len(one.Title) == 0 {
			one.Title = nil
		}
		all = append(all, one)
	}
	return all, nil
}

func office(o rulebook.Office) *selection.Office {
	if !o.IsSet() {
		return nil
	}
	return &selection.Office{Name: o.Name, Hours: o.Hours, Phone: o.Phone, Address: o.Address, Postcode: o.Postcode, Mail: o.Mail}
}
