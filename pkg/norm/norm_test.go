package norm_test

import (
	"fmt"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// Every way to type the same gives the same key.
func TestKey(t *testing.T) {
	for name, same := range map[string][]string{
		"brackets":         {"驼铃快运(兰州)", "驼铃快运（兰州）", "驼铃快运（兰州)", "驼铃快运【兰州】", "驼铃快运〔兰州〕", "驼铃快运[兰州]", "驼铃快运﹙兰州﹚", "驼铃快运〖兰州〗", "驼铃快运﹝兰州﹞"},
		"dots":             {"买买提·艾力", "买买提•艾力", "买买提‧艾力", "买买提・艾力", "买买提．艾力", "买买提∙艾力", "买买提⋅艾力", "买买提･艾力", "买买提.艾力", "买买提\u0387艾力", "买买提⸱艾力", "买买提 · 艾力"},
		"width":            {"abc 12", "ＡＢＣ１２", "Abc\u30001２", "abc\u00a012"},
		"spaces":           {"王强", "王 强", "王\u3000强", "王\u2003强", "王\u200b强", "王\t强", " 王强\u2028", "王\u2060强", "\ufeff王强"},
		"radicals, Kangxi": {"方文女", "⽅⽂⼥"},
		"radicals":         {"厂见车门马", "⺁⻅⻋⻔⻢"},
		"private":          {"䶮", "\ue863"},
		"compatibility":    {"福", "\ufa1b"},
		"variation":        {"葛", "葛\U000e0100", "葛\ufe00"},
		"dashes":           {"a-b", "a–b", "a—b", "a－b", "a‐b", "a−b"},
		"quotes":           {`"陇原"`, "“陇原”", "「陇原」", "『陇原』", "＂陇原＂"},
		"apostrophes":      {"O'Neil", "O’Neil", "O‘Neil", "Oʼneil", "O＇NEIL"},
		"composed":         {"Müller", "Mu\u0308ller", "MÜLLER"},
		"case":             {"straße", "STRASSE"},
		"signs of joining": {"می\u200cخواهم", "میخواهم"},
		"half-width kana":  {"カタカナ", "ｶﾀｶﾅ"},
	} {
		for _, s := range same[1:] {
			if a, b := norm.Key(same[0]), norm.Key(s); a != b || !norm.Same(same[0], s) {
				t.Errorf("%s: %q has the key %q, %q has %q", name, same[0], a, s, b)
			}
		}
	}
	for _, s := range [][2]string{{"王强", "王刚"}, {"第一公司", "第二公司"}, {"A1", "A2"}, {"买买提·艾力", "买买提艾力"}, {"李", "季"}, {"(兰州)", "兰州"}} {
		if norm.Same(s[0], s[1]) {
			t.Errorf("%q and %q are not the same", s[0], s[1])
		}
	}
}

// A key is its own key, and a text that looks the same after it has no other.
func TestKey_twice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom(nil, unicode.Han, unicode.Po, unicode.Pd, unicode.Cf, unicode.Mn))).Draw(t, "text")
		if key := norm.Key(s); norm.Key(key) != key {
			t.Fatalf("%q has the key %q, and that %q", s, key, norm.Key(key))
		}
	})
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if key := norm.Key(string(r)); norm.Key(key) != key {
			t.Fatalf("%U has the key %q, and that %q", r, key, norm.Key(key))
		}
	}
}

// Each block of ideographs is known from its first character to its last.
func TestHan(t *testing.T) {
	for name, block := range map[string][2]rune{
		"unified": {0x4E00, 0x9FFF}, "A": {0x3400, 0x4DBF}, "B": {0x20000, 0x2A6DF}, "C": {0x2A700, 0x2B73F}, "D": {0x2B740, 0x2B81D},
		"E": {0x2B820, 0x2CEAD}, "F": {0x2CEB0, 0x2EBE0}, "G": {0x30000, 0x3134A}, "H": {0x31350, 0x323AF}, "I": {0x2EBF0, 0x2EE5D},
		"J": {0x323B0, 0x33479}, "compatibility": {0xF900, 0xFA6D}, "compatibility, more": {0xFA70, 0xFAD9},
		"compatibility, supplement": {0x2F800, 0x2FA1D}, "Kangxi": {0x2F00, 0x2FD5}, "zero": {'〇', '〇'}, "again": {'々', '々'},
	} {
		for r := block[0]; r <= block[1]; r++ {
			if !norm.Han(r) || !norm.Letter(r) {
				t.Fatalf("%s: %U is a Han character", name, r)
			}
		}
	}
	for _, r := range "aЖあ가·,、。①\u2e7f\ue000\ufffd\U0002a6e0\U0002ee5e\U0003347a\U0002fa1e" {
		if norm.Han(r) {
			t.Errorf("%U is no Han character", r)
		}
	}
}

// Every radical has its ideograph's key, and only those that Unicode gives none
// have their own.
func TestKey_radicals(t *testing.T) {
	var own []string
	for r := rune(0x2E80); r <= 0x2FD5; r++ {
		if !unicode.Is(unicode.Han, r) {
			continue // not assigned
		}
		if key := []rune(norm.Key(string(r))); len(key) != 1 || 0x2E80 <= key[0] && key[0] <= 0x2FD5 {
			own = append(own, fmt.Sprintf("%U", r))
		}
	}
	if got := fmt.Sprint(own); got != "[U+2E80]" {
		t.Errorf("without an ideograph: %s", got)
	}
}

func TestDot(t *testing.T) {
	for _, r := range "·•‧・．∙⋅･⸱" {
		if !norm.Dot(r) {
			t.Errorf("%U is a dot", r)
		}
	}
	for _, r := range ".,-王a。" {
		if norm.Dot(r) {
			t.Errorf("%U is no dot between names", r)
		}
	}
}

// Every ideograph of the usual blocks is its own key, also beside others: such
// texts are taken as they are.
func TestKey_common(t *testing.T) {
	for r := rune(0x3400); r <= 0x9FFF; r++ {
		if s := string(r); r < 0x4DC0 || r >= 0x4E00 {
			if got := norm.Key("（" + s + "）"); got != "("+s+")" || norm.Key(s) != s {
				t.Errorf("%U is %q", r, got)
			}
		}
	}
}
