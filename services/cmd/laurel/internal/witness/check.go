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

// promiseLimit is how long a promised ballot may take into the log; a second or
// so is usual.
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
	if _, err := evidence.Check(w.keys, w.Selection, code.Batch); err != nil {
		return w.alarm(evidence.Promise.Head, "what it says of the receipt %s does not hold: %v", code, err)
	}
	if evidence.Proof == nil {
		promise, err := w.keys.Open(evidence.Promise.Head)
		if err == nil && w.now().Sub(promise.At) > promiseLimit {
			return w.alarm(evidence.Promise.Head, "the ballot of the receipt %s was promised at %s and is not in the log", code, promise.At)
		}
		w.say("the ballot of the receipt %s is promised, and not in the log yet", code)
		return err
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
