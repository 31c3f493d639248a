package api

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// plain refuses a request in which a text is not fault.Plain, and names each
// such field. The request is a decoded input of huma's: what is in its path, its
// query, its headers and its JSON.
func plain(in any) error {
	return problem.Invalid(appendNotPlain(nil, reflect.ValueOf(in), "", false))
}

// appendNotPlain walks a value that is called name; lines tells whether its texts
// may have several.
func appendNotPlain(found []fault.Field, v reflect.Value, name string, lines bool) []fault.Field {
	switch v.Kind() {
	case reflect.String:
		if !fault.Plain(v.String(), lines) {
			found = append(found, fault.NotPlain(name))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			found = appendNotPlain(found, v.Elem(), name, lines)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 { // a file, which its reader judges
			return found
		}
		for i := range v.Len() {
			found = appendNotPlain(found, v.Index(i), fmt.Sprintf("%s[%d]", name, i), lines)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if !fault.Plain(key.String(), false) {
				found = append(found, fault.NotPlain(name))
				continue
			}
			found = appendNotPlain(found, v.MapIndex(key), name+"."+key.String(), lines)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				_, several := f.Tag.Lookup("lines")
				found = appendNotPlain(found, v.Field(i), join(name, requestName(f)), several)
			}
		}
	}
	return found
}

// requestName is what a field of an input is called in the request; empty: it is
// no field of its own there.
func requestName(f reflect.StructField) string {
	for _, tag := range []string{"path", "query", "header", "json"} {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); name != "" {
			return name
		}
	}
	return ""
}

func join(name, inner string) string {
	if name == "" || inner == "" {
		return name + inner
	}
	return name + "." + inner
}
