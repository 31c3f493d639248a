package ranking

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// panel keeps a panel's scores: each candidate's sheets, each a run of cells,
// one a criterion, so that millions of scores take few bytes each.
type panel struct {
	rules          rulebook.Panel
	weights        []number // by criterion
	jurors         map[string]int32
	last           string // the juror asked for last, who often is the next too
	lastAt         int32
	names          []string  // by juror
	sheets         [][]sheet // by candidate
	blocks         [][]cell  // of cellBlock cells each
	used           int       // cells of the blocks that are given out, or lost at a block's end
	min, max, step number
}

// sheet is one juror's scores of one candidate.
type sheet struct {
	juror int32
	at    uint32 // first cell
	out   bool   // recused, unassigned or abstained: counts for nothing, and is not missing
}

// cell is a score in eight bytes: value × 32 + decimals + 1, where the score is
// value / 10^decimals. 0 is no score.
type cell int64

const (
	cellBlock = 1 << 14
	// maxDigits is how many digits a score may have: what a cell has room for.
	maxDigits = 17
	// decimalBits is what a cell needs for the decimals and the one.
	decimalBits = 5
)

func newCell(value int64, decimals int) cell {
	return cell(value<<decimalBits | int64(decimals+1))
}

func (c cell) given() bool { return c != 0 }

// number is the cell's score.
func (c cell) number() number {
	d := int64(1)
	for range c&(1<<decimalBits-1) - 1 {
		d *= 10
	}
	return number{n: int64(c) >> decimalBits, d: d}
}

func newPanel(rules rulebook.Panel) *panel {
	p := &panel{rules: rules, jurors: make(map[string]int32)}
	for _, c := range rules.Criteria {
		weight := whole(1)
		if c.Weight.IsSet() {
			weight = fraction(c.Weight.Rat())
		}
		p.weights = append(p.weights, weight)
	}
	p.min, p.max, p.step = fraction(rules.Scale.Min.Rat()), fraction(rules.Scale.Max.Rat()), fraction(rules.Scale.Step.Rat())
	return p
}

// criterion gives the criterion's place; there are but a few.
func (p *panel) criterion(id string) (int, error) {
	for i := range p.rules.Criteria {
		if p.rules.Criteria[i].ID == id {
			return i, nil
		}
	}
	return 0, flaw("criterion", "no criterion %q in panel %q", id, p.rules.ID)
}

// juror gives the juror's place, new where it is not known yet.
func (p *panel) juror(id string) (int32, error) {
	if id == "" {
		return 0, flaw("juror", "a juror needs an id")
	}
	if id == p.last {
		return p.lastAt, nil
	}
	if j, ok := p.jurors[id]; ok {
		p.last, p.lastAt = p.names[j], j
		return j, nil
	}
	id = strings.Clone(id)
	j := int32(len(p.names))
	p.jurors[id] = j
	p.names = append(p.names, id)
	return j, nil
}

// everyone tells whether each juror scores each candidate.
func (p *panel) everyone() bool {
	return p.rules.Assign == rulebook.AssignAll || p.rules.Assign == ""
}

// sheet gives the juror's sheet of a candidate, new where there is none.
func (p *panel) sheet(candidate int, juror int32) *sheet {
	for len(p.sheets) <= candidate {
		p.sheets = append(p.sheets, nil)
	}
	sheets := p.sheets[candidate]
	for i := len(sheets) - 1; i >= 0; i-- {
		if sheets[i].juror == juror {
			return &sheets[i]
		}
	}
	n := len(p.rules.Criteria)
	if end := len(p.blocks) * cellBlock; p.used+n > end { // a sheet lies in one block
		p.used = end
		p.blocks = append(p.blocks, make([]cell, max(cellBlock, n)))
	}
	if sheets == nil && p.everyone() {
		sheets = make([]sheet, 0, min(max(p.rules.Jurors, len(p.names)), 32)) // as many as there will be
	}
	sheets = append(sheets, sheet{juror: juror, at: uint32(p.used)})
	p.used += n
	p.sheets[candidate] = sheets
	return &sheets[len(sheets)-1]
}

func (p *panel) cells(s *sheet) []cell {
	block := p.blocks[s.at/cellBlock]
	at := int(s.at % cellBlock)
	return block[at : at+len(p.rules.Criteria)]
}

func (p *panel) of(candidate int) []sheet {
	if candidate < len(p.sheets) {
		return p.sheets[candidate]
	}
	return nil
}

