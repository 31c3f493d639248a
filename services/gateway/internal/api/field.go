package api

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// named gives a fault the one field of the request that it is about.
func named(err error, field string) error {
	f := *fault.From(err)
	f.Fields = []fault.Field{fault.Wrong(field, f.Code, f.Message)}
	return &f
}

// called gives a fault's fields the names that they have in the request, where
// the service's begin otherwise.
func called(err error, service, request string) error {
	if err == nil {
		return nil
	}
	f := *fault.From(err)
	fields := make([]fault.Field, len(f.Fields))
	for i, x := range f.Fields {
		if rest, ok := strings.CutPrefix(x.Name, service); ok {
			x.Name = request + rest
		}
		fields[i] = x
	}
	f.Fields = fields
	return &f
}
