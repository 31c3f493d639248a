package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/sync/semaphore"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
)

// FindEntries gives a page of entries that are searched, filtered and sorted:
// nomination.Service.FindEntries.
func (a *App) FindEntries(ctx context.Context, in nomination.FindEntries) (nomination.EntriesFound, error) {
	found, err := do(ctx, a, ReadEntries, in.Slug, a.nomination.FindEntries, in)
	if err == nil && !a.readsNotes(ctx, in.Slug) {
		for i := range found.Entries {
			found.Entries[i].Notes = nil
		}
	}
	return found, err
}

// StartImport begins an import with a file: nomination.Service.StartImport.
func (a *App) StartImport(ctx context.Context, in nomination.StartImport, intake *Intake) (nomination.Import, error) {
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	if intake.Refused != nil {
		return nomination.Import{}, intake.Refused
	}
	if len(intake.Files) == 1 {
		in.Blob, in.Name = intake.Files[0].Blob, intake.Files[0].Name
	}
	x, err := do(ctx, a, ImportEntries, in.Slug, a.nomination.StartImport, in)
	return x, a.OrUnknown(ctx, in.Slug, err)
}

// MapImport says what a file's columns are, and checks its rows.
func (a *App) MapImport(ctx context.Context, in nomination.MapImport) (nomination.Import, error) {
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	return do(ctx, a, ImportEntries, in.Slug, a.nomination.MapImport, in)
}

// RunImport has a file's rows taken.
func (a *App) RunImport(ctx context.Context, in nomination.OfImport) (nomination.Import, error) {
	return do(ctx, a, ImportEntries, in.Slug, a.nomination.RunImport, in)
}

// DropImport gives an import up.
func (a *App) DropImport(ctx context.Context, in nomination.OfImport) (nomination.Import, error) {
	return do(ctx, a, ImportEntries, in.Slug, a.nomination.DropImport, in)
}

// Import tells how far an import is.
func (a *App) Import(ctx context.Context, in nomination.OfImport) (nomination.Import, error) {
	return do(ctx, a, ImportEntries, in.Slug, a.nomination.GetImport, in)
}

// Imports are the latest of a selection.
func (a *App) Imports(ctx context.Context, slug string) ([]nomination.Import, error) {
	return do(ctx, a, ImportEntries, slug, a.nomination.ListImports, nomination.Of{Slug: slug})
}

var errNoFile = fault.New(fault.Gone, "import_file_gone", "the file is no more")

// Marked is a file with what a check has found in it.
type Marked struct {
	Name string // of the file as it came
	CSV  bool
	Body []byte
}

// MarkedImport writes an import's file with the faults and doubts that its check
// has found; say tells one in the reader's language. The column of marks is the first or the
// second of nomination.MarkHeadings.
func (a *App) MarkedImport(ctx context.Context, in nomination.OfImport, heading string, say func(fault.Field) string) (Marked, error) {
	x, err := a.Import(ctx, in)
	if err != nil {
		return Marked{}, err
	}
	if x.Blob == "" || x.Check == nil {
		return Marked{}, errNoFile
	}
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	if err := a.marking.Acquire(ctx, 1); err != nil {
		return Marked{}, err
	}
	defer a.marking.Release(1)
	r, _, err := a.blobs.In(nomination.Name).Open(ctx, x.Blob)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		err = errNoFile.Because(err)
	}
	if err != nil {
		return Marked{}, err
	}
	body, err := io.ReadAll(io.LimitReader(r, MaxImport))
	if err := errors.Join(err, r.Close()); err != nil {
		return Marked{}, fmt.Errorf("marked file: %w", err)
	}
	m := table.Marking{Sheet: x.Sheet, Header: max(x.Header, 1), Heading: heading, Headings: nomination.MarkHeadings(), Author: "Laurel"}
	for _, f := range x.Check.Faults {
		m.Marks = append(m.Marks, table.Mark{Line: f.Line, Column: f.Column, Text: say(f)})
	}
	for _, w := range x.Check.Warnings { // they stand beside their row, and mark no cell
		m.Marks = append(m.Marks, table.Mark{Line: w.Row, Text: say(fault.Field{Name: w.Field, Code: w.Code, Message: w.Message, Params: w.Params})})
	}
	var out bytes.Buffer
	if err := guard.Do("mark", func() error { return table.WriteMarked(ctx, &out, body, m) }); err != nil {
		return Marked{}, err
	}
	return Marked{Name: strings.TrimSuffix(x.Name, path.Ext(x.Name)), CSV: len(x.Sheets) == 0, Body: out.Bytes()}, nil
}

// Intake takes files that are sent at once, each to where a service takes it from.
type Intake struct {
	Files   []nomination.Upload
	Refused error // what came was too much: none of it is worked on

	app  *App
	left int64 // bytes that may still come
	most int   // files
}

// ErrIntake says that what is sent at once is too much.
var ErrIntake = fault.New(fault.TooLarge, "files_too_large", "these files are too many or too large; send them in parts")

// NewIntake takes so many files of so many bytes together, if the caller may do
// the act. Drop must be called once a service has taken them.
func (a *App) NewIntake(ctx context.Context, act Act, slug string, files int, bytes int64) (*Intake, error) {
	if _, err := a.may(ctx, act, slug, ""); err != nil {
		return nil, err
	}
	return &Intake{app: a, left: bytes, most: files}, nil
}

// Add takes a file, without holding it in memory. Fault: ErrIntake.
func (i *Intake) Add(ctx context.Context, name string, r io.Reader) error {
	if len(i.Files) >= i.most {
		return ErrIntake
	}
	ref, err := i.app.blobs.In(blob.Uploads).Deposit(ctx, r, i.left)
	if _, tooLarge := errors.AsType[*blob.TooLargeError](err); tooLarge {
		return ErrIntake.Because(err)
	}
	if err != nil {
		return err
	}
	i.left -= ref.Size
	i.Files = append(i.Files, nomination.Upload{Name: name, Blob: ref.Hash})
	return nil
}

// Drop removes what was taken: no service needs it once it has answered.
func (i *Intake) Drop(ctx context.Context) {
	for _, f := range i.Files {
		i.app.dropUpload(ctx, f.Blob)
	}
}

// newMarking lets one file at a time be marked: it is held in memory.
func newMarking() *semaphore.Weighted { return semaphore.NewWeighted(1) }
