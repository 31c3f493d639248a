// Package reason is sentences as data: a code, and parameters that tell what
// they are. Whoever computes something gives reasons; a Speaker puts them into
// a reader's language by a catalogue. docs/reasons.md lists the codes.
package reason

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// Reason is a sentence, or a part of one.
type Reason struct {
	Code   string  `json:"code"`
	Params []Param `json:"params,omitempty"`

	// written is of a result from before there were codes: the sentence itself,
	// in English. Such a reason is a string in JSON.
	written string
}

// Unit says what a parameter's values are.
type Unit string

// The units. Numbers are decimal strings.
const (
	Attribute Unit = "attribute" // of candidates, by the rulebook's name
	Award     Unit = "award"     // by id
	Ballots   Unit = "ballots"   // how many
	Candidate Unit = "candidate" // by id
	Count     Unit = "count"     // how many of something
	Criterion Unit = "criterion" // by id; its panel is a parameter beside it
	Digits    Unit = "digits"    // decimal places
	Factor    Unit = "factor"    // what points are multiplied by
	Lot       Unit = "lot"       // the first digits of one, hexadecimal
	Mode      Unit = "mode"      // of rounding, a word of the rulebook
	Nth       Unit = "nth"       // a place in an order, from 1
	Panel     Unit = "panel"     // by id
	Place     Unit = "place"     // in the ranking, from 1
	Points    Unit = "points"    // of a scale, converted or not
	Round     Unit = "round"     // of a run-off, from 1
	Seats     Unit = "seats"     // how many, or which of them, from 1
	Source    Unit = "source"    // of a component, a word of the rulebook
	Threshold Unit = "threshold" // of a quota, as in the rulebook: 3 or 35%
	Value     Unit = "value"     // of an attribute, which is a parameter beside it
	Votes     Unit = "votes"     // how many
	nested    Unit = "reason"    // further reasons
)

// Param is what a sentence tells.
type Param struct {
	Name    string   `json:"name"`
	Unit    Unit     `json:"unit"` // "reason" where it is Reasons
	Values  []string `json:"values,omitempty"`
	More    int      `json:"more,omitempty"` // how many values there are beside these
	Reasons []Reason `json:"reasons,omitempty"`
}

// New gives a reason.
func New(code string, params ...Param) Reason { return Reason{Code: code, Params: params} }

// Of is a parameter of some values.
func Of(name string, unit Unit, values ...string) Param {
	return Param{Name: name, Unit: unit, Values: values}
}

// Number is a parameter of a whole number.
func Number[N int | int64](name string, unit Unit, n N) Param {
	return Of(name, unit, strconv.FormatInt(int64(n), 10))
}

// Because is a parameter of further reasons, in their order.
func Because(name string, reasons ...Reason) Param {
	return Param{Name: name, Unit: nested, Reasons: reasons}
}

// Written is a reason that is a sentence in English, from before there were codes.
func Written(sentence string) Reason { return Reason{written: sentence} }

// IsZero tells whether there is no reason.
func (r Reason) IsZero() bool { return r.Code == "" && r.written == "" }

// Equal tells whether two reasons are one.
func (r Reason) Equal(other Reason) bool { return reflect.DeepEqual(r, other) }

// param gives the parameter of a name.
func (r Reason) param(name string) (Param, bool) {
	for _, p := range r.Params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// bare is a Reason with the JSON of its fields.
type bare Reason

// MarshalJSON implements json.Marshaler.
func (r Reason) MarshalJSON() ([]byte, error) {
	if r.written != "" {
		return json.Marshal(r.written)
	}
	return json.Marshal(bare(r))
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Reason) UnmarshalJSON(text []byte) error {
	*r = Reason{}
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &r.written)
	}
	return json.Unmarshal(text, (*bare)(r))
}
