package entry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// newKey is the key of an entry's author, and what is kept of it.
func newKey() (key string, kept []byte) {
	key = rand.Text()
	sum := sha256.Sum256([]byte(key))
	return key, sum[:]
}

// CheckKey lets whoever handed a locked entry in pass. Faults: ErrKey.
func CheckKey(ctx context.Context, tx *sqlx.Tx, id, key string) error {
	var kept []byte
	if err := tx.GetContext(ctx, &kept, `SELECT author FROM entry WHERE id = $1`, id); err != nil {
		return fmt.Errorf("entry's author: %w", err)
	}
	sum := sha256.Sum256([]byte(key))
	if subtle.ConstantTimeCompare(kept, sum[:]) != 1 {
		return nomination.ErrKey
	}
	return nil
}

// keep files what a locked entry says as a version that is over, and counts the
// next. The opinions are those that end with it.
func keep(ctx context.Context, tx *sqlx.Tx, at time.Time, e nomination.Entry, reason string, takenBack []nomination.Opinion) error {
	nominee, err := json.Marshal(e.Nominee)
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	opinions, err := json.Marshal(append([]nomination.Opinion{}, takenBack...))
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `
		WITH kept AS (
		    INSERT INTO entry_version (entry, number, nominee, made_by, made_at, reason, taken_back)
		    SELECT id, version, $2, version_by, coalesce(version_at, created_at), version_reason, $3 FROM entry WHERE id = $1
		)
		UPDATE entry SET version = version + 1, version_at = $4, version_by = $5, version_reason = $6 WHERE id = $1`,
		e.ID, string(nominee), string(opinions), at, actor.From(ctx).Name, reason); err != nil {
		return fmt.Errorf("keep a version: %w", err)
	}
	return nil
}

// Correct writes what a locked entry says from now on, and keeps what it said.
// The opinions are those that the correction takes back. Faults: ErrDuplicate.
func Correct(
	ctx context.Context, tx *sqlx.Tx, at time.Time, e nomination.Entry, n nomination.Nominee, reason string, takenBack []nomination.Opinion,
) error {
	fingerprint, key := form.Fingerprint(n), form.Key(n.Name)
	if err := alone(ctx, tx, e, fingerprint); err != nil {
		return err
	}
	warnings, err := warningsOf(ctx, tx, e, n)
	if err != nil {
		return err
	}
	if err := keep(ctx, tx, at, e, reason, takenBack); err != nil {
		return err
	}
	attributes, err := json.Marshal(nonNil(n.Attributes))
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE entry SET name = $2, gender = $3, category = $4, employer = $5, region = $6, years = $7, deeds = $8, recommended_by = $9,
		       attributes = $10, warnings = $11, name_key = $12, fingerprint = $13, search = $14 WHERE id = $1`,
		e.ID, n.Name, n.Gender, n.Category, n.Employer, n.Region, n.Years, n.Deeds, n.RecommendedBy, string(attributes), string(warnings),
		key, fingerprint, searched(n))
	return once(err)
}

// alone tells whether no other entry says the same. Fault: ErrDuplicate.
func alone(ctx context.Context, tx *sqlx.Tx, e nomination.Entry, fingerprint string) error {
	var others []string
	if err := tx.SelectContext(ctx, &others, `
		SELECT id FROM entry WHERE slug = $1 AND fingerprint = $2 AND state <> 'withdrawn' AND id <> $3`, e.Slug, fingerprint, e.ID); err != nil {
		return fmt.Errorf("entries that say the same: %w", err)
	}
	if len(others) > 0 {
		return nomination.ErrDuplicate.With("entry", others[0])
	}
	return nil
}

// once is an error of a write that another has come before with the same entry.
func once(err error) error {
	switch {
	case err == nil:
		return nil
	case pg.IsUnique(err, "entry_once"):
		return nomination.ErrDuplicate.Because(err)
	}
	return fmt.Errorf("write an entry: %w", err)
}

// warningsOf are those of an entry that says something else now; what was said of
// its photo stays.
func warningsOf(ctx context.Context, tx *sqlx.Tx, e nomination.Entry, n nomination.Nominee) ([]byte, error) {
	warnings := slices.DeleteFunc(slices.Clone(e.Warnings), func(w nomination.Warning) bool { return w.Field != form.Photo })
	known, err := lookup(ctx, tx, e.Slug, []string{form.Key(n.Name)}, e.ID)
	if err != nil {
		return nil, err
	}
	spellings, err := Spellings(ctx, tx, e.Slug, e.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range slices.Concat(known.resembling(form.LikenessOf(n)), spellings.Add(n.Employer), form.Hidden(n)) {
		warnings = append(warnings, nomination.Warn(0, d))
	}
	return json.Marshal(append([]nomination.Warning{}, warnings...))
}

// Changed are the fields in which two forms differ, the photo among them.
func Changed(before, after nomination.Nominee) (fields []string) {
	a, b := form.Fields(before), form.Fields(after)
	for _, field := range slices.Sorted(maps.Keys(b)) {
		if a[field] != b[field] {
			fields = append(fields, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(a)) {
		if _, there := b[field]; !there && a[field] != "" {
			fields = append(fields, field)
		}
	}
	return fields
}

// ListVersions implements nomination.Service.
func (e *Entries) ListVersions(ctx context.Context, in nomination.OfEntry) ([]nomination.Version, error) {
	now, err := Get(ctx, e.deps.DB, in.Slug, in.Entry)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Number    int       `db:"number"`
		Nominee   []byte    `db:"nominee"` // nil: it is the present one
		By        string    `db:"made_by"`
		At        time.Time `db:"made_at"`
		Reason    string    `db:"reason"`
		TakenBack []byte    `db:"taken_back"`
	}
	// The present one is read with its number, in case of a correction in between.
	if err := e.deps.DB.SelectContext(ctx, &rows, `
		SELECT version AS number, NULL AS nominee, version_by AS made_by, coalesce(version_at, created_at) AS made_at, version_reason AS reason,
		       NULL AS taken_back FROM entry WHERE id = $1 AND version = $2
		UNION ALL SELECT number, nominee, made_by, made_at, reason, taken_back FROM entry_version WHERE entry = $1 AND number <= $2
		ORDER BY number`, now.ID, now.Version); err != nil {
		return nil, fmt.Errorf("versions: %w", err)
	}
	out := make([]nomination.Version, len(rows))
	for i, r := range rows {
		v := nomination.Version{
			Number: r.Number, By: r.By, At: r.At.UTC(), Reason: r.Reason, Opinions: []nomination.Opinion{}, TakenBack: []nomination.Opinion{},
		}
		if r.Nominee == nil {
			v.Nominee = now.Nominee
		} else if err := errors.Join(json.Unmarshal(r.Nominee, &v.Nominee), json.Unmarshal(r.TakenBack, &v.TakenBack)); err != nil {
			return nil, fmt.Errorf("entry %s: %w", now.ID, err)
		}
		for _, o := range now.Opinions {
			if o.Version == v.Number {
				v.Opinions = append(v.Opinions, o)
			}
		}
		if i > 0 {
			v.Changed = Changed(out[i-1].Nominee, v.Nominee)
		}
		out[i] = v
	}
	slices.Reverse(out)
	return out, nil
}
