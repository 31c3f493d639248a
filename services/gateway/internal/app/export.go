package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Export opens a file of a selection as `laurel compute` reads it, or names the
// job that makes it.
func (a *App) Export(ctx context.Context, slug string, what gateway.File) (File, error) {
	ctx, err := a.may(ctx, ExportFile, slug, "")
	if err != nil {
		return File{}, err
	}
	if actor.From(ctx).Kind == actor.Staff { // before the result is public; then anybody may
		if _, err := a.selection.RecordExport(ctx, selection.RecordExport{Slug: slug, File: string(what)}); err != nil {
			return File{}, err
		}
	}
	switch what {
	case gateway.FileBallots:
		return a.made(ctx, slug, voting.BallotsJob)
	case gateway.FileVotes, gateway.FileScores:
		return a.counted(ctx, slug, what)
	case gateway.FileAwards:
		data, err := a.exportAwards(ctx, slug)
		return File{Body: io.NopCloser(bytes.NewReader(data)), Size: int64(len(data))}, err
	}
	data, err := a.exportCandidates(ctx, slug)
	return File{Body: io.NopCloser(bytes.NewReader(data)), Size: int64(len(data))}, err
}

// counted opens the votes or the scores. Those of a published result are what it
// was computed from: no room is asked for them again.
func (a *App) counted(ctx context.Context, slug string, what gateway.File) (File, error) {
	if s, err := a.selections.Get(ctx, slug); err == nil && s.PublishedAt != nil {
		r, err := a.published.Get(ctx, slug)
		if err != nil {
			return File{}, err
		}
		hash := r.VotesHash
		if what == gateway.FileScores {
			hash = r.ScoresHash
		}
		if f, err := a.open(ctx, review.Name, hash); !errors.Is(err, blob.ErrNotFound) && !errors.Is(err, blob.ErrHash) {
			return f, err
		}
	}
	if what == gateway.FileScores {
		x, err := a.review.ExportScores(ctx, review.Of{Slug: slug})
		if err != nil {
			return File{}, err
		}
		return a.open(ctx, review.Name, x.Blob)
	}
	x, err := a.voting.ExportVotes(ctx, voting.Of{Slug: slug})
	if err != nil {
		return File{}, err
	}
	return a.open(ctx, voting.Name, x.Blob)
}

// exportAwards is candidate,award of those who have one, best first: as published,
// or as computed before.
func (a *App) exportAwards(ctx context.Context, slug string) ([]byte, error) {
	var awarded []ranking.Ranked
	if s, err := a.selections.Get(ctx, slug); err == nil && s.PublishedAt != nil {
		r, err := a.published.Get(ctx, slug)
		if err != nil {
			return nil, err
		}
		for _, c := range r.Ranking {
			awarded = append(awarded, ranking.Ranked{Candidate: strconv.Itoa(c.Number), Award: c.Award})
		}
	} else {
		r, err := a.review.GetResult(ctx, review.Of{Slug: slug})
		if err != nil {
			return nil, err
		}
		var computed ranking.Result
		if err := json.Unmarshal(r.Ranking, &computed); err != nil {
			return nil, fmt.Errorf("result of %s: %w", slug, err)
		}
		awarded = computed.Ranking
	}
	var b bytes.Buffer
	out := table.NewCSV(&b)
	err := out.Write("candidate", "award")
	for _, c := range awarded {
		if c.Award != "" && err == nil {
			err = out.Write(c.Candidate, c.Award)
		}
	}
	err = errors.Join(err, out.Flush())
	return b.Bytes(), err
}

// exportCandidates is candidate,name,… of those on the list.
func (a *App) exportCandidates(ctx context.Context, slug string) ([]byte, error) {
	list, err := a.allCandidates(ctx, slug)
	if err != nil {
		return nil, err
	}
	further := map[string]bool{}
	for _, c := range list {
		for name := range c.Attributes {
			further[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(further))
	var b bytes.Buffer
	out := table.NewCSV(&b)
	err = out.Write(append([]string{"candidate", "name", "gender", "category", "employer", "region", "years", "recommended_by"}, names...)...)
	for _, c := range list {
		if c.Struck || err != nil {
			continue
		}
		years := ""
		if c.Years != nil {
			years = strconv.Itoa(*c.Years)
		}
		row := []string{strconv.Itoa(c.Number), c.Name, c.Gender, c.Category, c.Employer, c.Region, years, c.RecommendedBy}
		for _, name := range names {
			row = append(row, c.Attributes[name])
		}
		err = out.Write(row...)
	}
	err = errors.Join(err, out.Flush())
	return b.Bytes(), err
}
