package rulebook

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// readYAML reads one YAML document of plain mappings, lists and scalars.
// Anchors, aliases, merge keys and tags are refused: rules are read by people,
// who should not have to expand them.
func readYAML(text string) (value, error) {
	// The lexer counts a line end of two characters twice after a comment.
	tokens := lexer.Tokenize(strings.ReplaceAll(text, "\r\n", "\n"))
	if err := scan(tokens); err != nil {
		return value{}, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // the reader reports duplicates with the rest
	if err != nil {
		return value{}, syntax(err)
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return value{}, invalid(flaw(place{1, 1}, "", "empty", "the document is empty"))
	case 1:
		return fromYAML(bodies[0], 0)
	}
	return value{}, invalid(flaw(placeOf(bodies[1]), "", "second_document", "a rulebook is one document; here begins a second"))
}

// scan refuses what the parser would follow too deep or too long, and what
// rules may not use.
func scan(tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		p := tokens[maxTokens].Position
		return tooManyWords(place{p.Line, p.Column})
	}
	depth := 0
	for _, tk := range tokens {
		at := place{tk.Position.Line, tk.Position.Column}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			if depth++; depth > maxDepth {
				return tooDeep(at)
			}
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			if tk.Position.Column > 16*maxDepth {
				return tooDeep(at)
			}
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType, token.MappingKeyType:
			return invalid(flaw(at, "", "yaml_feature",
				`"{value}" is not allowed: a rulebook has no anchors, aliases, merge keys, tags, directives or complex keys`, "value", escaped(tk.Value)))
		case token.InvalidType:
			return invalid(notYAML(at, tk.Error))
		}
	}
	return nil
}

func syntax(err error) error {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		p := e.GetToken().Position
		return invalid(notYAML(place{p.Line, p.Column}, e.GetMessage()))
	}
	return invalid(notYAML(place{}, err.Error()))
}

func notYAML(at place, detail string) fault.Field {
	return flaw(at, "", "unreadable", "not readable as {format}: {detail}", "format", "YAML", "detail", detail)
}

func placeOf(node ast.Node) place {
	if m, ok := node.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	if tk := node.GetToken(); tk != nil {
		return place{tk.Position.Line, tk.Position.Column}
	}
	return place{}
}

func fromYAML(node ast.Node, depth int) (value, error) {
	if depth > maxDepth {
		return value{}, tooDeep(placeOf(node))
	}
	v := value{kind: scalar, place: placeOf(node)}
	switch n := node.(type) {
	case *ast.NullNode:
		v.kind = absent
	case *ast.BoolNode:
		v.kind, v.text = boolean, boolText(n.Value)
	case *ast.StringNode:
		v.text = n.Value
	case *ast.LiteralNode:
		v.text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		v.text = strings.TrimSpace(node.GetToken().Value)
	case *ast.SequenceNode:
		v.kind = list
		for _, item := range n.Values {
			if err := v.add(item, depth); err != nil {
				return value{}, err
			}
		}
	case *ast.MappingNode:
		v.kind = mapping
		for _, entry := range n.Values {
			if err := v.addEntry(entry, depth); err != nil {
				return value{}, err
			}
		}
	case *ast.MappingValueNode: // a mapping of one key, in older positions of the tree
		v.kind, v.place = mapping, placeOf(n.Key)
		if err := v.addEntry(n, depth); err != nil {
			return value{}, err
		}
	default:
		return value{}, invalid(notYAML(v.place, "a "+node.Type().String()))
	}
	return v, nil
}

func (v *value) add(item ast.Node, depth int) error {
	child, err := fromYAML(item, depth+1)
	if err != nil {
		return err
	}
	v.items = append(v.items, child)
	return nil
}

func (v *value) addEntry(entry *ast.MappingValueNode, depth int) error {
	key, err := fromYAML(entry.Key, depth+1)
	if err != nil {
		return err
	}
	if key.kind != scalar && key.kind != boolean {
		return invalid(flaw(key.place, "", "key_not_a_word", "a key is a word"))
	}
	key.kind = scalar
	v.keys = append(v.keys, key)
	return v.add(entry.Value, depth)
}
