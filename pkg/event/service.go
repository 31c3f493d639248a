package event

// The services that have a database and a schema of their own, and publish and
// consume events. Each contract's Name is one of these.
const (
	Identity   = "identity"
	Selection  = "selection"
	Nomination = "nomination"
	Voting     = "voting"
	Review     = "review"
)

// Services are all of them, in the order of a selection's life.
func Services() []string { return []string{Identity, Selection, Nomination, Voting, Review} }

// Enforcers are the services that apply a selection's phases.
func Enforcers() []string { return []string{Nomination, Voting, Review} }
