package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// maxBlob bounds a computed result in bytes.
const maxBlob = 64 << 20

// seated is the part of a result, as review wrote it, that is on notice.
type seated struct {
	Ranking struct {
		Ranking []struct {
			Candidate string `json:"candidate"`
			Rank      int    `json:"rank"`
			Award     string `json:"award"`
		} `json:"ranking"`
	} `json:"ranking"`
}

// candidate is what the room knows of one.
type candidate struct {
	Number     int             `db:"number"`
	Name       string          `db:"name"`
	Attributes json.RawMessage `db:"attributes"`
	Struck     bool            `db:"struck"`
}

// lists gives who is to have each award. Fault: ErrNotArrived.
func (n *Notices) lists(ctx context.Context, tx *sqlx.Tx, rules *rulebook.Rulebook, result, slug string) ([]selection.NoticeList, error) {
	text, err := blob.Read(ctx, n.deps.Blobs.In(event.Review), result, maxBlob)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, selection.ErrNotArrived.Because(err)
	}
	var out seated
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("read result %s: %w", result, err)
	}
	var rows []candidate
	if err := tx.SelectContext(ctx, &rows, `
		SELECT number, name, attributes, struck_at IS NOT NULL AS struck FROM candidate WHERE slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	known := make(map[string]candidate, len(rows))
	for _, r := range rows {
		known[strconv.Itoa(r.Number)] = r
	}
	byAward := map[string][]entry{}
	for _, r := range out.Ranking.Ranking {
		if r.Award == "" {
			continue
		}
		c, ok := known[r.Candidate]
		if !ok {
			return nil, selection.ErrNotArrived.With("candidate", r.Candidate)
		}
		one, err := c.entry(r.Rank, rules.Notice.Shown())
		if err != nil {
			return nil, err
		}
		byAward[r.Award] = append(byAward[r.Award], one)
	}
	lists := make([]selection.NoticeList, len(rules.Awards))
	for i, a := range rules.Awards {
		listed := byAward[a.ID]
		sortBy(listed, rules.Notice.Ordered(), rules.Nominee == rulebook.NomineePerson)
		lists[i] = selection.NoticeList{ID: a.ID, Title: a.Title, Seats: a.Seats, Listed: make([]selection.NoticeEntry, len(listed))}
		for at, one := range listed {
			lists[i].Listed[at] = one.NoticeEntry
		}
	}
	return lists, nil
}

// entry is a candidate with the fields that are shown, and what the list is sorted
// by.
func (c candidate) entry(rank int, show []string) (entry, error) {
	var attributes map[string]string
	if err := json.Unmarshal(c.Attributes, &attributes); err != nil {
		return entry{}, fmt.Errorf("attributes of candidate %d: %w", c.Number, err)
	}
	one := entry{
		NoticeEntry: selection.NoticeEntry{Number: c.Number, Name: c.Name, Fields: map[string]string{}, Struck: c.Struck},
		rank:        rank, region: attributes["region"],
	}
	for _, field := range show {
		if value := attributes[field]; value != "" {
			one.Fields[field] = value
		}
	}
	return one, nil
}
