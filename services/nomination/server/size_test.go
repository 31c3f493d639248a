package server_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// sizes are the widths of a candidate's photo; each file is what it says it is, and
// the last is the photo.
func (r *room) sizes(t *testing.T, number int) (widths []int) {
	t.Helper()
	listed, err := r.ListCandidates(staff(t), nomination.ListCandidates{Slug: slug, After: number - 1, Limit: 1})
	if err != nil || len(listed) != 1 {
		t.Fatalf("%d candidates, %v", len(listed), err)
	}
	one, err := r.GetCandidate(staff(t), nomination.OfCandidate{Slug: slug, Number: number})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(listed[0].Sizes, one.Sizes); d != "" {
		t.Errorf("the list has other sizes: %s", d)
	}
	for i, s := range one.Sizes {
		if got := r.photoSize(t, s.File); got.X != s.Width || got.Y != s.Height {
			t.Errorf("%+v is %v", s, got)
		}
		if last := i == len(one.Sizes)-1; last != (s.File == one.Photo) {
			t.Errorf("%+v of %s", s, one.Photo)
		}
		widths = append(widths, s.Width)
	}
	return widths
}

// TestPhoto_sizes has photos come one by one, many at once and from before there
// were sizes: each is there in all sizes that are smaller than itself, and none
// that is not.
func TestPhoto_sizes(t *testing.T) {
	r := opened(t)
	for i, width := range []int{2400, 1000, 96, 40} {
		e := r.submit(t, i)
		if _, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: e.ID, Blob: r.Upload(encoded(t, toJPEG, width))}); err != nil {
			t.Fatal(err)
		}
		for _, d := range []string{"hr", "postal", "union"} {
			if _, err := r.say(t, e.ID, d, nomination.Pass); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string) {
		t.Helper()
		for i, want := range [][]int{{96, 192, 360, 720, 1200}, {96, 192, 360, 720, 1000}, {96}, {40}} {
			if got := r.sizes(t, i+1); !slices.Equal(got, want) {
				t.Errorf("%s: candidate %d has %v, want %v", what, i+1, got, want)
			}
		}
	}
	check("one by one")

	// As it was before there were sizes; one photo cannot be read.
	testkit.Eventually(t, testkit.Patience, func() error {
		if r.Count(`SELECT count(*) FROM job WHERE kind = 'size_photos' AND state = 'done'`) == 0 {
			return errors.New("the first look is not over")
		}
		return nil
	})
	if _, err := r.DB.Exec(`DELETE FROM photo_size`); err != nil {
		t.Fatal(err)
	}
	if got := r.sizes(t, 1); len(got) > 0 {
		t.Fatalf("sizes %v", got)
	}
	lost := r.submit(t, 4)
	if _, err := r.DB.Exec(`UPDATE entry SET photo = $2 WHERE id = $1`, lost.ID, fmt.Sprintf("%064d", 0)); err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(day)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM photo_size`); n != 12 {
			return fmt.Errorf("%d sizes", n)
		}
		return nil
	})
	check("from before")
}

// TestPhoto_sizesErased takes an entry back: its photo goes in all its sizes, and
// another's stays.
func TestPhoto_sizesErased(t *testing.T) {
	r := keepsFor(t, retention.Periods{Withdrawn: day})
	var gone nomination.Entry
	for i := range 2 {
		e := r.submit(t, i)
		var err error
		if gone, err = r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: e.ID, Blob: r.Upload(encoded(t, toJPEG, 400+300*i))}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: gone.ID, Reason: "changed my mind"}); err != nil {
		t.Fatal(err)
	}
	var files []string
	if err := r.DB.Select(&files, `SELECT file FROM photo_size ORDER BY photo = $1, width`, gone.Nominee.Photo); err != nil || len(files) != 8 {
		t.Fatalf("%d sizes, %v", len(files), err)
	}
	r.Age(2 * blob.Grace)
	r.erasedBy(t, r.Clock.Advance(2*day))
	for i, file := range files {
		if has, err := r.Blobs.Has(t.Context(), file); err != nil || has != (i < 4) {
			t.Errorf("size %d is there: %v, %v", i, has, err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM photo_size`); n != 4 {
		t.Errorf("%d sizes are left", n)
	}
}
