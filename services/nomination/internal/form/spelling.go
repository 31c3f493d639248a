package form

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
)

// Spellings tells values of a field that people may have spelled in two ways. Those
// with the same key are the same for quotas and conflicts; those that are only
// alike are two, which somebody should look at.
type Spellings struct {
	field  string
	seen   map[string]bool
	byKey  map[string]string // the first spelling
	byCore map[string]string // likewise
	byLess map[string]string // likewise, by the core without any one character
	doubts []fault.Field
}

// NewSpellings knows none yet.
func NewSpellings(field string) *Spellings {
	return &Spellings{field, make(map[string]bool), make(map[string]string), make(map[string]string), make(map[string]string), nil}
}

// maxDoubts bounds what is told.
const maxDoubts = 100

// Doubts are all that Add told, the first of them.
func (s *Spellings) Doubts() []fault.Field { return s.doubts }

// Add adds a value, and tells once whether another spelling of it is there.
func (s *Spellings) Add(value string) []fault.Field {
	if value == "" || s.seen[value] {
		return nil
	}
	s.seen[value] = true
	var doubt fault.Field
	key, core := norm.Key(value), coreOf(value)
	less := without(core)
	if other, ok := s.byKey[key]; ok {
		doubt = fault.Wrong(s.field, "spelled_otherwise", "{value} is written {other} elsewhere; both are taken for one", "value", value, "other", other)
	} else {
		s.byKey[key] = value
		if other, ok := s.kin(core, less); ok {
			doubt = fault.Wrong(s.field, "spelled_alike", "{value} may be the same as {other}; they are taken for two", "value", value, "other", other)
		}
		keep := func(in map[string]string, k string) {
			if _, ok := in[k]; !ok {
				in[k] = value
			}
		}
		keep(s.byCore, core)
		for _, l := range less {
			keep(s.byLess, l)
		}
	}
	if doubt.Code == "" {
		return nil
	}
	if len(s.doubts) < maxDoubts {
		s.doubts = append(s.doubts, doubt)
	}
	return []fault.Field{doubt}
}

// kin finds a value with the same core, or with one character more or less. One
// character that differs is no sign: 第一小学 and 第二小学 are two.
func (s *Spellings) kin(core string, less []string) (string, bool) {
	if other, ok := s.byCore[core]; ok {
		return other, true
	}
	for _, l := range less {
		if other, ok := s.byCore[l]; ok {
			return other, true
		}
	}
	other, ok := s.byLess[core]
	return other, ok
}

// legal are the words for a firm's form, which people leave out, as keys have
// them; the longer first.
var legal = strings.NewReplacer(
	"股份有限公司", "", "有限责任公司", "", "有限公司", "", "集团公司", "", "集团", "", "总公司", "", "公司", "",
	"(", "", ")", "", "·", "", ",", "", "-", "", "&", "and",
)

// coreOf is a firm's key without its form.
func coreOf(value string) string {
	key := norm.Key(value)
	short := legal.Replace(key)
	for _, word := range []string{"limited", "incorporated", "corporation", "company", "coltd", "gmbh", "corp", "inc", "ltd", "llc", "co"} {
		short = strings.TrimSuffix(short, word)
	}
	if short == "" {
		return key
	}
	return short
}

// A core so long is compared with those of one character more or less: in a short
// one that is no sign, and of long ones the parts would take much memory.
const (
	minCore = 5
	maxCore = 40
)

// without gives a long core without each of its characters.
func without(core string) []string {
	r := []rune(core)
	if len(r) < minCore || len(r) > maxCore {
		return nil
	}
	var out []string
	for i := range r {
		if c := r[i]; strings.ContainsRune("一二三四五六七八九十百东西南北中上下新老0123456789", c) {
			continue // 第一 and 第十一, 东城 and 城 are two
		}
		out = append(out, string(r[:i])+string(r[i+1:]))
	}
	return out
}
