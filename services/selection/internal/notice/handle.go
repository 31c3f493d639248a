package notice

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
)

// columns of an objection o, as row reads them.
const columns = `number, candidate, text, name, contact, anonymous, via, received_at, received_on, postmark, late, due_at, state, rule, reasons,
	decided_at, decided_by, erased_at,
	EXISTS (SELECT FROM candidate c WHERE c.slug = o.slug AND c.number = o.candidate AND c.struck_at IS NOT NULL) AS struck`

type row struct {
	Number     int          `db:"number"`
	Candidate  int          `db:"candidate"`
	Text       string       `db:"text"`
	Name       string       `db:"name"`
	Contact    string       `db:"contact"`
	Anonymous  bool         `db:"anonymous"`
	Via        string       `db:"via"`
	ReceivedAt time.Time    `db:"received_at"`
	ReceivedOn time.Time    `db:"received_on"`
	Postmark   sql.NullTime `db:"postmark"`
	Late       bool         `db:"late"`
	DueAt      sql.NullTime `db:"due_at"`
	State      string       `db:"state"`
	Rule       string       `db:"rule"`
	Reasons    string       `db:"reasons"`
	DecidedAt  sql.NullTime `db:"decided_at"`
	DecidedBy  string       `db:"decided_by"`
	ErasedAt   sql.NullTime `db:"erased_at"`
	Struck     bool         `db:"struck"`
}

func (r row) objection() selection.Objection {
	out := selection.Objection{
		Followed: selection.Followed{
			Number: r.Number, Candidate: r.Candidate, State: r.State, ReceivedAt: r.ReceivedAt.UTC(), DueAt: lifecycle.UTC(r.DueAt),
			Rule: r.Rule, Reasons: r.Reasons, DecidedAt: lifecycle.UTC(r.DecidedAt),
		},
		Name: r.Name, Contact: r.Contact, Anonymous: r.Anonymous, Text: r.Text, Via: r.Via, ReceivedOn: r.ReceivedOn.Format(time.DateOnly), Late: r.Late,
		DecidedBy: r.DecidedBy, Struck: r.Struck, ErasedAt: lifecycle.UTC(r.ErasedAt),
		Files: []selection.ObjectionFile{}, Notes: []selection.ObjectionNote{}, Excluded: []selection.ExcludedPerson{},
	}
	if r.Postmark.Valid {
		out.Postmark = r.Postmark.Time.Format(time.DateOnly)
	}
	return out
}

// maxList is the most objections of a list, which goes in one message; those that
// are open come first.
const maxList = 1000

// ListObjections implements selection.Service.
func (n *Notices) ListObjections(ctx context.Context, in selection.Of) ([]selection.Objection, error) {
	if !event.ValidSlug(in.Slug) {
		return nil, selection.ErrUnknown
	}
	var rows []row
	if err := n.deps.DB.SelectContext(ctx, &rows, `
		SELECT `+columns+` FROM objection o WHERE slug = $1
		  AND NOT EXISTS (SELECT FROM objection_excluded e WHERE e.slug = o.slug AND e.number = o.number AND e.account = $2)
		ORDER BY state <> 'open', number LIMIT $3`, in.Slug, actor.From(ctx).ID, maxList); err != nil {
		return nil, fmt.Errorf("objections: %w", err)
	}
	all := make([]selection.Objection, len(rows))
	for i, r := range rows {
		all[i] = r.objection()
		all[i].Text, all[i].Contact, all[i].Reasons = "", "", ""
	}
	return all, nil
}

// GetObjection implements selection.Service.
func (n *Notices) GetObjection(ctx context.Context, in selection.OfObjection) (out selection.Objection, err error) {
	err = pg.InTx(ctx, n.deps.DB, func(tx *sqlx.Tx) (err error) {
		out, err = get(ctx, tx, in, "")
		return err
	})
	return out, err
}

