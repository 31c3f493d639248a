package api

import (
	"cmp"
	_ "embed" // operations.json
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

// operations is what is said of each operation beside its summary, by tags in the
// order of a selection's life: a sentence or two, and a body that it takes.
//
//go:embed operations.json
var operations []byte

type taggedOperations struct {
	Tag, About string
	Operations []struct {
		At   string // "POST /sessions"
		Says string
		Body json.RawMessage
	}
}

// describe adds it to the document, with who may, from the table, and with
// examples of the answers.
func (a *API) describe() {
	var tags []taggedOperations
	if err := json.Unmarshal(operations, &tags); err != nil {
		panic(fmt.Sprintf("api: operations.json: %v", err)) // embedded: wrong in the build or never
	}
	doc := a.huma.OpenAPI()
	for _, t := range tags {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: t.Tag, Description: t.About})
		for _, o := range t.Operations {
			method, path, _ := strings.Cut(o.At, " ")
			var op *huma.Operation
			if item := doc.Paths[prefix+path]; item != nil {
				op = described(item, method)
			}
			if op == nil {
				panic("api: operations.json: there is no " + o.At) // as above
			}
			op.Tags = []string{t.Tag}
			said := []string{o.Says, op.Description, "Who may: " + whoMay(app.Rules()[a.ruled[op.OperationID]]) + "."}
			op.Description = strings.ReplaceAll(strings.Join(said, "\n\n"), "\n\n\n\n", "\n\n")
			if op.RequestBody != nil && len(o.Body) > 0 {
				op.RequestBody.Content[mediaJSON].Example = o.Body
			}
			for _, r := range op.Responses {
				if media := r.Content[mediaJSON]; media != nil && media.Schema != nil {
					media.Example = sampler{doc.Components.Schemas, map[string]bool{}}.of("", media.Schema)
				}
			}
		}
	}
}

const mediaJSON = "application/json"

// whoMay says a rule of the table.
func whoMay(r app.Rule) string {
	var who []string
	for _, role := range r.Roles {
		who = append(who, string(role))
	}
	if r.In != app.Selection && len(who) > 0 {
		who[len(who)-1] += ", " + string(r.In)
	}
	if r.Who != app.NobodyElse {
		who = append(who, string(r.Who))
	}
	return strings.Join(who, "; ")
}

// sampler makes examples of answers from their schemas.
type sampler struct {
	schemas huma.Registry
	within  map[string]bool // references on the way: a type may hold itself
}

// sampleOf is what a text of a name, or of a format, looks like.
func sampleOf(name string) string {
	return map[string]string{
		"slug": "craftsman-2026", "email": "li@example.org", "name": "Li Na", "title": "Craftsman of the year", "scope": "experts", "panel": "experts",
		"department": "hr", "phase": "voting", "reason": "as the meeting of 4 May resolved", "receipt": "00000002V00C5VEV1AHMR0CKJC",
		"timezone": "Asia/Shanghai", "total": "92.45", "credential": "cr3dential", "token": "t0ken",
		"date-time": "2026-05-04T10:30:00+08:00", "uuid": "0192f0c1-2345-7abc-8def-0123456789ab",
	}[name]
}

func (s sampler) of(name string, schema *huma.Schema) any {
	if ref := schema.Ref; ref != "" {
		if s.within[ref] {
			return nil
		}
		s.within[ref] = true
		defer delete(s.within, ref)
		schema = s.schemas.SchemaFromRef(ref)
	}
	if len(schema.Examples) > 0 {
		return schema.Examples[0]
	}
	if len(schema.Enum) > 0 {
		return schema.Enum[0]
	}
	switch schema.Type {
	case huma.TypeObject:
		out := map[string]any{}
		for key, property := range schema.Properties {
			if value := s.of(key, property); value != nil {
				out[key] = value
			}
		}
		if values, ok := schema.AdditionalProperties.(*huma.Schema); ok {
			key := "en"
			if values.Type != huma.TypeString {
				key = "experts"
			}
			if value := s.of(name, values); value != nil {
				out[key] = value
			}
		}
		return out
	case huma.TypeArray:
		if value := s.of(strings.TrimSuffix(name, "s"), schema.Items); value != nil {
			return []any{value}
		}
		return []any{}
	case huma.TypeString:
		return cmp.Or(sampleOf(schema.Format), sampleOf(name), "…")
	case huma.TypeInteger, huma.TypeNumber:
		return 7
	case huma.TypeBoolean:
		return true
	}
	return nil
}
