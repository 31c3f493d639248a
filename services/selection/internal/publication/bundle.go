package publication

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
)

// Key is that of bundles, without its checks.
func Key() key.Key {
	return key.Key{Name: "bundle", Data: `SELECT EXISTS (SELECT FROM job WHERE kind = '` + selection.BundleJob + `' AND state = 'done')`}
}

// Jobs are what this package has done outside of requests.
func (p *Publication) Jobs() []job.Kind {
	return []job.Kind{{Name: selection.BundleJob, Run: func(ctx context.Context, w *job.Work) (any, error) { return p.makeBundle(ctx, w) }}}
}

// order is the job's input.
type order struct {
	selection.ExportBundle

	Results string `json:"results"` // blob of what is published
}

// made is the job's result.
type made struct {
	Blob    string `json:"blob"`
	Results string `json:"results"`
}

// GetBundleKey implements selection.Service.
func (p *Publication) GetBundleKey(context.Context, struct{}) (out selection.BundleKey, err error) {
	out.Key, err = p.signer.Keys()
	return out, err
}

// ExportBundle implements selection.Service. A bundle of what is published is made
// once; one that is lost is made again.
func (p *Publication) ExportBundle(ctx context.Context, in selection.ExportBundle) (out selection.Bundle, err error) {
	if !event.ValidSlug(in.Slug) {
		return out, selection.ErrUnknown
	}
	public, err := publishedBlob(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return out, err
	}
	last, found, err := job.Last(ctx, p.deps.DB, in.Slug, selection.BundleJob)
	if err != nil {
		return out, err
	}
	switch {
	case found && !last.Ended():
		return selection.Bundle{Job: &last}, nil
	case found && last.State == job.Failed && p.deps.Time().Sub(*last.EndedAt) < selection.ErrNoBundle.RetryAfter:
		return out, selection.ErrNoBundle.With("job", last.ID).With("code", last.Fault.Code)
	case found && last.State == job.Done:
		var done made
		if err := json.Unmarshal(last.Result, &done); err != nil {
			return out, fmt.Errorf("bundle of %s: %w", in.Slug, err)
		}
		there, err := p.deps.Blobs.Has(ctx, done.Blob)
		if err != nil {
			return out, fmt.Errorf("bundle of %s: %w", in.Slug, err)
		}
		if there && done.Results == public {
			return selection.Bundle{Blob: done.Blob}, nil
		}
	}
	ordered, err := p.deps.Jobs.Order(ctx, p.deps.DB, in.Slug, selection.BundleJob, order{in, public})
	return selection.Bundle{Job: &ordered}, err
}

