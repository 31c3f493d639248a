package server_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

const jobID = "0192f0c1-2345-4abc-8def-0123456789ab"

func atWork(kind string, state job.State) job.Job {
	return job.Job{ID: jobID, Slug: here, Kind: kind, State: state, Done: 40, Total: 100, CreatedAt: testkit.Morning()}
}

// TestJob is what somebody sees of a file that is still being made: 202, the way
// to how far it is, and from there to the file.
func TestJob(t *testing.T) {
	h := bare(t, testkit.Log(t))
	ref, err := h.blobs.In(voting.Name).Put(t.Context(), strings.NewReader("leaf\n"), 5)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	var made atomic.Bool
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"voting/export_leaves": does(func(voting.Of) (voting.Exported, error) {
			asked.Add(1)
			if made.Load() {
				return voting.Exported{Blob: ref.Hash, Rows: 1}, nil
			}
			j := atWork(voting.LeavesJob, job.Running)
			return voting.Exported{Job: &j}, nil
		}),
		"voting/get_job": does(func(in run.OfJob) (job.Job, error) {
			switch {
			case in.Job != jobID || in.Slug != here:
				return job.Job{}, job.ErrUnknown
			case made.Load():
				j, at := atWork(voting.LeavesJob, job.Done), testkit.Morning()
				j.EndedAt = &at
				return j, nil
			}
			return atWork(voting.LeavesJob, job.Running), nil
		}),
	}))
	h.start(t, quickly)
	const leaves, at = "/api/v1/selections/" + here + "/log/leaves", "/api/v1/selections/" + here + "/jobs/voting/" + jobID
	var many sync.WaitGroup
	for range 40 { // who comes at the same moment is told the same, and the room is asked once
		many.Go(func() {
			a := h.ask(t, http.MethodGet, leaves, "", "")
			var j gateway.Job
			if err := json.Unmarshal([]byte(a.Body), &j); err != nil || a.Status != http.StatusAccepted || a.Header.Get("Location") != at ||
				a.Header.Get("Retry-After") == "" || j.ID != jobID || j.State != job.Running || j.Done != 40 || j.Total != 100 {
				t.Errorf("%d %s %v, %v", a.Status, a.Body, a.Header, err)
			}
		})
	}
	many.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the room was asked %d times", n)
	}
	a := h.ask(t, http.MethodGet, at, "", "")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, `"running"`) || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("how far it is: %d %s", a.Status, a.Body)
	}
	for _, wrong := range []string{strings.Replace(at, "0192", "0193", 1), strings.Replace(at, "/voting/", "/identity/", 1)} {
		if a := h.ask(t, http.MethodGet, wrong, "", ""); a.problem(t).Code != "job_unknown" {
			t.Errorf("%s: %d %s", wrong, a.Status, a.Body)
		}
	}
	made.Store(true)
	h.clock.Advance(time.Second)
	follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+at, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := follow.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != leaves {
		t.Errorf("done: %d %v", resp.StatusCode, resp.Header)
	}
	if a := h.ask(t, http.MethodGet, leaves, "", ""); a.Status != http.StatusOK || a.Body != "leaf\n" {
		t.Errorf("the file: %d %s", a.Status, a.Body)
	}
}

// TestCheck is what who oversees a vote sees of its check: the order is answered
// with the way to how far it is, and that leads to what it found.
func TestCheck(t *testing.T) {
	h := bare(t, testkit.Log(t))
	var state atomic.Pointer[job.State]
	set := func(s job.State) { state.Store(&s) }
	set(job.Running)
	said := func(voting.Of) (voting.Check, error) {
		j, at := atWork(voting.CheckJob, *state.Load()), testkit.Morning()
		switch j.State {
		case job.Done:
			return voting.Check{Ballots: 7, Sequenced: 6, At: at, Problems: []string{"one"}}, nil
		case job.Failed:
			j.EndedAt, j.Fault = &at, job.ErrCancelled
		}
		return voting.Check{Job: &j}, nil
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"voting/order_check":      does(said),
		"voting/cancel_check":     does(said),
		"voting/check_tally":      does(said),
		"voting/get_job": does(func(run.OfJob) (job.Job, error) {
			at, j := testkit.Morning(), atWork(voting.CheckJob, *state.Load())
			if j.State == job.Done {
				j.EndedAt = &at
			}
			return j, nil
		}),
	}))
	h.start(t)
	const check, at = "/api/v1/selections/" + here + "/check", "/api/v1/selections/" + here + "/jobs/voting/" + jobID
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		if a := h.ask(t, method, check, organizer, ""); a.Status != http.StatusAccepted || a.Header.Get("Location") != at ||
			a.Header.Get("Retry-After") == "" || !strings.Contains(a.Body, `"done":40`) {
			t.Errorf("%s while it is at work: %d %s %v", method, a.Status, a.Body, a.Header)
		}
	}
	set(job.Done)
	c, err := client.New(h.url).WithToken(organizer).Job(t.Context(), gateway.Job{Slug: here, Service: voting.Name, ID: jobID})
	if err != nil || c.State != job.Done || c.EndedAt == nil {
		t.Errorf("how far it is: %+v, %v", c, err)
	}
	// Who follows the way comes to what was found.
	if a := h.ask(t, http.MethodGet, at, organizer, ""); a.Status != http.StatusOK ||
		strings.TrimSpace(a.Body) != `{"ballots":7,"sequenced":6,"at":"2026-05-01T08:00:00Z","problems":["one"]}` {
		t.Errorf("what was found: %d %s", a.Status, a.Body)
	}
	set(job.Failed)
	if a := h.ask(t, http.MethodDelete, check, organizer, ""); a.Status != http.StatusOK || !strings.Contains(a.Body, `"job_cancelled"`) {
		t.Errorf("cancelled: %d %s", a.Status, a.Body)
	}
}

