package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// TestRetention erases the members of a roster when its selection has been over
// for long, those of another not; the list that voting is asked about stays while
// it is asked, an upload that nobody removed does not.
func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	r := in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), func(deps run.Deps) (run.Room, error) {
		deps.Retention = retention.Periods{Roster: 180 * day}
		return wire(deps)
	}))
	for _, slug := range []string{"s-1", "s-2"} {
		if _, err := r.load(t, identity.ImportRoster{Slug: slug}, "member,name\n0017,王芳\n0018,李强\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: slug, Most: 10}); err != nil {
			t.Fatal(err)
		}
	}
	other := r.Selection("s-2")
	other.Tell(event.Voting, "seal", event.TallySealed{})
	asked := testkit.Published[event.RosterClosed](t, r.DB)
	if len(asked) != 1 {
		t.Fatalf("asked %v", asked)
	}
	r.Age(2 * blob.Grace)
	r.Selection("s-1").Tell(event.Selection, "end", event.SelectionEnded{})
	ended := r.Clock.Now()
	for _, step := range []struct {
		after   time.Duration
		members int
	}{{179 * day, 4}, {180 * day, 2}} {
		r.Clock.Set(ended.Add(step.after))
		testkit.Eventually(t, testkit.Patience, func() error {
			if n := r.Count(`SELECT count(*) FROM job WHERE kind = $1 AND state = 'done' AND ended_at = $2`, retention.JobKind, r.Clock.Now()); n == 0 {
				return fmt.Errorf("no job has ended at %s", r.Clock.Now())
			}
			return nil
		})
		if n := r.Count(`SELECT count(*) FROM roster_member WHERE name <> ''`); n != step.members {
			t.Errorf("after %s: %d members", step.after, n)
		}
	}
	report, err := bus.Call[[]retention.Erased](r.ctx, r.Caller, identity.Name, run.ListErasures, run.Of{Slug: "s-1"})
	if diff := cmp.Diff([]retention.Erased{{Kind: "roster_members", Count: 2, At: r.Clock.Now()}}, report); err != nil || diff != "" {
		t.Errorf("report (-want +got):\n%s\n%v", diff, err)
	}
	if roster, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"}); err != nil || roster.Members != 0 || roster.Exports != 1 {
		t.Errorf("roster %+v, %v", roster, err)
	}
	if has, err := r.Blobs.Has(t.Context(), asked[0].Voters); err != nil || !has {
		t.Errorf("the list that voting is asked about is there: %v, %v", has, err)
	}
	for _, body := range r.Age(0) {
		if strings.Contains(body, "王芳") {
			t.Errorf("an upload is left: %q", body)
		}
	}
}
