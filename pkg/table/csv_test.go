package table_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/table"
)

// encodings are those that are read.
func encodings() map[string]encoding.Encoding {
	return map[string]encoding.Encoding{
		"UTF-8":                     unicode.UTF8,
		"UTF-8 with a mark":         unicode.UTF8BOM,
		"GBK":                       simplifiedchinese.GBK,
		"GB18030":                   simplifiedchinese.GB18030,
		"UTF-16LE with a mark":      unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16BE with a mark":      unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"UTF-16LE without a mark":   unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16BE without a mark":   unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		"UTF-32 with a mark":        utf32.UTF32(utf32.BigEndian, utf32.UseBOM),
		"UTF-32, little, with mark": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
	}
}

// Whatever the encoding, what separates cells, and how lines end, a table comes
// back as it was, with the names of its columns or without.
func TestReader_delimiters(t *testing.T) {
	common := []rune("王李张刘陈杨赵黄周吴快递员兰州天水白银酒泉陇运速递营业部雪夜送药连续八年零投诉一二三四五六七八九十的了在是有，。")
	word := rapid.StringOfN(rapid.SampledFrom(common), 2, 6, -1)
	rare := rapid.SampledFrom([]string{"㐀𠀀", "张珺堃", "喆"})
	mixed := rapid.Custom(func(t *rapid.T) string {
		return word.Draw(t, "left") + rapid.SampledFrom([]string{",", ";", "\t", `"`, " ", "\n"}).Draw(t, "sign") + word.Draw(t, "right")
	})
	cell := rapid.OneOf(word, word, mixed, rapid.StringMatching(`[0-9]{1,6}`), rapid.Just(""))
	tables := rapid.Custom(func(t *rapid.T) [][]string {
		rows := [][]string{{"姓名", "工作单位", "事迹"}}
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			rows = append(rows, []string{word.Draw(t, "name"), cell.Draw(t, "cell"), word.Draw(t, "story")})
		}
		return rows
	})
	check := func(name string, e encoding.Encoding, delimiter rune, said bool, end string, seed int) {
		rows := tables.Example(seed)
		if name != "GBK" {
			rows = append(rows, []string{rare.Example(seed), "陇运速递", "十年如一日"})
		}
		var b strings.Builder
		if said {
			b.WriteString("sep=" + string(delimiter) + "\n")
		}
		w := csv.NewWriter(&b)
		w.Comma = delimiter
		must(t, w.WriteAll(rows))
		body, err := e.NewEncoder().String(strings.ReplaceAll(b.String(), "\n", end))
		must(t, err)
		got, err := open(t.Context(), []byte(body), table.Options{Field: among(rows[0]...), Least: 2})
		if err != nil {
			t.Fatalf("%s, %q, %q: %v", name, delimiter, end, err)
		}
		back := [][]string{got.Row.Cells}
		for _, r := range got.rows {
			back = append(back, r.Cells)
		}
		if diff := cmp.Diff(rows, back); diff != "" {
			t.Fatalf("%s, %q, %q:\n%s", name, delimiter, end, diff)
		}
		if slices.Contains(got.codes(), "delimiter_assumed") != (!said && delimiter != ',') {
			t.Fatalf("%s, %q: %v", name, delimiter, got.warnings)
		}
		if assumed := slices.Contains(got.codes(), "encoding_assumed"); assumed != (strings.HasPrefix(name, "GB") || strings.Contains(name, "without")) {
			t.Fatalf("%s: %v", name, got.warnings)
		}
	}
	for name, e := range encodings() {
		for _, delimiter := range []rune{',', ';', '\t'} {
			for _, end := range []string{"\n", "\r\n", "\r"} {
				for seed := range 10 {
					check(name, e, delimiter, seed%2 == 0, end, seed)
				}
			}
		}
	}
}

// What is not read is refused by its name, in the words of the fault.
func TestReader_refusesText(t *testing.T) {
	big5 := "姓名,工作單位,主要事蹟\n" + strings.Repeat("陳小明,蘭州快遞股份有限公司,連續八年無投訴，雪夜送藥，大家都說他是好人\n", 3)
	encoded := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		must(t, err)
		return out
	}
	for name, c := range map[string]struct{ body, code, name string }{
		"bars":          {"姓名|工作单位\n王强|陇运\n", "delimiter_unknown", "|"},
		"wide commas":   {"姓名，工作单位\n王强，陇运\n", "delimiter_unknown", "，"},
		"wide semi":     {"姓名；工作单位\n王强；陇运\n", "delimiter_unknown", "；"},
		"sep=|":         {"sep=|\n姓名|工作单位\n", "delimiter_unknown", "|"},
		"Windows-1252":  {encoded(charmap.Windows1252, "name,employer\nAndrés Muñoz,Köln Vögel\n"), "other_encoding", "Windows-1252"},
		"Big5":          {encoded(traditionalchinese.Big5, big5), "other_encoding", "Big5"},
		"Shift JIS":     {encoded(japanese.ShiftJIS, "なまえ,かいしゃ\n"+strings.Repeat("やまだたろう,とうきょうはいそう\n", 3)), "other_encoding", "Shift-JIS"},
		"bytes at odds": {"姓名,工作单位\n\xff\xfe\xff,x\n", "not_utf8", ""},
		"a program":     {"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00>\x00\x01\x00\x00\x00", "not_text", ""},
	} {
		_, err := open(t.Context(), []byte(c.body), table.Options{Field: among("姓名", "工作单位", "name", "employer"), Least: 2})
		if err == nil || faultCodes(err) != c.code || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsTotal(t *testing.T) {
	for _, s := range []string{
		"合计/Total", "Total（合计）", "本页小计", "以上合计", "总得票数", "票数总计", "得票总数", "Votes total", "Totals (all)", "合計", "總計", "総計", "【合计】",
		"合计（共三人）", "共3人", "有效票", "弃权", "无效票数", "平均得分", "⼩计", "∑", "Σ",
		"合计", "合 计", " 合　计：", "总计", "小计", "共计", "合计（票）", "合计3人", "Total", "TOTALS", "total:", "Sub-total", "Grand Total", "sum", "ＳＵＭ", "平均", "Average",
	} {
		if !table.IsTotal(s) {
			t.Errorf("%q is no total", s)
		}
	}
	for _, s := range []string{
		"", "王强", "合计林", "Summer", "Total Energies", "计", "12", "Al", "人", "Mean Gene",
		"总三", "共和", "All Blacks", "合计划", "小计划", "Max", "Paul", "中位", "平安",
	} {
		if table.IsTotal(s) {
			t.Errorf("%q is a total", s)
		}
	}
}