// publishedBlob is the hash of what is published.
func publishedBlob(ctx context.Context, q sqlx.QueryerContext, slug string) (hash string, err error) {
	err = sqlx.GetContext(ctx, q, &hash, `SELECT blob FROM publication WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		if _, unknown := store.Read(ctx, q, slug); unknown != nil {
			return "", unknown
		}
		return "", selection.ErrUnpublished
	}
	if err != nil {
		return "", fmt.Errorf("bundle: %w", err)
	}
	return hash, nil
}

// makeBundle writes the bundle into the blob store, without holding it.
func (p *Publication) makeBundle(ctx context.Context, w *job.Work) (out made, err error) {
	var in order
	if err := json.Unmarshal(w.Input, &in); err != nil {
		return out, fmt.Errorf("bundle of %s: %w", w.Slug, err)
	}
	in.Slug = w.Slug
	sources, absent, err := p.parts(ctx, w.DB, in)
	if err != nil {
		return out, err
	}
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(guard.Do("bundle", func() error { return bundle.Write(writer, w.Slug, sources, absent, p.signer) }))
	}()
	ref, err := p.deps.Blobs.Put(ctx, reader, math.MaxUint32)
	reader.CloseWithError(err) // where the store gave up, so does the writer
	if err != nil {
		return out, fmt.Errorf("bundle of %s: %w", w.Slug, err)
	}
	return made{ref.Hash, in.Results}, nil
}

// parts are those of the published result, by the hashes that were published, and
// those that it has not. Fault: ErrBundleParts.
func (p *Publication) parts(ctx context.Context, q sqlx.QueryerContext, in order) (sources []bundle.Source, absent []bundle.Absent, err error) {
	sel, err := store.Read(ctx, q, in.Slug)
	if err != nil {
		return nil, nil, err
	}
	rules, err := rulebook.Parse(sel.Rulebook)
	if err != nil {
		return nil, nil, fmt.Errorf("bundle of %s: %w", in.Slug, err)
	}
	text, err := blob.Read(ctx, p.deps.Blobs, in.Results, maxBlob)
	if err != nil {
		return nil, nil, fmt.Errorf("bundle of %s: %w", in.Slug, err)
	}
	var public selection.Results
	if err := json.Unmarshal(text, &public); err != nil {
		return nil, nil, fmt.Errorf("bundle of %s: %w", in.Slug, err)
	}
	canonical, err := rules.Canonical()
	if err != nil {
		return nil, nil, err
	}
	if rules.Hash() != public.RulebookHash {
		return nil, nil, selection.ErrBundleParts.Because(fmt.Errorf("the rulebook of %s is not the published one", in.Slug))
	}
	sources = append(sources, bundle.Text(bundle.RulebookPart, string(canonical)), bundle.Text(bundle.ResultsPart, string(text)))
	for _, part := range []struct {
		name, hash string
		kept       bool
	}{
		{bundle.CandidatesPart, public.CandidatesHash, false},
		{bundle.VotesPart, public.VotesHash, false},
		{bundle.ScoresPart, public.ScoresHash, true},
		{bundle.ResultPart, public.ResultHash, true},
	} {
		switch {
		case part.kept && !rules.Results.Whole():
			absent = append(absent, bundle.Absent{Name: part.name, Why: bundle.Withheld})
		case part.hash == "":
			absent = append(absent, bundle.Absent{Name: part.name, Why: bundle.Unhashed})
		default:
			sources = append(sources, p.source(ctx, part.name, event.Review, part.hash))
		}
	}
	if len(rules.Voting.Voters) == 0 {
		for _, name := range []string{bundle.LeavesPart, bundle.CheckpointPart, bundle.KeyPart} {
			absent = append(absent, bundle.Absent{Name: name, Why: bundle.NoVote})
		}
		return sources, absent, nil
	}
	leaves := p.source(ctx, bundle.LeavesPart, event.Voting, in.Leaves)
	if err := logged(in, leaves, public.Ballots); err != nil {
		return nil, nil, err
	}
	return append(sources, leaves, bundle.Text(bundle.CheckpointPart, in.Checkpoint), bundle.Text(bundle.KeyPart, in.Key)), absent, nil
}

// source reads a body of another room's.
func (p *Publication) source(ctx context.Context, name, owner, hash string) bundle.Source {
	return bundle.Source{Name: name, Hash: hash, Open: func() (io.ReadCloser, error) {
		body, _, err := p.deps.Blobs.In(owner).Open(ctx, hash)
		return body, err
	}}
}

// logged tells whether the lines are those of the checkpoint, and as many as the
// published result has ballots. Fault: ErrBundleParts.
func logged(in order, leaves bundle.Source, ballots int64) error {
	refuse := func(err error) error { return selection.ErrBundleParts.Because(err) }
	keys, err := ballotlog.ParsePublicKey(in.Key)
	if err != nil {
		return refuse(err)
	}
	head, err := keys.Open(in.Checkpoint)
	if err != nil {
		return refuse(err)
	}
	r, err := leaves.Open()
	if err != nil {
		return fmt.Errorf("bundle of %s: %w", in.Slug, err)
	}
	defer r.Close()
	tree, err := ballotlog.TreeOf(r)
	if err != nil {
		return fmt.Errorf("bundle of %s: %w", in.Slug, err)
	}
	if head.Origin != ballotlog.CheckpointOrigin(in.Slug) || head.Tree != tree || tree.N < ballots {
		return refuse(fmt.Errorf("%s of %d lines, root %s; there are %d lines, root %s, and %d ballots", head.Origin, head.N, head.Hash, tree.N, tree.Hash, ballots))
	}
	return nil
}
