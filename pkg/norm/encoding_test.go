package norm_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// What an office saves in another encoding than UTF-8 is told for what it is.
func TestGuess(t *testing.T) {
	for name, c := range map[string]struct {
		encoding encoding.Encoding
		texts    []string
	}{
		"GB18030": {simplifiedchinese.GB18030, []string{
			"姓名,工作单位,所在市州,主要事迹\n王小邮,驼铃快运,兰州市,雪夜送药。\n",
			"candidate,votes\n王小邮,320\n李快,280\n赵递,100\n",
			"name,employer\n欧阳娜娜,陇运速递有限公司（兰州）\n",
			"姓名,工作单位\n买买提·艾力,新疆邮政\n",
			"candidate,votes\n张三,1\n",
			"name\n王龘\n李龖\n",
			"a,b\n（x）,“y”——…\n",
			"编号,姓名\n1,犇羴鱻\n",
		}},
		"Windows-1252": {charmap.Windows1252, []string{
			"name,employer,region,deeds\nAndrés Muñoz,Correos León,Köln,Carried parcels\n",
			"name\nJosé\n", "name\nFrançois Lefèvre\nAgnès Bézier\n", "Straße,Größe,Müller,Schröder\n", "Åsa Öberg,Malmö,Skåne\n", "João,São Paulo,Brasília\n",
		}},
		"Big5": {traditionalchinese.Big5, []string{
			"姓名,工作單位,地區,主要事蹟\n陳大文,臺灣郵政,臺北市,雪夜送藥\n", "候選人,票數\n張三豐,320\n劉備,100\n",
		}},
		"Shift-JIS": {japanese.ShiftJIS, []string{
			"氏名,勤務先\n山田太郎,ヤマト運輸\n鈴木さくら,日本の郵便局です\n", "なまえ,しごと\nやまだ,はいたつ\n",
		}},
		"EUC-JP":       {japanese.EUCJP, []string{"なまえ,しごと\nやまだ,はいたつ\nさくら,日本の郵便局です\n"}},
		"EUC-KR":       {korean.EUCKR, []string{"이름,직장,지역\n김철수,우체국,서울특별시\n이영희,택배회사,부산광역시\n박민수,배달,대구\n"}},
		"Windows-1251": {charmap.Windows1251, []string{"имя,работодатель,регион\nИван Петров,Почта России,Москва\nАнна Сидорова,Курьерская служба,Казань\n"}},
		"KOI8-R":       {charmap.KOI8R, []string{"имя,работодатель,регион\nИван Петров,Почта России,Москва\nАнна Сидорова,Курьерская служба,Казань\n"}},
	} {
		for _, text := range c.texts {
			sample, err := c.encoding.NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if got := norm.Guess(sample); got != name {
				read, _ := io.ReadAll(norm.Decoder(bytes.NewReader(sample)))
				t.Errorf("%s taken for %q: %s\nas GB18030: %s", name, got, text, read)
			}
		}
	}
}

// Every character that GB18030 has comes back, whichever edition wrote it and
// wherever the reads end.
func TestDecoder(t *testing.T) {
	var text strings.Builder
	for r := rune(0x80); r <= 0x2FFFF; r++ {
		if r >= 0xD800 && r < 0xF900 || r == 0xFFFD {
			continue
		}
		text.WriteRune(r)
	}
	written, err := simplifiedchinese.GB18030.NewEncoder().String(text.String())
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.ReadAll(norm.Decoder(iotest{strings.NewReader(written)}))
	if err != nil || string(read) != text.String() {
		t.Errorf("%v; %d bytes of %d", err, len(read), text.Len())
	}
	const old = "\xfe\x59\xfe\x9f a\xa6\xd9\xa8\xbc\xfe\x51\xfe\xa0,\xc0\xbc\xd6\xdd\xfe\x50"
	read, err = io.ReadAll(norm.Decoder(iotest{strings.NewReader(old)}))
	if want := "\u9fb4\u4dae a\ufe10\u1e3f\U00020087\u9fbb,兰州\u2e81"; err != nil || string(read) != want {
		t.Errorf("%q, want %q (%v)", read, want, err)
	}
	read, _ = io.ReadAll(norm.Decoder(strings.NewReader("a\xe9 b\xff\xb0")))
	if strings.Count(string(read), "\ufffd") < 2 {
		t.Errorf("bytes outside the encoding: %q", read)
	}
}

// iotest reads a byte at a time.
type iotest struct{ r io.Reader }

func (o iotest) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }
