package problem

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
)

const (
	acceptLanguage  = "Accept-Language"
	contentLanguage = "Content-Language"
	english         = "en" // of faults themselves
)

// Words are the texts of a language: those of the pages.
type Words interface {
	// Language is its tag.
	Language() string
	// Title names a kind of fault, Detail says what a fault means, Field what is
	// wrong with a field. What has no text in the language is said in English.
	Title(kind fault.Kind) string
	Detail(f *fault.Error) string
	Wrong(f fault.Field) string
}

// Languages picks the words that suit an Accept-Language header; nil is English.
type Languages func(header string) Words

func (l Languages) of(header string) Words {
	if l == nil || header == "" {
		return nil
	}
	return l(header)
}

// In is the problem in a language. Codes and parameters stay as they are.
func (p *Problem) In(words Words) *Problem {
	if words == nil || p.fault == nil {
		return p
	}
	out := *p
	out.language = words.Language()
	out.Title, out.Detail = words.Title(p.fault.Kind), words.Detail(p.fault)
	out.Errors = nil
	for i, x := range p.Errors {
		x.Message = words.Wrong(p.fault.Fields[i])
		out.Errors = append(out.Errors, x)
	}
	return &out
}

// Transformer has huma answer problems in the language that is asked for.
func Transformer(languages Languages) huma.Transformer {
	return func(ctx huma.Context, _ string, v any) (any, error) {
		p, ok := v.(*Problem)
		if !ok {
			return v, nil
		}
		p = p.In(languages.of(ctx.Header(acceptLanguage)))
		ctx.SetHeader(contentLanguage, p.spoken())
		ctx.AppendHeader("Vary", acceptLanguage)
		return p, nil
	}
}

func (p *Problem) spoken() string {
	if p.language == "" {
		return english
	}
	return p.language
}
