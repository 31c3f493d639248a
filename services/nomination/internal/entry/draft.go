package entry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/sheet"
)

const (
	maxFileName = 200 // characters
	maxImports  = 50  // of a list
	maxDoubts   = 5000
)

// draft is an import as the table has it.
type draft struct {
	nomination.Import

	JobID   *string         `db:"job"`
	Columns json.RawMessage `db:"columns"`
	Sheets  json.RawMessage `db:"sheets"`
	Check   []byte          `db:"checked"`
}

const draftColumns = `id, slug, name, file AS blob, recommended_by AS recommendedby, sheets, sheet, header, columns, checked, job, entries,
	created_by AS by, created_at AS createdat, ended_at AS endedat`

// get reads an import.
func getImport(ctx context.Context, q sqlx.QueryerContext, in nomination.OfImport, lock string) (nomination.Import, error) {
	id, err := uuid.Parse(in.Import)
	if err != nil {
		return nomination.Import{}, nomination.ErrNoImport
	}
	found, err := listImports(ctx, q, `slug = $1 AND id = $2 `+lock, in.Slug, id)
	if err == nil && len(found) == 0 {
		err = nomination.ErrNoImport
	}
	if err != nil {
		return nomination.Import{}, err
	}
	return found[0], nil
}

func listImports(ctx context.Context, q sqlx.QueryerContext, where string, args ...any) ([]nomination.Import, error) {
	var rows []draft
	if err := sqlx.SelectContext(ctx, q, &rows, `SELECT `+draftColumns+` FROM import WHERE `+where, args...); err != nil {
		return nil, fmt.Errorf("imports: %w", err)
	}
	out := make([]nomination.Import, len(rows))
	for i, r := range rows {
		x := r.Import
		if err := errors.Join(json.Unmarshal(r.Columns, &x.Columns), json.Unmarshal(r.Sheets, &x.Sheets)); err != nil {
			return nil, fmt.Errorf("import %s: %w", x.ID, err)
		}
		if r.Check != nil {
			if err := json.Unmarshal(r.Check, &x.Check); err != nil {
				return nil, fmt.Errorf("import %s: %w", x.ID, err)
			}
		}
		x.CreatedAt = x.CreatedAt.UTC()
		if x.EndedAt != nil {
			at := x.EndedAt.UTC()
			x.EndedAt = &at
		}
		if r.JobID != nil {
			j, err := job.Get(ctx, q, x.Slug, *r.JobID)
			if err != nil && !errors.Is(err, job.ErrUnknown) { // forgotten long after its end
				return nil, err
			}
			if err == nil {
				j.Result = nil
				x.Job = &j
			}
		}
		out[i] = x
	}
	return out, nil
}

// open refuses to change an import that is over, or whose rows are being taken.
func open(x nomination.Import) error {
	switch {
	case x.EndedAt != nil:
		return nomination.ErrImportOver
	case x.Job != nil && !x.Job.Ended():
		return nomination.ErrImporting
	}
	return nil
}

