package poster

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/font/sfnt"
)

// folders are where machines keep fonts.
func folders() []string { return []string{"/usr/share/fonts", "/usr/local/share/fonts"} }

// known are files of fonts that have Chinese glyphs, the best first.
func known() []string {
	return []string{
		"NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf", "SourceHanSansSC-Regular.otf",
		"SourceHanSansCN-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc",
	}
}

// Open opens the font of a file; without one, the machine's. nil: it has none, and
// no pictures are drawn.
func Open(path string) (*Poster, error) {
	if path == "" {
		if path = find(folders()); path == "" {
			return nil, nil // told by the Poster that is not there
		}
	}
	file, err := os.Open(path) // stays open: glyphs are read when they are drawn
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	all, err := sfnt.ParseCollectionReaderAt(file)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", path, err)
	}
	f, err := mainland(all)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", path, err)
	}
	var b sfnt.Buffer
	if glyph, err := f.GlyphIndex(&b, '评'); err != nil || glyph == 0 {
		return nil, fmt.Errorf("font %s has no Chinese glyphs", path)
	}
	return New(f), nil
}

// find looks for a known font.
func find(in []string) string {
	best, rank := "", len(known())
	for _, folder := range in {
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // a folder that cannot be read has no font
			}
			if i := slices.Index(known(), d.Name()); i >= 0 && i < rank {
				best, rank = path, i
			}
			return nil
		})
	}
	return best
}

// mainland is the font of a collection whose glyphs have the forms of the
// mainland, else the first.
func mainland(all *sfnt.Collection) (*sfnt.Font, error) {
	var b sfnt.Buffer
	for i := range all.NumFonts() {
		f, err := all.Font(i)
		if err != nil {
			return nil, err
		}
		if name, err := f.Name(&b, sfnt.NameIDFull); err == nil && strings.Contains(name, " SC") {
			return f, nil
		}
	}
	return all.Font(0)
}
