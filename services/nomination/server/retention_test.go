package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/server"
)

const day = 24 * time.Hour

// keepsFor is a room in which nominations and vetting are open and data have
// their time.
func keepsFor(t *testing.T, p retention.Periods) *room {
	t.Helper()
	made := testkit.NewRoom(t, nomination.Name, server.Migrations(), server.New, testkit.KeepsFor(p))
	r := &room{nomination.NewClient(made.Caller), made, made.Selection(slug)}
	r.selection.Freeze(rules)
	r.selection.Open(rulebook.PhaseNomination, rulebook.PhaseVetting)
	r.erasedBy(t, testkit.Morning()) // the first round is over: the next one begins an hour later
	return r
}

const place = "GPS 36.06 103.83"

// shot is a picture of one shade that carries where it was taken.
func shot(t *testing.T, shade uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.Gray{Y: shade}), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("\xff\xe1\x00\x18Exif\x00\x00"), place...)
	return slices.Concat(b.Bytes()[:2], exif, b.Bytes()[2:])
}

// erasedBy waits for the job to have erased what was over at a time, and for the
// sweep after it.
func (r *room) erasedBy(t *testing.T, at time.Time) { t.Helper(); testkit.Erased(t, r.Deps, at) }

// TestRetention has entries withdrawn, vetoed, lapsed and admitted, two of them
// with the same picture: each is kept for its time, and what is erased is gone
// from tables and store and told.
func TestRetention(t *testing.T) {
	r := keepsFor(t, retention.Periods{Withdrawn: 30 * day, Refused: 180 * day})
	entries := map[string]nomination.Entry{}
	for i, name := range []string{"withdrawn", "vetoed", "lapsed", "admitted"} {
		e := r.submit(t, i)
		shade := uint8(i * 40)
		if name == "withdrawn" {
			shade = 3 * 40 // as the admitted one
		}
		e, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: e.ID, Blob: r.Upload(shot(t, shade))})
		if err != nil {
			t.Fatal(err)
		}
		entries[name] = e
	}
	// What a file said beside the form, and what another entry says of a likeness.
	if _, err := r.DB.ExecContext(t.Context(), `UPDATE entry SET notes = '[{"column": "电话", "text": "13800138000"}]'`); err != nil {
		t.Fatal(err)
	}
	likeness, err := json.Marshal([]fault.Field{
		fault.Wrong("name", "resembles_entry", "resembles the entry of {name}, {employer}, {region}",
			"name", entries["withdrawn"].Nominee.Name, "employer", entries["withdrawn"].Nominee.Employer, "region", entries["withdrawn"].Nominee.Region),
		fault.Wrong("name", "resembles_row", "resembles row {row} of the same file", "row", 7),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DB.ExecContext(t.Context(), `UPDATE entry SET warnings = $2 WHERE id = $1`, entries["admitted"].ID, string(likeness)); err != nil {
		t.Fatal(err)
	}
	if entries["withdrawn"].Nominee.Photo != entries["admitted"].Nominee.Photo {
		t.Fatal("the same picture is kept twice")
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: entries["withdrawn"].ID, Reason: "changed my mind"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.say(t, entries["vetoed"].ID, "hr", nomination.Fail); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"hr", "postal", "union"} {
		if _, err := r.say(t, entries["admitted"].ID, d, nomination.Pass); err != nil {
			t.Fatal(err)
		}
	}
	r.selection.Close(rulebook.PhaseNomination, rulebook.PhaseVetting)
	before := testkit.Morning()
	left := func(name string) bool {
		e, err := r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: entries[name].ID})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		kept := e.Nominee.Name != ""
		for _, of := range []string{"王强", "陇运", "兰州", "总工会", "十年", "党员", "社保", "13800138000", entries[name].Nominee.Photo} {
			if !kept && strings.Contains(string(text), of) {
				t.Errorf("%s: %q is left: %s", name, of, text)
			}
		}
		if e.State != map[string]nomination.State{
			"withdrawn": nomination.Withdrawn, "vetoed": nomination.Vetoed, "lapsed": nomination.Lapsed, "admitted": nomination.Admitted,
		}[name] {
			t.Errorf("%s is %s", name, e.State)
		}
		return kept
	}
	check := func(when string, want map[string]bool) {
		t.Helper()
		bodies := r.Age(2 * blob.Grace)
		for name, kept := range want {
			if left(name) != kept {
				t.Errorf("%s: %s is kept: %v", when, name, !kept)
			}
		}
		for _, b := range bodies {
			if strings.Contains(b, place) && when != "at first" {
				t.Errorf("%s: an original is left", when)
			}
		}
	}
	check("at first", map[string]bool{"withdrawn": true, "vetoed": true, "lapsed": true, "admitted": true})
	r.erasedBy(t, r.Clock.Advance(29*day))
	check("before its time", map[string]bool{"withdrawn": true, "vetoed": true, "lapsed": true, "admitted": true})
	r.erasedBy(t, r.Clock.Advance(day))
	check("a month later", map[string]bool{"withdrawn": false, "vetoed": true, "lapsed": true, "admitted": true})
	kept, err := r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: entries["admitted"].ID})
	if err != nil || len(kept.Warnings) != 1 || kept.Warnings[0].Code != "resembles_row" || len(kept.Notes) != 1 {
		t.Errorf("the entry that resembled it says %v, notes %v, %v", kept.Warnings, kept.Notes, err)
	}
	r.selection.Tell(event.Selection, "end", event.SelectionEnded{})
	r.erasedBy(t, r.Clock.Advance(179*day))
	check("before theirs", map[string]bool{"vetoed": true, "lapsed": true, "admitted": true})
	r.erasedBy(t, r.Clock.Advance(day))
	check("half a year later", map[string]bool{"withdrawn": false, "vetoed": false, "lapsed": false, "admitted": true})
	for name, e := range entries {
		has, err := r.Blobs.Has(t.Context(), e.Nominee.Photo)
		if want := name == "admitted" || name == "withdrawn"; err != nil || has != want { // these two are one picture
			t.Errorf("the picture of %s is there: %v, %v", name, has, err)
		}
	}
	report, err := bus.Call[[]retention.Erased](staff(t), r.Caller, nomination.Name, run.ListErasures, run.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	month, half := before.Add(30*day), before.Add(210*day)
	if diff := cmp.Diff([]retention.Erased{
		{Kind: "photos", Count: 1, At: month},
		{Kind: "withdrawn_entries", Count: 1, At: month},
		{Kind: "photos", Count: 2, At: half},
		{Kind: "refused_entries", Count: 2, At: half},
	}, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	acts, err := bus.Call[[]audit.Entry](staff(t), r.Caller, nomination.Name, run.ListAudit, audit.Page{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, a := range acts {
		if a.Act == "erase_expired" {
			told++
		}
		if strings.Contains(string(a.Detail), "王强") {
			t.Errorf("the audit log tells %s", a.Detail)
		}
	}
	if told != len(report) {
		t.Errorf("%d audit rows of %d", told, len(report))
	}
}

// TestRetention_unpublished counts a selection that nobody ever published as
// published at last; where nothing has a time, nothing is erased.
func TestRetention_unpublished(t *testing.T) {
	for name, p := range map[string]retention.Periods{"at last": {Refused: day, Unpublished: 700 * day}, "never": {Refused: day}, "for ever": {Unpublished: day}} {
		t.Run(name, func(t *testing.T) {
			r := keepsFor(t, p)
			e := r.submit(t, 0)
			if _, err := r.say(t, e.ID, "hr", nomination.Fail); err != nil {
				t.Fatal(err)
			}
			for _, ahead := range []time.Duration{700 * day, day} {
				r.erasedBy(t, r.Clock.Advance(ahead))
				got, err := r.GetEntry(staff(t), nomination.OfEntry{Slug: slug, Entry: e.ID})
				if want := ahead == day && name == "at last"; err != nil || (got.Nominee.Name == "") != want {
					t.Errorf("%+v, %v; want it erased: %v", got, err, want)
				}
			}
		})
	}
}

// TestRetention_killed kills the job between the rows and the bodies, and while
// it erases many: whatever it has done is told, and the next one does the rest.
func TestRetention_killed(t *testing.T) {
	r := keepsFor(t, retention.Periods{Withdrawn: day})
	const many = 1200
	if _, err := r.DB.ExecContext(t.Context(), `
		INSERT INTO entry (id, slug, state, name, gender, category, employer, region, deeds, recommended_by, attributes, photo, warnings, name_key,
		       fingerprint, created_at, withdrawn_at)
		SELECT gen_random_uuid(), $1, 'withdrawn', 'n' || i, '', '', 'e', 'r', 'd', '', '{}', '', '[]', 'n', i::text, $2, $2 FROM generate_series(1, $3) i`,
		slug, testkit.Morning(), many); err != nil {
		t.Fatal(err)
	}
	// The third batch of rows fails, as if the process had died there.
	if _, err := r.DB.ExecContext(t.Context(), `
		CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN IF (SELECT sum(count) FROM erasure) > 1000 THEN RAISE 'killed' USING ERRCODE = '57P01'; END IF; RETURN NULL; END $$;
		CREATE TRIGGER die AFTER INSERT ON erasure FOR EACH ROW EXECUTE FUNCTION die()`); err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(2 * day)
	testkit.Eventually(t, testkit.Patience, func() error {
		j, _, err := job.Last(t.Context(), r.DB, "", retention.JobKind)
		if err == nil && j.Fault == nil {
			err = fmt.Errorf("the job has not failed: %+v", j)
		}
		return err
	})
	if erased, told := r.Count(`SELECT count(*) FROM entry WHERE name = ''`), r.Count(`SELECT sum(count) FROM erasure`); erased != 1000 || told != 1000 {
		t.Errorf("%d were erased, %d told", erased, told)
	}
	if _, err := r.DB.ExecContext(t.Context(), `DROP TRIGGER die ON erasure`); err != nil {
		t.Fatal(err)
	}
	r.erasedBy(t, r.Clock.Advance(time.Hour))
	if erased, told := r.Count(`SELECT count(*) FROM entry WHERE name = ''`), r.Count(`SELECT sum(count) FROM erasure`); erased != many || told != many {
		t.Errorf("%d were erased, %d told", erased, told)
	}
}

// TestRetention_struck keeps of a candidate that was struck what the public was
// told, and nothing else: not in the tables, not among the events that would be
// told again, and no picture.
func TestRetention_struck(t *testing.T) {
	r := keepsFor(t, retention.Periods{Struck: 180 * day})
	entries := []nomination.Entry{}
	for i := range 2 {
		e := r.submit(t, i)
		e, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: e.ID, Blob: r.Upload(shot(t, uint8(i*40)))})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []string{"hr", "postal", "union"} {
			if e, err = r.say(t, e.ID, d, nomination.Pass); err != nil {
				t.Fatal(err)
			}
		}
		entries = append(entries, e)
	}
	if _, err := r.DB.ExecContext(t.Context(), `UPDATE entry SET notes = '[{"column": "电话", "text": "13800138000"}]'`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: 1, Reason: "材料不实"}); err != nil {
		t.Fatal(err)
	}
	r.selection.Tell(event.Selection, "end", event.SelectionEnded{})
	r.Age(2 * blob.Grace)
	private := []string{"男", "male", "陇运", "兰州", "总工会", "十年", "党员", "13800138000", entries[0].Nominee.Photo}
	holds := func(number int) (found []string) {
		t.Helper()
		var text string
		if err := r.DB.GetContext(t.Context(), &text, `
			SELECT concat((SELECT string_agg(e::text, '') FROM entry e JOIN candidate c ON c.entry = e.id WHERE c.number = $1),
			              (SELECT string_agg(data::text, '') FROM outbox WHERE aggregate = 'candidate/' || $1::int))`, number); err != nil {
			t.Fatal(err)
		}
		for _, of := range private {
			if strings.Contains(text, of) {
				found = append(found, of)
			}
		}
		return found
	}
	for _, step := range []struct {
		after time.Duration
		kept  bool
	}{{179 * day, true}, {day, false}, {day, false}} {
		r.erasedBy(t, r.Clock.Advance(step.after))
		if found := holds(1); len(found) > 0 != step.kept {
			t.Errorf("kept %v: %q is there", step.kept, found)
		}
		if has, err := r.Blobs.Has(t.Context(), entries[0].Nominee.Photo); err != nil || has != step.kept {
			t.Errorf("kept %v: the picture is there: %v, %v", step.kept, has, err)
		}
	}
	got, err := r.GetCandidate(staff(t), nomination.OfCandidate{Slug: slug, Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(nomination.Candidate{
		Number: 1, Name: entries[0].Nominee.Name, Category: entries[0].Nominee.Category, Struck: true, StruckReason: "材料不实",
	}, got); diff != "" {
		t.Errorf("the candidate (-want +got):\n%s", diff)
	}
	if found := holds(2); len(found) < 5 {
		t.Errorf("of the other only %q is left", found)
	}
	if has, err := r.Blobs.Has(t.Context(), entries[1].Nominee.Photo); err != nil || !has {
		t.Errorf("the other's picture is there: %v, %v", has, err)
	}
	report, err := bus.Call[[]retention.Erased](staff(t), r.Caller, nomination.Name, run.ListErasures, run.Of{Slug: slug})
	at := testkit.Morning().Add(180 * day)
	if diff := cmp.Diff([]retention.Erased{{Kind: "photos", Count: 1, At: at}, {Kind: "struck_candidates", Count: 1, At: at}}, report); err != nil || diff != "" {
		t.Errorf("report (-want +got):\n%s%v", diff, err)
	}
}

// TestRetention_unowned has a store from before bodies had owners: the pictures
// that entries show are taken over, and once all rooms have looked, the originals
// with the place where they were taken are gone.
func TestRetention_unowned(t *testing.T) {
	r := keepsFor(t, retention.Periods{})
	e := r.submit(t, 0)
	e, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: e.ID, Blob: r.Upload(shot(t, 0))})
	if err != nil {
		t.Fatal(err)
	}
	r.Keep("", shot(t, 0))
	r.erasedBy(t, time.Time{})
	testkit.Adopts(t, r.Deps, r.Clock, e.Nominee.Photo)
	r.Age(3 * blob.Grace)
	count := func() (originals int) {
		t.Helper()
		for _, b := range r.Age(3 * blob.Grace) {
			if strings.Contains(b, place) {
				originals++
			}
		}
		return originals
	}
	if count() != 2 { // in the old place, and an upload that was broken off
		t.Fatalf("%d originals", count())
	}
	r.erasedBy(t, r.Clock.Advance(time.Hour))
	if count() != 1 {
		t.Errorf("%d originals before all rooms have looked", count())
	}
	for _, room := range event.Services() {
		if room != nomination.Name {
			if _, _, err := r.Blobs.In(room).Adopt(t.Context(), event.Services(), blob.Nothing); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.erasedBy(t, r.Clock.Advance(time.Hour))
	if count() != 0 || len(r.Blob(e.Nominee.Photo)) == 0 {
		t.Errorf("%d originals afterwards", count())
	}
}
