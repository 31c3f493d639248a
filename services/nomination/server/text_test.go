package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// csv is a file of entries: name, employer; the rest is the same but for the deeds.
func csv(rows ...[2]string) []byte {
	var b strings.Builder
	b.WriteString("姓名,性别,类别,工作单位,所在市州,主要事迹,party\n")
	for i, r := range rows {
		fmt.Fprintf(&b, "%s,女,快递员,%s,兰州市,事迹%d,党员\n", r[0], r[1], i)
	}
	return []byte(b.String())
}

// Names with every kind of Han character are taken, from the first to the last of
// each block of Unicode 17, radicals that a PDF left among them, and those that
// GBK kept in the private use.
func TestImport_rareNames(t *testing.T) {
	r := opened(t)
	var rows [][2]string
	for _, c := range []rune{
		0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0x20000, 0x2A6DF, 0x2A700, 0x2B73F, 0x2B740, 0x2B81D, 0x2B820, 0x2CEAD, 0x2CEB0, 0x2EBE0,
		0x2EBF0, 0x2EE5D, 0x30000, 0x3134A, 0x31350, 0x323AF, 0x323B0, 0x33479, 0xF900, 0xFAD9, 0x2F800, 0x2FA1D, 0x3007, 0x2F45, 0x2EC5, 0xE863,
	} {
		rows = append(rows, [2]string{"王" + string(c), fmt.Sprintf("单位%c", 'A'+len(rows))})
	}
	rows = append(rows, [2]string{"⽅⽂", "驼铃快运"}) // nothing but radicals
	done, err := r.load(t, csv(rows...), false)
	if err != nil || done.Entries != len(rows) {
		t.Fatalf("%+v, %v", done, err)
	}
	last, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: done.IDs[len(rows)-2]})
	if err != nil || last.Nominee.Name != "王䶮" {
		t.Errorf("%q, want the character that Unicode has now; %v", last.Nominee.Name, err)
	}
	if _, err := r.load(t, csv([2]string{"王\ue000", "单位"}), true); err == nil {
		t.Error("a character of the private use that nobody knows is taken")
	}
	if _, err := r.load(t, csv([2]string{"方文", "驼铃快运"}), false); err != nil {
		t.Fatal(err) // other deeds
	}
}

// A name with another dot, an employer with other brackets: the same entry.
func TestImport_otherSigns(t *testing.T) {
	r := opened(t)
	dots := []rune("·•‧・．∙⋅･")
	var rows [][2]string
	for _, d := range dots {
		rows = append(rows, [2]string{"买买提" + string(d) + "艾力", "驼铃快运"})
	}
	dry, err := r.load(t, csv(rows...), true)
	if err != nil {
		t.Fatal(err)
	}
	warned := make(map[int]bool)
	for _, w := range dry.Warnings {
		if w.Code != "resembles_row" || w.Params["row"] == "" {
			t.Errorf("%+v", w)
		}
		warned[w.Row] = true
	}
	if len(warned) != len(dots)-1 {
		t.Errorf("%d rows warned of, want all but the first: %+v", len(warned), dry.Warnings)
	}

	first := strings.Replace(string(csv([2]string{"买买提·艾力", "驼铃快运（兰州）"})), "事迹0", "事迹", 1)
	if _, err := r.load(t, []byte(first), false); err != nil {
		t.Fatal(err)
	}
	for _, twin := range []string{
		strings.NewReplacer("·", "．", "（", "【", "）", "】").Replace(first),
		strings.NewReplacer("·", " • ", "驼铃快运（兰州）", "驼铃 快运(兰州)").Replace(first),
	} {
		if _, err := r.load(t, []byte(twin), true); !cmp.Equal(fields(t, err, nomination.ErrImport), []string{"姓名"}) {
			t.Errorf("the same again: %v", err)
		}
	}
}

// Two spellings of an employer are told at import, for the entry, and in the
// progress until vetting closes.
func TestWarnings_employers(t *testing.T) {
	r := opened(t)
	done, err := r.load(t, csv(
		[2]string{"甲", "驼铃快运（兰州）"}, [2]string{"乙", "驼铃快运(兰州)"}, [2]string{"丙", "陇运速递"}, [2]string{"丁", "陇运速递有限公司"},
		[2]string{"戊", "甘肃省邮政"}, [2]string{"己", "甘肃邮政"}, [2]string{"庚", "第一小学"}, [2]string{"辛", "第二小学"}, [2]string{"壬", "驼铃快运(兰州)"},
	), false)
	if err != nil {
		t.Fatal(err)
	}
	told := func(warnings []nomination.Warning) (out []string) {
		for _, w := range warnings {
			out = append(out, fmt.Sprint(w.Row, " ", w.Field, " ", w.Code, " ", w.Params["value"], " ", w.Params["other"]))
		}
		return out
	}
	if diff := cmp.Diff([]string{
		"3 工作单位 spelled_otherwise 驼铃快运(兰州) 驼铃快运（兰州）",
		"5 工作单位 spelled_alike 陇运速递有限公司 陇运速递",
		"7 工作单位 spelled_alike 甘肃邮政 甘肃省邮政",
	}, told(done.Warnings)); diff != "" {
		t.Errorf("import (-want +got):\n%s", diff)
	}
	e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: done.IDs[1]})
	if diff := cmp.Diff([]string{"0 employer spelled_otherwise 驼铃快运(兰州) 驼铃快运（兰州）"}, told(e.Warnings)); err != nil || diff != "" {
		t.Errorf("entry: %v\n%s", err, diff)
	}
	p, err := r.GetProgress(testkit.Context(t), nomination.Of{Slug: slug})
	if err != nil || len(p.Warnings) != 3 || p.Warnings[0].Code != "spelled_otherwise" || p.Warnings[0].Field != "employer" {
		t.Errorf("progress: %+v, %v", p.Warnings, err)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: done.IDs[3], Reason: "mistake"}); err != nil {
		t.Fatal(err)
	}
	if p, err = r.GetProgress(testkit.Context(t), nomination.Of{Slug: slug}); err != nil || len(p.Warnings) != 2 {
		t.Errorf("without the entry that is out: %+v, %v", p.Warnings, err)
	}
}
