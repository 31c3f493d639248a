// Package rulebook reads the document that fixes a selection: its phases,
// voting rules, panels, weights, quotas and tie-breaks.
//
// Parse reads YAML or JSON and reports every mistake with its line and field.
// A Rulebook keeps the document it was read from: Canonical and Hash are of
// that document, so that the hash survives any change of formatting.
//
// The zero value of a field means that the document does not have the key,
// except where the field's comment names a default.
package rulebook

import (
	"slices"
	"time"
)

// Version is the format that this package reads, the value of `laurel:`.
const Version = 1

// Rulebook is one selection's rules.
type Rulebook struct {
	Laurel     int        // format version, always Version
	Title      Text       // the selection's name
	About      Text       // the selection in short: `description`
	Contact    Text       // whom to ask
	Hosts      []Text     // who gives the awards
	Organizers []Text     // who runs the selection for them
	Edition    int        // from 1
	Timezone   string     // IANA name; times without an offset, hours and days are in it
	Nominee    string     // one of the Nominee… words
	Attributes []string   // further attributes of an entry, beside KnownAttributes
	Labels     []Label    // what attributes and their values are called
	Headings   []Heading  // what files of entries call their columns, beside what is known
	Categories []Category // the kinds of entry; empty where there are none
	Awards     []Award    // best first
	Phases     Phases
	Vetting    Vetting
	Voting     Voting
	Review     Review
	Composite  Composite
	Shortlist  Shortlist
	Quotas     []Quota
	Decision   Decision
	Notice     PublicNotice
	Results    Results

	doc       value          // the document as written
	canonical []byte         // of doc; nobody changes it
	hash      string         // of canonical
	location  *time.Location // of Timezone
}

// What a nominee is.
const (
	NomineePerson  = "person"
	NomineeTeam    = "team"
	NomineeProject = "project"
)

// Heading is a field of the entry's form, and further headings under which files
// have it.
type Heading struct {
	Field string // one of HeadingFields, or an attribute
	Names []string
}

// Label is what an attribute and its values are called.
type Label struct {
	Attribute string
	Title     Text
	Values    []ValueLabel
}

// ValueLabel is what a value is called; norm.Key finds it.
type ValueLabel struct {
	Value string
	Title Text
}

// HeadingFields are the fields of an entry that a file has in columns, beside the
// rulebook's own `attributes`.
func HeadingFields() []string {
	return append([]string{"name", "deeds", "photo"}, KnownAttributes()...)
}

// Category is a kind of entry that a rule may name.
type Category struct {
	ID    string
	Title Text
}

// Award is a tier and how many it has.
type Award struct {
	ID    string
	Title Text
	Seats int // 1 or more
}

// Vetting is who examines the entries.
type Vetting struct {
	Departments []Department
}

// Department gives an opinion on each entry.
type Department struct {
	ID    string
	Title Text
	Veto  bool // its "no" is final
}

// Decision is how the committee decides.
type Decision struct {
	Quorum  Number // share of the members who must be present, in (0, 1]
	Approve Number // share of the votes cast that a motion needs, in (0, 1]
	Change  Number // share that a motion needs which changes the list; Approve where the document has none
	Ballot  string // BallotSecret or BallotOpen
	Recused string // RecusedCount (default) or RecusedLeaveOut: of whom the quorum is a share
	SignOff []Host // each signs what the committee has approved, before it is decided; empty: nobody
}

// Host is one of Hosts that signs results off.
type Host struct {
	ID    string
	Title Text
}

// Host is the one with an id.
func (d Decision) Host(id string) (Host, bool) {
	i := slices.IndexFunc(d.SignOff, func(h Host) bool { return h.ID == id })
	if i < 0 {
		return Host{}, false
	}
	return d.SignOff[i], true
}

// Whether members who are recused from a motion are among those of whom the quorum
// is a share.
const (
	RecusedCount    = "count"
	RecusedLeaveOut = "leave_out"
)

// SignOffHosts is the word of `sign_off`.
const SignOffHosts = "hosts"

// How the committee votes.
const (
	BallotSecret = "secret"
	BallotOpen   = "open"
)
