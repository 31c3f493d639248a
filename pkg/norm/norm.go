// Package norm says when two texts that people typed are the same, whatever
// their keyboard, font or spreadsheet made of them. What is shown stays as it
// was typed; Key is kept beside it and compared.
package norm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Key is a text as it is compared. Texts with the same key are the same:
//   - width, ligatures and compatibility forms do not count (Unicode NFKC), nor
//     does case;
//   - a radical or stroke is the ideograph that it looks like, and a character of
//     the private use that GBK had is the one that it has since been given;
//   - one kind of brackets, dots, dashes, quotation marks and apostrophes stands
//     for all;
//   - spaces, and what cannot be seen, do not count.
//
// Key(Key(s)) is Key(s).
func Key(s string) string {
	if common(s) {
		return s
	}
	if key, ok := ascii(s); ok {
		return key
	}
	s = norm.NFKC.String(strings.Map(ideograph, norm.NFKC.String(s)))
	// What is dropped may have kept a letter from its mark.
	return norm.NFKC.String(lower.Replace(strings.ToLower(strings.Map(sign, s))))
}

// common tells a text of ideographs of the usual blocks, small letters and
// digits, which is its own key.
func common(s string) bool {
	for _, r := range s {
		if (r < 0x3400 || r > 0x9FFF || r >= 0x4DC0 && r < 0x4E00) && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// lower are the letters that have several lower-case forms.
var lower = strings.NewReplacer("ß", "ss", "ς", "σ", "ſ", "s")

// ascii is Key of a text of ASCII characters, the usual one for identifiers.
func ascii(s string) (string, bool) {
	plain := true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return "", false
		}
		plain = plain && ('a' <= c && c <= 'z' || '0' <= c && c <= '9')
	}
	if plain {
		return s, true
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return sign(r)
	}, s), true
}

// Sign is the sign of ASCII, or the dot, that stands for a bracket, dash, dot,
// quotation mark or apostrophe; any other character is itself.
func Sign(r rune) rune {
	if to := sign(whole(r)); to >= 0 {
		return to
	}
	return r
}

// ideograph gives a radical's, a stroke's or a private character's ideograph.
func ideograph(r rune) rune {
	r = Standard(r)
	if to, ok := radicals[r]; ok {
		return to
	}
	return r
}

// sign gives the sign that stands for its kind, and drops what does not count.
func sign(r rune) rune {
	switch {
	case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)), 0x3400 <= r && r <= 0x9FFF:
		return r
	case ignored(r) || unicode.IsSpace(r) || unicode.IsControl(r):
		return -1
	}
	if first, ok := kindOf[r]; ok {
		return first
	}
	return r
}

// kindOf gives the first of a sign's kind.
var kindOf = func() map[rune]rune {
	out := make(map[rune]rune)
	for _, k := range kinds {
		first, _ := utf8.DecodeRuneInString(k)
		for _, r := range k {
			out[r] = first
		}
	}
	return out
}()

// kinds are signs that are the same; the first stands for the rest.
var kinds = [...]string{
	dots,
	"([{〔【〖〘〚⟦⟨⦅⸨",
	")]}〕】〗〙〛⟧⟩⦆⸩",
	"<〈《‹«≪",
	">〉》›»≫",
	`"“”„‟「」『』〝〞〟`,
	"'‘’‚‛`´ʹʻʼʽˈ′‵",
	"-‐‑‒–—―⁃−⸺⸻﹘˗",
	"~∼〜～",
	",、",
}

// dots stand between the parts of a name, or end what is shortened.
const dots = "·.•‧・∙⋅‣⸱⸳ꞏ●⚫⦁᛫᐀ᐧ。𐄁"

// Dot tells a dot as names have it between their parts; not the full stop of
// ASCII, which may also end an initial.
func Dot(r rune) bool {
	return r != '.' && r != '。' && strings.ContainsRune(dots, whole(r))
}

// whole is a character's NFKC form where that is one character.
func whole(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	if form := []rune(norm.NFKC.String(string(r))); len(form) == 1 {
		return form[0]
	}
	return r
}

// Same tells whether two texts are the same.
func Same(a, b string) bool { return a == b || Key(a) == Key(b) }

// ignored tells characters that cannot be seen: marks of format and direction,
// variation selectors, fillers.
func ignored(r rune) bool {
	switch {
	case r < 0xAD:
		return false
	case unicode.Is(unicode.Cf, r), r == 0x034F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x2800,
		r == 0x3164, r == 0xFFA0, 0x180B <= r && r <= 0x180F, 0xFE00 <= r && r <= 0xFE0F, 0xE0000 <= r && r <= 0xE0FFF:
		return true
	}
	return false
}

// Letter tells a letter, or a Han character newer than Go's tables.
func Letter(r rune) bool { return unicode.IsLetter(r) || Han(r) }
