package table

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// errUnpacked ends the reading of a workbook that unpacks to too much.
var errUnpacked = errors.New("the workbook unpacks to too much")

// archive is a workbook's ZIP file. It counts what is unpacked of it, however
// often, and ends with the context.
type archive struct {
	ctx   context.Context //nolint:containedctx // every read of the file is for one request
	files map[string]*zip.File
	most  int64
	left  int64 // bytes that may still be unpacked
}

// passes is how often a part may be unpacked: a sheet is read for its layout,
// for its headings and for its rows.
const passes = 4

func openArchive(ctx context.Context, r io.ReaderAt, size, most int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, broken(err.Error())
	}
	a := &archive{ctx, make(map[string]*zip.File, len(z.File)), most, passes * most}
	var all uint64
	for _, f := range z.File {
		a.files[partName(f.Name)] = f
		if all += f.UncompressedSize64; all > uint64(most) || f.UncompressedSize64 > uint64(most) {
			return nil, a.tooLarge()
		}
	}
	return a, nil
}

func (a *archive) tooLarge() error {
	return beyond("table_unpacked", "unpacks to more than {max} bytes", "max", a.most)
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

func (a *archive) has(name string) bool { return a.files[partName(name)] != nil }

// part is a file in the archive as it is unpacked.
type part struct {
	io.ReadCloser

	of *archive
}

func (p part) Read(b []byte) (int, error) {
	if err := p.of.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.ReadCloser.Read(b)
	if p.of.left -= int64(n); p.of.left < 0 {
		return 0, errUnpacked
	}
	return n, err
}

func (a *archive) open(name string) (io.ReadCloser, error) {
	f := a.files[partName(name)]
	if f == nil {
		return nil, broken("it lacks its part " + name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, broken(fmt.Sprintf("the part %s: %v", name, err))
	}
	return part{r, a}, nil
}

// scan calls f for every element of a part; a part that is not there has none.
func (a *archive) scan(name string, f func(s *scanner, element string) error) error {
	if !a.has(name) {
		return nil
	}
	r, err := a.open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	s := newScanner(r)
	return a.failed(name, s.each(func(element string) error { return f(s, element) }))
}

// failed tells why a part could not be read; faults and the context's end stay
// as they are.
func (a *archive) failed(name string, err error) error {
	var known *fault.Error
	switch {
	case err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errUnpacked):
		return a.tooLarge()
	case errors.Is(err, errXMLToken), errors.Is(err, errXMLDepth):
		return beyond("workbook_broken", "is a broken workbook: {detail}; open it and save it again", "detail", fmt.Sprintf("the part %s: %v", name, err))
	}
	return broken(fmt.Sprintf("the part %s: %v", name, err))
}

// target is what a relation of a part leads to.
type target struct {
	part     string // within the archive, or an address where external
	kind     string // the last word of the relation's type: worksheet, drawing
	external bool
}

// relations are a part's, by id.
func (a *archive) relations(of string) (map[string]target, error) {
	out := make(map[string]target)
	dir, file := path.Split(of)
	err := a.scan(dir+"_rels/"+file+".rels", func(s *scanner, element string) error {
		if element != "Relationship" {
			return nil
		}
		to := target{part: s.attr("Target"), kind: path.Base(s.attr("Type")), external: s.attr("TargetMode") == "External"}
		if !to.external {
			if strings.HasPrefix(to.part, "/") {
				to.part = path.Clean(to.part[1:])
			} else {
				to.part = path.Join(dir, to.part)
			}
		}
		out[s.attr("Id")] = to
		return nil
	})
	return out, err
}

// sheetPart is a sheet in the workbook's order.
type sheetPart struct {
	name   string
	hidden bool
	part   string
}

// workbook is an XLSX whose sheets have been listed.
type workbook struct {
	*archive

	main    string // the part that lists the sheets
	sheets  []sheetPart
	others  []string // sheets of charts and dialogs
	era1904 bool
	strings *sharedStrings
	shows   []shown // by cell style
}

func openWorkbook(ctx context.Context, r io.ReaderAt, size int64, limits Limits) (*workbook, error) {
	a, err := openArchive(ctx, r, size, limits.Unzipped)
	if err != nil {
		return nil, err
	}
	b := &workbook{archive: a, main: "xl/workbook.xml"}
	top, err := a.relations("")
	if err != nil {
		return nil, err
	}
	for _, to := range top {
		if to.kind == "officeDocument" {
			b.main = to.part
		}
	}
	switch {
	case strings.HasSuffix(b.main, ".bin"):
		return nil, otherKind("xlsb")
	case a.has("content.xml") || a.has("mimetype"):
		return nil, otherKind("ods")
	case !a.has(b.main):
		return nil, otherKind("ZIP")
	}
	if err := b.list(); err != nil {
		return nil, err
	}
	if len(b.sheets) == 0 {
		return nil, broken("it has no sheet")
	}
	shared := ""
	relations, err := a.relations(b.main)
	if err != nil {
		return nil, err
	}
	for _, to := range relations {
		switch to.kind {
		case "styles":
			if b.shows, err = readStyles(a, to.part); err != nil {
				return nil, err
			}
		case "sharedStrings":
			shared = to.part
		}
	}
	b.strings = &sharedStrings{part: shared}
	return b, nil
}

// list finds the sheets.
func (b *workbook) list() error {
	relations, err := b.relations(b.main)
	if err != nil {
		return err
	}
	return b.scan(b.main, func(s *scanner, element string) error {
		switch element {
		case "workbookPr":
			b.era1904 = s.flag("date1904")
		case "sheet":
			to, state := relations[s.attr("r:id")], s.attr("state")
			name := s.attr("name")
			if to.kind != "worksheet" || !b.has(to.part) {
				b.others = append(b.others, name)
				return nil
			}
			b.sheets = append(b.sheets, sheetPart{name, state == "hidden" || state == "veryHidden", to.part})
		}
		return nil
	})
}
