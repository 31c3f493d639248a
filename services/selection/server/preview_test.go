package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/selection"
)

// preview tells what would be public, and by which codes it would be refused.
func (h *installation) preview() (*selection.Results, []string) {
	h.t.Helper()
	p, err := h.PreviewResults(h.ctx, selection.Of{Slug: slug})
	if err != nil {
		h.t.Fatal(err)
	}
	if p.Refused == nil {
		return p.Results, nil
	}
	codes := []string{p.Refused.Code}
	for _, f := range p.Refused.Fields {
		codes = append(codes, f.Code)
	}
	return p.Results, codes
}

// TestPreview shows at each step what publication would make public and what it
// would be refused for: in the end exactly that is public.
func TestPreview(t *testing.T) {
	h := open(t)
	_, err := h.PreviewResults(h.ctx, selection.Of{Slug: "another"})
	_ = refused(t, err, selection.ErrUnknown)
	refuses := func(when string, want ...string) {
		t.Helper()
		_, codes := h.preview()
		if diff := cmp.Diff(want, codes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		_, err := h.publish()
		f := fault.From(err)
		got := []string{f.Code}
		for _, field := range f.Fields {
			got = append(got, field.Code)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, publication (-want +got):\n%s", when, diff)
		}
	}
	h.admit(1, 2, 3)
	h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 3s}", 1))
	refuses("decided", "phase_out_of_order", "published_after_notice")
	if shown, _ := h.preview(); shown != nil {
		t.Errorf("without a candidate's name: %+v", shown)
	}
	h.admit(4)
	h.until(func(s selection.Selection) bool { return s.Candidates == 4 })
	shown, _ := h.preview()
	if shown == nil || len(shown.Ranking) != 4 || !shown.PublishedAt.Equal(h.Clock.Now()) {
		t.Fatalf("decided: %+v", shown)
	}
	h.change("open notice")
	refuses("on notice", "phase_out_of_order", "published_after_notice")
	h.Clock.Advance(3 * time.Second)
	h.await("notice", selection.Closed)
	shown, codes := h.preview()
	if codes != nil {
		t.Errorf("after the notice it would be refused: %v", codes)
	}
	before := len(h.acts())
	if _, err := h.GetResults(h.ctx, selection.Of{Slug: slug}); err == nil || len(h.acts()) != before {
		t.Errorf("a preview has published: %v", err)
	}
	public, err := h.publish()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*shown, public, cmpopts.IgnoreFields(selection.Results{}, "PublishedAt")); diff != "" {
		t.Errorf("what is public is not what was shown (-shown +public):\n%s", diff)
	}
	again, codes := h.preview()
	if diff := cmp.Diff(&public, again); diff != "" || codes != nil {
		t.Errorf("once it is public: %s %v", diff, codes)
	}
}

// TestPreview_undecided names everything that stands in the way, and shows nothing.
func TestPreview_undecided(t *testing.T) {
	h := open(t)
	h.create(rules)
	want := []string{"phase_out_of_order", "not_approved", "published_after_notice"}
	shown, codes := h.preview()
	if diff := cmp.Diff(want, codes); diff != "" || shown != nil {
		t.Errorf("%s %+v", diff, shown)
	}
	_, err := h.publish()
	if f := refused(t, err, selection.ErrOutOfOrder); f.Params["blocked_by"] != "decision,notice" {
		t.Errorf("%+v", f.Params)
	}
	h.rooms["review"].say("decision", event.DecisionMade{ResultHash: votes, Approved: false, Members: 9, Against: 9})
	if shown, codes := h.preview(); shown != nil || len(codes) != 3 {
		t.Errorf("rejected: %v", codes)
	}
}
