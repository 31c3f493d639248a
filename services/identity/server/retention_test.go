package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/audit"
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
	r := in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), wire, testkit.KeepsFor(retention.Periods{Roster: 180 * day})))
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
		testkit.Erased(t, r.Deps, r.Clock.Now())
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
	testkit.Adopts(t, r.Deps, r.Clock, asked[0].Voters)
	for _, body := range r.Age(0) {
		if strings.Contains(body, "王芳") {
			t.Errorf("an upload is left: %q", body)
		}
	}
}

// TestRetention_audit has the room's log forget whom old entries tell of: sign-ins
// after their time, other acts after theirs. The chain holds, and the report tells
// it, also of what belongs to no selection.
func TestRetention_audit(t *testing.T) {
	const day = 24 * time.Hour
	r := in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), wire, testkit.KeepsFor(retention.Periods{SignIns: 180 * day, Audit: 1095 * day})))
	testkit.Erased(t, r.Deps, time.Time{}) // the first look is over
	if _, err := r.DB.ExecContext(t.Context(), `
		INSERT INTO audit (at, slug, kind, actor, name, act, reason, detail, request)
		SELECT now() - days * interval '1 day', slug, 'staff', 'a-1', '王芳', act, '李强 asked', '{"email": "fang@example.org"}', 'r-1'
		FROM (VALUES (1200, '', 'sign_in'), (1200, 's-1', 'grant_role'), (900, '', 'sign_in_failed'), (900, 's-1', 'revoke_role'), (10, '', 'sign_out'))
		     AS v (days, slug, act)`); err != nil {
		t.Fatal(err)
	}
	r.Clock.Set(time.Now())
	testkit.Erased(t, r.Deps, r.Clock.Now())
	var told []string
	if err := r.DB.SelectContext(t.Context(), &told, `
		SELECT act FROM audit WHERE name || reason || detail::text ~ '王芳|李强|fang' ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"revoke_role", "sign_out"}, told); diff != "" {
		t.Errorf("acts that tell of people (-want +got):\n%s", diff)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE actor = 'a-1' AND act IN ('sign_in', 'grant_role', 'sign_in_failed')`); n != 3 {
		t.Errorf("of %d acts one can tell who did them", n)
	}
	for slug, want := range map[string][]retention.Erased{"": {{Kind: "sign_ins", Count: 2}}, "s-1": {{Kind: "audit_details", Count: 1}}} {
		report, err := bus.Call[[]retention.Erased](r.ctx, r.Caller, identity.Name, run.ListErasures, run.Of{Slug: slug})
		if diff := cmp.Diff(want, report, cmpopts.IgnoreFields(retention.Erased{}, "At")); err != nil || diff != "" {
			t.Errorf("report of %q (-want +got):\n%s%v", slug, diff, err)
		}
	}
	checked, err := bus.Call[audit.Report](r.ctx, r.Caller, identity.Name, run.CheckAudit, struct{}{})
	if err != nil || len(checked.Problems) > 0 || checked.Entries != 7 {
		t.Errorf("the chain: %+v, %v", checked, err)
	}
}
