package web

import (
	"strings"
	"sync"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// The languages of the pages; the first is the source.
const (
	Chinese = "zh-CN"
	English = "en"
)

// Languages are those of the pages, the source first.
func Languages() []string { return []string{Chinese, English} }

// contentLanguages is the order in which words of rulebooks are looked for.
func contentLanguages(lang string) []string {
	if lang == English {
		return []string{"en", "zh"}
	}
	return []string{"zh", "zh-CN", "en"}
}

const languageKey = "laurel.language"

// language settles the language of a request: ?lang=, which is remembered, the
// cookie, or what the browser asks for.
func (s *Site) language(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		lang, chosen := Known(c.QueryParam("lang"))
		if chosen {
			s.SetCookie(c, CookieLanguage, lang, "/", Year)
		} else {
			lang = remembered(c)
		}
		c.Set(languageKey, lang)
		h := c.Response().Header()
		h.Set("Content-Language", lang)
		h.Add(echo.HeaderVary, "Accept-Language, Cookie")
		return next(c)
	}
}

// languageOf is the language of a request, also of one that no handler saw.
func languageOf(c echo.Context) string {
	if lang, ok := c.Get(languageKey).(string); ok {
		return lang
	}
	if lang, ok := Known(c.QueryParam("lang")); ok {
		return lang
	}
	return remembered(c)
}

func remembered(c echo.Context) string {
	if lang, ok := Known(firstCookie(c, hostName(CookieLanguage, "/"), CookieLanguage)); ok {
		return lang
	}
	return accepted(c.Request().Header.Get("Accept-Language"))
}

// Known gives the language that a tag names.
func Known(tag string) (string, bool) {
	switch strings.ToLower(tag) {
	case "zh", "zh-cn", "zh-hans", "zh-hans-cn":
		return Chinese, true
	case "en", "en-us", "en-gb":
		return English, true
	}
	return "", false
}

// matcher knows the Languages; it takes a while to make.
var matcher = sync.OnceValue(func() language.Matcher {
	return language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})
})

// accepted picks the language of a page that suits an Accept-Language header best.
func accepted(header string) string {
	// Of nearly everybody the first one is one of ours, and its weight is the highest.
	first, _, _ := strings.Cut(header, ",")
	if lang, ok := Known(first); ok {
		return lang
	}
	return acceptedOr(header, Chinese)
}

// acceptedOr picks the other one where the header says nothing.
func acceptedOr(header, otherwise string) string {
	if len(header) > 512 {
		return otherwise
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 || strings.HasPrefix(header, "*") {
		return otherwise
	}
	_, i, confidence := matcher().Match(tags...)
	if confidence == language.No {
		return English // who reads neither reads English more likely
	}
	return Languages()[i]
}

// scripts are those that tell the language, or at least how to read it aloud. A
// language that shares its script with others is left open.
var scripts = []struct {
	table *unicode.RangeTable
	lang  string
}{
	{unicode.Hebrew, "he"},
	{unicode.Arabic, "und-Arab"},
	{unicode.Cyrillic, "und-Cyrl"},
	{unicode.Hangul, "ko"},
	{unicode.Thai, "th"},
	{unicode.Hiragana, "ja"},
	{unicode.Katakana, "ja"},
	{unicode.Tibetan, "bo"},
	{unicode.Mongolian, "und-Mong"},
	{unicode.Yi, "ii"},
	{unicode.Devanagari, "und-Deva"},
	{unicode.Greek, "el"},
	{unicode.Syriac, "und-Syrc"},
	{unicode.Thaana, "dv"},
	{unicode.Nko, "und-Nkoo"},
}

// languageOfText tells the language of words that somebody wrote, where it is
// not the page's: screen readers and line breaking need to know.
func languageOfText(text, page string) string {
	for _, s := range scripts {
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(s.table, r) }) {
			return s.lang
		}
	}
	han := strings.ContainsFunc(text, norm.Han)
	switch {
	case han && page != Chinese:
		return Chinese
	case !han && page == Chinese && strings.ContainsFunc(text, unicode.IsLetter):
		return English
	}
	return ""
}