// StartImport implements nomination.Service.
func (e *Entries) StartImport(ctx context.Context, in nomination.StartImport) (nomination.Import, error) {
	in.Name, in.RecommendedBy = form.Line(in.Name), form.Line(in.RecommendedBy)
	var wrong []fault.Field
	if utf8.RuneCountInString(in.RecommendedBy) > form.MaxLine {
		wrong = append(wrong, fault.TooLong(form.RecommendedBy, form.MaxLine))
	}
	if r := []rune(in.Name); len(r) > maxFileName {
		in.Name = string(r[:maxFileName])
	}
	if len(wrong) > 0 {
		return nomination.Import{}, nomination.ImportInvalid(wrong...)
	}
	sel, err := e.forImport(ctx, in.Slug)
	if err != nil {
		return nomination.Import{}, err
	}
	hash, err := e.takeOver(ctx, in.Blob, sheet.MaxBytes)
	if err != nil {
		return nomination.Import{}, err
	}
	looked, err := e.look(ctx, hash, form.For(sel.Rulebook), sheet.Options{})
	if err != nil {
		return nomination.Import{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nomination.Import{}, fmt.Errorf("start import: %w", err)
	}
	err = pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		now := e.deps.Time()
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO import (id, slug, name, file, recommended_by, sheets, sheet, header, columns, created_by, created_at)
			VALUES ($1, $2, $3, $4, $5, '[]', '', 0, '[]', $6, $7)`,
			id, in.Slug, in.Name, hash, in.RecommendedBy, actor.From(ctx).Name, now); err != nil {
			return fmt.Errorf("start import: %w", err)
		}
		if err := e.setLook(ctx, tx, in.Slug, id.String(), in.RecommendedBy, looked); err != nil {
			return err
		}
		return Record(ctx, tx, now, in.Slug, "start_import", "", map[string]string{"import": id.String(), "name": in.Name, "file": hash})
	})
	if err != nil {
		return nomination.Import{}, err
	}
	return e.GetImport(ctx, nomination.OfImport{Slug: in.Slug, Import: id.String()})
}

// takeOver makes an upload a body of the room's own.
func (e *Entries) takeOver(ctx context.Context, upload string, most int64) (string, error) {
	r, _, err := e.deps.Blobs.In(blob.Uploads).Open(ctx, upload)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return "", nomination.ImportInvalid(fault.Wrong("blob", "no_upload", "there is no such upload"))
	}
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	ref, err := e.deps.Blobs.Put(ctx, r, most)
	if tooLarge, ok := errors.AsType[*blob.TooLargeError](err); ok {
		err = nomination.ImportInvalid(fault.Wrong("blob", "too_many_bytes", "has more than {max} MB", "max", tooLarge.Limit>>20))
	}
	return ref.Hash, errors.Join(err, r.Close())
}

func (e *Entries) look(ctx context.Context, file string, f form.Form, options sheet.Options) (sheet.Looked, error) {
	r, _, err := e.deps.Blobs.Open(ctx, file)
	if err != nil {
		return sheet.Looked{}, fmt.Errorf("import: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	body, ok := r.(io.ReadSeeker)
	if !ok {
		return sheet.Looked{}, errors.Join(errors.New("import: the blob store's bodies cannot seek"), r.Close())
	}
	out, err := sheet.Look(within, body, f, options)
	return out, errors.Join(err, r.Close())
}

// setLook keeps what was found in a file. What was said of the same headings in
// files of the same body goes before what they seem to mean.
func (e *Entries) setLook(ctx context.Context, tx *sqlx.Tx, slug, id, body string, found sheet.Looked) error {
	var known []struct {
		Heading string `db:"heading"`
		Use     string `db:"use"`
	}
	if err := tx.SelectContext(ctx, &known, `SELECT heading, use FROM mapping WHERE slug = $1 AND recommended_by = $2`, slug, form.Key(body)); err != nil {
		return fmt.Errorf("what columns were: %w", err)
	}
	uses := make(map[string]string, len(known))
	for _, k := range known {
		uses[k.Heading] = k.Use
	}
	taken := make(map[string]bool)
	for i, c := range found.Columns {
		if use, ok := uses[sheet.HeadingKey(c.Name)]; ok && c.Name != "" && !taken[use] {
			found.Columns[i].Use, found.Columns[i].Remembered = use, true
			taken[use] = field(use)
		}
	}
	for i, c := range found.Columns { // a guess gives way
		if !c.Remembered && field(c.Use) && taken[c.Use] {
			found.Columns[i].Use, found.Columns[i].Guessed = nomination.UseNote, false
		}
	}
	columns, err := json.Marshal(append([]nomination.Column{}, found.Columns...))
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	sheets, err := json.Marshal(append([]string{}, found.Sheets...))
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE import SET sheets = $2, sheet = $3, header = $4, columns = $5, checked = NULL WHERE id = $1`,
		id, string(sheets), found.Sheet, found.Header, string(columns)); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return nil
}

// field tells a use that one column alone can have.
func field(use string) bool { return use != nomination.UseNote && use != nomination.UseLeave }

// GetImport implements nomination.Service.
func (e *Entries) GetImport(ctx context.Context, in nomination.OfImport) (nomination.Import, error) {
	sel, err := e.deps.Selections.Get(ctx, e.deps.DB, in.Slug)
	if err != nil {
		return nomination.Import{}, err
	}
	x, err := getImport(ctx, e.deps.DB, in, "")
	x.Uses = append(sheet.Known(form.For(sel.Rulebook)), nomination.UseNote, nomination.UseLeave)
	return x, err
}

