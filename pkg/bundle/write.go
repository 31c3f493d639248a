package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// Source is a part before it is in a bundle. It is read twice, and has to be the
// same both times.
type Source struct {
	Name string
	Hash string // that it must have; empty: any
	Open func() (io.ReadCloser, error)
}

// Text is a source of a text.
func Text(name, text string) Source {
	return Source{name, "", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// Write writes the bundle of a selection: the sources, the signer's public keys,
// and the manifest. The same sources give the same bytes.
func Write(w io.Writer, slug string, sources []Source, absent []Absent, signer ballotlog.Signer) error {
	keys, err := signer.Keys()
	if err != nil {
		return err
	}
	sources = append(slices.Clone(sources), Text(BundleKey, keys))
	m := Manifest{Slug: slug, Absent: slices.Clone(absent)}
	entries := map[string]entry{}
	for _, s := range sources {
		part, crc, err := measure(s)
		if err != nil {
			return err
		}
		m.Parts = append(m.Parts, part)
		entries[s.Name] = entry{name: s.Name, size: uint32(part.Size), crc: crc}
	}
	m.sort()
	if _, err := ParseManifest(m.Text()); err != nil {
		return err
	}
	text, err := signer.SignNote(m.Text())
	if err != nil {
		return err
	}
	entries[ManifestPart] = entry{name: ManifestPart, size: uint32(len(text)), crc: crc32.ChecksumIEEE([]byte(text))}
	return write(w, append(sources, Text(ManifestPart, text)), entries)
}

// write writes the parts in the order of their names.
func write(w io.Writer, sources []Source, entries map[string]entry) error {
	slices.SortFunc(sources, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	var all []entry
	at := int64(0)
	for _, s := range sources {
		e := entries[s.Name]
		e.offset = uint32(at)
		all, at = append(all, e), e.end()
		if at > maxFile-1<<20 {
			return fmt.Errorf("bundle: its parts have more than %d bytes", maxFile)
		}
		if _, err := w.Write(e.local()); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
		if err := s.copy(w, int64(e.size)); err != nil {
			return err
		}
	}
	if _, err := w.Write(directory(all)); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

// measure reads a source for the first time.
func measure(s Source) (p Part, crc uint32, err error) {
	sum, check := sha256.New(), crc32.NewIEEE()
	r, err := s.Open()
	if err != nil {
		return p, 0, fmt.Errorf("bundle: %s: %w", s.Name, err)
	}
	defer r.Close()
	n, err := io.Copy(io.MultiWriter(sum, check), r)
	if err == nil && n > maxFile {
		err = fmt.Errorf("it has %d bytes", n)
	}
	is := hex.EncodeToString(sum.Sum(nil))
	if err == nil && s.Hash != "" && s.Hash != is {
		err = fmt.Errorf("its SHA-256 is %s, not %s", is, s.Hash)
	}
	if err != nil {
		return p, 0, fmt.Errorf("bundle: %s: %w", s.Name, err)
	}
	return Part{s.Name, n, is}, check.Sum32(), nil
}

// copy writes a source that has so many bytes.
func (s Source) copy(w io.Writer, size int64) error {
	r, err := s.Open()
	if err != nil {
		return fmt.Errorf("bundle: %s: %w", s.Name, err)
	}
	defer r.Close()
	if _, err := io.CopyN(w, r, size); err != nil {
		return fmt.Errorf("bundle: %s: %w", s.Name, err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 {
		return fmt.Errorf("bundle: %s has grown: %w", s.Name, err)
	}
	return nil
}
