package bundle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
)

// meaningless are the fields that whoever signs can change without being found, by
// the check that a report says not to have made, and why no file can show it.
func meaningless() map[string]string {
	return map[string]string{
		// the address of a moment is nothing that votes or scores show
		`results\.json\.published_at`: "published_rest",
		// employers are no input of the result, unless a quota names them
		`results\.json\.(awards\.\d+\.winners|ranking)\.\d+\.employer`: "published_rest",
		// ballots of the committee are secret; their sums are held to quorum and majority
		`results\.json\.decision\.(for|members|against|abstained)`: "members",
	}
}

// TestCheck_flipped flips bits of a bundle, a byte in eight and every byte of what is
// no part's: each is found.
func TestCheck_flipped(t *testing.T) {
	t.Parallel()
	file := bundletest.New(t, 8).Zip(t)
	tried := 0
	for at := range file {
		if at%8 != 0 && !heading(file, at) {
			continue
		}
		tried++
		file[at] ^= 1 << (at % 8)
		_, err := check(t, file, bundle.Options{})
		file[at] ^= 1 << (at % 8)
		f := (*bundle.Failure)(nil)
		if !errors.As(err, &f) || f.Broken {
			t.Errorf("byte %d of %d: %v", at, len(file), err)
		}
	}
	if _, err := check(t, file, bundle.Options{}); err != nil {
		t.Error(err)
	}
	t.Logf("%d bytes of %d", tried, len(file))
	if tried < 2000 {
		t.Errorf("%d bytes were tried", tried)
	}
}

// heading tells bytes beside a signature of ZIP.
func heading(file []byte, at int) bool {
	const reach = 46 // of the longest heading
	return bytes.Contains(file[max(0, at-reach):min(len(file), at+4)], []byte("PK"))
}

// edit is a change of a part, or of nothing where it is not one.
type edit struct{ field, text string }

// TestCheck_edited has the installation itself change one field of a part and sign
// the bundle again: it is found by computing, and said to be evidence; or the report
// says that the field was not checked.
func TestCheck_edited(t *testing.T) {
	t.Parallel()
	right := bundletest.New(t, 8)
	tried, unseen := 0, 0
	for _, part := range slices.Sorted(maps.Keys(right.Parts)) {
		for i, e := range edits(t, part, right.Parts[part]) {
			if e.text == right.Parts[part] || alike(part, e.field) && i%3 != 0 {
				continue
			}
			tried++
			forged := *right
			forged.Parts = maps.Clone(right.Parts)
			forged.Parts[part] = e.text
			report, err := check(t, forged.Zip(t), bundle.Options{})
			if f := (*bundle.Failure)(nil); errors.As(err, &f) && f.Broken {
				tells(t, f.Reason)
				continue
			}
			if err == nil && said(e.field, report) {
				unseen++
				continue
			}
			t.Errorf("%s: %v", e.field, err)
		}
	}
	t.Logf("%d edits, of which %d mean nothing", tried, unseen)
	if tried < 2500 {
		t.Errorf("%d edits were tried", tried)
	}
}

// alike tells fields of which one in three is tried: all are held to the same bytes.
func alike(part, field string) bool {
	return part == bundle.ResultPart || strings.Contains(field, ".explain.")
}

// said tells whether a report says that it did not check a field.
func said(field string, report bundle.Report) bool {
	for pattern, code := range meaningless() {
		if regexp.MustCompile("^" + pattern + "$").MatchString(field) {
			return slices.Contains(codes(report.Unchecked), code)
		}
	}
	return false
}

// edits changes every field of a part in turn.
func edits(t *testing.T, part, text string) (all []edit) {
	t.Helper()
	if strings.HasSuffix(part, ".json") {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		changed(value, func(path string, whole func() any) {
			b, err := json.Marshal(whole())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, edit{part + path, string(b)})
		})
		return all
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		with := func(what string, own ...string) {
			all = append(all, edit{fmt.Sprintf("%s.%d.%s", part, i, what), strings.Join(slices.Concat(lines[:i], own, lines[i+1:]), "")})
		}
		with("left out")
		if line != "" {
			with("twice", line, line)
			with("cut", line[:len(line)-1])
		}
		for _, at := range regexp.MustCompile(`[\pL\pN+/=_.-]+`).FindAllStringIndex(line, -1) {
			word := line[at[0]:at[1]]
			with("longer", line[:at[1]]+"1"+line[at[1]:])
			with("gone", line[:at[0]]+line[at[1]:])
			with("other", line[:at[0]]+strings.Map(func(c rune) rune {
				switch c {
				case '9':
					return '0'
				case '-', '+', '/', '=', '.', '_':
					return c
				}
				return c + 1
			}, word)+line[at[1]:])
		}
	}
	for i := range len(lines) - 2 {
		swapped := slices.Clone(lines)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		all = append(all, edit{fmt.Sprintf("%s.%d.swapped", part, i), strings.Join(swapped, "")})
	}
	return all
}

// changed changes every value of a JSON document in turn, and calls each while it is.
func changed(root any, each func(path string, whole func() any)) {
	whole := func() any { return root }
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		try := func(other any) { set(other); each(path, whole); set(v) }
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				own := v[name]
				delete(v, name)
				each(path+"."+name, whole)
				v[name] = own
				walk(path+"."+name, own, func(x any) { v[name] = x })
			}
		case []any:
			if len(v) > 0 {
				try(v[1:])
				try(append(slices.Clone(v), v[0]))
			}
			for i := range v {
				walk(fmt.Sprintf("%s.%d", path, i), v[i], func(x any) { v[i] = x })
			}
		case string:
			try(v + "1")
			try("")
		case float64:
			try(v + 1)
			try(0)
		case bool:
			try(!v)
		}
	}
	walk("", root, func(x any) { root = x })
}
