package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// correct has staff put an entry right, as it was read.
func (r *room) correct(t *testing.T, e nomination.Entry, change func(n *nomination.Nominee)) (nomination.Entry, error) {
	t.Helper()
	n := e.Nominee
	n.Photo = ""
	change(&n)
	return r.CorrectEntry(staff(t), nomination.CorrectEntry{Slug: slug, Entry: e.ID, Version: e.Version, Nominee: n, Reason: "单位更名"})
}

func (r *room) versions(t *testing.T, id string) []nomination.Version {
	t.Helper()
	all, err := r.ListVersions(staff(t), nomination.OfEntry{Slug: slug, Entry: id})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func renamed(n *nomination.Nominee) { n.Employer = "陇运物流" }

// TestCorrectEntry corrects an entry at each stage before the close: the version
// before is kept with what was said of it, and departments begin anew.
func TestCorrectEntry(t *testing.T) {
	r := opened(t)
	first := r.admit(t, 0)
	out, err := r.correct(t, first, renamed)
	if err != nil || out.State != nomination.Submitted || out.Number != 0 || out.Version != 2 || len(out.Opinions) != 0 || out.Nominee.Employer != "陇运物流" {
		t.Fatalf("%+v, %v", out, err)
	}
	struck := testkit.Published[event.CandidateStruck](t, r.DB)
	if len(struck) != 1 || struck[0].Number != first.Number {
		t.Errorf("the other rooms hear %+v", struck)
	}
	if list, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: slug}); err != nil || len(list) != 0 {
		t.Errorf("candidates %+v, %v", list, err)
	}
	// What says the same changes nothing, also of a version that is over: the answer
	// to the first was lost.
	if again, err := r.correct(t, first, renamed); err != nil || again.Version != 2 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := r.correct(t, first, func(n *nomination.Nominee) { n.Region = "定西市" }); !errors.Is(err, nomination.ErrVersion) ||
		fault.From(err).Params["version"] != "2" {
		t.Errorf("a version that is over: %v", err)
	}
	if _, err := r.say(t, out.ID, "hr", nomination.Fail); err != nil {
		t.Fatal(err)
	}
	all := r.versions(t, out.ID)
	if len(all) != 2 || all[0].Number != 2 || all[0].By != "李审核" || all[0].Reason != "单位更名" || !slices.Equal(all[0].Changed, []string{"employer"}) ||
		len(all[0].Opinions) != 1 || all[0].Opinions[0].Verdict != nomination.Fail {
		t.Errorf("the last version: %+v", all[0])
	}
	if old := all[1]; old.Number != 1 || old.Nominee.Employer != "陇运速递" || old.By != "李审核" || len(old.Opinions) != 0 ||
		len(old.TakenBack) != 3 || old.Changed != nil {
		t.Errorf("the first: %+v", old)
	}
	out, err = r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: out.ID})
	if err != nil || out.State != nomination.Vetoed {
		t.Fatalf("%+v, %v", out, err)
	}
	years := 9
	out, err = r.correct(t, out, func(n *nomination.Nominee) { n.Years, n.Attributes = &years, nil })
	if err != nil || out.State != nomination.Submitted || out.Version != 3 {
		t.Errorf("a vetoed entry: %+v, %v", out, err)
	}
	if last := r.versions(t, out.ID)[0]; !slices.Equal(last.Changed, []string{"years", "attributes.party"}) {
		t.Errorf("changed: %v", last.Changed)
	}
	for _, department := range []string{"hr", "postal", "union"} {
		if out, err = r.say(t, out.ID, department, nomination.Pass); err != nil {
			t.Fatal(err)
		}
	}
	admitted := testkit.Published[event.CandidateAdmitted](t, r.DB)
	if last := admitted[len(admitted)-1]; out.Number == first.Number || last.Number != out.Number || last.Attributes["employer"] != "陇运物流" {
		t.Errorf("admitted anew as %d, heard %+v", out.Number, last)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'correct_entry' AND reason = '单位更名'`); n != 2 {
		t.Errorf("%d in the audit log", n)
	}
	found, err := r.FindEntries(staff(t), nomination.FindEntries{Slug: slug, Text: "陇运物流"})
	if err != nil || found.Total != 1 {
		t.Errorf("found by what it says now: %+v, %v", found, err)
	}
}

// A correction is checked as an entry is when it is handed in, and changes nothing
// where it is refused.
func TestCorrectEntry_refused(t *testing.T) {
	r := opened(t)
	e, other := r.submit(t, 0), r.submit(t, 1)
	if _, err := r.say(t, e.ID, "hr", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	send := func(of nomination.Entry, version int, reason string, change func(n *nomination.Nominee)) error {
		n := of.Nominee
		change(&n)
		return second(r.CorrectEntry(staff(t), nomination.CorrectEntry{Slug: slug, Entry: of.ID, Version: version, Nominee: n, Reason: reason}))
	}
	wrong := send(e, 1, " ", func(n *nomination.Nominee) {
		n.Name, n.Gender, n.Deeds, n.Photo = "", "x", strings.Repeat("事", 5001), "aa"
	})
	want := []string{"nominee.deeds", "nominee.gender", "nominee.name", "nominee.photo", "reason"}
	if diff := cmp.Diff(want, sorted(fields(t, wrong, nomination.ErrInvalid))); diff != "" {
		t.Error(diff)
	}
	err := send(e, 1, "重复", func(n *nomination.Nominee) { n.Name = other.Nominee.Name })
	if !errors.Is(err, nomination.ErrDuplicate) || fault.From(err).Params["entry"] != other.ID {
		t.Errorf("the same as another: %v", err)
	}
	if err := send(nomination.Entry{ID: "x"}, 1, "y", renamed); !errors.Is(err, nomination.ErrInvalid) && !errors.Is(err, nomination.ErrNoEntry) {
		t.Errorf("no entry: %v", err)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: other.ID}); err != nil {
		t.Fatal(err)
	}
	if err := send(other, 1, "y", renamed); !errors.Is(err, nomination.ErrDecided) {
		t.Errorf("withdrawn: %v", err)
	}
	r.selection.Close(rulebook.PhaseNomination)
	if err := send(e, 1, "y", func(n *nomination.Nominee) { n.Name += "乙" }); err != nil {
		t.Errorf("after nominations, before vetting closed: %v", err)
	}
	r.selection.Close(rulebook.PhaseVetting)
	if err := send(e, 2, "y", renamed); !errors.Is(err, nomination.ErrPhase) || fault.From(err).Params["phase"] != rulebook.PhaseVetting {
		t.Errorf("after vetting: %v", err)
	}
	if all := r.versions(t, e.ID); len(all) != 2 || len(all[1].TakenBack) != 1 {
		t.Errorf("versions %+v", all)
	}
}

func sorted(all []string) []string { slices.Sort(all); return all }

// Whoever handed an entry in and is not staff corrects it by the key that came with
// it, until nominations close.
func TestCorrectEntry_author(t *testing.T) {
	r := opened(t)
	public := actor.With(testkit.Context(t), actor.Actor{Kind: actor.Public, ID: "192.0.2.7"})
	e, err := r.SubmitEntry(public, nomination.SubmitEntry{Slug: slug, Nominee: nominee(0)})
	if err != nil || len(e.Key) < 20 {
		t.Fatalf("%+v, %v", e, err)
	}
	if mine := r.submit(t, 1); mine.Key != "" {
		t.Errorf("staff got a key %q", mine.Key)
	}
	send := func(ctx context.Context, version int, key, region string) error {
		n := e.Nominee
		n.Region = region
		return second(r.CorrectEntry(ctx, nomination.CorrectEntry{Slug: slug, Entry: e.ID, Version: version, Nominee: n, Key: key}))
	}
	for _, key := range []string{"", "x", strings.ToLower(e.Key)} {
		if err := send(public, 1, key, "定西市"); !errors.Is(err, nomination.ErrKey) {
			t.Errorf("%q: %v", key, err)
		}
	}
	if err := send(public, 1, e.Key, "定西市"); err != nil {
		t.Error(err)
	}
	other, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(2)})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", e.Key} { // what staff handed in has no key
		n := other.Nominee
		n.Region = "白银市"
		_, err := r.CorrectEntry(public, nomination.CorrectEntry{Slug: slug, Entry: other.ID, Version: 1, Nominee: n, Key: key})
		if !errors.Is(err, nomination.ErrKey) {
			t.Errorf("another's entry: %v", err)
		}
	}
	if got, err := r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: e.ID}); err != nil || got.Key != "" || got.Nominee.Region != "定西市" {
		t.Errorf("%+v, %v", got, err)
	}
	if all := r.versions(t, e.ID); len(all) != 2 || all[0].By != "" {
		t.Errorf("%+v", all)
	}
	r.selection.Close(rulebook.PhaseNomination)
	if err := send(public, 2, e.Key, "兰州市"); !errors.Is(err, nomination.ErrPhase) || fault.From(err).Params["phase"] != rulebook.PhaseNomination {
		t.Errorf("after nominations: %v", err)
	}
}

// An entry that was withdrawn comes back as it was, unless the same has been handed
// in since.
func TestRestoreEntry(t *testing.T) {
	r := opened(t)
	e := r.submit(t, 0)
	if _, err := r.say(t, e.ID, "hr", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	of := nomination.OfEntry{Slug: slug, Entry: e.ID}
	withdraw := func() {
		t.Helper()
		if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: e.ID, Reason: "误报"}); err != nil {
			t.Fatal(err)
		}
	}
	withdraw()
	for range 2 {
		if out, err := r.RestoreEntry(staff(t), of); err != nil || out.State != nomination.Submitted || len(out.Opinions) != 1 {
			t.Errorf("%+v, %v", out, err)
		}
	}
	withdraw()
	twin := r.submit(t, 0)
	if _, err := r.RestoreEntry(staff(t), of); !errors.Is(err, nomination.ErrDuplicate) || fault.From(err).Params["entry"] != twin.ID {
		t.Errorf("the same is there: %v", err)
	}
	if _, err := r.RestoreEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: r.admit(t, 1).ID}); !errors.Is(err, nomination.ErrDecided) {
		t.Errorf("a candidate: %v", err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'restore_entry'`); n != 1 {
		t.Errorf("%d in the audit log", n)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: twin.ID}); err != nil {
		t.Fatal(err)
	}
	r.selection.Close(rulebook.PhaseNomination, rulebook.PhaseVetting)
	if _, err := r.RestoreEntry(staff(t), of); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("after vetting: %v", err)
	}
}

