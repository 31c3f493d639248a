package rulebook

import "strings"

// Composite is how the ranking comes from votes and panels.
type Composite struct {
	Round      Rounding // of the total only
	Components []Component
	TieBreak   []string // sources in order, compared as raw votes or panel scores; SourceLot only last
	Lot        Lot
}

// Component is one term of the total: weight × converted score.
type Component struct {
	Source  string  // SourceVotes, SourcePanels, SourceRanked or "panel:ID"
	Weight  Number  // a factor as written, default 1
	Convert Convert // of the source's numbers
	Per     string  // PerConstituency (votes), PerPanel (panels) or empty: converted inside each group, then summed
	Method  string  // SourceRanked: MethodSchulze or MethodIRV
}

// The sources of a component or a tie-break; a single panel is PanelSource(id).
const (
	SourceVotes  = "votes"
	SourcePanels = "panels" // every panel
	SourceRanked = "ranked" // ranked ballots; alone
	SourceLot    = "lot"    // tie-break only
)

const panelPrefix = "panel:"

// PanelSource names one panel as a source.
func PanelSource(id string) string { return panelPrefix + id }

// SourcePanel gives the panel's id of a source "panel:ID".
func SourcePanel(source string) (id string, ok bool) { return strings.CutPrefix(source, panelPrefix) }

// The groups inside which a component is converted.
const (
	PerConstituency = "constituency"
	PerPanel        = "panel"
)

// The methods that rank from ranked ballots.
const (
	MethodSchulze = "schulze"
	MethodIRV     = "irv"
)

// Convert turns a source's numbers into points.
type Convert struct {
	Method string   // the Convert… words, default ConvertNone
	Top    Number   // proportional: what the highest gets, default 100. rank: what the first gets, default 100
	Factor Number   // capped: points a vote, default 1
	Cap    Number   // capped: most points
	Bands  []Band   // banded: thresholds, rising
	Points []Number // points: by rank from the first; 0 below the table
	Ties   string   // rank, points: TiesAverage (default) or TiesSame
}

// The methods of conversion.
const (
	ConvertNone         = "none"
	ConvertProportional = "proportional" // top × votes / highest votes
	ConvertCapped       = "capped"       // least of factor × votes and cap
	ConvertBanded       = "banded"       // the score of the highest band that the votes reach; 0 below the first
	ConvertRank         = "rank"         // top × (n − rank + 1) / n among n candidates
	ConvertPoints       = "points"       // a table by rank
)

// What candidates of equal rank get.
const (
	TiesAverage = "average" // the mean of the ranks they take together
	TiesSame    = "same"    // what the best of these ranks gets
)

// Band gives Score to From votes and more.
type Band struct {
	From  Number
	Score Number
}

// Lot is the value that decides ties by lot. With neither key it is the
// rulebook's own hash, which is published before there are candidates.
type Lot struct {
	Value  string // the value itself
	Source Text   // where the value will be read after the vote, such as a stock index's close on a day
}

// LotValue gives the value that lots are drawn from; ok is false where the
// rulebook names a source from which it has yet to be read.
func (rb *Rulebook) LotValue() (v string, ok bool) {
	switch lot := rb.Composite.Lot; {
	case lot.Value != "":
		return lot.Value, true
	case len(lot.Source) > 0:
		return "", false
	}
	return rb.Hash(), true
}
