package rulebook

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// part is a value of a YAML text with where it is written: bytes from start to
// end.
type part struct {
	kind       kind
	start, end int
	flow       bool    // in brackets
	entries    []entry // of a mapping, or the items of a list
}

// entry is a key with its value, or an item of a list.
type entry struct {
	key   string
	start int // of the key, or of the dash; in brackets, of the item
	colon int // after the colon, or after the dash
	part
}

// errElsewhere means that the parser's places do not lead to what it read.
var errElsewhere = errors.New("rulebook: a value is not where it should be")

// editor changes a YAML text by cutting and putting in, never by writing a tree.
type editor struct {
	text  string
	lines []int // where each line begins
	root  part
}

func newEditor(text string) (*editor, error) {
	e := &editor{text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			e.lines = append(e.lines, i+1)
		}
	}
	if onlyComments(text) {
		e.root = part{start: len(text), end: len(text)}
		return e, nil
	}
	file, err := parser.Parse(lexer.Tokenize(text), 0)
	if err != nil {
		return nil, err
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			e.root, err = e.partOf(doc.Body)
			return e, err
		}
	}
	return nil, errElsewhere
}

// offset is where a token begins.
func (e *editor) offset(tk *token.Token) (int, error) {
	if tk == nil || tk.Position.Line < 1 || tk.Position.Line > len(e.lines) {
		return 0, errElsewhere
	}
	at := e.lines[tk.Position.Line-1]
	for range tk.Position.Column - 1 {
		_, size := utf8.DecodeRuneInString(e.text[at:])
		if size == 0 {
			return 0, errElsewhere
		}
		at += size
	}
	return at, nil
}

// sign is the end of a token of one byte.
func (e *editor) sign(tk *token.Token, sign byte) (int, error) {
	at, err := e.offset(tk)
	if err != nil || at >= len(e.text) || e.text[at] != sign {
		return 0, errElsewhere
	}
	return at + 1, nil
}

func (e *editor) partOf(node ast.Node) (part, error) {
	switch n := node.(type) {
	case *ast.NullNode:
		return part{kind: absent}, nil // where it is, its entry says
	case *ast.MappingNode:
		return e.mapping(n.Values, n.IsFlowStyle, n.Start, n.End)
	case *ast.MappingValueNode:
		return e.mapping([]*ast.MappingValueNode{n}, false, nil, nil)
	case *ast.SequenceNode:
		return e.sequence(n)
	case *ast.LiteralNode:
		return e.literal(n)
	}
	return e.scalar(node)
}

// scalar is a text, number or truth.
func (e *editor) scalar(node ast.Node) (part, error) {
	tk := node.GetToken()
	start, err := e.offset(tk)
	if err != nil {
		return part{}, err
	}
	written := strings.TrimSpace(tk.Origin)
	if written == "" || !strings.HasPrefix(e.text[start:], written) {
		return part{}, errElsewhere
	}
	return part{kind: scalar, start: start, end: start + len(written)}, nil
}

// literal is a block of lines behind | or >.
func (e *editor) literal(n *ast.LiteralNode) (part, error) {
	start, err := e.offset(n.Start)
	if err != nil {
		return part{}, err
	}
	head := strings.IndexByte(e.text[start:], '\n')
	body := strings.TrimRight(n.Value.GetToken().Origin, " \t\r\n")
	if head < 0 || !strings.HasPrefix(e.text[start+head+1:], body) {
		return part{}, errElsewhere
	}
	return part{kind: scalar, start: start, end: start + head + 1 + len(body)}, nil
}

func (e *editor) mapping(values []*ast.MappingValueNode, flow bool, open, closing *token.Token) (part, error) {
	p := part{kind: mapping, flow: flow}
	for _, v := range values {
		key, err := fromYAML(v.Key, 0)
		if err != nil {
			return p, err
		}
		one := entry{key: key.text}
		if one.start, err = e.offset(v.Key.GetToken()); err != nil {
			return p, err
		}
		if one.colon, err = e.sign(v.Start, ':'); err != nil {
			return p, err
		}
		if one.part, err = e.partOf(v.Value); err != nil {
			return p, err
		}
		p.add(one)
	}
	return p, e.bracket(&p, open, closing, '{', '}')
}

func (e *editor) sequence(n *ast.SequenceNode) (part, error) {
	p := part{kind: list, flow: n.IsFlowStyle}
	for i, v := range n.Values {
		inner, err := e.partOf(v)
		if err != nil {
			return p, err
		}
		one := entry{start: inner.start, colon: inner.start, part: inner}
		if !p.flow {
			if i >= len(n.Entries) {
				return p, errElsewhere
			}
			if one.colon, err = e.sign(n.Entries[i].Start, '-'); err != nil {
				return p, err
			}
			one.start = one.colon - 1
		} else if inner.kind == absent {
			return p, errElsewhere
		}
		p.add(one)
	}
	return p, e.bracket(&p, n.Start, n.End, '[', ']')
}

// add adds an entry, whose absent value lies behind its sign.
func (p *part) add(one entry) {
	if one.kind == absent {
		one.part = part{start: one.colon, end: one.colon}
	}
	p.entries = append(p.entries, one)
}

// bracket says where a mapping or list begins and ends.
func (e *editor) bracket(p *part, open, closing *token.Token, opens, closes byte) error {
	if !p.flow {
		if len(p.entries) == 0 {
			return errElsewhere
		}
		p.start, p.end = p.entries[0].start, p.entries[len(p.entries)-1].end
		return nil
	}
	start, err := e.sign(open, opens)
	if err != nil {
		return err
	}
	p.start = start - 1
	p.end, err = e.sign(closing, closes)
	return err
}

// at gives the entry of a step.
func (p *part) at(s step) (i int, ok bool) {
	if s.index >= 0 {
		return s.index, p.kind == list && s.index < len(p.entries)
	}
	if p.kind != mapping {
		return 0, false
	}
	for i, one := range p.entries {
		if one.key == s.key {
			return i, true
		}
	}
	return 0, false
}
