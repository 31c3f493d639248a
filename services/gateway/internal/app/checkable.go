package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Check opens a file by which anybody checks a published result, under the name
// that the results page links it by, and tells its media type. Faults: those of
// Export, Leaves and Results; file_unknown.
func (a *App) Check(ctx context.Context, slug, name string) (File, string, error) {
	const text, csv, document = "text/plain; charset=utf-8", "text/csv; charset=utf-8", "application/json"
	whole := func(body []byte, media string, err error) (File, string, error) {
		return File{Body: io.NopCloser(bytes.NewReader(body)), Size: int64(len(body))}, media, err
	}
	if what, ok := strings.CutSuffix(name, ".csv"); ok && slices.Contains(gateway.Files(), gateway.File(what)) {
		f, err := a.Export(ctx, slug, gateway.File(what))
		return f, csv, err
	}
	switch name {
	case CheckRulebook:
		body, err := a.Rulebook(ctx, slug)
		return whole(body, document, err)
	case CheckLeaves:
		f, err := a.Leaves(ctx, slug)
		return f, text, err
	case CheckCheckpoint:
		c, err := a.Checkpoint(ctx, slug)
		return whole([]byte(c.Checkpoint), text, err)
	case CheckKey:
		c, err := a.Checkpoint(ctx, slug)
		return whole([]byte(c.Key), text, err)
	case CheckResult, CheckSums:
		ctx, err := a.may(ctx, ReadResults, slug, "")
		if err != nil {
			return File{}, "", err
		}
		r, err := a.published.Get(ctx, slug)
		if err != nil {
			return File{}, "", err
		}
		rules, err := a.rulebook(ctx, slug)
		if err != nil {
			return File{}, "", err
		}
		if name == CheckSums {
			return whole([]byte(sums(r, rules.Results.Whole())), text, nil)
		}
		if err := a.kept(ctx, slug); err != nil {
			return File{}, "", err
		}
		f, err := a.open(ctx, review.Name, r.ResultHash)
		return f, document, err
	}
	return File{}, "", errUnknownFile
}

// The files beside the tables by which anybody checks a published result.
const (
	CheckRulebook   = "rulebook.json"
	CheckResult     = "result.json"
	CheckLeaves     = "leaves.txt"
	CheckCheckpoint = "checkpoint.txt"
	CheckKey        = "key.txt"
	CheckSums       = "SHA256SUMS"
)

var (
	errUnknownFile = fault.New(fault.NotFound, "file_unknown", "there is no such file")
	errKept        = fault.New(fault.Forbidden, "file_kept", "by the rulebook this file is for organizers and auditors; its hash is public")
	errNoHash      = errors.New("the result names no candidates")
)

// kept refuses what holds everybody's scores to those who do not oversee the
// selection, where its rulebook does not have all of it published.
func (a *App) kept(ctx context.Context, slug string) error {
	rules, err := a.rulebook(ctx, slug)
	if err != nil || rules.Results.Whole() {
		return err
	}
	if _, err := a.byRole(ctx, a.rules[ExportFile], slug, ""); err != nil {
		return errKept.Because(err)
	}
	return nil
}

// sums are the hashes of the files, as sha256sum reads them; whole tells whether
// everybody can have all of them.
func sums(r selection.Results, whole bool) string {
	var b strings.Builder
	for _, f := range []struct{ hash, name string }{
		{r.RulebookHash, CheckRulebook}, {r.CandidatesHash, "candidates.csv"}, {r.VotesHash, "votes.csv"}, {r.ScoresHash, "scores.csv"}, {r.ResultHash, CheckResult},
	} {
		if f.hash != "" && (whole || f.name != CheckResult && f.name != "scores.csv") {
			fmt.Fprintf(&b, "%s  %s\n", f.hash, f.name)
		}
	}
	return b.String()
}

// candidatesOf opens the candidates that a published result was computed from.
func (a *App) candidatesOf(ctx context.Context, slug string) (File, error) {
	s, err := a.selections.Get(ctx, slug)
	if err != nil || s.PublishedAt == nil {
		return File{}, errNoHash
	}
	r, err := a.published.Get(ctx, slug)
	if err != nil {
		return File{}, err
	}
	if r.CandidatesHash == "" {
		return File{}, errNoHash
	}
	return a.open(ctx, review.Name, r.CandidatesHash)
}
