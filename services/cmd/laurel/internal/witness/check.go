package witness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/verify"
	"github.com/laurel-awards/laurel/services/voting"
)

// promiseLimit is how long after the first look at a promise a publication may
// lack its ballot: a ballot is in the tally a second or so after its promise, and
// every later publication takes all that are.
const promiseLimit = time.Minute

// checkReceipt asks for the proof of a ballot until it is there.
func (w *watch) checkReceipt(ctx context.Context) error {
	code, err := receipt.Parse(w.receipt)
	if err != nil {
		return fmt.Errorf("witness: receipt %q: %w", w.receipt, err)
	}
	r, err := w.api.Receipt(ctx, w.Selection, code.String())
	if fault.Is(err, fault.NotFound) {
		return w.alarm("", "it does not know the receipt %s", code)
	}
	if err != nil {
		return err
	}
	evidence := r.Evidence
	if _, err := evidence.Check(w.keys, w.Selection, code.OldBatch()); err != nil {
		return w.alarm(evidence.Promise.Head, "what it says of the receipt %s does not hold: %v", code, err)
	}
	if evidence.Proof == nil {
		return w.unproved(ctx, code, evidence.Promise.Head)
	}
	proof, err := w.keys.Open(evidence.Proof.Head)
	if err != nil {
		return w.alarm(evidence.Proof.Head, "the proof of the receipt %s: %v", code, err)
	}
	if err := w.agrees(ctx, proof, evidence.Proof.Head); err != nil {
		return err
	}
	w.say("the ballot of the receipt %s is line %d of the log", code, evidence.Proof.Index)
	w.receipt = ""
	return nil
}

// promise is a ballot that is promised, and not in the log.
type promise struct {
	seen   time.Time // first
	closed time.Time // when voting was first seen closed
	over   bool      // the limit is
	size   int64     // of the log, when it was over
	broken int       // looks in a row at which it should have been there
}

// unproved tells whether a promised ballot may still be outside the log. Until a
// publication is due it may: that takes some ballots, so no time tells alone.
func (w *watch) unproved(ctx context.Context, code receipt.Receipt, head string) error {
	p, now := &w.promise, w.now()
	tally, err := w.api.Tally(ctx, w.Selection)
	if err != nil {
		return err
	}
	if p.seen.IsZero() {
		p.seen = now
	}
	if p.closed.IsZero() && tally.State == voting.Closed {
		p.closed = now
	}
	reason := ""
	switch {
	case tally.State == voting.Sealed:
		reason = "the tally is final"
	case !p.closed.IsZero() && now.Sub(p.closed) > promiseLimit:
		reason = "voting has been closed since " + p.closed.UTC().Format(time.RFC3339)
	case p.over && w.last.N > p.size:
		reason = fmt.Sprintf("the log grew from %d to %d lines", p.size, w.last.N)
	case now.Sub(p.seen) > promiseLimit:
		p.over, p.size = true, w.last.N
	}
	if reason == "" {
		p.broken = 0
		w.say("the ballot of the receipt %s is promised, and not published yet", code)
		return nil
	}
	if p.broken++; p.broken <= behindTries { // it may be in the part that follows, or the state come from before
		return errBehind
	}
	return w.alarm(head, "the ballot of the receipt %s was promised by %s and is not in the log, though %s", code, p.seen.UTC().Format(time.RFC3339), reason)
}

// agrees tells whether a head that came another way is of the same log.
func (w *watch) agrees(ctx context.Context, head ballotlog.Head, text string) error {
	if head.N >= w.last.N {
		return w.believe(ctx, head, text)
	}
	return w.grown(ctx, w.last, head, text)
}

// recount fetches all lines once the tally is final, and recounts them. It is
// done then.
func (w *watch) recount(ctx context.Context) (done bool, err error) {
	leaves := filepath.Join(w.store.dir, "leaves.txt")
	if err := w.saveLeaves(ctx, leaves); fault.HasCode(err, voting.ErrUnsealed.Code) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	rules, err := w.api.Rulebook(ctx, w.Selection)
	if err != nil {
		return false, err
	}
	if err := replace(w.store.dir, "rulebook.json", string(rules)); err != nil {
		return false, fmt.Errorf("witness: %w", err)
	}
	if err := w.observe(ctx); err != nil { // the last checkpoint may be from before the close
		return false, err
	}
	files := []string{leaves}
	for _, name := range []string{checkpointFile, keysFile, "rulebook.json"} {
		files = append(files, filepath.Join(w.store.dir, name))
	}
	if err := (&verify.Command{Files: files, Selection: w.Selection}).Run(); err != nil {
		return false, w.alarm("", "its lines do not hold: %v. They are in %s", err, leaves)
	}
	return true, nil
}

func (w *watch) saveLeaves(ctx context.Context, name string) error {
	f, err := os.CreateTemp(w.store.dir, ".leaves-*")
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := w.api.SaveLeaves(ctx, w.Selection, f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}
