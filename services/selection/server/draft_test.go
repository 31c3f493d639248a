package server_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
)

// draft begins one.
func (h *installation) draft(slug, text string) selection.Draft {
	h.t.Helper()
	d, err := h.StartDraft(h.ctx, selection.StartDraft{Slug: slug, Rulebook: text})
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// A draft takes any text, is seen by nobody, and becomes a selection whose
// rulebook is the text to the byte.
func TestDraft(t *testing.T) {
	h := open(t)
	d := h.draft("", "laurel: 1 # 评选\n title: [\n")
	if d.Version != 1 || d.SavedBy != "王芳" || !d.SavedAt.Equal(spring()) {
		t.Errorf("started %+v", d)
	}
	text := "# 注释 stays\n" + rules
	saved, err := h.SaveDraft(h.ctx, selection.SaveDraft{ID: d.ID, Version: 1, Slug: slug, Rulebook: text})
	if err != nil || saved.Version != 2 || saved.Rulebook != text {
		t.Fatalf("saved %+v, %v", saved, err)
	}
	all, err := h.ListDrafts(h.ctx, struct{}{})
	want := saved
	want.Rulebook = ""
	if diff := cmp.Diff([]selection.Draft{want}, all); err != nil || diff != "" {
		t.Errorf("list: %v %s", err, diff)
	}
	if seen, err := h.ListSelections(h.ctx, struct{}{}); err != nil || len(seen) != 0 {
		t.Errorf("a draft is a selection: %v, %v", seen, err)
	}
	s, err := h.FinishDraft(h.ctx, selection.OfVersion{ID: d.ID, Version: 2})
	if err != nil || s.Slug != slug {
		t.Fatal(s, err)
	}
	if given, err := h.GetGiven(h.ctx, selection.Of{Slug: slug}); err != nil || given.Rulebook != text {
		t.Errorf("given: %q, %v", given.Rulebook, err)
	}
	for what, err := range map[string]error{
		"get":    second(h.GetDraft(h.ctx, selection.OfDraft{ID: d.ID})),
		"save":   second(h.SaveDraft(h.ctx, selection.SaveDraft{ID: d.ID, Version: 2})),
		"finish": second(h.FinishDraft(h.ctx, selection.OfVersion{ID: d.ID, Version: 2})),
		"no id":  second(h.GetDraft(h.ctx, selection.OfDraft{ID: "1"})),
		"other":  second(h.DiscardDraft(h.ctx, selection.OfVersion{ID: uuid.NewString(), Version: 1})),
	} {
		if !errors.Is(err, selection.ErrNoDraft) {
			t.Errorf("%s of no draft: %v", what, err)
		}
	}
	acts, err := bus.Call[[]audit.Entry](h.ctx, h.Bus, selection.Name, run.ListAudit, audit.Page{All: true})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range acts {
		names = append(names, a.Act)
	}
	if got := strings.Join(names, " "); got != "start_draft save_draft create_selection" {
		t.Errorf("audit: %s", got)
	}
}

func second[T any](_ T, err error) error { return err }

// Of many who save what they read at once, one does, and the others are told who.
func TestDraft_together(t *testing.T) {
	h := open(t)
	d := h.draft(slug, rules)
	const many = 8
	var saves sync.WaitGroup
	errs := make([]error, many)
	for i := range many {
		saves.Go(func() {
			_, errs[i] = h.SaveDraft(h.ctx, selection.SaveDraft{ID: d.ID, Version: 1, Slug: slug, Rulebook: rules + "# " + string(rune('a'+i)) + "\n"})
		})
	}
	saves.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won < 0:
			won = i
		case err == nil:
			t.Errorf("%d and %d have both saved", won, i)
		case !errors.Is(err, selection.ErrDraftChanged) || fault.From(err).Params["saved_by"] != "王芳" || fault.From(err).Params["version"] != "2":
			t.Errorf("%d: %v", i, err)
		}
	}
	now, err := h.GetDraft(h.ctx, selection.OfDraft{ID: d.ID})
	if err != nil || won < 0 || now.Rulebook != rules+"# "+string(rune('a'+won))+"\n" || now.Version != 2 {
		t.Errorf("%d won, and there is %+v, %v", won, now, err)
	}
	for what, err := range map[string]error{
		"discard": second(h.DiscardDraft(h.ctx, selection.OfVersion{ID: d.ID, Version: 1})),
		"finish":  second(h.FinishDraft(h.ctx, selection.OfVersion{ID: d.ID, Version: 1})),
	} {
		if !errors.Is(err, selection.ErrDraftChanged) {
			t.Errorf("%s of an earlier version: %v", what, err)
		}
	}
	if _, err := h.DiscardDraft(h.ctx, selection.OfVersion{ID: d.ID, Version: 2}); err != nil {
		t.Error(err)
	}
}

// A draft that cannot be a selection stays as it is.
func TestDraft_badInput(t *testing.T) {
	h := open(t)
	h.create(rules)
	for name, test := range map[string]struct {
		slug, text string
		want       fault.Field // name and line
		code       string
	}{
		"a mistake":          {"another", strings.Replace(rules, "edition: 2", "edition: two", 1), fault.Field{Name: "edition", Line: 3}, rulebook.CodeInvalid},
		"a slug that is had": {slug, rules, fault.Field{}, selection.ErrSlugTaken.Code},
		"no slug":            {"", rules, fault.Field{Name: "slug"}, selection.ErrInvalid.Code},
	} {
		d := h.draft(test.slug, test.text)
		_, err := h.FinishDraft(h.ctx, selection.OfVersion{ID: d.ID, Version: 1})
		f := fault.From(err)
		if f.Code != test.code || test.want.Name != "" && (len(f.Fields) == 0 || f.Fields[0].Name != test.want.Name || f.Fields[0].Line != test.want.Line) {
			t.Errorf("%s: %+v", name, f)
		}
		if now, err := h.GetDraft(h.ctx, selection.OfDraft{ID: d.ID}); err != nil || now.Rulebook != test.text {
			t.Errorf("%s: the draft is %+v, %v", name, now, err)
		}
	}
	for name, in := range map[string]selection.StartDraft{
		"slug":     {Slug: "A"},
		"rulebook": {Rulebook: strings.Repeat("#", rulebook.MaxSize+1)},
	} {
		_, err := h.StartDraft(h.ctx, in)
		if f := fault.From(err); f.Code != selection.ErrInvalid.Code || f.Fields[0].Name != name {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
