package vetting

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
)

const (
	maxPage    = 200 // entries of a page
	maxSearch  = 100 // characters
	maxReasons = 10
)

// listed are the entries of a department's list, before what it shows: withdrawn
// ones are nobody's work. $1 is the selection, $2 the department, $3 what is
// searched for.
const listed = `
	SELECT e.id, e.state, e.name, e.employer, e.region, e.category, e.warnings <> '[]' AS warned,
	       coalesce(o.verdict, '') AS verdict, coalesce(o.reason, '') AS reason, coalesce(o.given_by, '') AS given_by, o.given_at,
	       ($3 = '' OR strpos(lower(concat_ws(chr(10), e.name, e.employer, e.region, e.recommended_by, e.deeds)), lower($3)) > 0) AS matches
	FROM entry e LEFT JOIN opinion o ON o.entry = e.id AND o.department = $2
	WHERE e.slug = $1 AND e.state <> 'withdrawn' AND e.erased_at IS NULL`

// chosenOnly keeps to the entries $4, where there are any.
const chosenOnly = `(cardinality($4::uuid[]) = 0 OR id = ANY($4))`

// shown are the conditions of what a list shows.
var shown = map[nomination.Show]string{ //nolint:gochecknoglobals // a table that nobody writes
	nomination.ShowDue:    `(state = 'submitted' AND verdict = '')`,
	nomination.ShowGiven:  `(verdict <> '')`,
	nomination.ShowFailed: `(verdict = 'fail')`,
	nomination.ShowAll:    `true`,
}

// ordered are the orders of a list; entries of the same name stay in the order
// of their submission.
var ordered = map[nomination.VettingOrder]string{ //nolint:gochecknoglobals // as above
	nomination.InSubmission: `id`,
	nomination.InNames:      `name, id`,
	nomination.InEmployers:  `employer, id`,
}

// check fills in a query, and says what is wrong with it.
func (v *Vetting) check(ctx context.Context, in *nomination.VettingQuery) error {
	sel, err := v.deps.Selections.Get(ctx, v.deps.DB, in.Slug)
	if err != nil {
		return err
	}
	if in.Show == "" {
		in.Show = nomination.ShowDue
	}
	in.Search = strings.TrimSpace(in.Search)
	fields := append(department(in.Department, sel.Rulebook.Vetting.Departments), fault.Text("search", in.Search, maxSearch)...)
	if !slices.Contains(nomination.Shows(), in.Show) {
		fields = append(fields, fault.OneOf("show", nomination.Shows()...))
	}
	if !slices.Contains(nomination.VettingOrders(), in.Order) {
		fields = append(fields, fault.OneOf("order", nomination.VettingOrders()...))
	}
	return nomination.ErrInvalid.Check(fields)
}

