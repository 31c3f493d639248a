package rulebook_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

const commented = `# Rules of an award. 第二届
laurel: 1 # the format
title: {zh: 评选, en: "Selection"} # both languages
edition: 2   # counted from 1

# Who is nominated.
nominee: person

awards: # best first
  # the great one
  - {id: gold, title: {zh: 金奖}, seats: 1} # one only
  - id: silver # an item in lines
    title:
      zh: 银奖
    # how many
    seats: 3

voting:
  voters: [device, roster] # the ways
  frequency: once
  hours: "09:00-22:00" # of the day
composite:
  tie_break:
    - votes # first
    - lot   # last
# the end
`

// An edit writes its own place anew and nothing else.
func TestDocument_Edit(t *testing.T) {
	for name, test := range map[string]struct {
		do   rulebook.Do
		path string
		text string
		want [2]string // what is written there, and what then stands in its place
	}{
		"a number":                       {rulebook.DoSet, "edition", "3", [2]string{"edition: 2 ", "edition: 3 "}},
		"the same":                       {rulebook.DoSet, "edition", "2", [2]string{"", ""}},
		"a quoted text":                  {rulebook.DoSet, "title.en", "Choice: the #1", [2]string{`"Selection"`, `"Choice: the #1"`}},
		"a word that would be a truth":   {rulebook.DoSet, "title.en", "true", [2]string{`"Selection"`, `"true"`}},
		"a word that would be nothing":   {rulebook.DoSet, "title.en", "null", [2]string{`"Selection"`, `"null"`}},
		"a further language":             {rulebook.DoSet, "awards[0].title.en", "Gold", [2]string{"{zh: 金奖}", "{zh: 金奖, en: Gold}"}},
		"a language in lines":            {rulebook.DoSet, "awards[1].title.en", "Silver", [2]string{"zh: 银奖\n", "zh: 银奖\n      en: Silver\n"}},
		"in an item in lines":            {rulebook.DoSet, "awards[1].seats", "4", [2]string{"seats: 3", "seats: 4"}},
		"a new key":                      {rulebook.DoSet, "timezone", "Asia/Tokyo", [2]string{"from 1\n", "from 1\ntimezone: Asia/Tokyo\n"}},
		"a new key of a new mapping":     {rulebook.DoSet, "decision.quorum", "2/3", [2]string{"# last\n", "# last\ndecision: {quorum: 2/3}\n"}},
		"a new key of a mapping of keys": {rulebook.DoSet, "voting.picks.max", "5", [2]string{"# of the day\n", "# of the day\n  picks: {max: 5}\n"}},
		"a key away":                     {rulebook.DoSet, "voting.hours", "", [2]string{"  hours: \"09:00-22:00\" # of the day\n", ""}},
		"the first key of an item away":  {rulebook.DoSet, "awards[1].id", "", [2]string{"- id: silver # an item in lines", "- "}},
		"the only key away":              {rulebook.DoSet, "awards[1].title.zh", "", [2]string{"    title:\n      zh: 银奖\n", ""}},
		"an item":                        {rulebook.DoAdd, "awards", "", [2]string{"seats: 3\n", "seats: 3\n  - {}\n"}},
		"the first item":                 {rulebook.DoAdd, "quotas", "", [2]string{"# last\n", "# last\nquotas: [{}]\n"}},
		"an item away":                   {rulebook.DoRemove, "awards[0]", "", [2]string{"  - {id: gold, title: {zh: 金奖}, seats: 1} # one only\n", ""}},
		"a word more":                    {rulebook.DoSet, "voting.voters", "device, roster，otp", [2]string{"[device, roster]", "[device, roster, otp]"}},
		"a word less":                    {rulebook.DoSet, "voting.voters", "device", [2]string{"[device, roster]", "[device]"}},
		"another word":                   {rulebook.DoSet, "voting.voters", "otp, roster", [2]string{"[device, roster]", "[otp, roster]"}},
		"a word more in lines": {
			rulebook.DoSet, "composite.tie_break", "panel:p, votes, lot",
			[2]string{"- votes # first\n    - lot ", "- \"panel:p\" # first\n    - votes "},
		},
		"words": {rulebook.DoSet, "attributes", "school, 年级", [2]string{"nominee: person\n", "nominee: person\nattributes: [school, 年级]\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, feed := range []string{"\n", "\r\n"} {
				d, err := rulebook.ReadDocument([]byte(strings.ReplaceAll(commented, "\n", feed)))
				if err != nil {
					t.Fatal(err)
				}
				after, err := d.Edit(rulebook.Change{Do: test.do, Path: test.path, Text: test.text})
				if err != nil {
					t.Fatal(err)
				}
				if strings.Count(commented, test.want[0]) != 1 && test.want[0] != "" {
					t.Fatalf("%q is not there once", test.want[0])
				}
				want := strings.Replace(commented, test.want[0], test.want[1], 1)
				if name == "a word more in lines" {
					want = strings.Replace(want, "- votes   # last\n", "- votes   # last\n    - lot\n", 1)
				}
				if diff := cmp.Diff(want, strings.ReplaceAll(after.Text(), "\r\n", "\n")); diff != "" {
					t.Errorf("(-want +got) %s", diff)
				}
			}
		})
	}
}

