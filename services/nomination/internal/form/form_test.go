package form_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

func TestForm_Clean_names(t *testing.T) {
	f := form.For(&rulebook.Rulebook{Nominee: rulebook.NomineePerson})
	for typed, want := range map[string]string{
		"王  强":         "王强",
		"王　强\u200b":    "王强",
		" 欧阳 娜娜 ":      "欧阳娜娜",
		"阿依古丽 · 买买提":   "阿依古丽·买买提",
		"Anna   Li":    "Anna Li",
		"O’Neil Smith": "O’Neil Smith",
		"王强（男）":        "王强（男）",
		"=cmd":         "",
		"王强;DROP":      "",
		"123":          "",
		"<b>王</b>":     "",
	} {
		n, problems := f.Clean(nomination.Nominee{Name: typed, Employer: "e", Region: "r", Deeds: "d"})
		if n.Name != want || (want == "") != (len(problems) > 0) {
			t.Errorf("%q became %q, %v", typed, n.Name, problems)
		}
	}
	team := form.For(&rulebook.Rulebook{Nominee: rulebook.NomineeTeam})
	if n, problems := team.Clean(nomination.Nominee{Name: "“雪莲花”2队", Employer: "e", Region: "r", Deeds: "d"}); len(problems) > 0 || n.Name != "“雪莲花”2队" {
		t.Errorf("a team's name: %q, %v", n.Name, problems)
	}
}

func TestParseYears(t *testing.T) {
	for typed, want := range map[string]int{"8": 8, "8年": 8, "１２": 12, " １２ 年": 12, "3 years": 3, "0": 0, "80": 80} {
		if got, problem := form.ParseYears(typed); problem != nil || got == nil || *got != want {
			t.Errorf("%q: %v, %v", typed, got, problem)
		}
	}
	if got, problem := form.ParseYears(" 　"); got != nil || problem != nil {
		t.Errorf("blank: %v, %v", got, problem)
	}
	for _, typed := range []string{"很多年", "-3", "200", "81", "8.5", "2016.3", "八年", "8年多"} {
		if got, problem := form.ParseYears(typed); got != nil || problem == nil {
			t.Errorf("%q: %v", typed, got)
		}
	}
}

func TestSummary(t *testing.T) {
	sentence := strings.Repeat("一", 49) + "。"
	for name, c := range map[string]struct{ in, want string }{
		"short":      {"十年\n如一日。", "十年 如一日。"},
		"just fits":  {strings.Repeat("一", 90), strings.Repeat("一", 90)},
		"a sentence": {sentence + sentence, sentence + "…"},
		"a phrase":   {"一。" + strings.Repeat("二", 60) + "，" + strings.Repeat("三", 60), "一。" + strings.Repeat("二", 60) + "…"},
		"no bound":   {strings.Repeat("一", 200), strings.Repeat("一", 89) + "…"},
		"words":      {strings.Repeat("abcd ", 40), strings.TrimSpace(strings.Repeat("abcd ", 17)) + "…"},
		"a decimal":  {strings.Repeat("a", 60) + "3.5" + strings.Repeat("b", 60), strings.Repeat("a", 60) + "3.5" + strings.Repeat("b", 26) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, form.Summary(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSummary_length(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("一二。，. ,\n!a"))).Draw(t, "text")
		got := form.Summary(text)
		if n := utf8.RuneCountInString(got); n > form.SummaryLength {
			t.Fatalf("%d characters", n)
		}
		if body, cut := strings.CutSuffix(got, "…"); cut && utf8.RuneCountInString(body) < form.SummaryLength/2-1 {
			t.Fatalf("only %q", got)
		}
	})
}

func TestResembles(t *testing.T) {
	she := nomination.Nominee{Name: "马晓燕", Employer: "陇运速递临夏营业部", Region: "临夏州"}
	for name, c := range map[string]struct {
		other nomination.Nominee
		want  bool
	}{
		"typed differently": {nomination.Nominee{Name: "马 晓燕", Employer: "陇运速递有限公司临夏营业部", Region: "临夏回族自治州"}, true},
		"same region":       {nomination.Nominee{Name: "马晓燕", Employer: "邮政", Region: "临夏"}, true},
		"a namesake":        {nomination.Nominee{Name: "马晓燕", Employer: "顺风快递", Region: "兰州市"}, false},
		"a colleague":       {nomination.Nominee{Name: "马晓艳", Employer: she.Employer, Region: she.Region}, false},
	} {
		if got := form.LikenessOf(she).Resembles(form.LikenessOf(c.other)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Putting in order what is in order changes nothing.
func TestForm_Clean_twice(t *testing.T) {
	f := form.For(&rulebook.Rulebook{})
	rapid.Check(t, func(t *rapid.T) {
		once, _ := f.Clean(nomination.Nominee{
			Name: rapid.String().Draw(t, "name"), Employer: rapid.String().Draw(t, "employer"), Deeds: rapid.String().Draw(t, "deeds"),
		})
		twice, _ := f.Clean(once)
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Fatal(diff)
		}
		if strings.ContainsRune(once.Name+once.Employer+once.Deeds, 0) {
			t.Fatal("a NUL got through")
		}
	})
}
