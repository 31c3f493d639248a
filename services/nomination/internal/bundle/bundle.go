// Package bundle reads ZIP files of photos as strangers send them: within bounds
// that are checked before anything is unpacked, and without writing a name of
// theirs anywhere.
package bundle

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/services/nomination"
)

// maxDirectory bounds what the list of a ZIP's files takes, in bytes.
const maxDirectory = 8 << 20

// encrypted is the bit of a file's flags that says so (APPNOTE 4.4.4).
const encrypted = 0x1

// Member is a file in a ZIP.
type Member struct {
	Index int
	Name  string // with its folders
}

// Archive is a ZIP that is within its bounds.
type Archive struct {
	Members []Member // without folders and what systems add of their own

	files []*zip.File
}

// Is tells a ZIP by its first bytes.
func Is(head []byte) bool {
	return len(head) >= 4 && (string(head[:4]) == "PK\x03\x04" || string(head[:4]) == "PK\x05\x06")
}

// Open lists a ZIP, and refuses one that is not within its bounds: a field without
// a name says what is wrong with it.
func Open(r io.ReaderAt, size int64) (*Archive, *fault.Field) {
	limited := &listing{r: r, left: maxDirectory}
	z, err := zip.NewReader(limited, size)
	switch {
	case errors.Is(err, errListing):
		return nil, wrong("zip_too_many", "has more than {max} files", "max", nomination.MaxPhotos)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		return nil, wrong("zip_broken", "is a broken ZIP file")
	}
	limited.left = -1
	if len(z.File) > nomination.MaxPhotos {
		return nil, wrong("zip_too_many", "has more than {max} files", "max", nomination.MaxPhotos)
	}
	a := &Archive{files: z.File}
	var unpacked uint64
	for i, f := range z.File {
		name := nameOf(f)
		if refusal := refuse(f, name); refusal != nil {
			return nil, refusal
		}
		if unpacked += f.UncompressedSize64; unpacked > nomination.MaxUnpacked || f.UncompressedSize64 > nomination.MaxUnpacked {
			return nil, wrong("zip_bomb", "unpacks to more than {max} MB", "max", nomination.MaxUnpacked>>20)
		}
		if !f.FileInfo().IsDir() && !ofSystem(name) {
			a.Members = append(a.Members, Member{i, name})
		}
	}
	if len(a.Members) == 0 {
		return nil, wrong("zip_empty", "has no file in it")
	}
	return a, nil
}

func wrong(code, message string, params ...any) *fault.Field {
	f := fault.Wrong("", code, message, params...)
	return &f
}

// refuse says why a ZIP with such a file is not taken.
func refuse(f *zip.File, name string) *fault.Field {
	switch {
	case !within(name):
		return wrong("zip_path", "has a file whose path leads out of it: {name}", "name", shown(name))
	case f.Mode()&fs.ModeSymlink != 0:
		return wrong("zip_link", "has a link in it: {name}", "name", shown(name))
	case !f.Mode().IsRegular() && !f.Mode().IsDir():
		return wrong("zip_special", "has something in it that is no file: {name}", "name", shown(name))
	case f.Flags&encrypted != 0:
		return wrong("zip_encrypted", "is protected with a password; pack it without one")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return wrong("zip_method", "is packed in a way that is not read; pack it as an ordinary ZIP")
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz":
		return wrong("zip_nested", "has an archive in it: {name}; send that by itself", "name", shown(name))
	}
	return nil
}

// within tells a name that stays below the ZIP's own folder, on whatever system.
func within(name string) bool {
	clean := path.Clean(name)
	return utf8.ValidString(name) && !strings.ContainsAny(name, "\\\x00") && !path.IsAbs(name) && clean != ".." && !strings.HasPrefix(clean, "../") &&
		(len(name) < 2 || name[1] != ':')
}

// shown is a name as a fault tells it.
func shown(name string) string {
	r := []rune(strings.ToValidUTF8(name, "\uFFFD"))
	if len(r) > 80 {
		r = append(r[:80], '…')
	}
	return string(r)
}

// nameOf is a file's name. Chinese systems write it in GBK, and do not say so.
func nameOf(f *zip.File) string {
	if utf8.ValidString(f.Name) {
		return f.Name
	}
	text, err := io.ReadAll(norm.Decoder(strings.NewReader(f.Name)))
	if err != nil || strings.ContainsRune(string(text), utf8.RuneError) {
		return f.Name
	}
	return string(text)
}

// ofSystem tells files that systems put beside those of their users.
func ofSystem(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") || base == ".DS_Store" ||
		strings.EqualFold(base, "Thumbs.db") || strings.EqualFold(base, "desktop.ini")
}

// Read unpacks a file, at most so many bytes and one: what it says of its size is
// not believed.
func (a *Archive) Read(index int, most int64) ([]byte, error) {
	if index < 0 || index >= len(a.files) {
		return nil, fmt.Errorf("bundle: there is no file %d", index)
	}
	r, err := a.files[index].Open()
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if int64(len(body)) > most {
		err = nil // its checksum was not reached
	}
	return body, errors.Join(err, r.Close())
}

// listing ends the reading of a list that is too long.
type listing struct {
	r    io.ReaderAt
	left int64 // -1: no bound
}

var errListing = errors.New("the list of files is too long")

func (l *listing) ReadAt(p []byte, off int64) (int, error) {
	if l.left >= 0 {
		if l.left -= int64(len(p)); l.left < 0 {
			l.left = 0
			return 0, errListing
		}
	}
	return l.r.ReadAt(p, off)
}
