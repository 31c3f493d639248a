package entry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
	"github.com/laurel-awards/laurel/services/nomination/internal/sheet"
)

// maxReported bounds the mistakes in one answer; past it, the first of each row
// is named, so that every bad row still is.
const maxReported = 10_000

// readTime bounds what one file may cost.
const readTime = 30 * time.Second

// ImportEntries implements nomination.Service.
func (e *Entries) ImportEntries(ctx context.Context, in nomination.ImportEntries) (nomination.Imported, error) {
	if wrong := sheet.Unknown(in.Unknown); len(wrong) > 0 {
		return nomination.Imported{}, nomination.ImportInvalid(wrong...)
	}
	t, err := e.prepare(ctx, taking{
		slug: in.Slug, from: e.deps.Blobs.In(blob.Uploads), file: in.Blob, keep: !in.DryRun,
		options: sheet.Options{Sheet: in.Sheet, Unknown: in.Unknown},
	})
	if err != nil {
		return nomination.Imported{}, err
	}
	if len(t.sheet.Problems) > 0 {
		return nomination.Imported{}, importInvalid(t.sheet.Problems)
	}
	out := nomination.Imported{Entries: len(t.entries), IDs: []string{}, Sheet: t.sheet.Name, Warnings: t.sheet.Warnings}
	if in.DryRun {
		return out, nil
	}
	if err := e.store(ctx, in.Slug, in.Blob, t, func(*sqlx.Tx, time.Time) error { return nil }); err != nil {
		return nomination.Imported{}, err
	}
	for _, f := range t.entries {
		out.IDs = append(out.IDs, f.id.String())
	}
	return out, nil
}

// taking is a file whose rows are being taken.
type taking struct {
	slug    string
	from    blob.Store
	file    string // its body there
	options sheet.Options
	keep    bool                        // pictures are stored, if there is no mistake
	tell    func(done, total int) error // how many pictures have been made; nil: they are made side by side

	sheet   *sheet.Sheet
	entries []fresh
}

// prepare reads a file, makes its pictures and looks its rows up. Mistakes of rows
// are in the sheet.
func (e *Entries) prepare(ctx context.Context, t taking) (taking, error) {
	sel, err := e.forImport(ctx, t.slug)
	if err != nil {
		return t, err
	}
	if t.sheet, err = e.readSheet(ctx, t, form.For(sel.Rulebook)); err != nil {
		return t, err
	}
	photos, err := e.makePhotos(ctx, t)
	if err != nil {
		return t, err
	}
	if t.entries, err = e.compare(ctx, t.slug, t.sheet); err != nil {
		return t, err
	}
	for i, row := range t.sheet.Rows {
		if row.Picture != nil {
			t.entries[i].warnings = append(t.entries[i].warnings, doubts(*row.Picture, t.sheet.Label(form.Photo))...)
		}
	}
	if !t.keep || len(t.sheet.Problems) > 0 {
		return t, nil
	}
	for i, made := range photos {
		if made == nil {
			continue
		}
		if t.entries[i].nominee.Photo, err = e.storePhoto(ctx, made); err != nil {
			return t, err
		}
	}
	return t, nil
}

// forImport looks whether nominations are open before a file is read.
func (e *Entries) forImport(ctx context.Context, slug string) (phase.Selection, error) {
	sel, err := e.deps.Selections.Get(ctx, e.deps.DB, slug)
	if err != nil {
		return sel, err
	}
	state, err := phase.Of(ctx, e.deps.DB, slug, rulebook.PhaseNomination, e.deps.Time())
	if err == nil && state != phase.Open {
		err = phase.ErrNotOpen.With("phase", rulebook.PhaseNomination)
	}
	return sel, err
}

func (e *Entries) readSheet(ctx context.Context, t taking, f form.Form) (*sheet.Sheet, error) {
	r, _, err := t.from.Open(ctx, t.file)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return nil, nomination.ImportInvalid(fault.Wrong("blob", "no_upload", "there is no such upload"))
	}
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	s, err := sheet.Read(within, r, f, t.options)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nomination.ImportInvalid(fault.Wrong("photo", "too_many_pictures", "the file has too many pictures to be read; import it in parts"))
	}
	return s, errors.Join(err, r.Close())
}