func (in *Input) sheetOf(panelID, juror, candidate string) (*panel, *sheet, error) {
	p, err := in.panel(panelID)
	if err != nil {
		return nil, nil, err
	}
	c, err := in.find(candidate)
	if err != nil {
		return nil, nil, err
	}
	j, err := p.juror(juror)
	if err != nil {
		return nil, nil, err
	}
	return p, p.sheet(c, j), nil
}

// Juror says that the panel has the juror, from whom scores are expected.
func (in *Input) Juror(panelID, juror string) error {
	p, err := in.panel(panelID)
	if err != nil {
		return err
	}
	_, err = p.juror(juror)
	return err
}

// Criterion tells whether the panel has the criterion.
func (in *Input) Criterion(panelID, criterion string) error {
	p, err := in.panel(panelID)
	if err != nil {
		return err
	}
	_, err = p.criterion(criterion)
	return err
}

// HasJuror tells whether the panel is known to have the juror.
func (in *Input) HasJuror(j Juror) bool {
	p, err := in.panel(j.Panel)
	if err != nil {
		return false
	}
	_, ok := p.jurors[j.Juror]
	return ok
}

// Assign says that the juror is to score the candidate: what the sheet lacks
// is missing. In a panel with `assign: all` nobody needs to be assigned.
func (in *Input) Assign(panelID, juror, candidate string) error {
	_, _, err := in.sheetOf(panelID, juror, candidate)
	return err
}

// Excuse says that the juror's sheet of the candidate counts for nothing and
// is not missing: recused, unassigned or abstained.
func (in *Input) Excuse(panelID, juror, candidate string) error {
	_, s, err := in.sheetOf(panelID, juror, candidate)
	if err != nil {
		return err
	}
	s.out = true
	return nil
}

// Score puts in a juror's score of a candidate by a criterion, a decimal of at
// most 17 digits on the panel's scale.
func (in *Input) Score(panelID, juror, candidate, criterion, score string) error {
	p, err := in.panel(panelID)
	if err != nil {
		return err
	}
	k, err := p.criterion(criterion)
	if err != nil {
		return err
	}
	value, err := readCell(score)
	if err != nil {
		return err
	}
	if err := p.onScale(value, score); err != nil {
		return err
	}
	_, s, err := in.sheetOf(panelID, juror, candidate)
	if err != nil {
		return err
	}
	cells := p.cells(s)
	if cells[k].given() {
		return flaw("criterion", "juror %q has scored candidate %q by %q already", juror, candidate, criterion)
	}
	cells[k] = value
	return nil
}

// onScale tells whether the panel's scale has the score.
func (p *panel) onScale(value cell, text string) error {
	scale, v := p.rules.Scale, value.number()
	if scale.Min.IsSet() && v.cmp(p.min) < 0 || scale.Max.IsSet() && v.cmp(p.max) > 0 {
		return flaw("score", "score %s is off the scale %s to %s", text, bound(scale.Min), bound(scale.Max))
	}
	if scale.Step.IsSet() && p.step.sign() > 0 {
		if !v.sub(p.min).div(p.step).isWhole() {
			return flaw("score", "score %s is between the steps of %s from %s", text, scale.Step, p.min)
		}
	}
	return nil
}

func bound(n rulebook.Number) string {
	if !n.IsSet() {
		return "any"
	}
	return n.String()
}

// readCell reads a decimal without a float: -?D+(.D+)?
func readCell(text string) (cell, error) {
	notNumber := func() error { return flaw("score", "%q is not a decimal number", text) }
	body, negative := strings.CutPrefix(text, "-")
	intact, decimals, dotted := strings.Cut(body, ".")
	if intact == "" || dotted && decimals == "" {
		return 0, notNumber()
	}
	value, digits := int64(0), 0
	for _, part := range []string{intact, decimals} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return 0, notNumber()
			}
		}
	}
	decimals = strings.TrimRight(decimals, "0")
	for _, part := range []string{intact, decimals} {
		for i := range len(part) {
			if value = value*10 + int64(part[i]-'0'); value > 0 {
				digits++
			}
			if digits > maxDigits || len(decimals) > maxDigits {
				return 0, flaw("score", "%q has more than %d digits", text, maxDigits)
			}
		}
	}
	if negative {
		value = -value
	}
	return newCell(value, len(decimals)), nil
}
