package table

import (
	"path"
	"strconv"
	"strings"
)

// pictureFormula gives the name of the picture that WPS puts into a cell:
// =DISPIMG("ID_…",1).
func pictureFormula(formula string) (name string, ok bool) {
	f := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(formula), "="), "_xlfn.")
	if !strings.HasPrefix(strings.ToUpper(f), "DISPIMG(") {
		return "", false
	}
	parts := strings.Split(f, `"`)
	if len(parts) < 3 {
		return "", false
	}
	return parts[1], true
}

// inCells gives the pictures that the cells hold.
func (x *sheetRows) inCells() ([]Picture, error) {
	if len(x.pictures) == 0 {
		return nil, nil
	}
	named, err := x.namedImages()
	if err != nil {
		return nil, err
	}
	rich, err := x.richImages()
	if err != nil {
		return nil, err
	}
	out := make([]Picture, 0, len(x.pictures))
	for _, c := range x.pictures {
		p := Picture{Name: c.name, Line: c.line, Last: c.line, Ref: cellName(c.column, c.line), column: c.column, sheet: x}
		if c.rich > 0 {
			p.Name = p.Ref
			if c.rich <= len(rich) {
				p.part = rich[c.rich-1]
			}
		} else {
			p.part = named[c.name]
		}
		p.Extension = path.Ext(p.part)
		for _, m := range x.layout.merges {
			if m.top == c.line && m.left <= c.column && c.column <= m.right {
				p.Last = m.bottom
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// namedImages are WPS's pictures in cells: the part of each by its name.
func (x *sheetRows) namedImages() (map[string]string, error) {
	const list = "xl/cellimages.xml"
	relations, err := x.book.relations(list)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	name := ""
	err = x.book.scan(list, func(s *scanner, element string) error {
		switch element {
		case "cNvPr":
			name = s.attr("name")
		case "blip":
			out[name] = relations[s.attr("r:embed")].part
		}
		return nil
	})
	return out, err
}

// richImages are Excel's pictures in cells: the part of each by a cell's vm
// attribute, from 1. The way leads over value metadata, rich values, their
// structures and relations ([MS-XLSX] 2.3.6 and 2.6.282).
func (x *sheetRows) richImages() ([]string, error) {
	b := x.book
	var cells, values []int // of a vm its place in values, of that the rich value's
	inFuture, inValues := false, false
	err := b.scan("xl/metadata.xml", func(s *scanner, element string) error {
		switch element {
		case "futureMetadata":
			inFuture, inValues = s.attr("name") == "XLRICHVALUE", false
		case "valueMetadata":
			inFuture, inValues = false, true
		case "cellMetadata":
			inFuture, inValues = false, false
		case "rvb":
			if inFuture {
				values = append(values, s.number("i"))
			}
		case "rc":
			if inValues {
				cells = append(cells, s.number("v"))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var structures []int // the place of the picture among a structure's keys; -1 without one
	keys := 0
	err = b.scan("xl/richData/rdrichvaluestructure.xml", func(s *scanner, element string) error {
		switch element {
		case "s":
			structures, keys = append(structures, -1), 0
		case "k":
			if len(structures) > 0 && s.attr("n") == "_rvRel:LocalImageIdentifier" {
				structures[len(structures)-1] = keys
			}
			keys++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var images []int // of each rich value the place of its picture's relation; -1 without one
	structure, place := -1, 0
	err = b.scan("xl/richData/rdrichvalue.xml", func(s *scanner, element string) error {
		switch element {
		case "rv":
			images, structure, place = append(images, -1), s.number("s"), 0
		case "v":
			text, err := s.within(nil)
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(text))
			if err == nil && structure >= 0 && structure < len(structures) && structures[structure] == place {
				images[len(images)-1] = n
			}
			place++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	const list = "xl/richData/richValueRel.xml"
	relations, err := b.relations(list)
	if err != nil {
		return nil, err
	}
	var parts []string
	if err := b.scan(list, func(s *scanner, element string) error {
		if element == "rel" {
			parts = append(parts, relations[s.attr("r:id")].part)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	out := make([]string, len(cells))
	for i, v := range cells {
		if v >= 0 && v < len(values) {
			v = values[v]
		}
		if v >= 0 && v < len(images) && images[v] >= 0 && images[v] < len(parts) {
			out[i] = parts[images[v]]
		}
	}
	return out, nil
}
