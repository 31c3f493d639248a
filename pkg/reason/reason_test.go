package reason_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// catalogue reads the texts of a language.
func catalogue(t *testing.T, lang string) map[string]string {
	t.Helper()
	src, err := os.ReadFile(lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(src, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

// isCode tells codes of reasons from names of values, such as mode.half_up.
func isCode(key string) bool { return !strings.Contains(key, ".") && key != "list" && key != "nth" }

// Every language has a text for every code, and each tells all parameters.
func TestCatalogues(t *testing.T) {
	place := regexp.MustCompile(`\{([a-z]+)[|?}]`)
	told := func(text string) []string {
		var names []string
		for _, m := range place.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	en, zh := catalogue(t, "en"), catalogue(t, "zh-CN")
	codes := func(texts map[string]string) []string {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(texts)), func(key string) bool { return !isCode(key) })
	}
	if diff := cmp.Diff(codes(en), codes(zh)); diff != "" {
		t.Errorf("codes (-en +zh-CN):\n%s", diff)
	}
	for _, code := range codes(en) {
		if diff := cmp.Diff(told(en[code]), told(zh[code])); diff != "" {
			t.Errorf("parameters of %s (-en +zh-CN):\n%s", code, diff)
		}
	}
}

// The page of documentation lists every code with its texts.
func TestCatalogues_document(t *testing.T) {
	en, zh := catalogue(t, "en"), catalogue(t, "zh-CN")
	var b strings.Builder
	b.WriteString("# Reasons\n\n<!-- Written by `make docs`. -->\n\n" +
		"A result explains itself by reasons: codes with parameters, which catalogues put into the reader's language. A parameter tells what its\n" +
		"values are by its `unit`; one of the unit `reason` has further reasons. `{name|; }` joins values by what is behind the bar.\n" +
		"English texts stay as they are: hashes of results of the [first form](results.md#the-first-form) are of them.\n\n" +
		"| code | English | 中文 |\n|---|---|---|\n")
	cell := func(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }
	for _, code := range slices.Sorted(maps.Keys(en)) {
		if isCode(code) {
			b.WriteString("| `" + code + "` | " + cell(en[code]) + " | " + cell(zh[code]) + " |\n")
		}
	}
	testkit.Golden(t, "../../docs/reasons.md", b.String())
}

func TestSpeaker(t *testing.T) {
	over := reason.New("passed_over", reason.Of("award", reason.Award, "gold"), reason.Because("why",
		reason.New("cap_reached", reason.Number("nth", reason.Nth, 21), reason.Of("attribute", reason.Attribute, "employer"),
			reason.Of("value", reason.Value, "{max}"), reason.Number("max", reason.Seats, 2), reason.Because("where", reason.New("over_all")))),
		reason.Of("candidate", reason.Candidate, "7"), reason.Number("place", reason.Place, 9))
	en, zh := reason.NewSpeaker("en"), reason.NewSpeaker("zh-CN")
	zh.Name = func(unit reason.Unit, value, beside string) string {
		switch {
		case unit == reason.Award:
			return "金奖"
		case unit == reason.Attribute:
			return "单位"
		case unit == reason.Value && beside == "employer":
			return "<" + value + ">"
		}
		return ""
	}
	others := reason.Of("others", reason.Candidate, "1", "2", "3")
	others.More = 5
	tied := reason.New("tied", reason.Of("total", reason.Points, "9"), others, reason.Because("by", reason.New("by_lot", reason.Of("lot", reason.Lot, "ab"))))
	for _, c := range []struct{ got, want string }{
		{en.Text(over), "award gold: passed over as 21st of employer {max}, cap 2 over all awards, in favour of 7 (rank 9)"},
		{zh.Text(over), "未获“金奖”：在单位“<{max}>”中排第 21 位，全部奖项合计最多 2 个名额，名额由 7（第 9 名）获得"},
		{en.Text(tied), "tied on 9 with 1, 2, 3 and 5 more; decided by lot ab"},
		{zh.Text(tied), "与 1、2、3 和另外 5 个 同为 9 分；先后取决于：抽签值 ab"},
		{en.Text(reason.New("seats_left", reason.Number("seats", reason.Seats, 1), reason.Because("where"))), "1 seat would be left"},
		{en.Text(reason.New("seats_left", reason.Number("seats", reason.Seats, 2), reason.Because("where"))), "2 seats would be left"},
		{zh.Text(reason.Written("as it was")), "as it was"},
		{zh.Text(reason.New("of_a_later_version")), "of_a_later_version"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
	if !zh.Foreign(reason.Written("x")) || zh.Foreign(over) || en.Foreign(reason.Written("x")) {
		t.Error("what is foreign")
	}
	want := []reason.Part{{"未获“", false}, {"金奖", true}, {"”：在", false}, {"单位", true}, {"“", false}, {"<{max}>", true}}
	if diff := cmp.Diff(want, zh.Parts(over)[:6]); diff != "" {
		t.Error(diff)
	}
}

// A reason is an object in JSON, and one from before there were codes a string.
func TestReason_json(t *testing.T) {
	for _, text := range []string{
		`"total: 9"`, `{"code":"total","params":[{"name":"exact","unit":"points","values":["9"]}]}`,
		`{"code":"quota","params":[{"name":"of","unit":"reason","reasons":[{"code":"quota_of"}]}]}`,
	} {
		var r reason.Reason
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(r); string(got) != text || err != nil {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
}