// ListImports implements nomination.Service.
func (e *Entries) ListImports(ctx context.Context, in nomination.Of) ([]nomination.Import, error) {
	found, err := listImports(ctx, e.deps.DB, `slug = $1 ORDER BY created_at DESC, id DESC LIMIT `+strconv.Itoa(maxImports), in.Slug)
	for i := range found {
		found[i].Columns, found[i].Check, found[i].Sheets = nil, nil, nil
	}
	return found, err
}

// MapImport implements nomination.Service.
func (e *Entries) MapImport(ctx context.Context, in nomination.MapImport) (nomination.Import, error) {
	of := nomination.OfImport{Slug: in.Slug, Import: in.Import}
	x, err := e.GetImport(ctx, of)
	if err == nil {
		err = open(x)
	}
	if err != nil {
		return x, err
	}
	sel, err := e.forImport(ctx, in.Slug)
	if err != nil {
		return x, err
	}
	f := form.For(sel.Rulebook)
	if wrong := mappingMistakes(in, x); len(wrong) > 0 {
		return x, nomination.ErrMapping.At(wrong...)
	}
	if in.Uses == nil {
		looked, err := e.look(ctx, x.Blob, f, sheet.Options{Sheet: in.Sheet, Header: in.Header})
		if err != nil {
			return x, err
		}
		if err := e.change(ctx, of, func(tx *sqlx.Tx, now nomination.Import) error {
			return e.setLook(ctx, tx, in.Slug, in.Import, now.RecommendedBy, looked)
		}); err != nil {
			return x, err
		}
		return e.GetImport(ctx, of)
	}
	for i := range x.Columns {
		if x.Columns[i].Use != in.Uses[i] {
			x.Columns[i].Use, x.Columns[i].Guessed, x.Columns[i].Remembered = in.Uses[i], false, false
		}
	}
	check, err := e.check(ctx, x)
	if err != nil {
		return x, err
	}
	if err := e.change(ctx, of, func(tx *sqlx.Tx, now nomination.Import) error {
		if now.Sheet != x.Sheet || now.Header != x.Header {
			return nomination.ErrMapping.At(fault.Wrong("sheet", "changed_meanwhile", "somebody else has chosen another sheet or line meanwhile"))
		}
		return e.setMapping(ctx, tx, x, check)
	}); err != nil {
		return x, err
	}
	return e.GetImport(ctx, of)
}

// change changes an import that is open.
func (e *Entries) change(ctx context.Context, of nomination.OfImport, change func(tx *sqlx.Tx, now nomination.Import) error) error {
	return pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		now, err := getImport(ctx, tx, of, `FOR UPDATE`)
		if err == nil {
			err = open(now)
		}
		if err != nil {
			return err
		}
		return change(tx, now)
	})
}

func mappingMistakes(in nomination.MapImport, x nomination.Import) (wrong []fault.Field) {
	if in.Header < 0 || in.Header > nomination.MaxHeader {
		wrong = append(wrong, fault.Wrong("header", "not_a_whole_number", "is a whole number from {min} to {max}, not {value}",
			"min", 1, "max", nomination.MaxHeader, "value", in.Header))
	}
	if in.Uses == nil {
		return wrong
	}
	if len(in.Uses) != len(x.Columns) {
		return append(wrong, fault.Wrong("uses", "columns_changed", "the file has {count} columns; look at them again", "count", len(x.Columns)))
	}
	first := make(map[string]int)
	for i, use := range in.Uses {
		name := fmt.Sprintf("uses[%d]", i)
		before, twice := first[use]
		switch {
		case !slices.Contains(x.Uses, use):
			wrong = append(wrong, fault.OneOf(name, x.Uses...))
		case !field(use):
		case twice:
			wrong = append(wrong, fault.Wrong(name, "field_twice", "{column} and {other} cannot both be {field}",
				"column", columnTitle(x, i), "other", columnTitle(x, before), "field", use))
		default:
			first[use] = i
		}
	}
	return wrong
}

