package server_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

const postmark = "\nnotice: {objections: {by: postmark, anonymous: true, answer_in: 3}}\n"

// onNotice is a selection whose decision is on notice, until Monday the 27th.
func onNotice(t *testing.T, more string, p retention.Periods) *installation {
	t.Helper()
	h := keepsFor(t, p)
	h.admit(3, 1, 4, 2)
	h.decided(rules + more)
	h.until(func(s selection.Selection) bool { return s.Candidates == 4 })
	h.change("open notice")
	return h
}

func closes() time.Time { return time.Date(2026, 4, 27, 16, 0, 0, 0, time.UTC) }

// upload puts a file on its way to the room.
func (h *installation) upload(body string) selection.ObjectionUpload {
	h.t.Helper()
	ref, err := h.Deps.Blobs.In(blob.Uploads).Deposit(h.ctx, strings.NewReader(body), 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	return selection.ObjectionUpload{Name: "证据.pdf", Blob: ref.Hash}
}

func objection() selection.FileObjection {
	return selection.FileObjection{Slug: slug, Candidate: 3, Text: "事迹不实", Name: "李四", Contact: "13800000000"}
}

// codes are those of the fields at fault.
func codes(t *testing.T, err error) (all []string) {
	t.Helper()
	if !errors.Is(err, selection.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, f := range fault.From(err).Fields {
		all = append(all, f.Name+" "+f.Code)
	}
	slices.Sort(all)
	return all
}

// An objection is made until the last moment of the notice, and by staff later; a
// letter counts by its postmark where the rulebook says so.
func TestObjection_times(t *testing.T) {
	for _, by := range []string{"arrival", "postmark"} {
		t.Run(by, func(t *testing.T) {
			h := onNotice(t, strings.Replace(postmark, "by: postmark", "by: "+by, 1), retention.Periods{})
			public := t.Context()
			h.Clock.Set(closes().Add(-time.Minute))
			filed, err := h.FileObjection(public, objection())
			if err != nil || filed.Late || filed.Number != 1 || len(filed.Code) < 26 {
				t.Fatalf("a minute before the end: %+v, %v", filed, err)
			}
			h.Clock.Set(closes())
			_, err = h.FileObjection(public, objection())
			_ = refused(t, err, selection.ErrNoticeOver)
			h.Clock.Set(closes().Add(30 * time.Hour)) // Wednesday the 29th
			for i, c := range []struct {
				received, postmark string
				late               bool
			}{
				{"2026-04-27", "", false},
				{"2026-04-28", "", true},
				{"", "", true},
				{"2026-04-29", "2026-04-27", by == "arrival"},
				{"2026-04-29", "2026-04-28", true},
				{"2026-04-27", "2026-04-26", false},
			} {
				in := objection()
				in.Via, in.ReceivedOn, in.Postmark = selection.ViaLetter, c.received, c.postmark
				filed, err := h.FileObjection(h.ctx, in)
				if err != nil || filed.Late != c.late || filed.Number != i+2 {
					t.Errorf("received on %q, postmark %q: %+v, %v", c.received, c.postmark, filed, err)
				}
			}
			for _, c := range []struct {
				change func(in *selection.FileObjection)
				want   []string
			}{
				{func(in *selection.FileObjection) { in.Via = "" }, []string{"via not_one_of"}},
				{func(in *selection.FileObjection) { in.ReceivedOn = "yesterday" }, []string{"received_on day_malformed"}},
				{func(in *selection.FileObjection) { in.Postmark = "2026-05-20" }, []string{"postmark day_ahead"}},
				{func(in *selection.FileObjection) { in.Via, in.Postmark = selection.ViaCall, "2026-04-26" }, []string{"postmark postmark_without_letter"}},
				{func(in *selection.FileObjection) { in.Candidate = 77 }, []string{"candidate candidate_unknown"}},
				{func(in *selection.FileObjection) { in.Text, in.Name, in.Contact = " ", "", "" }, []string{"contact required", "name required", "text required"}},
			} {
				in := objection()
				in.Via = selection.ViaLetter
				c.change(&in)
				_, err := h.FileObjection(h.ctx, in)
				if diff := cmp.Diff(c.want, codes(t, err)); diff != "" {
					t.Error(diff)
				}
			}
			if n := h.Count(`SELECT count(*) FROM objection`); n != 7 {
				t.Errorf("%d objections", n)
			}
		})
	}
}

// Whoever is not named brings evidence, which is a photo or a PDF.
func TestObjection_anonymous(t *testing.T) {
	h := onNotice(t, postmark, retention.Periods{})
	in := objection()
	in.Anonymous = true
	_, err := h.FileObjection(t.Context(), in)
	if diff := cmp.Diff([]string{"files evidence_missing"}, codes(t, err)); diff != "" {
		t.Error(diff)
	}
	in.Files = []selection.ObjectionUpload{h.upload("%PDF-1.7 …"), h.upload("MZ\x90")}
	_, err = h.FileObjection(t.Context(), in)
	if diff := cmp.Diff([]string{"files[1] evidence_kind"}, codes(t, err)); diff != "" {
		t.Error(diff)
	}
	in.Files = in.Files[:1]
	if _, err := h.FileObjection(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	got, err := h.GetObjection(h.ctx, selection.OfObjection{Slug: slug, Number: 1})
	if err != nil || got.Name != "" || got.Contact != "" || !got.Anonymous || len(got.Files) != 1 || got.Files[0].Media != "application/pdf" ||
		string(h.Blob(got.Files[0].Blob)) != "%PDF-1.7 …" {
		t.Errorf("got %+v, %v", got, err)
	}
	in.Files = make([]selection.ObjectionUpload, 6)
	_, err = h.FileObjection(t.Context(), in)
	if diff := cmp.Diff([]string{"files too_many"}, codes(t, err)); diff != "" {
		t.Error(diff)
	}
}

// A rulebook that says nothing of anonymous objections takes none.
func TestObjection_anonymousRefused(t *testing.T) {
	h := onNotice(t, "", retention.Periods{})
	in := objection()
	in.Anonymous = true
	_, err := h.FileObjection(t.Context(), in)
	if diff := cmp.Diff([]string{"name anonymous_refused"}, codes(t, err)); diff != "" {
		t.Error(diff)
	}
}

// Whoever has the code follows an objection; it is kept as its hash. Handlers see
// who made it, those who are party to it see nothing, and the audit log tells of
// each act without a name.
func TestObjection_handled(t *testing.T) {
	h := onNotice(t, postmark, retention.Periods{})
	filed, err := h.FileObjection(t.Context(), objection())
	if err != nil {
		t.Fatal(err)
	}
	of := selection.OfObjection{Slug: slug, Number: 1}
	follow := func(code string) (selection.Followed, error) {
		return h.FollowObjection(t.Context(), selection.FollowObjection{Slug: slug, Code: code})
	}
	if got, err := follow(strings.ToLower(filed.Code)); err != nil || got.State != selection.ObjectionOpen || got.DueAt == nil ||
		!got.DueAt.Equal(time.Date(2026, 4, 23, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("followed: %+v, %v", got, err)
	}
	_, err = follow("ANOTHER")
	_ = refused(t, err, selection.ErrCode)
	if n := h.Count(`SELECT count(*) FROM objection WHERE position(convert_to($1, 'UTF8') IN code) > 0`, filed.Code); n != 0 {
		t.Error("the code itself is kept")
	}
	if _, err := h.NoteObjection(h.ctx, selection.NoteObjection{Slug: slug, Number: 1, Kind: selection.NoteHearing, On: "2026-04-20", Text: "本人否认"}); err != nil {
		t.Fatal(err)
	}
	party := testkit.Staff(t, "a-2", "赵敏")
	if _, err := h.ExcludeHandler(h.ctx, selection.ExcludeHandler{Slug: slug, Number: 1, Account: "a-2", Name: "赵敏", Reason: "named in it"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.GetObjection(party, of)
	_ = refused(t, err, selection.ErrObjected)
	_, err = h.DecideObjection(party, selection.DecideObjection{Slug: slug, Number: 1, Outcome: selection.ObjectionRefused, Reasons: "no"})
	_ = refused(t, err, selection.ErrObjected)
	if all, err := h.ListObjections(party, selection.Of{Slug: slug}); err != nil || len(all) != 0 {
		t.Errorf("who is party sees %d, %v", len(all), err)
	}
	if all, err := h.ListObjections(h.ctx, selection.Of{Slug: slug}); err != nil || len(all) != 1 || all[0].Name != "李四" {
		t.Errorf("a handler sees %+v, %v", all, err)
	}
	decide := func(outcome, rule string) error {
		_, err := h.DecideObjection(h.ctx, selection.DecideObjection{Slug: slug, Number: 1, Outcome: outcome, Rule: rule, Reasons: "查无实据"})
		return err
	}
	if diff := cmp.Diff([]string{"rule objection_in_time"}, codes(t, decide(selection.ObjectionClosed, selection.RuleLate))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"rule not_one_of"}, codes(t, decide(selection.ObjectionClosed, ""))); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if err := decide(selection.ObjectionRefused, ""); err != nil {
			t.Fatal(err)
		}
	}
	_ = refused(t, decide(selection.ObjectionUpheld, ""), selection.ErrEnded)
	if got, err := follow(filed.Code); err != nil || got.State != selection.ObjectionRefused || got.Reasons != "查无实据" {
		t.Errorf("followed: %+v, %v", got, err)
	}
	if n, err := h.notice(); err != nil || n.Counts != (selection.ObjectionCounts{Received: 1, Unfounded: 1}) {
		t.Errorf("the public is told %+v, %v", n.Counts, err)
	}
	var told []string
	for _, a := range h.acts() {
		if strings.Contains(a.Act, "objection") || a.Act == "exclude_handler" {
			told = append(told, a.Act)
			if text := fmt.Sprint(a.Reason, string(a.Detail), a.Name); strings.Contains(text, "李四") || strings.Contains(text, "查无") {
				t.Errorf("%s tells %s", a.Act, text)
			}
		}
	}
	if diff := cmp.Diff([]string{"file_objection", "note_objection", "exclude_handler", "decide_objection"}, told); diff != "" {
		t.Error(diff)
	}
}

// Nothing is published while an objection is open, or an upheld one waits for its
// candidate to be struck; who comes late is closed as late.
func TestPublish_objections(t *testing.T) {
	h := onNotice(t, postmark, retention.Periods{Objections: 180 * 24 * time.Hour})
	in := objection()
	in.Files = []selection.ObjectionUpload{h.upload("%PDF-1.7 …")}
	if _, err := h.FileObjection(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	h.Clock.Set(closes().Add(30 * time.Hour))
	in = objection()
	in.Via = selection.ViaCall
	if filed, err := h.FileObjection(h.ctx, in); err != nil || !filed.Late {
		t.Fatalf("%+v, %v", filed, err)
	}
	h.await("notice", selection.Closed)
	blocked := func(open, unstruck string) {
		t.Helper()
		_, err := h.publish()
		if f := refused(t, err, selection.ErrObjectionsOpen); f.Params["open"] != open || f.Params["unstruck"] != unstruck {
			t.Errorf("got %+v", f.Params)
		}
		preview, err := h.PreviewResults(h.ctx, selection.Of{Slug: slug})
		if err != nil || preview.Refused == nil || preview.Refused.Code != selection.ErrObjectionsOpen.Code {
			t.Errorf("the preview: %+v, %v", preview.Refused, err)
		}
	}
	decide := func(number int, outcome, rule string) error {
		_, err := h.DecideObjection(h.ctx, selection.DecideObjection{Slug: slug, Number: number, Outcome: outcome, Rule: rule, Reasons: "as found"})
		return err
	}
	blocked("2", "0")
	if diff := cmp.Diff([]string{"rule objection_late"}, codes(t, decide(2, selection.ObjectionUpheld, ""))); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(decide(2, selection.ObjectionClosed, selection.RuleLate), decide(1, selection.ObjectionUpheld, "")); err != nil {
		t.Fatal(err)
	}
	blocked("0", "1")
	h.rooms["nomination"].say("candidate/3", event.CandidateStruck{Number: 3, Reason: "as found"})
	h.until(func(s selection.Selection) bool { return s.Candidates == 3 })
	results, err := h.publish() // the rooms around do not compute anew
	if err != nil || *results.Objections != (selection.ObjectionCounts{Received: 2, Founded: 1, Unfounded: 1}) || len(results.Notices) != 1 {
		t.Fatalf("%+v, %v", results, err)
	}
	_, err = h.FileObjection(h.ctx, in)
	_ = refused(t, err, selection.ErrNoticeOver)
	// What is told of people is erased.
	published := h.Clock.Now()
	h.Clock.Set(published.Add(179 * 24 * time.Hour))
	testkit.Erased(t, h.Deps, h.Clock.Now())
	got, err := h.GetObjection(h.ctx, selection.OfObjection{Slug: slug, Number: 1})
	if err != nil || got.Name == "" || got.ErasedAt != nil {
		t.Errorf("too early: %+v, %v", got, err)
	}
	h.Clock.Set(published.Add(180 * 24 * time.Hour))
	testkit.Erased(t, h.Deps, h.Clock.Now())
	got, err = h.GetObjection(h.ctx, selection.OfObjection{Slug: slug, Number: 1})
	if err != nil || got.Name+got.Contact+got.Text+got.Reasons != "" || len(got.Files) != 0 || got.State != selection.ObjectionUpheld || got.ErasedAt == nil {
		t.Errorf("after its time: %+v, %v", got, err)
	}
	if n := h.Count(`SELECT count(*) FROM objection_note`); n != 0 {
		t.Errorf("%d notes", n)
	}
}

// A decision that is made anew stands on notice in the place of the other.
func TestNotice_anew(t *testing.T) {
	h := onNotice(t, "", retention.Periods{})
	s := h.get()
	anew := h.Keep(event.Review, fmt.Appendf(nil, strings.ReplaceAll(computed, `"award": "winner"`, `"award": "nominated"`), slug, s.RulebookHash, votes, scores))
	review := h.rooms["review"]
	review.say("result", event.ResultComputed{ResultHash: anew, RulebookHash: s.RulebookHash, VotesHash: votes, ScoresHash: scores})
	review.say("decision", event.DecisionMade{ResultHash: anew})
	h.until(func(s selection.Selection) bool { return !s.Decided })
	if n, err := h.notice(); err != nil || n.ResultHash == anew {
		t.Errorf("before the decision: %+v, %v", n, err)
	}
	review.say("decision", event.DecisionMade{ResultHash: anew, Approved: true, Members: 9, For: 8})
	h.until(func(s selection.Selection) bool { return s.Decided })
	if n, err := h.notice(); err != nil || n.ResultHash != anew || len(n.Awards[0].Listed) != 0 || len(n.Awards[1].Listed) != 3 || n.Decision.For != 8 {
		t.Errorf("after it: %+v, %v", n, err)
	}
}
