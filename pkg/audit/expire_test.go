package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
)

const aDay = 24 * time.Hour

// old records an act of so many days ago.
func (l *log) old(days int, of, act string) {
	l.t.Helper()
	ctx := actor.With(l.t.Context(), actor.Actor{Kind: actor.Staff, ID: "a-1", Name: "王芳"})
	if err := pg.InTx(ctx, l.DB, func(tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, time.Now().Add(-time.Duration(days)*aDay), of, act, "李强 said so", map[string]string{"email": "fang@example.org"})
	}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) expire(among bool, days, most int) (all []audit.Expired) {
	l.t.Helper()
	if err := pg.InTx(l.t.Context(), l.DB, func(tx *sqlx.Tx) (err error) {
		all, err = audit.Expire(l.t.Context(), tx, "sign_ins", []string{"sign_in"}, among, time.Now().Add(-time.Duration(days)*aDay), most)
		return err
	}); err != nil {
		l.t.Fatal(err)
	}
	return all
}

// told are the acts whose entries still tell of people.
func (l *log) told() (acts []string) {
	l.t.Helper()
	entries, err := audit.List(l.t.Context(), l.DB, audit.Page{All: true})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		text := e.Name + e.Reason + string(e.Detail)
		if strings.Contains(text, "王芳") || strings.Contains(text, "李强") || strings.Contains(text, "fang@") {
			acts = append(acts, e.Act)
		}
	}
	return acts
}

// TestExpire has the room erase what old entries tell of people, as the role that
// can change none: the signed chain holds before and after, what was erased is in
// the log, and a rewrite still shows.
func TestExpire(t *testing.T) {
	l := newLog(t)
	for _, e := range []struct {
		days    int
		of, act string
	}{{400, "", "sign_in"}, {400, "s-1", "open_phase"}, {300, "", "sign_in"}, {200, "s-1", "close_phase"}, {170, "", "sign_in"}, {1, "s-1", "publish_result"}} {
		l.old(e.days, e.of, e.act)
	}
	l.signed(6)
	if got := l.check(); len(got.Problems) > 0 {
		t.Fatal(got.Problems)
	}
	for _, step := range []struct {
		among      bool
		days, most int
		want       []audit.Expired
		told       []string
	}{
		{true, 350, 9, []audit.Expired{{"", 1}}, []string{"open_phase", "sign_in", "close_phase", "sign_in", "publish_result"}},
		{false, 190, 1, []audit.Expired{{"s-1", 1}}, []string{"sign_in", "close_phase", "sign_in", "publish_result"}},
		{false, 190, 9, []audit.Expired{{"s-1", 1}}, []string{"sign_in", "sign_in", "publish_result"}},
		{true, 0, 9, []audit.Expired{{"", 1}}, []string{"sign_in", "publish_result"}}, // not the one of 170 days ago
		{true, 0, 9, nil, []string{"sign_in", "publish_result"}},
	} {
		if diff := cmp.Diff(step.want, l.expire(step.among, step.days, step.most)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", step, diff)
		}
		if diff := cmp.Diff(step.told, l.told()); diff != "" {
			t.Errorf("%+v: who is still told of (-want +got):\n%s", step, diff)
		}
		if r := l.check(); len(r.Problems) > 0 {
			t.Errorf("%+v: %v", step, r.Problems)
		}
	}
	entries, err := audit.List(t.Context(), l.DB, audit.Page{All: true})
	if err != nil || len(entries) != 10 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, e := range entries {
		recorded := e.Act == "erase_expired" && e.Kind == actor.System && strings.Contains(string(e.Detail), "sign_ins")
		kept := e.Actor == "a-1" && e.Kind == actor.Staff
		if i < 6 && !kept || i >= 6 && !recorded {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	l.signed(10)
	l.exec(`SET session_replication_role = replica`, `UPDATE audit SET detail = '{"email":"other@example.org"}' WHERE id = 6`)
	if r := l.check(); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "entry 6: its detail is not what was recorded") {
		t.Errorf("a rewrite: %v", r.Problems)
	}
	l.exec(`UPDATE audit SET at = at + interval '1 day' WHERE id = 1`)
	if r := l.check(); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "entry 1, at position 1, does not follow") {
		t.Errorf("a rewrite of what was erased: %v", r.Problems)
	}
}

// TestSet_earlierRoles does not begin in a schema that lacks what erases.
func TestSet_earlierRoles(t *testing.T) {
	l := newLog(t)
	l.exec(`DROP FUNCTION audit_expire(text, text[], boolean, timestamptz, int)`, `DELETE FROM migration_audit WHERE version_id = 10`)
	if err := pg.Migrate(t.Context(), l.DB, audit.Set()); err == nil || !strings.Contains(err.Error(), "laurel migrate") {
		t.Errorf("began: %v", err)
	}
	if r, err := audit.Check(t.Context(), l.DB, service, ballotlog.PublicKey{}); err != nil || len(r.Problems) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