// A photo that was placed or put away comes back, and the entry has the photo that
// it had before. A photo that was replaced is kept with its version.
func TestTakePhotoBack(t *testing.T) {
	r := opened(t)
	e := r.submit(t, 0)
	r.send(t, nomination.ByName, "甲.jpg", "乙.jpg", "丙.jpg")
	waiting := r.settled(t).Pictures
	place := func(picture, entry string) {
		t.Helper()
		if _, err := r.PlacePhoto(staff(t), nomination.PlacePhoto{Slug: slug, Picture: picture, Entry: entry}); err != nil {
			t.Fatal(err)
		}
	}
	back := func(picture string) (nomination.Picture, error) {
		return r.TakePhotoBack(staff(t), nomination.OfPicture{Slug: slug, Picture: picture})
	}
	photo := func(want string) {
		t.Helper()
		if got, err := r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: e.ID}); err != nil || got.Nominee.Photo != want {
			t.Errorf("photo %q, want %q: %v", got.Nominee.Photo, want, err)
		}
	}
	place(waiting[0].ID, e.ID)
	place(waiting[1].ID, e.ID)
	photo(waiting[1].Photo)
	if all := r.versions(t, e.ID); len(all) != 2 || all[1].Nominee.Photo != waiting[0].Photo || !slices.Equal(all[0].Changed, []string{"photo"}) {
		t.Errorf("%+v", all)
	}
	r.Age(2 * blob.Grace) // nothing that may come back is swept
	if _, err := back(waiting[0].ID); !errors.Is(err, nomination.ErrNoPicture) {
		t.Errorf("of what was replaced: %v", err)
	}
	for range 2 {
		if p, err := back(waiting[1].ID); err != nil || p.State != nomination.PictureUnplaced || p.Photo != waiting[1].Photo || p.Entry != "" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	photo(waiting[0].Photo)
	if _, err := back(waiting[0].ID); err != nil {
		t.Error(err)
	}
	photo("")
	place(waiting[2].ID, "")
	if p, err := back(waiting[2].ID); err != nil || p.State != nomination.PictureUnplaced || r.photoSize(t, p.Photo).X == 0 {
		t.Errorf("put away: %+v, %v", p, err)
	}
	if left := r.settled(t); left.Counts[nomination.PictureUnplaced] != 3 {
		t.Errorf("%+v", left.Counts)
	}
	place(waiting[0].ID, e.ID)
	r.selection.Close(rulebook.PhaseNomination)
	if _, err := back(waiting[0].ID); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("after nominations: %v", err)
	}
}