// ListVetting implements nomination.Service.
func (v *Vetting) ListVetting(ctx context.Context, in nomination.ListVetting) (nomination.VettingList, error) {
	out := nomination.VettingList{Entries: []nomination.VettingEntry{}, Counts: map[nomination.Show]int{}}
	if err := v.check(ctx, &in.VettingQuery); err != nil {
		return out, err
	}
	only := make([]uuid.UUID, len(in.Only))
	for i, id := range in.Only {
		var err error
		if only[i], err = uuid.Parse(id); err != nil {
			return out, nomination.ErrNoEntry
		}
	}
	if in.Limit <= 0 || in.Limit > maxPage {
		in.Limit = maxPage
	}
	var counts struct {
		Due    int `db:"due"`
		Given  int `db:"given"`
		Failed int `db:"failed"`
		All    int `db:"all"`
		Found  int `db:"found"`
	}
	if err := v.deps.DB.GetContext(ctx, &counts, `
		SELECT count(*) FILTER (WHERE `+shown[nomination.ShowDue]+`) AS due, count(*) FILTER (WHERE `+shown[nomination.ShowGiven]+`) AS given,
		       count(*) FILTER (WHERE `+shown[nomination.ShowFailed]+`) AS failed, count(*) AS all,
		       count(*) FILTER (WHERE matches AND `+shown[in.Show]+` AND `+chosenOnly+`) AS found
		FROM (`+listed+`) AS l`, in.Slug, in.Department, in.Search, pq.Array(only)); err != nil {
		return out, fmt.Errorf("vetting list: %w", err)
	}
	out.Found = counts.Found
	out.Counts[nomination.ShowDue], out.Counts[nomination.ShowGiven] = counts.Due, counts.Given
	out.Counts[nomination.ShowFailed], out.Counts[nomination.ShowAll] = counts.Failed, counts.All
	var rows []struct {
		nomination.VettingEntry
		Verdict string       `db:"verdict"`
		Reason  string       `db:"reason"`
		By      string       `db:"given_by"`
		At      sql.NullTime `db:"given_at"`
	}
	if err := v.deps.DB.SelectContext(ctx, &rows, `
		SELECT id, state, name, employer, region, category, warned, verdict, reason, given_by, given_at FROM (`+listed+`) AS l
		WHERE matches AND `+shown[in.Show]+` AND `+chosenOnly+` ORDER BY `+ordered[in.Order]+` LIMIT $5 OFFSET $6`,
		in.Slug, in.Department, in.Search, pq.Array(only), in.Limit, max(0, in.Offset)); err != nil {
		return out, fmt.Errorf("vetting list: %w", err)
	}
	for _, r := range rows {
		if r.Verdict != "" {
			r.Opinion = &nomination.Opinion{Department: in.Department, Verdict: r.Verdict, Reason: r.Reason, By: r.By, At: r.At.Time.UTC()}
		}
		out.Entries = append(out.Entries, r.VettingEntry)
	}
	var err error
	out.Reasons, err = v.reasons(ctx, in.Slug)
	return out, err
}

// GetVetting implements nomination.Service.
func (v *Vetting) GetVetting(ctx context.Context, in nomination.GetVetting) (out nomination.VettingStep, err error) {
	if err := v.check(ctx, &in.VettingQuery); err != nil {
		return out, err
	}
	if out.Entry, err = entry.Get(ctx, v.deps.DB, in.Slug, in.Entry); err != nil {
		return out, err
	}
	id, err := uuid.Parse(in.Entry)
	if err != nil {
		return out, nomination.ErrNoEntry
	}
	var place struct {
		Place    int            `db:"place"`
		Found    int            `db:"found"`
		Previous sql.NullString `db:"previous"`
		Next     sql.NullString `db:"next"`
	}
	err = v.deps.DB.GetContext(ctx, &place, `
		SELECT place, found, previous, next FROM (
			SELECT id, row_number() OVER w AS place, count(*) OVER () AS found, lag(id) OVER w AS previous, lead(id) OVER w AS next
			FROM (`+listed+`) AS l WHERE matches AND `+shown[in.Show]+` OR id = $4 WINDOW w AS (ORDER BY `+ordered[in.Order]+`)
		) AS places WHERE id = $4`, in.Slug, in.Department, in.Search, id)
	switch {
	case err == nil:
		out.Place, out.Found, out.Previous, out.Next = place.Place, place.Found, place.Previous.String, place.Next.String
	case errors.Is(err, sql.ErrNoRows): // a withdrawn entry is in no list
		return out, nomination.ErrNoEntry
	default:
		return out, fmt.Errorf("vetting step: %w", err)
	}
	out.Reasons, err = v.reasons(ctx, in.Slug)
	return out, err
}

// reasons are the acting vetter's own, the last one first.
func (v *Vetting) reasons(ctx context.Context, slug string) ([]string, error) {
	var rows []struct {
		Reason string    `db:"reason"`
		Last   time.Time `db:"last"`
	}
	if err := v.deps.DB.SelectContext(ctx, &rows, `
		SELECT o.reason, max(o.given_at) AS last FROM opinion o JOIN entry e ON e.id = o.entry
		WHERE e.slug = $1 AND o.account = $2 AND o.account <> '' AND o.verdict = 'fail'
		GROUP BY o.reason ORDER BY last DESC, o.reason LIMIT $3`, slug, actor.From(ctx).ID, maxReasons); err != nil {
		return nil, fmt.Errorf("reasons: %w", err)
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Reason
	}
	return out, nil
}
