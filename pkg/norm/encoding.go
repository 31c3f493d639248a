package norm

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"
)

// The encodings that are read.
const (
	UTF8    = "UTF-8"
	UTF16   = "UTF-16"
	GB18030 = "GB18030"
)

// Guess names the encoding of a text that is not UTF-8: GB18030 where it reads as
// Chinese that people write, otherwise what it looks like instead; "" is none
// that is known. A wrong guess would read é followed by s as a Chinese character,
// and no byte of it would be at fault. sample should be whole lines.
func Guess(sample []byte) string {
	if decoded, err := io.ReadAll(Decoder(bytes.NewReader(sample))); err == nil && chinese(sample, string(decoded)) {
		return GB18030
	}
	for _, e := range others {
		if decoded, err := e.NewDecoder().Bytes(sample); err == nil && !bytes.ContainsRune(decoded, utf8.RuneError) && e.reads(string(decoded)) {
			return e.name
		}
	}
	return ""
}

// chinese tells whether a text that was decoded as GB18030 is Chinese. In Chinese
// most characters are of the common ones, and of the rows that GB 2312 has
// (both bytes from A1); a text in another encoding has them by chance alone.
func chinese(sample []byte, text string) bool {
	all, common, kana, bad := 0, 0, 0, 0
	late := false // some characters of the later half of the first level, which is in the order of Pinyin
	rows := 0     // pairs of bytes in the rows of GB 2312
	for _, r := range text {
		switch {
		case r == utf8.RuneError:
			bad++
		case unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r):
			kana++
		case Han(r):
			all++
			if strings.ContainsRune(frequent, r) {
				common++
			}
		}
	}
	for i := 0; i+1 < len(sample); i++ {
		if sample[i] < 0x80 {
			continue
		}
		if sample[i] >= 0xA1 && sample[i+1] >= 0xA1 {
			rows++
			late = late || sample[i] > 0xC8 && sample[i] < 0xD8
		}
		i++
	}
	switch {
	case bad > all/100+1: // a sample may end within a character
		return false
	case all == 0:
		return kana+bad == 0 // signs alone: full-width brackets, a dash
	case kana > all/4, all >= 20 && !late:
		return false
	}
	return common*6 >= all && rows*4 >= all*3 || common*3 >= all
}

// other is an encoding that is told, not read.
type other struct {
	encoding.Encoding
	name  string
	reads func(text string) bool
}

// others are tried in order, those that leave the least to chance first.
var others = []other{
	{japanese.ShiftJIS, "Shift-JIS", japaneseText},
	{japanese.EUCJP, "EUC-JP", japaneseText},
	{korean.EUCKR, "EUC-KR", func(s string) bool { return share(s, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) > 0.8 }},
	{traditionalchinese.Big5, "Big5", func(s string) bool {
		return share(s, func(r rune) bool { return strings.ContainsRune(traditional, r) || strings.ContainsRune(frequent, r) }) > 0.25
	}},
	{charmap.Windows1251, "Windows-1251", russian},
	{charmap.KOI8R, "KOI8-R", russian},
	{charmap.Windows1252, "Windows-1252", latin},
}

// japaneseText has kana of full width, as Japanese does.
func japaneseText(s string) bool {
	return share(s, func(r rune) bool { return r >= 0x3041 && r <= 0x30FF }) > 0.2
}

// russian has small letters for the most part, as words do, and no plain ones
// among them.
func russian(s string) bool {
	return !amid.MatchString(s) && share(s, func(r rune) bool { return 'а' <= r && r <= 'я' || r == 'ё' }) > 0.6
}

// latin has letters with marks beside plain ones.
func latin(s string) bool {
	return amid.MatchString(s) && share(s, func(r rune) bool { return unicode.Is(unicode.Latin, r) || unicode.IsPunct(r) || unicode.IsSymbol(r) }) > 0.8
}

// amid is a letter beside a plain one that ASCII lacks.
var amid = regexp.MustCompile(`[A-Za-z][^\x00-\x7F]|[^\x00-\x7F][A-Za-z]`)

// share is how many of a text's characters beyond ASCII are such.
func share(s string, such func(rune) bool) float64 {
	all, some := 0, 0
	for _, r := range s {
		if r >= utf8.RuneSelf {
			all++
			if such(r) {
				some++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(some) / float64(all)
}

// Decoder reads GB18030 as UTF-8. GBK and GB2312 are parts of it. Bytes outside it
// become U+FFFD.
func Decoder(r io.Reader) io.Reader {
	return transform.NewReader(transform.NewReader(r, revised{}), simplifiedchinese.GB18030.NewDecoder())
}

// revised writes the double bytes whose characters GB18030 moved out of Unicode's
// private use, in 2005 and 2022, as the four bytes that have always meant
// them: the decoder knows those alone.
type revised struct{ transform.NopResetter }

// moved gives the characters, by the double bytes.
// Source: GB 18030-2022, and the WHATWG's index of gb18030.
var moved = map[uint16]rune{
	0xA6D9: 0xFE10, 0xA6DA: 0xFE12, 0xA6DB: 0xFE11, 0xA6DC: 0xFE13, 0xA6DD: 0xFE14, 0xA6DE: 0xFE15, 0xA6DF: 0xFE16,
	0xA6EC: 0xFE17, 0xA6ED: 0xFE18, 0xA6F3: 0xFE19, 0xA8BC: 0x1E3F,
	0xFE51: 0x20087, 0xFE52: 0x20089, 0xFE53: 0x200CC, 0xFE59: 0x9FB4, 0xFE61: 0x9FB5, 0xFE66: 0x9FB6, 0xFE67: 0x9FB7,
	0xFE6C: 0x215D7, 0xFE6D: 0x9FB8, 0xFE76: 0x2298F, 0xFE7E: 0x9FB9, 0xFE90: 0x9FBA, 0xFE91: 0x241FE, 0xFEA0: 0x9FBB,
}

// Transform implements transform.Transformer.
func (revised) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		n, out := 1, []byte(nil)
		if lead := src[nSrc]; lead > 0x80 && lead < 0xFF {
			if nSrc+1 == len(src) {
				if !atEOF {
					return nDst, nSrc, transform.ErrShortSrc
				}
			} else {
				// Four bytes are two pairs, of which neither is among those moved.
				n = 2
				if out = movedBytes()[uint16(lead)<<8|uint16(src[nSrc+1])]; out == nil && src[nSrc+1] < 0x30 {
					n = 1 // no pair: the decoder says so
				}
			}
		}
		if out == nil {
			out = src[nSrc : nSrc+n]
		}
		if nDst+len(out) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += copy(dst[nDst:], out)
		nSrc += n
	}
	return nDst, nSrc, nil
}

// movedBytes are the four bytes of each, by its double bytes.
var movedBytes = sync.OnceValue(func() map[uint16][]byte {
	out := make(map[uint16][]byte, len(moved))
	for pair, r := range moved {
		out[pair], _ = simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(string(r)))
	}
	return out
})
