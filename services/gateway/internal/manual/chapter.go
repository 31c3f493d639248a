package manual

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// chapter is the operations of a tag.
type chapter struct {
	ID, Title  string
	About      []span
	Operations []operation
}

// span is a part of a sentence; code stands between backquotes in the document.
type span struct {
	Text string
	Code bool
}

func spans(text string) (all []span) {
	for i, part := range strings.Split(text, "`") {
		if part != "" {
			all = append(all, span{part, i%2 == 1})
		}
	}
	return all
}

// operation is one as a page shows it.
type operation struct {
	ID, Method, Path, Summary string
	Text                      [][]span // paragraphs
	Params                    []field
	Fields                    []field // of the body
	Call                      string  // for curl
	Answers                   []answer
}

// field is a parameter, or a field of a body.
type field struct {
	Name, Where, Type, Text string
	Required                bool
	Values                  []string
}

// answer is one of an operation's.
type answer struct{ Status, Text, Media, Example string }

// chapters are the document's tags with their operations, by path.
func chapters(doc *huma.OpenAPI) []chapter {
	byTag := map[string][]operation{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil && len(op.Tags) > 0 {
				byTag[op.Tags[0]] = append(byTag[op.Tags[0]], show(doc.Components.Schemas, op))
			}
		}
	}
	var all []chapter
	for _, tag := range doc.Tags {
		id := strings.ReplaceAll(strings.ToLower(tag.Name), " ", "-")
		all = append(all, chapter{ID: id, Title: tag.Name, About: spans(tag.Description), Operations: byTag[tag.Name]})
	}
	return all
}

func show(schemas huma.Registry, op *huma.Operation) operation {
	out := operation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Call: call(op)}
	for paragraph := range strings.SplitSeq(op.Description, "\n\n") {
		out.Text = append(out.Text, spans(paragraph))
	}
	for _, p := range op.Parameters {
		f := field{Name: p.Name, Where: p.In, Required: p.Required, Text: p.Description}
		if p.Schema != nil {
			f.Type, f.Values = typeOf(schemas, p.Schema), values(p.Schema)
			f.Text = cmp.Or(f.Text, p.Schema.Description)
		}
		out.Params = append(out.Params, f)
	}
	if op.RequestBody != nil {
		if media := op.RequestBody.Content["application/json"]; media != nil {
			out.Fields = fields(schemas, "", media.Schema, 3)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		a := answer{Status: status, Text: r.Description, Media: strings.Join(slices.Sorted(maps.Keys(r.Content)), ", ")}
		if media := r.Content["application/json"]; media != nil {
			a.Example = indented(media.Example)
		}
		out.Answers = append(out.Answers, a)
	}
	return out
}

// fields lists what an object has, those within it after it, so many deep.
func fields(schemas huma.Registry, within string, schema *huma.Schema, deep int) (all []field) {
	if schema == nil || deep == 0 {
		return nil
	}
	schema = resolved(schemas, schema)
	if schema.Type == huma.TypeArray {
		return fields(schemas, within+"[]", schema.Items, deep)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		path := strings.TrimPrefix(within+"."+name, ".")
		all = append(all, field{
			Name: path, Type: typeOf(schemas, property), Text: property.Description, Values: values(resolved(schemas, property)),
			Required: slices.Contains(schema.Required, name),
		})
		all = append(all, fields(schemas, path, property, deep-1)...)
	}
	return all
}

func resolved(schemas huma.Registry, schema *huma.Schema) *huma.Schema {
	if schema.Ref != "" {
		return schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

func typeOf(schemas huma.Registry, schema *huma.Schema) string {
	schema = resolved(schemas, schema)
	if schema.Type == huma.TypeArray {
		return "[" + typeOf(schemas, schema.Items) + "]"
	}
	if schema.Type != huma.TypeString {
		return schema.Type
	}
	return cmp.Or(schema.Format, schema.Type)
}

func values(schema *huma.Schema) (all []string) {
	for _, v := range schema.Enum {
		if text, ok := v.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// call is an operation as curl does it. The shell's variables are those of
// docs/api.md.
func call(op *huma.Operation) string {
	path := strings.NewReplacer("{slug}", "$SLUG").Replace(op.Path)
	lines := []string{"curl --request " + op.Method + ` "$LAUREL` + path + `"`}
	for _, s := range op.Security {
		for scheme := range s {
			variable := "TOKEN"
			if scheme == "credential" {
				variable = "CREDENTIAL"
			}
			lines = append(lines, `--header "Authorization: Bearer $`+variable+`"`)
		}
	}
	if op.RequestBody != nil {
		if media := op.RequestBody.Content["application/json"]; media != nil && media.Example != nil {
			lines = append(lines, "--header 'Content-Type: application/json'", "--data '"+strings.ReplaceAll(compact(media.Example), "'", `'\''`)+"'")
		} else if op.RequestBody.Content["multipart/form-data"] != nil {
			lines = append(lines, "--form file=@FILE")
		}
	}
	return strings.Join(lines, " \\\n  ")
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

func indented(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if v == nil || err != nil {
		return ""
	}
	return string(text)
}
