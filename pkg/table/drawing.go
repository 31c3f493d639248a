package table

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Picture is an image of a sheet, unchecked. It floats over the cells, or it is
// in one.
type Picture struct {
	Name      string // as the file names it: Picture 1
	Extension string // as the file names it: .jpeg
	Line      int    // the row that holds most of it; 0 where it covers thousands
	Last      int    // the last row of the merged cell that holds it; else Line
	Ref       string // the cell of its top left corner

	left, right int64 // EMU from the sheet's left edge
	column      int   // that it is in; -1 where it floats
	sheet       *sheetRows
	part        string // "" where the file has it not
}

// In tells whether a picture is in a column, counted from 0, or over it.
func (p Picture) In(column int) bool {
	if p.column >= 0 {
		return p.column == column
	}
	from, to := p.sheet.layout.edges(column)
	return p.left < to && p.right > from || p.left == p.right && p.left >= from && p.left < to
}

// MaxPicture bounds a picture in bytes.
const MaxPicture = 32 << 20

// Body is the image's file. Fault: table_unreadable.
func (p Picture) Body() ([]byte, error) {
	if p.part == "" || !p.sheet.book.has(p.part) {
		return nil, unreadable(fmt.Sprintf("the picture %s at %s is not in the file", p.Name, p.Ref))
	}
	r, err := p.sheet.book.open(p.part)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, MaxPicture+1))
	if err == nil && len(body) > MaxPicture {
		err = tooLarge(fmt.Sprintf("the picture %s at %s has more than the %d bytes taken", p.Name, p.Ref, MaxPicture))
	}
	return body, p.sheet.book.failed(p.part, err)
}

// maxPictures bounds those of a sheet.
const maxPictures = 5000

// drawn is what a sheet has beside text: pictures, and the names of shapes and
// charts.
type drawn struct {
	pictures []Picture
	others   []string
}

// all gives the sheet's pictures in the order of their rows, and the names of
// other drawings: shapes, charts. The rows have been read.
func (x *sheetRows) all() ([]Picture, []string, error) {
	if x.drawn == nil {
		pictures, others, err := x.look()
		if err != nil {
			return nil, nil, err
		}
		x.drawn = &drawn{pictures, others}
	}
	return x.drawn.pictures, x.drawn.others, nil
}

func (x *sheetRows) look() (pictures []Picture, others []string, err error) {
	if pictures, err = x.inCells(); err != nil {
		return nil, nil, err
	}
	if x.layout.drawing != "" {
		relations, err := x.book.relations(x.layout.drawing)
		if err != nil {
			return nil, nil, err
		}
		grid := newGrid(x.layout)
		err = x.book.scan(x.layout.drawing, func(s *scanner, element string) error {
			switch element {
			case "twoCellAnchor", "oneCellAnchor", "absoluteAnchor":
				a, err := readAnchor(s)
				if err != nil {
					return err
				}
				for _, image := range a.images {
					pictures = append(pictures, x.floating(grid, a, image, relations))
				}
				if len(a.images) == 0 && a.named != "" {
					others = append(others, a.named)
				}
				if len(pictures) > maxPictures {
					return tooLarge("the sheet " + x.sheet.name + " has more pictures than are taken")
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(pictures, func(a, b Picture) int { return a.Line - b.Line })
	return pictures, others, nil
}

// anchor is where a drawing is, and what is in it.
type anchor struct {
	kind       string
	from, to   point
	x, y       int64 // of an absolute one, EMU
	cx, cy     int64 // EMU
	named      string
	images     []image
	hasFrom    bool
	hasExtents bool
}

// point is a cell, both from 0, and an offset within it in EMU.
type point struct {
	column, row             int
	columnOffset, rowOffset int64
}

type image struct{ name, embed string }

// readAnchor reads the anchor whose start was read.
func readAnchor(s *scanner) (anchor, error) {
	a := anchor{kind: string(s.name())}
	depth := s.depth
	err := s.each(func(element string) (err error) {
		switch element {
		case "from":
			a.from, err = readPoint(s)
			a.hasFrom = true
		case "to":
			a.to, err = readPoint(s)
		case "pos":
			a.x, a.y = emu(s, "x"), emu(s, "y")
		case "ext":
			if s.depth == depth+1 { // not one of a shape or an extension
				a.cx, a.cy, a.hasExtents = emu(s, "cx"), emu(s, "cy"), true
			}
		case "cNvPr":
			a.named = s.attr("name")
		case "blip":
			if embed := s.attr("r:embed"); embed != "" || s.attr("r:link") != "" {
				a.images = append(a.images, image{a.named, embed})
			}
		case "Fallback": // what Choice has said already, for older programs
			if len(a.images) > 0 {
				err = s.skip()
			}
		}
		return err
	})
	return a, err
}

func readPoint(s *scanner) (point, error) {
	var p point
	err := s.each(func(element string) error {
		text, err := s.within(nil)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return errXML
		}
		n = min(max(n, 0), 1<<40)
		switch element {
		case "col":
			p.column = int(min(n, gridColumns-1))
		case "row":
			p.row = int(min(n, gridRows-1))
		case "colOff":
			p.columnOffset = n
		case "rowOff":
			p.rowOffset = n
		}
		return nil
	})
	return p, err
}

func emu(s *scanner, attr string) int64 {
	n, err := strconv.ParseInt(s.attr(attr), 10, 64)
	if err != nil {
		return 0
	}
	return min(max(n, 0), 1<<40)
}

// floating finds the row that holds most of an image.
func (x *sheetRows) floating(g *grid, a anchor, i image, relations map[string]target) Picture {
	to := relations[i.embed]
	p := Picture{Name: i.name, column: -1, sheet: x}
	if !to.external && to.part != "" {
		p.part, p.Extension = to.part, path.Ext(to.part)
	}
	var top, bottom int64
	switch a.kind {
	case "absoluteAnchor":
		p.left, p.right, top, bottom = a.x, a.x+a.cx, a.y, a.y+a.cy
	case "oneCellAnchor":
		p.left, top = g.place(a.from)
		p.right, bottom = p.left+a.cx, top+a.cy
	default:
		p.left, top = g.place(a.from)
		p.right, bottom = g.place(a.to)
	}
	p.right, bottom = max(p.left, p.right), max(top, bottom)
	first := g.rowAt(top)
	p.Ref = cellName(g.columnAt(p.left), first)
	if a.hasFrom {
		p.Ref = cellName(a.from.column, a.from.row+1)
	}
	p.Line, p.Last = g.most(top, bottom, p)
	return p
}