// Every key of the format can be written, written again and removed, in every
// example of the repository and in a rulebook without any; all comments stay,
// and no line but those of the key changes.
func TestDocument_Edit_keys(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"commented": commented, "without keys": "# nothing yet\n"}
	files, err := filepath.Glob("../../deploy/examples/*/rulebook.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, name := range files[:2] { // two layouts
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(src)
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := rulebook.ReadDocument([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			tried := 0
			for _, it := range leaves(d.Form()) {
				words := []string{sample(it)}
				if name == "commented" {
					words = append(words, "第 2: x #y, \"z\"", "")
				}
				for _, word := range words {
					after, err := d.Edit(rulebook.Change{Do: rulebook.DoSet, Path: it.At, Text: word})
					if err != nil {
						t.Errorf("%s = %q: %v", it.At, word, err)
						continue
					}
					tried++
					if word != "" {
						commentsStay(t, it.At, text, after.Text())
					}
					if n := linesChanged(text, after.Text()); n > 2+2*strings.Count(it.Text+word, ",") && word != "" {
						t.Errorf("%s = %q changes %d lines:\n%s", it.At, word, n, after.Text())
					}
				}
			}
			if tried < 40 {
				t.Errorf("only %d edits were tried", tried)
			}
		})
	}
}

func sample(it rulebook.Item) string {
	switch it.Kind {
	case rulebook.KindTruth:
		return "true"
	case rulebook.KindChoice:
		return it.Words[len(it.Words)-1]
	case rulebook.KindWords:
		return "一, b c"
	}
	return "7"
}

// leaves are the items that are written in a form's field.
func leaves(items []rulebook.Item) (all []rulebook.Item) {
	for _, it := range items {
		switch {
		case it.Kind == rulebook.KindMapping:
			all = append(all, leaves(it.Items)...)
		case it.Kind == rulebook.KindList:
			for _, one := range it.List {
				all = append(all, leaves(one)...)
			}
		case len(it.Spoken) > 0:
			all = append(all, it.Spoken...)
		default:
			all = append(all, it)
		}
	}
	return all
}

var commentPattern = regexp.MustCompile(`(?m)(?:^|[ \t])#.*$`)

func commentsStay(t *testing.T, what, before, after string) {
	t.Helper()
	for _, c := range commentPattern.FindAllString(before, -1) {
		if !strings.Contains(after, strings.TrimSpace(c)) {
			t.Errorf("%s: the comment %q is lost", what, c)
		}
	}
}

// linesChanged is how many lines are in one of the texts and not in the other.
func linesChanged(a, b string) int {
	count := map[string]int{}
	for line := range strings.Lines(a) {
		count[strings.TrimRight(line, "\n")]++
	}
	for line := range strings.Lines(b) {
		count[strings.TrimRight(line, "\n")]--
	}
	n := 0
	for _, c := range count {
		n += max(c, -c)
	}
	return n
}

// What no form may change is refused, and JSON stays JSON.
func TestDocument_Edit_refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, path string }{
		"no such key":           {commented, "seats"},
		"no such item":          {commented, "awards[7].seats"},
		"an item of no list":    {commented, "title[0]"},
		"a whole mapping":       {commented, "voting"},
		"no path":               {commented, ""},
		"a path of dots":        {commented, "a..b"},
		"a text that is a list": {"title: [a, b]\n", "title.zh"},
		"a text under a text":   {"voting: often\n", "voting.picks.max"},
	} {
		d, err := rulebook.ReadDocument([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if after, err := d.Edit(rulebook.Change{Do: rulebook.DoSet, Path: test.path, Text: "x"}); err == nil {
			t.Errorf("%s: %s", name, after.Text())
		}
	}
	d, err := rulebook.ReadDocument([]byte(`{"laurel":1,"title":"a","awards":[{"id":"gold","seats":3}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []rulebook.Change{
		{Do: rulebook.DoSet, Path: "awards[0].seats", Text: "4"}, {Do: rulebook.DoAdd, Path: "awards"}, {Do: rulebook.DoSet, Path: "title", Text: "b"},
	} {
		if d, err = d.Edit(c); err != nil {
			t.Fatal(err)
		}
	}
	var got any
	if err := json.Unmarshal([]byte(d.Text()), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"laurel": 1.0, "title": "b", "awards": []any{map[string]any{"id": "gold", "seats": 4.0}, map[string]any{}}}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
}

// A file of Windows has its mistakes where it has them.
func TestParse_lineEnds(t *testing.T) {
	t.Parallel()
	_, wrong := rulebook.Check([]byte("laurel: 1 # the format\r\n# a remark\r\nedition: x # counted\r\n"), time.Time{})
	if len(wrong) == 0 || wrong[0].Name != "edition" || wrong[0].Line != 3 {
		t.Errorf("%+v", wrong)
	}
}

// Whatever is written and whatever is changed: the answer is a document that
// says what the change wants, with all comments, or a fault.
func FuzzDocument_Edit(f *testing.F) {
	f.Add(commented, "awards[0].title.zh", "set", "金")
	f.Add("a: {b: [1, 2]}\n- x", "quotas", "add", "")
	f.Add("title: |\n  one\n  two\nedition: 1", "title", "set", "x")
	f.Add("awards:\n- id: a\n- id: b # c", "awards[1]", "remove", "")
	f.Fuzz(func(t *testing.T, text, path, do, word string) {
		d, err := rulebook.ReadDocument([]byte(text))
		if err != nil || len(text) > 4096 { // longer ones find the parser's pace and nothing else
			return
		}
		d.Form()
		after, err := d.Edit(rulebook.Change{Do: rulebook.Do(do), Path: path, Text: word})
		if err != nil {
			return
		}
		if _, err := after.Edit(rulebook.Change{Do: rulebook.DoSet, Path: "edition", Text: "7"}); err != nil && len(after.Text()) < 1000 {
			t.Logf("%q then takes no edition: %v", after.Text(), err)
		}
	})
}
