package roster

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestCode(t *testing.T) {
	seen := map[code]bool{}
	for range 1000 {
		c := newCode()
		text := c.String()
		if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$`).MatchString(text) || seen[c] {
			t.Fatalf("code %q, seen before: %v", text, seen[c])
		}
		seen[c] = true
		bare := strings.ReplaceAll(text, "-", "")
		wide := strings.Map(func(r rune) rune { return r + 0xFEE0 }, text) // as a Chinese input method types
		spoken := strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(bare))
		for _, typed := range []string{
			text, bare, wide, spoken, " " + bare[:5] + " " + bare[5:] + "\n", strings.ReplaceAll(text, "1", "i"), strings.ReplaceAll(text, "-", "–"),
		} {
			if got, err := parse(typed); err != nil || got != c {
				t.Fatalf("parse %q = %v, %v, want %s", typed, got, err, text)
			}
		}
	}
}

// TestParse_mistyped changes each character into each other, and exchanges
// each two: nothing goes unseen.
func TestParse_mistyped(t *testing.T) {
	for range 20 {
		c := newCode()
		for i := range c {
			for v := range byte(32) {
				other := c
				other[i] = v
				if _, err := parse(other.String()); (err == nil) != (other == c) {
					t.Fatalf("%s for %s: %v", other, c, err)
				}
			}
			for j := range c {
				other := c
				other[i], other[j] = c[j], c[i]
				if _, err := parse(other.String()); (err == nil) != (other == c) {
					t.Fatalf("%s for %s: %v", other, c, err)
				}
			}
		}
	}
	whole := newCode().String()
	for _, text := range []string{
		"", "-", whole[:13], whole + "0", whole + strings.Repeat(" ", 64), "UUUU" + whole[4:], "é" + whole[1:], "\xff" + whole[1:], "=" + whole,
	} {
		if _, err := parse(text); !errors.Is(err, errMistyped) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestParse_pasted are codes as programs hand them on: with the spaces and hyphens
// of every script, and with marks that nobody sees.
func TestParse_pasted(t *testing.T) {
	c := newCode()
	text := c.String()
	wide := strings.Map(func(r rune) rune { return r + 0xFEE0 }, text)
	for name, typed := range map[string]string{
		"bold": strings.Map(func(r rune) rune { // mathematical, of four bytes each
			switch {
			case r >= 'A' && r <= 'Z':
				return r - 'A' + 0x1D400
			case r >= '0' && r <= '9':
				return r - '0' + 0x1D7CE
			}
			return r
		}, text),
		"wide and apart":      strings.Join(strings.Split(wide, ""), "\u3000"),
		"a space of no width": strings.Join(strings.Split(text, ""), "\u200b"),
		"a byte-order mark":   "\ufeff" + text,
		"marks of direction":  "\u200e\u2068" + text + "\u2069",
		"soft hyphens":        strings.ReplaceAll(text, "-", "\u00ad"),
		"a joined word":       strings.ReplaceAll(text, "-", "\u2060-\u2060"),
		"no-break spaces":     strings.ReplaceAll(text, "-", "\u00a0"),
		"a figure dash":       strings.ReplaceAll(text, "-", "\u2012"),
		"a bar":               strings.ReplaceAll(text, "-", "\u2015"),
		"a line separator":    text + "\u2028",
	} {
		if got, err := parse(typed); err != nil || got != c {
			t.Errorf("%s: %q: %v", name, typed, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{newCode().String(), "", "Ｋ７Ｍ３-９TQX 2hfp", "OOOO-IIII-LLLL", "\xf0\x28"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse(text)
		if err != nil {
			return
		}
		if again, err := parse(c.String()); err != nil || again != c {
			t.Errorf("%q is %s, which is %v, %v", text, c, again, err)
		}
	})
}

// TestKey: what is stored of a code, and the voter behind it, hold in one
// selection and under one key.
func TestKey(t *testing.T) {
	c, key := newCode(), Key(strings.Repeat("k", 32))
	hashes, voters := map[string]bool{}, map[[16]byte]bool{}
	for _, k := range []Key{key, Key(strings.Repeat("l", 32))} {
		for _, slug := range []string{"s-1", "s-2"} {
			hashes[string(k.hash(slug, c))] = true
			for _, m := range []string{"17", "18"} {
				voters[k.voter(slug, m)] = true
			}
		}
	}
	if len(hashes) != 4 || len(voters) != 8 {
		t.Errorf("%d hashes, %d voters", len(hashes), len(voters))
	}
	if !voters[key.voter("s-1", "17")] {
		t.Error("a member is not always the same voter")
	}
}
