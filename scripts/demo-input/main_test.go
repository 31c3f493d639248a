package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
)

const committed = "../../deploy/examples/most-beautiful-courier"

// TestWrite_committed makes the files again and compares them with those in
// the repository: cells and pictures of the workbooks, bytes of the rest.
func TestWrite_committed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := write(dir, defaultSeed); err != nil {
		t.Fatal(err)
	}
	names := listed(t, dir)
	if diff := cmp.Diff(names, listed(t, committed)); diff != "" {
		t.Fatalf("files (-made +committed): %s", diff)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".xlsx") {
			sameBook(t, filepath.Join(dir, name), filepath.Join(committed, name))
			continue
		}
		if diff := cmp.Diff(string(body(t, dir, name)), string(body(t, committed, name))); diff != "" {
			t.Errorf("%s (-made +committed): %s", name, diff)
		}
	}
}

func listed(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

func body(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sameBook(t *testing.T, made, kept string) {
	t.Helper()
	a, b := openBook(t, made), openBook(t, kept)
	rows := cells(t, a)
	if diff := cmp.Diff(rows, cells(t, b)); diff != "" {
		t.Errorf("%s: cells (-made +committed): %s", kept, diff)
	}
	merged, err := a.GetMergeCells(sheetName)
	if err != nil {
		t.Fatal(err)
	}
	mergedKept, err := b.GetMergeCells(sheetName)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(merged, mergedKept); diff != "" {
		t.Errorf("%s: merged cells (-made +committed): %s", kept, diff)
	}
	painted, shown := pictures(t, a), pictures(t, b)
	if len(painted) != len(shown) {
		t.Errorf("%s has %d pictures instead of %d", kept, len(shown), len(painted))
	}
	for cell, picture := range painted {
		if !looksSame(picture, shown[cell]) {
			t.Errorf("%s: the picture in %s differs", kept, cell)
		}
	}
}

func openBook(t *testing.T, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func cells(t *testing.T, f *excelize.File) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheetName, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func pictures(t *testing.T, f *excelize.File) map[string][]byte {
	t.Helper()
	refs, err := f.GetPictureCells(sheetName)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, ref := range refs {
		found, err := f.GetPictures(sheetName, ref)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 {
			t.Fatalf("%s holds %d pictures", ref, len(found))
		}
		all[ref] = found[0].File
	}
	return all
}

// looksSame compares what is seen: another Go may compress differently, and
// another processor round an edge differently.
func looksSame(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, _, errX := image.Decode(bytes.NewReader(a))
	y, _, errY := image.Decode(bytes.NewReader(b))
	if errX != nil || errY != nil || x.Bounds() != y.Bounds() {
		return false
	}
	var sum float64
	for i := range width * height {
		r, g, b, _ := x.At(i%width, i/width).RGBA()
		s, h, c, _ := y.At(i%width, i/width).RGBA()
		sum += math.Abs(float64(r)-float64(s)) + math.Abs(float64(g)-float64(h)) + math.Abs(float64(b)-float64(c))
	}
	return sum/(3*width*height) < 0.002*0xFFFF
}

// TestLooksSame proves that the comparison can fail.
func TestLooksSame(t *testing.T) {
	t.Parallel()
	one, err := portrait{format: ".png"}.encode()
	if err != nil {
		t.Fatal(err)
	}
	other, err := portrait{format: ".png", glasses: true}.encode()
	if err != nil {
		t.Fatal(err)
	}
	if !looksSame(one, one) || looksSame(one, other) || looksSame(one, nil) {
		t.Error("portraits with and without glasses are not told apart")
	}
}

func TestRulebook(t *testing.T) {
	t.Parallel()
	rb := parsed(t)
	if err := rb.CheckSelection(); err != nil {
		t.Error(err)
	}
	if err := rb.CheckCompute(); err != nil {
		t.Error(err)
	}
	var titles []string
	for _, c := range rb.Categories {
		titles = append(titles, c.Title["zh"])
	}
	if diff := cmp.Diff([]string{courier, sorter, driver, manager}, titles); diff != "" {
		t.Errorf("categories: %s", diff)
	}
}

func parsed(t *testing.T) *rulebook.Rulebook {
	t.Helper()
	rb, err := rulebook.Parse(rulebookYAML)
	if err != nil {
		t.Fatal(err)
	}
	return rb
}

func TestStaff(t *testing.T) {
	t.Parallel()
	var doc struct {
		Staff []struct{ Role, Scope, Name, Email string }
	}
	if err := yaml.UnmarshalWithOptions(staffYAML, &doc, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	rb := parsed(t)
	count, emails := map[string]int{}, map[string]bool{}
	for _, s := range doc.Staff {
		count[s.Role+" "+s.Scope]++
		if emails[s.Email] || !strings.HasSuffix(s.Email, "@example.org") || s.Name == "" {
			t.Errorf("%+v", s)
		}
		emails[s.Email] = true
	}
	want := map[string]int{"organizer ": 1, "committee ": 9, "auditor ": 1, "juror experts": rb.Review.Panels[0].Jurors}
	for _, d := range rb.Vetting.Departments {
		want["vetter "+d.ID] = 1
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("staff (-want +got): %s", diff)
	}
}

func invented(t *testing.T) []entry {
	t.Helper()
	entries, err := invent(rand.New(rand.NewPCG(defaultSeed, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestInvent_deeds tells stories from several seeds.
func TestInvent_deeds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		entries, err := invent(rand.New(rand.NewPCG(seed, 1)))
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]bool{}
		for _, e := range entries {
			if n := utf8.RuneCountInString(e.deeds); n < 100 || n > 300 {
				t.Errorf("seed %d: the deeds of %s have %d characters", seed, e.name, n)
			}
			if strings.ContainsAny(e.deeds, "{}") {
				t.Errorf("seed %d: %s", seed, e.deeds)
			}
			if told[e.deeds] {
				t.Errorf("seed %d: told twice: %s", seed, e.deeds)
			}
			told[e.deeds] = true
		}
	}
}

// TestInvent_quotas: there are enough entries, and after the refusals the
// quotas can be met and may bind.
func TestInvent_quotas(t *testing.T) {
	t.Parallel()
	rb, entries := parsed(t), invented(t)
	if len(entries) != 60 {
		t.Errorf("%d entries", len(entries))
	}
	for _, r := range refusals() {
		n := len(entries)
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.name == r.name && e.employer == r.employer })
		if len(entries) != n-1 {
			t.Errorf("%s %s is refused and matches %d entries", r.name, r.employer, n-len(entries))
		}
		if !slices.ContainsFunc(rb.Vetting.Departments, func(d rulebook.Department) bool { return d.ID == r.department && d.Veto }) {
			t.Errorf("%s: there is no department %q with a veto", r.name, r.department)
		}
	}
	if len(entries) < 50 {
		t.Errorf("only %d candidates are left", len(entries))
	}
	const seats = 30
	employers, regions, women := map[string]int{}, map[string]int{}, 0
	reach := map[string]int{} // candidates of a region that the employers' cap leaves
	for _, e := range entries {
		employers[e.employer]++
		regions[e.region]++
		if employers[e.employer] <= 2 {
			reach[e.region]++
		}
		if e.gender == "女" {
			women++
		}
	}
	perEmployer, _ := rb.Quotas[0].Cap(seats)
	perRegion, _ := rb.Quotas[1].Cap(seats)
	least, _ := rb.Quotas[2].Floor(10)
	sum, binds := 0, false
	for region, n := range reach {
		sum += min(n, perRegion)
		binds = binds || regions[region] > perRegion
	}
	if sum < seats || women < least {
		t.Errorf("%d seats of %d can be filled, with %d women of %d", sum, seats, women, least)
	}
	if !binds || !slices.ContainsFunc(entries, func(e entry) bool { return employers[e.employer] > perEmployer }) || women >= len(entries)/2 {
		t.Errorf("no quota can bind: regions %v, employers %v, %d women", regions, employers, women)
	}
}

// TestEntries reads the workbook as the platform does.
func TestEntries(t *testing.T) {
	t.Parallel()
	if size := len(body(t, committed, "entries.xlsx")); size > 1_500_000 {
		t.Errorf("entries.xlsx has %d bytes", size)
	}
	book, err := table.Open(t.Context(), bytes.NewReader(body(t, committed, "entries.xlsx")), table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	photos, twins, ordinals := 0, 0, regexp.MustCompile(`^\d+$`)
	nominees := make(map[int]bool) // by line
	for {
		r, err := book.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		nominees[r.Line] = ordinals.MatchString(r.Cell(0))
		if nominees[r.Line] && strings.ReplaceAll(r.Cell(1), " ", "") == twinName {
			twins++
		}
	}
	found, err := book.Pictures()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		photos++
		picture, err := p.Body()
		if err != nil || !nominees[p.Line] || !p.In(9) {
			t.Errorf("%s in line %d: %v", p.Ref, p.Line, err)
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(picture)); err != nil || config.Width != width || config.Height != height {
			t.Errorf("%s: %v, %v", p.Ref, config, err)
		}
	}
	if photos < 45 || twins != 2 {
		t.Errorf("%d photos, %d twins", photos, twins)
	}
	if err := book.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadEntries(t *testing.T) {
	t.Parallel()
	f := openBook(t, filepath.Join(committed, "entries-bad.xlsx"))
	rows := cells(t, f)
	for i, m := range mistakes() {
		row := rows[badRow(i)-1]
		at := slices.Index(headings(), m.column)
		switch {
		case m.spoil == nil:
			if diff := cmp.Diff(rows[firstRow-1][1:], row[1:]); diff != "" {
				t.Errorf("row %d is no exact repeat: %s", badRow(i), diff)
			}
		case m.column == "照片":
			if got := pictures(t, f)[colPhoto+strconv.Itoa(badRow(i))]; string(got) != notPicture {
				t.Errorf("row %d has a picture of %d bytes", badRow(i), len(got))
			}
		case at < 0:
			t.Errorf("there is no column %s", m.column)
		case strings.HasSuffix(m.what, "missing") != (row[at] == ""):
			t.Errorf("row %d, %s: %q is not %s", badRow(i), m.column, row[at], m.what)
		}
	}
}

func TestOpinions(t *testing.T) {
	t.Parallel()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body(t, committed, "opinions.csv"), []byte("\ufeff"))))
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(refusals())+1 || !slices.Equal(rows[0], []string{"department", "name", "employer", "verdict", "reason"}) {
		t.Errorf("%d rows under %v", len(rows), rows[0])
	}
}
