package compute

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// By the rulebook 王小邮 wins with 91 points to 78.5.
func whatIfCommand(t *testing.T, w WhatIf, b *bytes.Buffer) Command {
	t.Helper()
	c := files(t, rules, goodCandidates, goodVotes, goodScores+"experts,乙,王小邮,事迹,8\nexperts,乙,王小邮,服务,8\nexperts,乙,李快递,事迹,6\nexperts,乙,李快递,服务,6\n", "")
	c.Format, c.WhatIf, c.out = "json", w, b
	return c
}

func TestCommand_whatIf(t *testing.T) {
	for name, c := range map[string]struct {
		whatIf  WhatIf
		totals  []string
		changes []change
	}{
		"weight": {WhatIf{Weight: map[string]string{"votes": "1/5", "panel:experts": "10"}}, []string{"王小邮 102.5", "李快递 88.75"}, []change{}},
		"conversion": {
			WhatIf{Convert: map[string]string{"panel:experts": "{method: banded, bands: [{from: 8.2, score: 1}]}"}},
			[]string{"王小邮 46", "李快递 20"},
			[]change{},
		},
		"juror": {
			WhatIf{WithoutJuror: []string{"experts/乙"}, Weight: map[string]string{"votes": "10%"}},
			[]string{"李快递 63.5", "王小邮 61"},
			[]change{{"李快递", "winner", ""}, {"王小邮", "", "winner"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			command := whatIfCommand(t, c.whatIf, &b)
			if err := command.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got document
			if err := json.Unmarshal(b.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			var totals []string
			for _, r := range got.Ranking {
				totals = append(totals, r.Candidate+" "+r.Total)
			}
			if diff := cmp.Diff(c.totals, totals); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			if got.WhatIf == nil {
				t.Fatal("the document does not say that it is a what-if")
			}
			if diff := cmp.Diff(c.changes, got.WhatIf.Changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			b.Reset()
			command.Format = "table"
			if err := command.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(b.String(), "WHAT IF, not a result: ") || !strings.Contains(b.String(), "awards that differ") {
				t.Errorf("the table does not say that it is a what-if:\n%s", b.String())
			}
		})
	}
}

func TestCommand_whatIfRefused(t *testing.T) {
	for name, c := range map[string]struct {
		whatIf WhatIf
		format string
		want   string
	}{
		"csv":              {WhatIf{Weight: map[string]string{"votes": "1"}}, "csv", "a what-if is not a result"},
		"xlsx":             {WhatIf{WithoutJuror: []string{"乙"}}, "xlsx", "a what-if is not a result"},
		"weight":           {WhatIf{Weight: map[string]string{"votes": "half"}}, "json", "--weight votes: "},
		"negative weight":  {WhatIf{Weight: map[string]string{"votes": "-1"}}, "json", "is negative"},
		"no such source":   {WhatIf{Weight: map[string]string{"panel:public": "1"}}, "json", "panel:public"},
		"conversion":       {WhatIf{Convert: map[string]string{"votes": "{method: guess}"}}, "json", "--convert votes: convert.method: "},
		"conversion's end": {WhatIf{Convert: map[string]string{"votes": "{method: rank"}}, "json", "--convert votes: "},
		"juror":            {WhatIf{WithoutJuror: []string{"丙"}}, "json", "--without-juror 丙"},
		"juror twice":      {WhatIf{WithoutJuror: []string{"乙", "experts/乙"}}, "json", "named twice"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			command := whatIfCommand(t, c.whatIf, &b)
			command.Format = c.format
			err := command.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v lacks %q", err, c.want)
			}
			if b.Len() > 0 {
				t.Errorf("something was written: %s", b.String())
			}
		})
	}
}
