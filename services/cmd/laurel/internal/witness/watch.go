package witness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/client"
)

// watch is a witness at work.
type watch struct {
	*Command
	api     *client.Client
	store   *store
	keys    ballotlog.PublicKey // known; those that one of them handed over to among them
	last    ballotlog.Head      // proved; the zero value before the first look
	list    string              // of keys, as it was served last
	behind  int                 // looks in a row at a smaller log than the last
	accept  bool                // whatever keys are listed, once
	receipt string              // empty: proved, or none
	promise promise             // behind the receipt
}

// behindTries is how often a log that is smaller than the last one is looked at
// again: one of several servers may be a moment late.
const behindTries = 3

// errBehind is a log that is smaller than it was or should be, and may be late.
var errBehind = errors.New("what was read is older than it should be")

// resume reads what is kept.
func (w *watch) resume() error {
	kept, err := w.store.keys()
	if err != nil {
		return err
	}
	if kept != "" {
		if w.keys, err = ballotlog.ParsePublicKey(kept); err != nil {
			return fmt.Errorf("the keys that are kept: %w", err)
		}
	}
	if w.store.last != "" {
		if w.last, err = w.keys.Open(w.store.last); err != nil {
			return fmt.Errorf("the last checkpoint that is kept: %w", err)
		}
	}
	if w.Key == "" {
		return nil
	}
	text, err := os.ReadFile(w.Key)
	if err != nil {
		return err
	}
	given, err := ballotlog.ParsePublicKey(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", w.Key, err)
	}
	if w.store.last == "" {
		w.keys = given
		return w.store.keepKeys(w.keys.String())
	}
	if _, err := given.Open(w.store.last); err != nil {
		return fmt.Errorf("the last checkpoint that is kept is not signed by the keys of %s: %w", w.Key, err)
	}
	return nil
}

// look reads the log once. It is done when there is nothing to follow any more.
func (w *watch) look(ctx context.Context) (done bool, err error) {
	if err := w.observe(ctx); err != nil {
		return false, err
	}
	if w.receipt != "" {
		if err := w.checkReceipt(ctx); err != nil {
			return false, err
		}
	}
	if w.Recount {
		return w.recount(ctx)
	}
	return false, nil
}

// observe reads keys and checkpoint, and believes them once they are proved.
func (w *watch) observe(ctx context.Context) error {
	list, err := w.api.LogKeys(ctx, w.Selection)
	if err != nil {
		return w.gone(err)
	}
	text, err := w.api.Checkpoint(ctx, w.Selection)
	if err != nil {
		return w.gone(err)
	}
	w.list = list
	if err := w.learn(list, text); err != nil {
		return err
	}
	head, err := w.keys.Open(text)
	if err != nil {
		return w.alarm(text, "the checkpoint is not signed by a key that is known: %v", err)
	}
	return w.believe(ctx, head, text)
}

// learn takes the keys of the first look, and later those that a known one
// handed over to.
func (w *watch) learn(list, checkpoint string) error {
	keys, err := w.keys.Follow(list)
	switch {
	case len(w.keys.Texts()) == 0 || err != nil && w.accept:
		if keys, err = ballotlog.ParsePublicKey(list); err != nil {
			return fmt.Errorf("witness: the list of the log's keys: %w", err)
		}
	case err != nil:
		return w.alarm(checkpoint, "it lists other keys, and none that is known handed over to them: %v. "+
			"Whoever has compared them with what the organizers published takes them by --accept-key", err)
	}
	w.accept = false
	if keys.String() == w.keys.String() {
		return nil
	}
	if err := w.store.keepKeys(keys.String()); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	w.keys = keys
	w.say("the log is signed by %d known keys:\n%s", len(keys.Texts()), keys)
	return nil
}

// believe keeps a signed head that grew out of the last one.
func (w *watch) believe(ctx context.Context, head ballotlog.Head, text string) error {
	last := w.last
	switch {
	case head.Origin != ballotlog.CheckpointOrigin(w.Selection):
		return w.alarm(text, "the checkpoint is of %q, not of %s", head.Origin, ballotlog.CheckpointOrigin(w.Selection))
	case head.N < last.N:
		if w.behind++; w.behind <= behindTries {
			return errBehind
		}
		return w.alarm(text, "it had %d lines, and has %d", last.N, head.N)
	case head.N == last.N && last.Origin != "" && head.Hash != last.Hash:
		return w.alarm(text, "it has two roots of %d lines", head.N)
	}
	w.behind = 0
	if last.Origin != "" && head.N == last.N && text == w.store.last {
		return nil
	}
	if err := w.grown(ctx, head, last, text); err != nil {
		return err
	}
	if err := w.store.keep(text); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	w.last = head
	w.say("%d lines, grown from %d; root %s", head.N, last.N, head.Hash)
	return nil
}

// grown proves, by tiles alone, that the newer head's log began with the lines
// of the older one. Of the first head it proves that the tiles are its own.
func (w *watch) grown(ctx context.Context, newer, older ballotlog.Head, text string) error {
	if newer.Tree == older.Tree || newer.N == 0 { // signed anew, or empty
		return nil
	}
	var fetch error
	tiles := ballotlog.Tiles(func(t tlog.Tile) ([]byte, error) {
		data, err := w.api.Tile(ctx, w.Selection, t)
		fetch = errors.Join(fetch, err)
		return data, err
	})
	var err error
	if older.N == 0 {
		_, err = tiles.Prove(newer.Tree, newer.N-1)
	} else {
		var path tlog.TreeProof
		if path, err = tiles.ProveGrowth(newer.Tree, older.N); err == nil {
			err = ballotlog.CheckGrowth(path, newer.Tree, older.Tree)
		}
	}
	switch {
	case fetch != nil && (passing(fetch) || ctx.Err() != nil):
		return fetch
	case fetch != nil:
		return w.alarm(text, "it withholds tiles of what was signed: %v", fetch)
	case err != nil:
		return w.alarm(text, "the tiles do not show that %d lines grew to %d: %v", older.N, newer.N, err)
	}
	return nil
}

// gone tells a log that was there, and is not, from one that never was.
func (w *watch) gone(err error) error {
	if fault.Is(err, fault.NotFound) && w.last.Origin != "" {
		return w.alarm("", "it is gone: %v", err)
	}
	return err
}

// alarm keeps the evidence: the last checkpoint that was believed and the text
// that contradicts it.
func (w *watch) alarm(text, format string, args ...any) error {
	a := &Alarm{Reason: fmt.Sprintf(format, args...)}
	var err error
	a.Evidence, err = w.store.evidence(w.now(), map[string]string{
		"reason.txt": a.Reason + "\n", "before.txt": w.store.last, "after.txt": text, "keys-known.txt": w.keys.String() + "\n", "keys-listed.txt": w.list,
	})
	if err != nil {
		a.Evidence = "no file (" + err.Error() + "); it read:\n" + text
	}
	return a
}

func (w *watch) say(format string, args ...any) {
	fmt.Fprintf(w.out, w.now().UTC().Format(time.RFC3339)+" "+format+"\n", args...)
}
