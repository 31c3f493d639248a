package table_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/table"
)

// Text in another encoding has no byte that GB18030 lacks, and would come as
// Chinese characters that nobody typed: it is refused, and the encoding is named.
func TestOpen_otherEncodings(t *testing.T) {
	for name, c := range map[string]struct {
		encoding encoding.Encoding
		text     string
	}{
		"Windows-1252": {charmap.Windows1252, "name,employer\nAndrés Muñoz,Correos León\n"},
		"Big5":         {traditionalchinese.Big5, "姓名,工作單位\n陳大文,臺灣郵政\n"},
		"Shift-JIS":    {japanese.ShiftJIS, "氏名,勤務先\n鈴木さくら,日本の郵便局です\n"},
	} {
		body, err := c.encoding.NewEncoder().String(c.text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = table.ReadAll(strings.NewReader(body), table.Limits{})
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Code != "other_encoding" || f.Fields[0].Params["encoding"] != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The encoding that was assumed is told.
func TestReader_Encoding(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("姓名\n王小邮\n")
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{"姓名\n王小邮\n": "", gbk: norm.GB18030, "\xff\xfea\x00\n\x00": "", "a\x00\n\x00": norm.UTF16} {
		got, err := open(t.Context(), []byte(body), table.Options{})
		told := ""
		for _, w := range got.warnings {
			told += w.Params["encoding"]
		}
		if err != nil || told != want {
			t.Errorf("%q: %q, %v, want %q", body, told, err, want)
		}
	}
}
