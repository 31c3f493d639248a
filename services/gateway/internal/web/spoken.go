package web

import (
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// spoken says problems of the API with the texts of the pages.
type spoken struct{ Printer }

func (s spoken) Language() string             { return s.Lang }
func (s spoken) Title(kind fault.Kind) string { return s.T("problem." + string(kind)) }
func (s spoken) Detail(f *fault.Error) string { return s.Fault(f).Text }

// Wrong implements problem.Words. The one field of a fault may have its code.
func (s spoken) Wrong(f fault.Field) string {
	if !s.Has("field."+f.Code) && s.Has("fault."+f.Code) {
		return s.Fault(&fault.Error{Code: f.Code, Message: f.Message, Params: f.Params}).Text
	}
	return s.Field(f).Text
}

// Words picks the language of a problem of the API: English, unless another of the
// pages' is asked for.
func (s *Site) Words(header string) problem.Words {
	if acceptedOr(header, English) == English {
		return nil
	}
	return spoken{s.own[Chinese].Printer}
}
