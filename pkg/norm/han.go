package norm

import "unicode"

// han are the blocks of ideographs of Unicode 17, as far as they are assigned.
// Source: Unicode 17.0, Blocks.txt and UnicodeData.txt.
var han = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x3005, Hi: 0x3007, Stride: 2}, // 々 〇
		{Lo: 0x303B, Hi: 0x303B, Stride: 1}, // 〻
		{Lo: 0x3400, Hi: 0x4DBF, Stride: 1}, // extension A
		{Lo: 0x4E00, Hi: 0x9FFF, Stride: 1},
		{Lo: 0xF900, Hi: 0xFA6D, Stride: 1}, // compatibility ideographs
		{Lo: 0xFA70, Hi: 0xFAD9, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x20000, Hi: 0x2A6DF, Stride: 1}, // extension B
		{Lo: 0x2A700, Hi: 0x2B73F, Stride: 1}, // C
		{Lo: 0x2B740, Hi: 0x2B81D, Stride: 1}, // D
		{Lo: 0x2B820, Hi: 0x2CEAD, Stride: 1}, // E
		{Lo: 0x2CEB0, Hi: 0x2EBE0, Stride: 1}, // F
		{Lo: 0x2EBF0, Hi: 0x2EE5D, Stride: 1}, // I
		{Lo: 0x2F800, Hi: 0x2FA1D, Stride: 1}, // compatibility ideographs, supplement
		{Lo: 0x30000, Hi: 0x3134A, Stride: 1}, // G
		{Lo: 0x31350, Hi: 0x323AF, Stride: 1}, // H
		{Lo: 0x323B0, Hi: 0x33479, Stride: 1}, // J
	},
}

// Han tells a Han character, also one that Go's tables do not know yet, and the
// radicals and strokes that stand for one.
func Han(r rune) bool {
	if r < 0x2E80 {
		return false
	}
	return unicode.Is(han, ideograph(r)) || unicode.Is(unicode.Han, r)
}

// gbk are the characters that GBK kept at U+E815 and after until Unicode had
// them: the double bytes FE50 to FEA0. 0 is one that is no longer private.
// Source: GB 18030-2022, and the WHATWG's index of gb18030.
var gbk = [...]rune{
	0x2E81, 0x20087, 0x20089, 0x200CC, 0x2E84, 0x3473, 0x3447, 0x2E88, 0x2E8B, 0x9FB4, 0x359E, 0x361A, 0x360E, 0x2E8C, 0x2E97, 0x396E,
	0x3918, 0x9FB5, 0x39CF, 0x39DF, 0x3A73, 0x39D0, 0x9FB6, 0x9FB7, 0x3B4E, 0x3C6E, 0x3CE0, 0x2EA7, 0x215D7, 0x9FB8, 0x2EAA, 0x4056,
	0x415F, 0x2EAE, 0x4337, 0x2EB3, 0x2EB6, 0x2EB7, 0x2298F, 0x43B1, 0x43AC, 0x2EBB, 0x43DD, 0x44D6, 0x4661, 0x464C, 0x9FB9,
	0x4723, 0x4729, 0x477C, 0x478D, 0x2ECA, 0x4947, 0x497A, 0x497D, 0x4982, 0x4983, 0x4985, 0x4986, 0x499F, 0x499B, 0x49B7, 0x49B6,
	0x9FBA, 0x241FE, 0x4CA3, 0x4C9F, 0x4CA0, 0x4CA1, 0x4C77, 0x4CA2, 0x4D13, 0x4D14, 0x4D15, 0x4D16, 0x4D17, 0x4D18, 0x4D19, 0x4DAE, 0x9FBB,
}

const firstPrivate = 0xE815

// Standard gives the character that a private one of GBK has become, and any
// other as it is.
func Standard(r rune) rune {
	if i := int(r) - firstPrivate; i >= 0 && i < len(gbk) {
		return gbk[i]
	}
	return r
}
