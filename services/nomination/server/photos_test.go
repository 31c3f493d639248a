package server_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// send sends files of photos by name; each picture has a width of its own.
func (r *room) send(t *testing.T, by nomination.By, names ...string) {
	t.Helper()
	in := nomination.AddPhotos{Slug: slug, By: by}
	for i, name := range names {
		in.Files = append(in.Files, nomination.Upload{Name: name, Blob: r.Upload(encoded(t, toJPEG, 30+i))})
	}
	if _, err := r.AddPhotos(staff(t), in); err != nil {
		t.Fatal(err)
	}
}

// settled waits until no picture waits.
func (r *room) settled(t *testing.T) nomination.Photos {
	t.Helper()
	var out nomination.Photos
	testkit.Eventually(t, testkit.Patience, func() error {
		var err error
		if out, err = r.ListPhotos(testkit.Context(t), nomination.ListPhotos{Slug: slug, Limit: 100}); err == nil &&
			(out.Counts[nomination.PictureWaiting] > 0 || out.Job != nil) {
			err = fmt.Errorf("%+v wait, job %+v", out.Counts, out.Job)
		}
		return err
	})
	return out
}

// photos are the widths of the entries' photos by name and employer; 0 is none.
func (r *room) photos(t *testing.T) map[string]int {
	t.Helper()
	entries, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, e := range entries {
		key := e.Nominee.Name + " " + e.Nominee.Employer
		if out[key] = 0; e.Nominee.Photo != "" {
			out[key] = r.photoSize(t, e.Nominee.Photo).X
		}
	}
	return out
}

const namesakes = "序号,姓名,性别,类别,工作单位,所在市州,主要事迹,工号\n" +
	"1,马晓燕,女,快递员,陇运速递,临夏州,雪中送件。,A-007\n02,王强,男,快递员,顺风快递,兰州市,十年如一日。,A-008\n" +
	"3,王强,男,快递员,丝路快运,兰州市,一百二十件。,A-009\n4,Anna Li,女,分拣员,丝路快运,兰州市,夜里分拣。,A-010\n"

