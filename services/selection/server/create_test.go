package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
)

func TestSelection_Create(t *testing.T) {
	h := open(t)
	s := h.create(strings.Replace(rules, notice, notice+`
  voting: {opens: "2026-05-01 09:00", closes: "2026-05-20 22:00"}`, 1))
	sum := sha256.Sum256(s.Rulebook)
	if s.RulebookHash != hex.EncodeToString(sum[:]) || s.FrozenAt != nil || !s.CreatedAt.Equal(spring()) {
		t.Errorf("hash %s, frozen %v, created %v", s.RulebookHash, s.FrozenAt, s.CreatedAt)
	}
	if s.Title["zh"] != "第二届“陇原最美快递员”" || s.Edition != 2 || s.Timezone != "Asia/Shanghai" {
		t.Errorf("got %+v", s)
	}
	var names []string
	for _, p := range s.Phases {
		names = append(names, p.Name)
		if p.State != selection.Pending {
			t.Errorf("%s is %s", p.Name, p.State)
		}
	}
	if got := strings.Join(names, " "); got != "nomination vetting voting review decision notice" {
		t.Errorf("phases %s", got)
	}
	voting := s.Phase("voting")
	if voting.OpensAt == nil || !voting.OpensAt.Equal(time.Date(2026, 5, 1, 1, 0, 0, 0, time.UTC)) ||
		voting.ClosesAt == nil || !voting.ClosesAt.Equal(time.Date(2026, 5, 20, 14, 0, 0, 0, time.UTC)) {
		t.Errorf("voting from %v to %v", voting.OpensAt, voting.ClosesAt)
	}
	_, err := h.CreateSelection(h.ctx, selection.CreateSelection{Slug: slug, Rulebook: rules})
	_ = refused(t, err, selection.ErrSlugTaken)

	h.Clock.Advance(time.Hour)
	if _, err := h.CreateSelection(h.ctx, selection.CreateSelection{Slug: "another", Rulebook: rules}); err != nil {
		t.Fatal(err)
	}
	all, err := h.ListSelections(h.ctx, struct{}{})
	if err != nil || len(all) != 2 || all[0].Slug != "another" || all[1].Slug != slug || len(all[1].Phases) != 6 {
		t.Errorf("list: %d, %v", len(all), err)
	}
	if _, err := h.RecordExport(h.ctx, selection.RecordExport{Slug: slug, File: "scores"}); err != nil {
		t.Error(err)
	}
	if _, err := h.RecordExport(h.ctx, selection.RecordExport{Slug: "nowhere", File: "scores"}); !errors.Is(err, selection.ErrUnknown) {
		t.Errorf("an export of no selection: %v", err)
	}
	acts := h.acts()
	if len(acts) != 2 || acts[0].Act != "create_selection" || acts[0].Name != "王芳" ||
		acts[1].Act != "export_file" || acts[1].Name != "王芳" || string(acts[1].Detail) != `{"file":"scores"}` {
		t.Errorf("audit %+v", acts)
	}
}

// acts is the audit log of the selection.
func (h *installation) acts() []audit.Entry {
	h.t.Helper()
	acts, err := bus.Call[[]audit.Entry](h.ctx, h.Bus, selection.Name, run.ListAudit, audit.Page{Slug: slug})
	if err != nil {
		h.t.Fatal(err)
	}
	return acts
}

func TestSelection_Create_badInput(t *testing.T) {
	h := open(t)
	for name, c := range map[string]struct {
		slug, old, new string
		want           []fault.Field // name and line
	}{
		"short slug":    {slug: "ab", want: []fault.Field{{Name: "slug"}}},
		"capitals":      {slug: "Courier", want: []fault.Field{{Name: "slug"}}},
		"long slug":     {slug: strings.Repeat("a", 65), want: []fault.Field{{Name: "slug"}}},
		"unknown field": {slug: slug, old: "nominee: person", new: "nominee: person\nbase_votes: 100", want: []fault.Field{{Name: "base_votes", Line: 6}}},
		"not YAML":      {slug: slug, old: "edition: 2", new: "edition: [2", want: []fault.Field{{Name: "rulebook"}}},
		"a required part is missing": {
			slug: slug, old: "decision: {quorum: 2/3, approve: 2/3, ballot: secret}",
			want: []fault.Field{{Name: "decision.quorum"}, {Name: "decision.approve"}, {Name: "decision.ballot"}},
		},
		"times that have passed": {
			slug: slug, old: notice, new: notice + `
  voting: {opens: "2026-02-28 09:00", closes: "2026-03-01 22:00"}`,
			want: []fault.Field{{Name: "phases.voting.opens"}, {Name: "phases.voting.closes"}},
		},
		"a way that this version does not have": {
			slug: slug, old: "voters: [device]", new: "voters: [device, otp, oidc]",
			want: []fault.Field{{Name: "voting.voters[1]"}, {Name: "voting.voters[2]"}},
		},
		"every mistake at once": {
			slug: "A B", old: "nominee: person\nawards:\n  - {id: winner, title: {zh: 陇原最美快递员}, seats: 1}",
			new:  "nominee: dog\nawards:\n  - {id: winner, title: {zh: 陇原最美快递员}, seats: 0}",
			want: []fault.Field{{Name: "slug"}, {Name: "nominee", Line: 5}, {Name: "awards[0].seats", Line: 7}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CreateSelection(h.ctx, selection.CreateSelection{Slug: c.slug, Rulebook: strings.Replace(rules, c.old, c.new, 1)})
			f := fault.From(err)
			if f.Kind != fault.Invalid || len(f.Fields) < len(c.want) {
				t.Fatalf("got %v", err)
			}
			for i, want := range c.want {
				got := f.Fields[i]
				if got.Name != want.Name || got.Message == "" || (want.Line != 0 && got.Line != want.Line) {
					t.Errorf("field %d: got %+v, want %s in line %d", i, got, want.Name, want.Line)
				}
			}
		})
	}
	if all, err := h.ListSelections(h.ctx, struct{}{}); err != nil || len(all) != 0 {
		t.Errorf("left %d selections: %v", len(all), err)
	}
	for _, unknown := range []string{"no-such-selection", "", "x\x00y", "A'; DROP"} {
		_, err := h.GetSelection(h.ctx, selection.Of{Slug: unknown})
		_ = refused(t, err, selection.ErrUnknown)
	}
}
