package compute

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// WhatIf is the flags that try other rules than the rulebook's. What comes out
// says so, and is not a result.
type WhatIf struct {
	Weight       map[string]string `placeholder:"SOURCE=NUMBER" mapsep:"none" help:"What-if: another weight of a component, such as votes=50%. May be repeated."`
	Convert      map[string]string `placeholder:"SOURCE=RULE" mapsep:"none" help:"What-if: another conversion of a component, written as in the rulebook, such as votes={method: rank}. May be repeated."`
	WithoutJuror []string          `placeholder:"JUROR" sep:"none" help:"What-if: without a juror's scores, as if recused; PANEL/JUROR for those of one panel. May be repeated."`
}

func (w *WhatIf) asked() bool { return len(w.Weight)+len(w.Convert)+len(w.WithoutJuror) > 0 }

// check refuses the formats that hold rows alone, which could pass for a result.
func (w *WhatIf) check(format string) error {
	if w.asked() && (format == "csv" || format == "xlsx") {
		return fmt.Errorf("--format %s: a what-if is not a result, and rows alone would not say so; take json or table", format)
	}
	return nil
}

// scenario reads the flags; the sources are checked when it is computed.
func (w *WhatIf) scenario(in *ranking.Input) (ranking.Scenario, error) {
	s := ranking.Scenario{Weights: map[string]rulebook.Number{}, Converts: map[string]rulebook.Convert{}}
	for source, text := range w.Weight {
		weight, err := rulebook.ParseNumber(text)
		if err == nil && weight.Sign() < 0 {
			err = fmt.Errorf("is negative")
		}
		if err != nil {
			return s, fmt.Errorf("--weight %s: %q: %w", source, text, err)
		}
		s.Weights[source] = weight
	}
	for source, text := range w.Convert {
		convert, err := rulebook.ParseConvert([]byte(text))
		if err != nil {
			var why []string
			for _, f := range fault.From(err).Fields {
				why = append(why, f.Name+": "+f.Message)
			}
			return s, fmt.Errorf("--convert %s: %s", source, strings.Join(why, "; "))
		}
		s.Converts[source] = convert
	}
	for _, name := range w.WithoutJuror {
		jurors := named(in, name)
		if len(jurors) == 0 {
			return s, fmt.Errorf("--without-juror %s: no panel has a score of this juror", name)
		}
		s.Without = append(s.Without, jurors...)
	}
	return s, nil
}

// named gives the jurors of PANEL/JUROR, or of every panel for JUROR.
func named(in *ranking.Input, name string) []ranking.Juror {
	var out []ranking.Juror
	for _, p := range in.Rulebook().Review.Panels {
		for _, juror := range []string{name, strings.TrimPrefix(name, p.ID+"/")} {
			if j := (ranking.Juror{Panel: p.ID, Juror: juror}); in.HasJuror(j) && !slices.Contains(out, j) {
				out = append(out, j)
			}
		}
	}
	return out
}

// trial is a what-if: what was tried, and which awards it changes.
type trial struct {
	Weights  map[string]string `json:"weights,omitempty"`
	Converts map[string]string `json:"converts,omitempty"`
	Without  []string          `json:"without,omitempty"`
	Changes  []change          `json:"changes"`
}

// change is a candidate to whom the what-if gives another award.
type change struct {
	Candidate string `json:"candidate"`
	Award     string `json:"award"`   // "" for none
	Instead   string `json:"instead"` // of the award by the rulebook; "" for none
}

// changes compares the awards by the rulebook with those of a what-if: who gets
// another, then who loses theirs.
func changes(own, tried []ranking.AwardList) []change {
	before, after := holders(own), holders(tried)
	out := []change{}
	for _, list := range tried {
		for _, c := range list.Candidates {
			if before[c] != list.Award {
				out = append(out, change{c, list.Award, before[c]})
			}
		}
	}
	for _, list := range own {
		for _, c := range list.Candidates {
			if after[c] == "" {
				out = append(out, change{c, "", list.Award})
			}
		}
	}
	return out
}

// holders gives each candidate's award.
func holders(awards []ranking.AwardList) map[string]string {
	out := make(map[string]string)
	for _, list := range awards {
		for _, c := range list.Candidates {
			out[c] = list.Award
		}
	}
	return out
}

// words tells what was tried.
func (t *trial) words() string {
	var out []string
	for _, source := range slices.Sorted(maps.Keys(t.Weights)) {
		out = append(out, fmt.Sprintf("weight of %s %s", source, t.Weights[source]))
	}
	for _, source := range slices.Sorted(maps.Keys(t.Converts)) {
		out = append(out, fmt.Sprintf("%s converted by %s", source, t.Converts[source]))
	}
	for _, juror := range t.Without {
		out = append(out, "without juror "+juror)
	}
	return strings.Join(out, ", ")
}