// Photos find their entries by the name of their files: by the nominee's, which
// other parts tell apart from namesakes, by the running number, by a column.
func TestAddPhotos(t *testing.T) {
	for name, c := range map[string]struct {
		by    nomination.By
		files []string
		want  map[string]int    // widths
		why   map[string]string // codes by file
	}{
		"by name": {
			nomination.ByName,
			[]string{"3-马 晓燕（近照）.JPG", "王强.jpg", "王强 顺风.jpg", "03王强.png", "12_Anna Li.jpg", "IMG_2034.jpg", "马晓燕2.jpg"},
			map[string]int{"马晓燕 陇运速递": 30, "王强 顺风快递": 32, "王强 丝路快运": 33, "Anna Li 丝路快运": 34},
			map[string]string{"王强.jpg": "photo_several", "IMG_2034.jpg": "photo_unmatched", "马晓燕2.jpg": "photo_has_one"},
		},
		"by number": {
			nomination.ByNumber,
			[]string{"001.jpg", "2号.jpg", "99.jpg"},
			map[string]int{"马晓燕 陇运速递": 30, "王强 顺风快递": 31, "王强 丝路快运": 0, "Anna Li 丝路快运": 0},
			map[string]string{"99.jpg": "photo_unmatched"},
		},
		"by a column": {
			"工号",
			[]string{"a-009.jpg", "照片 A-010 正面.jpg", "王强.jpg"},
			map[string]int{"马晓燕 陇运速递": 0, "王强 顺风快递": 0, "王强 丝路快运": 30, "Anna Li 丝路快运": 31},
			map[string]string{"王强.jpg": "photo_unmatched"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := opened(t)
			in := nomination.ImportEntries{Slug: slug, Blob: r.Upload([]byte(namesakes)), Unknown: nomination.UnknownNote}
			if _, err := r.ImportEntries(staff(t), in); err != nil {
				t.Fatal(err)
			}
			r.send(t, c.by, c.files...)
			got := r.settled(t)
			if diff := cmp.Diff(c.want, r.photos(t)); diff != "" {
				t.Error(diff)
			}
			why := map[string]string{}
			for _, p := range got.Pictures {
				why[p.Name] = p.Why.Code
			}
			if diff := cmp.Diff(c.why, why); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"工号"}, got.Columns); diff != "" {
				t.Error(diff)
			}
			if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'set_photo' AND name = '李审核'`); n != got.Counts[nomination.PicturePlaced] {
				t.Errorf("%d audit rows for %+v", n, got.Counts)
			}
		})
	}
}

// What is not placed is placed by hand, or put away; what is no picture is told.
func TestPlacePhoto(t *testing.T) {
	r := opened(t)
	one, two := r.submit(t, 0), r.submit(t, 1)
	whole := encoded(t, png.Encode, 90)
	in := nomination.AddPhotos{Slug: slug, Files: []nomination.Upload{
		{Name: "a.jpg", Blob: r.Upload(encoded(t, toJPEG, 50))},
		{Name: "<b>.jpg", Blob: r.Upload([]byte("no picture"))},
		{Name: "c.png", Blob: r.Upload(whole[:len(whole)-20])},
		{Name: "d.jpg", Blob: r.Upload(make([]byte, 10<<20+1))},
		{Name: "e.jpg", Blob: r.Upload(nil)},
	}}
	if _, err := r.AddPhotos(staff(t), in); err != nil {
		t.Fatal(err)
	}
	got := r.settled(t)
	codes := map[string]string{}
	for _, p := range got.Pictures {
		codes[p.Name] = p.Why.Code
	}
	want := map[string]string{
		"a.jpg": "photo_unmatched", "<b>.jpg": "not_a_picture", "c.png": "broken_picture", "d.jpg": "too_many_bytes", "e.jpg": "not_a_picture",
	}
	if diff := cmp.Diff(want, codes); diff != "" || got.Total != 5 || got.NoPicture != 2 {
		t.Errorf("%+v: %s", got, diff)
	}
	a := got.Pictures[0]
	if a.Name != "a.jpg" || r.photoSize(t, a.Photo).X != 50 {
		t.Fatalf("first is %+v", a)
	}
	place := func(picture, entry string) error {
		return second(r.PlacePhoto(staff(t), nomination.PlacePhoto{Slug: slug, Picture: picture, Entry: entry}))
	}
	if err := place(a.ID, a.ID); !errors.Is(err, nomination.ErrNoEntry) {
		t.Errorf("on no entry: %v", err)
	}
	if err := place("x", one.ID); !errors.Is(err, nomination.ErrNoPicture) {
		t.Errorf("no picture: %v", err)
	}
	for range 2 {
		if err := place(a.ID, one.ID); err != nil {
			t.Error(err)
		}
	}
	if err := place(a.ID, two.ID); !errors.Is(err, nomination.ErrNoPicture) {
		t.Errorf("placed twice: %v", err)
	}
	if e, err := r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: one.ID}); err != nil || e.Nominee.Photo != a.Photo {
		t.Errorf("%+v, %v", e, err)
	}
	for _, p := range got.Pictures[1:] {
		if err := place(p.ID, two.ID); !errors.Is(err, nomination.ErrNoPicture) {
			t.Errorf("%s placed: %v", p.Name, err)
		}
		if err := place(p.ID, ""); err != nil {
			t.Error(err)
		}
	}
	if left := r.settled(t); left.Total != 0 || left.NoPicture != 1 {
		t.Errorf("left %+v", left)
	}
}

func packed(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, body := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A ZIP's pictures are placed like others; one that is refused is told by its
// name, and nothing that came with it is taken.
func TestAddPhotos_zip(t *testing.T) {
	r := opened(t)
	one := r.submit(t, 0)
	good := packed(t, map[string][]byte{"照片/" + one.Nominee.Name + ".jpg": encoded(t, toJPEG, 77), "照片/说明.txt": []byte("…")})
	in := nomination.AddPhotos{Slug: slug, Files: []nomination.Upload{
		{Name: "好.zip", Blob: r.Upload(good)}, {Name: "坏.zip", Blob: r.Upload(packed(t, map[string][]byte{"../x.jpg": nil}))},
	}}
	_, err := r.AddPhotos(staff(t), in)
	if diff := cmp.Diff([]string{"坏.zip"}, fields(t, err, nomination.ErrPhotos)); diff != "" || r.Count(`SELECT count(*) FROM picture`) != 0 {
		t.Error(diff)
	}
	in.Files = in.Files[:1]
	if _, err := r.AddPhotos(staff(t), in); err != nil {
		t.Fatal(err)
	}
	got := r.settled(t)
	if len(got.Pictures) != 1 || got.Pictures[0].Name != "照片/说明.txt" || got.Pictures[0].Why.Code != "not_a_picture" {
		t.Errorf("%+v", got)
	}
	if w := r.photos(t)[one.Nominee.Name+" 陇运速递"]; w != 77 {
		t.Errorf("a photo of %d", w)
	}
	if _, err := r.AddPhotos(staff(t), nomination.AddPhotos{Slug: slug}); fields(t, err, nomination.ErrPhotos)[0] != "files" {
		t.Error(err)
	}
}

// A job whose owner is gone goes on where it was: each picture is placed once.
func TestAddPhotos_resumed(t *testing.T) {
	r := opened(t)
	var names []string
	for i := range 12 {
		names = append(names, r.submit(t, i).Nominee.Name+".jpg")
	}
	r.send(t, nomination.ByName, names...)
	for range 3 {
		r.endSessions(t)
	}
	got := r.settled(t)
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'set_photo'`); got.Counts[nomination.PicturePlaced] != 12 || n != 12 {
		t.Errorf("%+v, %d in the audit log", got.Counts, n)
	}
}