// What an entry said before goes with the entry, photos too; before its time
// nothing of it is swept.
func TestRetention_versions(t *testing.T) {
	r := keepsFor(t, retention.Periods{Withdrawn: 30 * day})
	e, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: r.submit(t, 0).ID, Blob: r.Upload(shot(t, 40))})
	if err != nil {
		t.Fatal(err)
	}
	old := e.Nominee.Photo
	if e, err = r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: e.ID, Blob: r.Upload(shot(t, 80))}); err != nil {
		t.Fatal(err)
	}
	if e, err = r.correct(t, e, renamed); err != nil || e.Version != 3 {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: e.ID}); err != nil {
		t.Fatal(err)
	}
	check := func(kept bool) {
		t.Helper()
		r.Age(2 * blob.Grace)
		for _, photo := range []string{old, e.Nominee.Photo} {
			if has, err := r.Blobs.Has(t.Context(), photo); err != nil || has != kept {
				t.Errorf("a photo is there: %v, %v", has, err)
			}
		}
		said, err := json.Marshal(r.versions(t, e.ID))
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"陇运", "王强", "单位更名", old} {
			if strings.Contains(string(said), of) != kept {
				t.Errorf("%q is there: %v", of, !kept)
			}
		}
		if n := r.Count(`SELECT count(*) FROM entry_version`); (n == 2) != kept {
			t.Errorf("%d old versions", n)
		}
	}
	r.Age(2 * blob.Grace)
	r.erasedBy(t, r.Clock.Advance(29*day))
	check(true)
	r.erasedBy(t, r.Clock.Advance(day))
	check(false)
	if _, err := r.RestoreEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: e.ID}); !errors.Is(err, nomination.ErrDecided) {
		t.Errorf("restored after it was erased: %v", err)
	}
}