// makePhotos makes the pages' pictures, by row; nil where there is none. A
// picture that cannot be decoded becomes a problem of its row. Pictures that are
// not kept are made all the same, to know whether they can be.
func (e *Entries) makePhotos(ctx context.Context, t taking) ([][]photo.Size, error) {
	made := make([][]photo.Size, len(t.sheet.Rows))
	var bad []fault.Field
	var mu sync.Mutex
	one := func(ctx context.Context, i int) error {
		row := t.sheet.Rows[i]
		sizes, err := e.sizesOf(ctx, *row.Picture)
		if refusal, ok := errors.AsType[photo.Refusal](err); ok {
			mu.Lock()
			defer mu.Unlock()
			bad = append(bad, t.sheet.At(row.Line, form.Photo, refusal.Field))
			return nil
		}
		if t.keep {
			made[i] = sizes
		}
		return err
	}
	var pictured []int
	for i, row := range t.sheet.Rows {
		if row.Picture != nil {
			pictured = append(pictured, i)
		}
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(photo.Slots)
	for n, i := range pictured {
		if t.tell == nil {
			group.Go(func() error { return one(within, i) })
			continue
		}
		if err := errors.Join(t.tell(n, len(pictured)), one(ctx, i)); err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	t.sheet.Problems = append(t.sheet.Problems, bad...)
	return made, nil
}

// compare looks each row up among those before it and those that are stored:
// the same again is a mistake, a likeness a warning.
func (e *Entries) compare(ctx context.Context, slug string, s *sheet.Sheet) ([]fresh, error) {
	entries := make([]fresh, len(s.Rows))
	keys := make([]string, len(s.Rows))
	for i, row := range s.Rows {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		keys[i] = form.Key(row.Nominee.Name)
		entries[i] = fresh{
			id: id, nominee: row.Nominee, notes: row.Notes, serial: row.Serial, key: keys[i], fingerprint: form.Fingerprint(row.Nominee),
		}
	}
	known, err := lookup(ctx, e.deps.DB, slug, keys)
	if err != nil {
		return nil, err
	}
	spellings, err := Spellings(ctx, e.deps.DB, slug)
	if err != nil {
		return nil, err
	}
	lines := make(map[string]int)
	for i, row := range s.Rows {
		f := &entries[i]
		if f.key == "" {
			continue // the missing name has been noted
		}
		if line, ok := lines[f.fingerprint]; ok {
			s.Problems = append(s.Problems, s.At(row.Line, form.Name, fault.Wrong("", "same_as_row", "the same as row {row}", "row", line)))
			continue
		}
		lines[f.fingerprint] = row.Line
		if _, ok := known.byPrint[f.fingerprint]; ok {
			s.Problems = append(s.Problems, s.At(row.Line, form.Name, handedIn()))
			continue
		}
		likeness := form.LikenessOf(row.Nominee)
		doubts := known.resembling(likeness)
		known.add(likeness, fault.Wrong(form.Name, "resembles_row", "resembles row {row} of the same file", "row", row.Line))
		for _, d := range slices.Concat(doubts, spellings.Add(row.Nominee.Employer), form.Hidden(row.Nominee)) {
			f.warnings = append(f.warnings, nomination.Warn(0, d))
			d.Name = s.Label(d.Name)
			s.Warnings = append(s.Warnings, nomination.Warn(row.Line, d))
		}
	}
	return entries, nil
}

// store writes all entries or none, with what also belongs to it.
func (e *Entries) store(
	ctx context.Context, slug, file string, t taking, also func(tx *sqlx.Tx, now time.Time) error,
) error {
	return pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		now := e.deps.Time()
		if _, err := e.deps.Selections.Require(ctx, tx, slug, now, rulebook.PhaseNomination); err != nil {
			return err
		}
		stored, err := insert(ctx, tx, slug, now, t.entries)
		if err != nil {
			return err
		}
		var repeated []fault.Field // handed in since they were compared
		for i, f := range t.entries {
			if !stored[f.id.String()] {
				repeated = append(repeated, t.sheet.At(t.sheet.Rows[i].Line, form.Name, handedIn()))
			}
		}
		if len(repeated) > 0 {
			return importInvalid(repeated)
		}
		if err := also(tx, now); err != nil {
			return err
		}
		return Record(ctx, tx, now, slug, "import_entries", "", map[string]any{"file": file, "entries": len(t.entries)})
	})
}

func handedIn() fault.Field { return fault.Wrong("", "handed_in_before", "has been handed in before") }

func importInvalid(fields []fault.Field) error {
	slices.SortStableFunc(fields, func(a, b fault.Field) int { return a.Line - b.Line })
	total := len(fields)
	if total <= maxReported {
		return nomination.ImportInvalid(fields...)
	}
	fields = slices.CompactFunc(fields, func(a, b fault.Field) bool { return a.Line == b.Line })
	return nomination.ImportInvalid(fields...).With("mistakes", strconv.Itoa(total))
}
