package server_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

// logged is what the voting room has: a log of so many lines.
func (h *installation) logged(lines int) selection.ExportBundle {
	h.t.Helper()
	var text strings.Builder
	for i := range lines {
		b := ballotlog.Ballot{Period: "once", Picks: []int{1 + i%4}, Voter: [16]byte{byte(i)}}
		text.WriteString(b.String() + "\n")
	}
	tree, err := ballotlog.TreeOf(strings.NewReader(text.String()))
	if err != nil {
		h.t.Fatal(err)
	}
	signer := bundletest.Seed(h.t, 7)
	head, err := signer.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: tree})
	keys, failed := signer.Keys()
	if err := errors.Join(err, failed); err != nil {
		h.t.Fatal(err)
	}
	return selection.ExportBundle{Slug: slug, Leaves: h.Keep(event.Voting, []byte(text.String())), Checkpoint: head, Key: keys}
}

// bundled waits for the bundle.
func (h *installation) bundled(in selection.ExportBundle) (hash string, body []byte) {
	h.t.Helper()
	testkit.Eventually(h.t, testkit.Patience, func() error {
		out, err := h.ExportBundle(h.ctx, in)
		if err == nil && out.Blob == "" {
			err = fmt.Errorf("the job is %s", out.Job.State)
		}
		hash = out.Blob
		return err
	})
	body, err := blob.Read(h.ctx, h.Blobs, hash, 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	return hash, body
}

// TestExportBundle makes the bundle of what is published, once, and again with the
// same bytes where it was lost; what does not fit the log is refused.
func TestExportBundle(t *testing.T) {
	h := keepsFor(t, retention.Periods{Struck: 180 * 24 * time.Hour})
	h.votes, h.scores = h.Keep(event.Review, []byte("candidate,votes\n1,2\n")), h.Keep(event.Review, []byte("panel,juror,candidate,criterion,score\n"))
	if _, err := h.ExportBundle(h.ctx, selection.ExportBundle{Slug: slug}); !errors.Is(err, selection.ErrUnknown) {
		t.Errorf("of no selection: %v", err)
	}
	result := h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 3s}", 1))
	h.admit(1, 2, 3, 4)
	h.until(func(s selection.Selection) bool { return s.Candidates == 4 })
	in := h.logged(9)
	if _, err := h.ExportBundle(h.ctx, in); !errors.Is(err, selection.ErrUnpublished) {
		t.Errorf("before it is public: %v", err)
	}
	h.change("open notice")
	h.Clock.Advance(3 * time.Second)
	h.await("notice", selection.Closed)
	if _, err := h.publish(); err != nil {
		t.Fatal(err)
	}
	short := in
	short.Leaves = h.logged(8).Leaves
	testkit.Eventually(t, testkit.Patience, func() error {
		_, err := h.ExportBundle(h.ctx, short)
		if f := refusal(err); f != "bundle_failed bundle_parts_wrong" {
			return fmt.Errorf("another log's lines: %s", f)
		}
		return nil
	})
	h.Clock.Advance(selection.ErrNoBundle.RetryAfter)
	hash, body := h.bundled(in)
	read, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range read.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(text)
	}
	keys, err := h.GetBundleKey(h.ctx, struct{}{})
	if err != nil || keys.Key != parts[bundle.BundleKey] {
		t.Errorf("the key of bundles is %q: %v", keys.Key, err)
	}
	public, err := ballotlog.ParsePublicKey(keys.Key)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := public.OpenNote(parts[bundle.ManifestPart])
	if err != nil || !strings.HasPrefix(manifest, bundle.Origin(slug)+"\n") {
		t.Errorf("%q: %v", manifest, err)
	}
	if diff := cmp.Diff("absent candidates.csv unhashed", absent(manifest)); diff != "" {
		t.Errorf("absent: %s", diff)
	}
	if !strings.Contains(manifest, result+" "+bundle.ResultPart) || !strings.Contains(manifest, h.votes+" "+bundle.VotesPart) {
		t.Errorf("it has not the published files:\n%s", manifest)
	}
	if err := h.Blobs.Delete(h.ctx, hash); err != nil {
		t.Fatal(err)
	}
	if again, other := h.bundled(in); again != hash || !bytes.Equal(other, body) {
		t.Errorf("made again it is %s, not %s", again, hash)
	}
	h.Clock.Advance(180 * 24 * time.Hour)
	testkit.Adopts(t, h.Deps, h.Clock, hash) // nothing erases it
}

func absent(manifest string) string {
	lines := strings.Split(manifest, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "absent ") }), "\n")
}

// refusal is the code of a fault, and that of the job behind it.
func refusal(err error) string {
	if err == nil {
		return ""
	}
	f := fault.From(err)
	return f.Code + " " + f.Params["code"]
}
