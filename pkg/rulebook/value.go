package rulebook

// value is a part of the document as written, with its place.
type value struct {
	kind   kind
	text   string  // a scalar's text; booleans are true or false
	keys   []value // a mapping's keys, parallel to items
	items  []value // a mapping's or a list's values
	line   int     // from 1
	column int     // from 1
}

type kind int

const (
	absent kind = iota // no such key, or null
	scalar             // a string or a number, told apart by what a rule expects
	boolean
	list
	mapping
)
