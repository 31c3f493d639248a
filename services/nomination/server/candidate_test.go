package server_test

import (
	"errors"
	"image"
	"image/gif"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

func TestCandidates(t *testing.T) {
	r := opened(t)
	for i := range 5 {
		r.admit(t, i)
	}
	var numbers []int
	after := 0
	for {
		page, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: slug, After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			numbers = append(numbers, c.Number)
			if c.Deeds != "" || c.Summary != "十年如一日。" {
				t.Errorf("candidate %+v", c)
			}
		}
		if len(page) < 2 {
			break
		}
		after = page[1].Number
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, numbers); diff != "" {
		t.Error(diff)
	}
	years := 8
	want := nomination.Candidate{
		Number: 1, Name: "王强一", Category: "courier", Gender: "male", Employer: "陇运速递", Region: "兰州市", Years: &years,
		Summary: "十年如一日。", Deeds: "十年如一日。", RecommendedBy: "总工会", Attributes: map[string]string{"party": "党员"},
	}
	got, err := r.GetCandidate(testkit.Context(t), nomination.OfCandidate{Slug: slug, Number: 1})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, number := range []int{0, -1, 6, 1 << 40} {
		if _, err := r.GetCandidate(testkit.Context(t), nomination.OfCandidate{Slug: slug, Number: number}); !errors.Is(err, nomination.ErrNoCandidate) {
			t.Errorf("%d: %v", number, err)
		}
	}
	if _, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: "another"}); !errors.Is(err, nomination.ErrNotYet) {
		t.Errorf("another selection: %v", err)
	}
}

func TestStrike(t *testing.T) {
	r := opened(t)
	admitted := r.admit(t, 0)
	var group errgroup.Group
	for range 4 { // once, however often it is asked for
		group.Go(func() error {
			_, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: 1, Reason: " 弃权 "})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]event.CandidateStruck{{Number: 1, Reason: "弃权"}}, testkit.Published[event.CandidateStruck](t, r.DB)); diff != "" {
		t.Error(diff)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'strike_candidate' AND reason = '弃权'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	found, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: slug})
	if err != nil || len(found) != 1 || !found[0].Struck || found[0].StruckReason != "弃权" {
		t.Errorf("%+v, %v", found, err)
	}
	if e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: admitted.ID}); err != nil || e.State != nomination.Struck || e.Number != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	for name, c := range map[string]struct {
		in   nomination.StrikeCandidate
		want error
	}{
		"unknown":   {nomination.StrikeCandidate{Slug: slug, Number: 2, Reason: "x"}, nomination.ErrNoCandidate},
		"no reason": {nomination.StrikeCandidate{Slug: slug, Number: 1, Reason: " "}, nomination.ErrInvalid},
		"selection": {nomination.StrikeCandidate{Slug: "another", Number: 1, Reason: "x"}, nomination.ErrNotYet},
	} {
		if _, err := r.StrikeCandidate(staff(t), c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}

	r.admit(t, 1)
	r.selection.Open(rulebook.PhaseDecision)
	r.selection.Close(rulebook.PhaseDecision)
	if _, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: 2, Reason: "x"}); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("after the decision: %v", err)
	}
	if _, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: 1, Reason: "x"}); err != nil {
		t.Errorf("again, after the decision: %v", err)
	}
	if got := testkit.Published[event.CandidateStruck](t, r.DB); len(got) != 1 {
		t.Errorf("events %v", got)
	}
}

func TestSetPhoto(t *testing.T) {
	r := opened(t)
	id := r.submit(t, 0).ID
	set := func(entry, hash string) (nomination.Entry, error) {
		return r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: entry, Blob: hash})
	}
	good := r.Upload(encoded(t, toJPEG, 2400))
	e, err := set(id, good)
	if err != nil {
		t.Fatal(err)
	}
	if size := r.photoSize(t, e.Nominee.Photo); size != image.Pt(1200, 20) {
		t.Errorf("photo of %v", size)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'set_photo' AND detail ->> 'photo' = $1`, e.Nominee.Photo); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	whole := encoded(t, png.Encode, 300)
	for name, hash := range map[string]string{
		"text":      r.Upload([]byte("这是一份改名为 photo.png 的文本。")),
		"gif":       r.Upload(encoded(t, func(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) }, 9)),
		"truncated": r.Upload(whole[:len(whole)/2]),
		"11 MB":     r.Upload(append(whole, make([]byte, 11<<20)...)),
		"absent":    strings.Repeat("a", 64),
		"no hash":   "photo.png",
	} {
		_, err := set(id, hash)
		if diff := cmp.Diff([]string{"blob"}, fields(t, err, nomination.ErrPhoto)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: id}); err != nil || got.Nominee.Photo != e.Nominee.Photo {
		t.Errorf("photo %q, %v", got.Nominee.Photo, err)
	}
	if _, err := set("0198c0de-0000-7000-8000-000000000007", good); !errors.Is(err, nomination.ErrNoEntry) {
		t.Errorf("no entry: %v", err)
	}
	if _, err := set(r.admit(t, 1).ID, good); !errors.Is(err, nomination.ErrDecided) {
		t.Errorf("a candidate: %v", err)
	}
	r.selection.Close(rulebook.PhaseNomination)
	if _, err := set(id, good); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("closed: %v", err)
	}
}