// Pictures that came while a job was about to end are worked on, be it by the next
// one; once nominations are closed none is given.
func TestAddPhotos_late(t *testing.T) {
	r := opened(t)
	one, two := r.submit(t, 0), r.submit(t, 1)
	r.send(t, nomination.ByName, one.Nominee.Name+".jpg")
	r.settled(t)
	r.send(t, nomination.ByName, two.Nominee.Name+".jpg")
	r.settled(t)
	if _, err := r.DB.Exec(`UPDATE picture SET state = 'waiting', entry = NULL, file = $1`, r.Keep(nomination.Name, encoded(t, toJPEG, 99))); err != nil {
		t.Fatal(err)
	}
	r.selection.Close(rulebook.PhaseNomination)
	for _, p := range r.settled(t).Pictures {
		if p.State != nomination.PictureUnplaced {
			t.Errorf("%+v", p)
		}
	}
	if err := second(r.AddPhotos(staff(t), nomination.AddPhotos{Slug: slug, Files: []nomination.Upload{{}}})); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("after the close: %v", err)
	}
}

// A picture that was taken in spite of a doubt says so in the answer and in its
// entry, until another takes its place.
func TestSetPhoto_warns(t *testing.T) {
	r := opened(t)
	one := r.submit(t, 0)
	ink := cmyk(t)
	set := func(body []byte) nomination.Entry {
		e, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: one.ID, Blob: r.Upload(body)})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for range 2 {
		if e := set(ink); len(e.Warnings) != 1 || e.Warnings[0].Code != "profile_not_applied" || e.Warnings[0].Field != "photo" {
			t.Errorf("%+v", e.Warnings)
		}
	}
	if e := set(encoded(t, toJPEG, 30)); len(e.Warnings) != 0 {
		t.Errorf("%+v", e.Warnings)
	}
	in := nomination.AddPhotos{Slug: slug, Files: []nomination.Upload{{Name: r.submit(t, 1).Nominee.Name + ".jpg", Blob: r.Upload(ink)}}}
	if _, err := r.AddPhotos(staff(t), in); err != nil {
		t.Fatal(err)
	}
	got := r.settled(t)
	if len(got.Pictures) != 1 || got.Pictures[0].State != nomination.PicturePlaced || got.Pictures[0].Warnings[0].Code != "profile_not_applied" {
		t.Fatalf("%+v", got)
	}
	if _, err := r.PlacePhoto(staff(t), nomination.PlacePhoto{Slug: slug, Picture: got.Pictures[0].ID}); err != nil {
		t.Error(err)
	}
	if got = r.settled(t); got.Total != 0 || got.Counts[nomination.PicturePlaced] != 1 {
		t.Errorf("seen: %+v", got)
	}
}

// Files of photos have their time, and what is kept of them is kept no longer.
func TestAddPhotos_forgotten(t *testing.T) {
	r := keepsFor(t, retention.Periods{})
	r.send(t, nomination.ByName, "无人.jpg")
	p := r.settled(t).Pictures[0]
	r.Age(2 * blob.Grace)
	r.erasedBy(t, r.Clock.Advance(2*day))
	if has, err := r.Blobs.Has(t.Context(), p.Photo); !has || err != nil {
		t.Errorf("gone too early, %v", err)
	}
	r.erasedBy(t, r.Clock.Advance(13*day))
	if has, err := r.Blobs.Has(t.Context(), p.Photo); has || err != nil || r.Count(`SELECT count(*) FROM picture`) != 0 {
		t.Errorf("still there: %v, %v", has, err)
	}
}

// cmyk is a JPEG of ink, 8 × 8, with a colour profile; all of its coefficients but
// the first are 0.
func cmyk(t *testing.T) []byte {
	t.Helper()
	b := append([]byte{0xFF, 0xD8, 0xFF, 0xE2, 0, 20}, "ICC_PROFILE\x00\x01\x01ink!"...)
	b = append(b, 0xFF, 0xDB, 0, 67, 0)
	b = append(b, bytes.Repeat([]byte{1}, 64)...)
	b = append(b, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	b = append(b, 0xFF, 0xC4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // DC: code 0 is no difference
	b = append(b, 0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // AC: code 0 ends the block
	b = append(b, 0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	return append(b, 0x00, 0xFF, 0xD9)
}
