package panel

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// maxSheets is the most sheets that one act submits.
const maxSheets = 1000

// SubmitSheets implements review.Service.
func (p *Panels) SubmitSheets(ctx context.Context, in review.SubmitSheets) (out review.OwnSheets, err error) {
	at := p.deps.Time()
	const submits, abstains = true, true // a draft may be an abstention
	err = p.scoring(ctx, in.Slug, in.Panel, at, submits, abstains, func(tx *sqlx.Tx, panel rulebook.Panel, juror string) ([]int, error) {
		rows, err := drafts(ctx, tx, in, panel, juror)
		if err != nil {
			return nil, err
		}
		var numbers []int
		for _, row := range rows {
			row.Submitted, row.At = true, at
			if err := p.revise(ctx, tx, in.Slug, juror, &row, nil); err != nil {
				return nil, err
			}
			numbers = append(numbers, row.Candidate)
		}
		out, err = p.own(ctx, tx, in.Slug, panel, juror, "")
		return numbers, err
	})
	return out, err
}

// drafts are the sheets that are not submitted yet, if all are as they were read
// and none lacks a score.
func drafts(ctx context.Context, tx *sqlx.Tx, in review.SubmitSheets, panel rulebook.Panel, juror string) (rows []sheetRow, err error) {
	switch {
	case len(in.Sheets) == 0:
		return nil, review.ErrInvalid.At(fault.Required("sheets"))
	case len(in.Sheets) > maxSheets:
		return nil, review.ErrInvalid.At(fault.Wrong("sheets", "too_many", "has {count}, the most is {max}", "count", len(in.Sheets), "max", maxSheets))
	}
	var missing, changed []fault.Field
	seen := map[int]bool{}
	for i, s := range in.Sheets {
		field := fmt.Sprintf("sheets[%d]", i)
		of, err := shown(ctx, tx, in.Slug, panel, juror, s.Candidate)
		if err != nil {
			return nil, err
		}
		if seen[of.number] {
			missing = append(missing, fault.Wrong(field, "repeated", "is there twice"))
		}
		seen[of.number] = true
		row, err := last(ctx, tx, in.Slug, in.Panel, juror, of.number)
		switch {
		case err != nil:
			return nil, err
		case row.Revision != s.Revision:
			changed = append(changed, fault.Wrong(field, "sheet_changed", "{sheet} has been changed since it was read",
				"sheet", of.called, "revision", strconv.Itoa(row.Revision)))
		case row.Submitted:
		case row.Abstained:
			rows = append(rows, row)
		default:
			var scores map[string]string
			if row.Revision > 0 {
				if err := json.Unmarshal(row.Scores, &scores); err != nil {
					return nil, fmt.Errorf("sheet: %w", err)
				}
			}
			missing = append(missing, lacking(panel, field, scores)...)
			rows = append(rows, row)
		}
	}
	if len(changed) > 0 {
		return nil, review.ErrChanged.At(changed...)
	}
	return rows, review.ErrInvalid.Check(missing)
}

// lacking names each criterion without a score.
func lacking(panel rulebook.Panel, field string, scores map[string]string) (fields []fault.Field) {
	for _, c := range panel.Criteria {
		if scores[c.ID] == "" {
			fields = append(fields, fault.Required(field+".scores."+c.ID))
		}
	}
	return fields
}