func columnTitle(x nomination.Import, i int) string {
	if name := x.Columns[i].Name; name != "" {
		return name
	}
	return fmt.Sprintf("column %d", i+1)
}

func uses(x nomination.Import) []string {
	out := make([]string, len(x.Columns))
	for i, c := range x.Columns {
		out[i] = c.Use
	}
	return out
}

// taking is an import as its rows are taken.
func (e *Entries) taking(x nomination.Import) taking {
	return taking{slug: x.Slug, from: e.deps.Blobs, file: x.Blob, options: sheet.Options{
		Sheet: x.Sheet, Header: x.Header, Uses: uses(x), RecommendedBy: x.RecommendedBy,
	}}
}

// check looks at all rows. Only what keeps the file as a whole from being read is
// an error.
func (e *Entries) check(ctx context.Context, x nomination.Import) (*nomination.ImportCheck, error) {
	t, err := e.prepare(ctx, e.taking(x))
	if err != nil {
		return nil, err
	}
	return checked(t), nil
}

func checked(t taking) *nomination.ImportCheck {
	out := &nomination.ImportCheck{
		Entries: len(t.entries), Faults: []fault.Field{}, Mistakes: len(t.sheet.Problems), Doubts: len(t.sheet.Warnings),
		Warnings: append([]nomination.Warning{}, t.sheet.Warnings[:min(maxDoubts, len(t.sheet.Warnings))]...),
	}
	if len(t.sheet.Problems) > 0 {
		out.Faults = fault.From(importInvalid(t.sheet.Problems)).Fields
	}
	return out
}

// setMapping keeps what the columns are, for the next file of the same body too,
// and what the check found.
func (e *Entries) setMapping(ctx context.Context, tx *sqlx.Tx, x nomination.Import, check *nomination.ImportCheck) error {
	columns, err := json.Marshal(x.Columns)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	found, err := json.Marshal(check)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE import SET columns = $2, checked = $3, job = NULL WHERE id = $1`, x.ID, string(columns), string(found)); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	byHeading := make(map[string]string)
	for _, c := range x.Columns {
		if key := sheet.HeadingKey(c.Name); key != "" {
			byHeading[key] = c.Use
		}
	}
	var headings, said []string
	for heading, use := range byHeading {
		headings, said = append(headings, heading), append(said, use)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO mapping (slug, recommended_by, heading, use) SELECT $1, $2, heading, use FROM unnest($3::text[], $4::text[]) AS m (heading, use)
		ON CONFLICT (slug, recommended_by, heading) DO UPDATE SET use = excluded.use`,
		x.Slug, form.Key(x.RecommendedBy), pq.Array(headings), pq.Array(said)); err != nil {
		return fmt.Errorf("what columns are: %w", err)
	}
	return Record(ctx, tx, e.deps.Time(), x.Slug, "check_import", "", map[string]any{
		"import": x.ID, "entries": check.Entries, "mistakes": check.Mistakes,
	})
}

// DropImport implements nomination.Service.
func (e *Entries) DropImport(ctx context.Context, in nomination.OfImport) (nomination.Import, error) {
	err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		x, err := getImport(ctx, tx, in, `FOR UPDATE`)
		if err != nil {
			return err
		}
		if x.EndedAt != nil && x.Entries == 0 {
			return nil
		}
		if err := open(x); err != nil {
			return err
		}
		now := e.deps.Time()
		if err := endImport(ctx, tx, in.Import, 0, now); err != nil {
			return err
		}
		return Record(ctx, tx, now, in.Slug, "drop_import", "", map[string]string{"import": in.Import})
	})
	if err != nil {
		return nomination.Import{}, err
	}
	return e.GetImport(ctx, in)
}

// endImport ends an import: what it tells of people goes, and nobody refers to its
// file any more.
func endImport(ctx context.Context, tx *sqlx.Tx, id string, entries int, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE import SET file = '', columns = '[]', sheets = '[]', checked = NULL, entries = $2, ended_at = $3 WHERE id = $1`, id, entries, now); err != nil {
		return fmt.Errorf("end import: %w", err)
	}
	return nil
}
