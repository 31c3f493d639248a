package web

import (
	"html/template"
	"text/template/parse"
)

// fold puts the texts and the addresses of files into a template that are the same
// whenever it runs, {{t "key"}} and {{asset "file"}}: to call a function by reflection
// for each takes longer than all else that a template does. They stand in text and in
// quoted attributes.
func (s *Site) fold(t Printer, of *template.Template) {
	constant := func(node parse.Node) (string, bool) {
		action, ok := node.(*parse.ActionNode)
		if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || len(action.Pipe.Cmds[0].Args) != 2 {
			return "", false
		}
		function, named := action.Pipe.Cmds[0].Args[0].(*parse.IdentifierNode)
		word, given := action.Pipe.Cmds[0].Args[1].(*parse.StringNode)
		switch {
		case !named || !given:
		case function.Ident == "t" && t.Has(word.Text):
			return t.T(word.Text), true
		case function.Ident == "asset":
			path, err := s.assets.path(word.Text)
			return path, err == nil // else the template says so when it runs
		}
		return "", false
	}
	var walk func(list *parse.ListNode)
	walk = func(list *parse.ListNode) {
		if list == nil {
			return
		}
		for i, node := range list.Nodes {
			if text, ok := constant(node); ok {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: node.Position(), Text: []byte(template.HTMLEscapeString(text))}
				continue
			}
			switch n := node.(type) {
			case *parse.IfNode:
				walk(n.List)
				walk(n.ElseList)
			case *parse.WithNode:
				walk(n.List)
				walk(n.ElseList)
			case *parse.RangeNode:
				walk(n.List)
				walk(n.ElseList)
			}
		}
	}
	for _, part := range of.Templates() {
		if part.Tree != nil {
			walk(part.Tree.Root)
		}
	}
}
