package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/voting"
)

// Export opens a file of a selection, of so many bytes, as `laurel compute`
// reads it.
func (a *App) Export(ctx context.Context, slug string, what gateway.File) (file io.ReadCloser, size int64, err error) {
	ctx, err = a.may(ctx, ExportFile, slug, "")
	if err != nil {
		return nil, 0, err
	}
	var hash string
	switch what {
	case gateway.FileVotes:
		var x voting.Exported
		x, err = a.voting.ExportVotes(ctx, voting.Of{Slug: slug})
		hash = x.Blob
	case gateway.FileBallots:
		var x voting.Exported
		x, err = a.voting.ExportBallots(ctx, voting.Of{Slug: slug})
		hash = x.Blob
	case gateway.FileScores:
		var x review.Exported
		x, err = a.review.ExportScores(ctx, review.Of{Slug: slug})
		hash = x.Blob
	default:
		data, err := a.exportCandidates(ctx, slug)
		return io.NopCloser(bytes.NewReader(data)), int64(len(data)), err
	}
	if err != nil {
		return nil, 0, err
	}
	if file, size, err = a.blobs.Open(ctx, hash); err != nil {
		return nil, 0, fmt.Errorf("export %s: %w", what, err)
	}
	return file, size, nil
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