// get gives an objection to who is not party to it; lock is FOR UPDATE of one that
// is to be changed. Fault: ErrObjected.
func get(ctx context.Context, tx *sqlx.Tx, in selection.OfObjection, lock string) (out selection.Objection, err error) {
	if !event.ValidSlug(in.Slug) {
		return out, selection.ErrUnknown
	}
	var r row
	err = tx.GetContext(ctx, &r, `
		SELECT `+columns+` FROM objection o WHERE slug = $1 AND number = $2::bigint
		  AND NOT EXISTS (SELECT FROM objection_excluded e WHERE e.slug = o.slug AND e.number = o.number AND e.account = $3) `+lock,
		in.Slug, in.Number, actor.From(ctx).ID)
	if errors.Is(err, sql.ErrNoRows) {
		return out, selection.ErrObjected
	}
	if err != nil {
		return out, fmt.Errorf("objection: %w", err)
	}
	out = r.objection()
	var notes []struct {
		Kind string    `db:"kind"`
		Held time.Time `db:"held"`
		Text string    `db:"text"`
		By   string    `db:"by"`
		At   time.Time `db:"at"`
	}
	for query, into := range map[string]any{
		`SELECT name, media, size, blob FROM objection_file WHERE slug = $1 AND number = $2 ORDER BY seq`:    &out.Files,
		`SELECT account, name, reason FROM objection_excluded WHERE slug = $1 AND number = $2 ORDER BY name`: &out.Excluded,
		`SELECT kind, held, text, by, at FROM objection_note WHERE slug = $1 AND number = $2 ORDER BY seq`:   &notes,
	} {
		if err := tx.SelectContext(ctx, into, query, in.Slug, in.Number); err != nil {
			return out, fmt.Errorf("objection: %w", err)
		}
	}
	for _, note := range notes {
		out.Notes = append(out.Notes, selection.ObjectionNote{
			Kind: note.Kind, On: note.Held.Format(time.DateOnly), Text: note.Text, By: note.By, At: note.At.UTC(),
		})
	}
	return out, nil
}

// change changes an objection that is not decided, with its lock.
func (n *Notices) change(
	ctx context.Context, of selection.OfObjection, do func(tx *sqlx.Tx, now time.Time, was selection.Objection) error,
) (out selection.Objection, err error) {
	err = pg.InTx(ctx, n.deps.DB, func(tx *sqlx.Tx) error {
		was, err := get(ctx, tx, of, "FOR UPDATE")
		if err != nil {
			return err
		}
		if err := do(tx, n.deps.Time(), was); err != nil {
			return err
		}
		out, err = get(ctx, tx, of, "")
		if errors.Is(err, selection.ErrObjected) { // whoever has excluded themselves sees no more of it
			out, err = selection.Objection{Followed: selection.Followed{Number: of.Number}}, nil
		}
		return err
	})
	return out, err
}

