package compute

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// advised adds to a refusal for quotas that cannot be met what would make them
// possible.
func advised(err error, in *ranking.Input, o ranking.Options) error {
	if !fault.HasCode(err, ranking.CodeInfeasible) {
		return reported(err)
	}
	report, err2 := in.Feasible(o)
	if err2 != nil {
		return reported(err)
	}
	lines := []string{reported(err).Error()}
	quotas := in.Rulebook().Quotas
	for _, r := range report.Alone {
		lines = append(lines, "it would be possible with "+relaxation(quotas, r))
	}
	if len(report.Together) > 1 {
		var all []string
		for _, r := range report.Together {
			all = append(all, relaxation(quotas, r))
		}
		lines = append(lines, "the least change in all: "+strings.Join(all, " and "))
	}
	if report.Open {
		lines = append(lines, "what else would make it possible was not found within the budget")
	}
	return errors.New(strings.Join(lines, "\n"))
}

func relaxation(quotas []rulebook.Quota, r ranking.Relaxation) string {
	return fmt.Sprintf("%s %s %d instead of %d", subject(quotas[r.Quota-1], r.Quota), r.Limit, r.To, r.From)
}

// subject names a quota: its place, as in the rulebook's faults, and whom it is
// about.
func subject(q rulebook.Quota, place int) string {
	text := fmt.Sprintf("quotas[%d] (%s", place-1, q.Attribute)
	if q.Value != "" {
		text += " " + q.Value
	}
	if q.Of != "" {
		text += " of " + q.Of
	}
	return text + ")"
}

// writeQuotas tells how far each limit could move.
func (o output) writeQuotas(b *bufio.Writer) {
	fmt.Fprintf(b, "\n%s\n", o.text("quotas"))
	for _, m := range o.quotas.Moves {
		fmt.Fprintf(b, "  %s\n", o.text("quota", reason.Of("quota", reason.Count, subject(o.rules[m.Quota-1], m.Quota)), reason.Of("limit", "limit", m.Limit),
			reason.Number("seats", reason.Seats, m.Seats), o.shift("stricter", m.Stricter), o.shift("looser", m.Looser)))
	}
}

func (o output) shift(name string, s *ranking.QuotaShift) reason.Param {
	switch {
	case s == nil:
		return reason.Because(name, reason.New("table_none"))
	case s.Impossible:
		return reason.Because(name, reason.New("table_impossible", reason.Number("seats", reason.Seats, s.Seats)))
	}
	return reason.Because(name, reason.New("table_crossing", reason.Number("weight", reason.Seats, s.Seats),
		reason.Of("gain", reason.Candidate, s.Gain...), reason.Of("lose", reason.Candidate, s.Lose...)))
}