// TestJob_slowly takes a file for longer than answers may take, part by part.
func TestJob_slowly(t *testing.T) {
	h := bare(t, testkit.Log(t))
	const size = 32 << 20 // beyond what connections hold on their way
	ref, err := h.blobs.In(voting.Name).Put(t.Context(), io.LimitReader(zeros{}, size), size)
	if err != nil {
		t.Fatal(err)
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"voting/export_leaves":    says(voting.Exported{Blob: ref.Hash, Rows: 1}, nil),
	}))
	h.start(t)
	s := httptest.NewUnstartedServer(h.server.Handler())
	s.Config.WriteTimeout = 200 * time.Millisecond
	s.Start()
	defer s.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/selections/"+here+"/log/leaves", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-time.After(2 * s.Config.WriteTimeout) // nothing tells when a time is over
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size {
		t.Errorf("%d of %d bytes: %v", n, size, err)
	}
}

// zeros is a file without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestPublication_files publishes a result once its files are made, and tells why
// it does not.
func TestPublication_files(t *testing.T) {
	h := bare(t, testkit.Log(t))
	var asked, published atomic.Int32
	var exported atomic.Pointer[func() (voting.Exported, error)]
	script := func(fn func() (voting.Exported, error)) { exported.Store(&fn) }
	pending := func() (voting.Exported, error) {
		j := atWork(voting.BallotsJob, job.Queued)
		j.Fault = fault.NewUnavailable("store_full", "full", time.Second)
		return voting.Exported{Job: &j}, nil
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"selection/publish_result": does(func(selection.PublishResult) (selection.Results, error) {
			published.Add(1)
			return selection.Results{Slug: here}, nil
		}),
		"voting/export_ballots": does(func(voting.Of) (voting.Exported, error) { asked.Add(1); return (*exported.Load())() }),
	}))
	h.start(t, func(c *server.Config) { c.PhaseWait = 200 * time.Millisecond })
	publish := func() answer {
		return h.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/publication", organizer, `{"reason":"as announced"}`)
	}
	script(pending)
	if a := publish(); a.problem(t).Code != "files_pending" || a.Header.Get("Retry-After") == "" ||
		a.problem(t).Params["total"] != "100" || a.problem(t).Params["code"] != "store_full" || asked.Load() < 2 {
		t.Errorf("while they are being made: %d %s, asked %d times", a.Status, a.Body, asked.Load())
	}
	script(func() (voting.Exported, error) {
		return voting.Exported{}, voting.ErrNoExport.With("code", "store_full")
	})
	if a := publish(); a.problem(t).Code != "export_failed" || a.problem(t).Params["code"] != "store_full" {
		t.Errorf("after they failed: %d %s", a.Status, a.Body)
	}
	if published.Load() != 0 {
		t.Error("published without its files")
	}
	asked.Store(0)
	script(func() (voting.Exported, error) {
		if asked.Load() < 3 {
			return pending()
		}
		return voting.Exported{Blob: strings.Repeat("a", 64)}, nil
	})
	if a := publish(); a.Status != http.StatusCreated || published.Load() != 1 {
		t.Errorf("once they are made: %d %s", a.Status, a.Body)
	}
	script(func() (voting.Exported, error) { return voting.Exported{}, voting.ErrUnsealed })
	if a := publish(); a.Status != http.StatusCreated || published.Load() != 2 {
		t.Errorf("whether it may be published is not the files' matter: %d %s", a.Status, a.Body)
	}
}

// TestUploads keeps nothing of a file once the room has answered, whatever it
// answered: the store is searched for its bytes.
func TestUploads(t *testing.T) {
	h := bare(t, testkit.Log(t))
	const secret = "GPS 36.06 103.83"
	seen := map[string]bool{}
	read := func(name string) error { // as the room does
		body, _, err := h.blobs.In(blob.Uploads).Open(context.Background(), name)
		if err != nil {
			return err
		}
		seen[name] = true
		return body.Close()
	}
	refused := fault.New(fault.Invalid, "photo_invalid", "no")
	fails := false
	take := func(name string) error {
		if err := read(name); err != nil || !fails {
			return err
		}
		return refused
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/set_photo":    does(func(in nomination.SetPhoto) (nomination.Entry, error) { return nomination.Entry{}, take(in.Blob) }),
		"nomination/import_entries": does(func(in nomination.ImportEntries) (nomination.Imported, error) {
			return nomination.Imported{}, take(in.Blob)
		}),
	}))
	h.start(t)
	for _, fails = range []bool{false, true, false} {
		for method, path := range map[string]string{
			http.MethodPut:  "/entries/0192f0c1-2345-7abc-8def-0123456789ab/photo",
			http.MethodPost: "/entries/import",
		} {
			a := h.ask(t, method, "/api/v1/selections/"+here+path, organizer, "\xff\xd8\xff"+secret)
			if (a.Status >= 300) != fails {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
	}
	if len(seen) != 6 { // equal bodies are kept apart
		t.Errorf("%d names of six uploads", len(seen))
	}
	err := filepath.WalkDir(h.blobDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