// NoteObjection implements selection.Service.
func (n *Notices) NoteObjection(ctx context.Context, in selection.NoteObjection) (selection.Objection, error) {
	in.Text = strings.TrimSpace(in.Text)
	wrong := in.Check()
	today := n.deps.Time().Format(time.DateOnly)
	day, err := time.Parse(time.DateOnly, orToday(in.On, today))
	if err != nil {
		wrong = append(wrong, fault.Wrong("on", "day_malformed", `"{value}" is not a day such as 2026-05-01`, "value", in.On))
	} else if day.After(n.deps.Time().AddDate(0, 0, 1)) {
		wrong = append(wrong, fault.Wrong("on", "day_ahead", "{value} is yet to come", "value", in.On))
	}
	if err := selection.Invalid(wrong...); err != nil {
		return selection.Objection{}, err
	}
	return n.change(ctx, selection.OfObjection{Slug: in.Slug, Number: in.Number}, func(tx *sqlx.Tx, now time.Time, was selection.Objection) error {
		if was.ErasedAt != nil {
			return selection.ErrEnded
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO objection_note (slug, number, seq, kind, held, text, by, at)
			SELECT $1, $2, coalesce(max(seq), 0) + 1, $3, $4, $5, $6, $7 FROM objection_note WHERE slug = $1 AND number = $2`,
			in.Slug, in.Number, in.Kind, day, in.Text, actor.From(ctx).Name, now); err != nil {
			return fmt.Errorf("note objection: %w", err)
		}
		return audit.Record(ctx, tx, now, in.Slug, "note_objection", "", map[string]any{"objection": in.Number, "kind": in.Kind})
	})
}

func orToday(day, today string) string {
	if day == "" {
		return today
	}
	return day
}

// ExcludeHandler implements selection.Service.
func (n *Notices) ExcludeHandler(ctx context.Context, in selection.ExcludeHandler) (selection.Objection, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if err := selection.Invalid(in.Check()...); err != nil {
		return selection.Objection{}, err
	}
	return n.change(ctx, selection.OfObjection{Slug: in.Slug, Number: in.Number}, func(tx *sqlx.Tx, now time.Time, _ selection.Objection) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO objection_excluded (slug, number, account, name, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			in.Slug, in.Number, in.Account, in.Name, in.Reason); err != nil {
			return fmt.Errorf("exclude handler: %w", err)
		}
		return audit.Record(ctx, tx, now, in.Slug, "exclude_handler", "", map[string]any{"objection": in.Number, "account": in.Account})
	})
}

// DecideObjection implements selection.Service. Its reasons are not in the audit
// log: whoever is party to it may read that.
func (n *Notices) DecideObjection(ctx context.Context, in selection.DecideObjection) (selection.Objection, error) {
	if in.Reasons = strings.TrimSpace(in.Reasons); in.Outcome != selection.ObjectionClosed {
		in.Rule = ""
	}
	if err := selection.Invalid(in.Check()...); err != nil {
		return selection.Objection{}, err
	}
	return n.change(ctx, selection.OfObjection{Slug: in.Slug, Number: in.Number}, func(tx *sqlx.Tx, now time.Time, was selection.Objection) error {
		if was.State == in.Outcome && was.Rule == in.Rule {
			return nil
		}
		if was.State != selection.ObjectionOpen {
			return selection.ErrEnded
		}
		if was.Late != (in.Rule == selection.RuleLate) {
			return selection.Invalid(lateness(was.Late))
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE objection SET state = $3, rule = $4, reasons = $5, decided_at = $6, decided_by = $7 WHERE slug = $1 AND number = $2`,
			in.Slug, in.Number, in.Outcome, in.Rule, in.Reasons, now, actor.From(ctx).Name); err != nil {
			return fmt.Errorf("decide objection: %w", err)
		}
		return audit.Record(ctx, tx, now, in.Slug, "decide_objection", "",
			map[string]any{"objection": in.Number, "outcome": in.Outcome, "rule": in.Rule})
	})
}

// lateness says that who came late is closed as late, and nobody else.
func lateness(late bool) fault.Field {
	if late {
		return fault.Wrong("rule", "objection_late", "it was not within the notice: it can only be closed as late")
	}
	return fault.Wrong("rule", "objection_in_time", "it was within the notice: it is not late")
}

// Counts are what the public is told of objections.
func Counts(ctx context.Context, tx *sqlx.Tx, slug string) (out selection.ObjectionCounts, err error) {
	var states []string
	if err := tx.SelectContext(ctx, &states, `SELECT state FROM objection WHERE slug = $1`, slug); err != nil {
		return out, fmt.Errorf("objections: %w", err)
	}
	for _, state := range states {
		out.Received++
		switch state {
		case selection.ObjectionOpen:
			out.Pending++
		case selection.ObjectionUpheld:
			out.Founded++
		default:
			out.Unfounded++
		}
	}
	return out, nil
}

// Held are the notices that were held and the objections that came; none before
// there is a notice.
func Held(ctx context.Context, tx *sqlx.Tx, slug string) (all []selection.NoticeRun, counts *selection.ObjectionCounts, err error) {
	if all, err = runs(ctx, tx, slug); err != nil || len(all) == 0 {
		return nil, nil, err
	}
	out, err := Counts(ctx, tx, slug)
	return all, &out, err
}

// Clear refuses publication while an objection is open, or an upheld one waits for
// its candidate to be struck. Fault: ErrObjectionsOpen.
func Clear(ctx context.Context, tx *sqlx.Tx, slug string) error {
	var open, unstruck int
	if err := tx.QueryRowxContext(ctx, `
		SELECT count(*) FILTER (WHERE o.state = 'open'), count(*) FILTER (WHERE o.state = 'upheld' AND c.struck_at IS NULL)
		FROM objection o LEFT JOIN candidate c ON c.slug = o.slug AND c.number = o.candidate WHERE o.slug = $1`, slug).Scan(&open, &unstruck); err != nil {
		return fmt.Errorf("objections: %w", err)
	}
	if open+unstruck == 0 {
		return nil
	}
	return selection.ErrObjectionsOpen.With("open", strconv.Itoa(open)).With("unstruck", strconv.Itoa(unstruck))
}
