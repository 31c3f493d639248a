package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

const body = "兰州市总工会"

// start begins an import of a file.
func (r *room) start(t *testing.T, file []byte, from string) nomination.Import {
	t.Helper()
	x, err := r.StartImport(staff(t), nomination.StartImport{Slug: slug, Blob: r.Upload(file), Name: "推荐表.xlsx", RecommendedBy: from})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func of(x nomination.Import) nomination.OfImport {
	return nomination.OfImport{Slug: slug, Import: x.ID}
}

func uses(x nomination.Import) (all []string) {
	for _, c := range x.Columns {
		all = append(all, c.Use)
	}
	return all
}

// ended waits for the job of an import.
func (r *room) ended(t *testing.T, x nomination.Import) nomination.Import {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		var err error
		if x, err = r.GetImport(testkit.Context(t), of(x)); err == nil && (x.Job == nil || !x.Job.Ended()) {
			err = fmt.Errorf("the job is %+v", x.Job)
		}
		return err
	})
	return x
}

const foreign = "名字,性别(男/女),岗位,公司,所在市州,故事,身份证\n" +
	"王强,男,快递员,陇运速递,兰州市,十年如一日。,620102199010011234\n马晓燕,女,分拣员,陇运速递,临夏州,雪中送件。,620102199010011235\n"

// A file goes through its four steps: its columns are guessed, then said; they
// are remembered for the next file of the same body, and for no other; a job takes
// the rows in the name of who had it begin, and the file is no more.
func TestImport_steps(t *testing.T) {
	r := opened(t)
	x := r.start(t, []byte(foreign), body)
	if diff := cmp.Diff([]string{"note", "gender", "note", "note", "region", "note", "note"}, uses(x)); diff != "" {
		t.Fatalf("guessed: %s", diff)
	}
	if diff := cmp.Diff([]string{"王强", "马晓燕"}, x.Columns[0].Samples); diff != "" || x.Header != 1 || x.Check != nil {
		t.Errorf("%+v: %s", x, diff)
	}
	if _, err := r.RunImport(staff(t), of(x)); !errors.Is(err, nomination.ErrUnchecked) {
		t.Errorf("taken unchecked: %v", err)
	}
	said := []string{"name", "gender", "category", "employer", "region", "name", "note"}
	_, err := r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Uses: said})
	if diff := cmp.Diff([]string{"uses[5]"}, fields(t, err, nomination.ErrMapping)); diff != "" {
		t.Error(diff)
	}
	twice := fault.From(err).Fields[0]
	if diff := cmp.Diff(map[string]string{"column": "故事", "other": "名字", "field": "name"}, twice.Params); diff != "" || twice.Code != "field_twice" {
		t.Errorf("%+v", twice)
	}
	for name, in := range map[string]nomination.MapImport{
		"uses[0]": {Uses: []string{"salary", "gender", "category", "employer", "region", "deeds", "note"}},
		"uses":    {Uses: []string{"name"}}, "header": {Header: 51},
	} {
		in.Slug, in.Import = slug, x.ID
		_, err := r.MapImport(staff(t), in)
		if diff := cmp.Diff([]string{name}, fields(t, err, nomination.ErrMapping)); diff != "" {
			t.Error(diff)
		}
	}
	said[5] = "deeds"
	if x, err = r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Uses: said}); err != nil || x.Check.Entries != 2 || x.Check.Mistakes != 0 {
		t.Fatalf("%+v, %v", x.Check, err)
	}
	if n := r.Count(`SELECT count(*) FROM entry`); n != 0 {
		t.Errorf("a check wrote %d entries", n)
	}
	for range 2 { // pressed twice
		if _, err := r.RunImport(staff(t), of(x)); err != nil {
			t.Fatal(err)
		}
	}
	x = r.ended(t, x)
	if x.Job.State != job.Done || x.Entries != 2 || x.EndedAt == nil || x.Blob != "" || len(x.Columns) != 0 || x.Check != nil {
		t.Errorf("%+v, job %+v", x, x.Job)
	}
	entries, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug})
	if err != nil || len(entries) != 2 || entries[0].Nominee.RecommendedBy != body || entries[0].Nominee.Deeds != "十年如一日。" ||
		entries[0].Notes[0] != (nomination.Note{Column: "身份证", Text: "620102199010011234"}) {
		t.Errorf("%+v, %v", entries, err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'import_entries' AND name = '李审核'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}

	next := r.start(t, []byte("身份证,名字,岗位,公司,新列\n1,李娜,快递员,陇运速递,x\n"), "兰州市 总工会")
	if diff := cmp.Diff([]string{"note", "name", "category", "employer", "note"}, uses(next)); diff != "" || !next.Columns[1].Remembered {
		t.Errorf("remembered: %s", diff)
	}
	if other := r.start(t, []byte("名字,岗位\n李娜,快递员\n"), "临夏州总工会"); other.Columns[0].Use != "note" {
		t.Errorf("another body's: %v", uses(other))
	}
	for range 2 {
		if _, err := r.DropImport(staff(t), of(next)); err != nil {
			t.Error(err)
		}
	}
	for name, err := range map[string]error{
		"map": second(r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: next.ID})), "run": second(r.RunImport(staff(t), of(next))),
	} {
		if !errors.Is(err, nomination.ErrImportOver) {
			t.Errorf("%s of what was dropped: %v", name, err)
		}
	}
	if _, err := r.GetImport(testkit.Context(t), nomination.OfImport{Slug: slug, Import: "x"}); !errors.Is(err, nomination.ErrNoImport) {
		t.Errorf("no such import: %v", err)
	}
	list, err := r.ListImports(testkit.Context(t), nomination.Of{Slug: slug})
	if err != nil || len(list) != 3 || list[2].ID != x.ID {
		t.Errorf("%+v, %v", list, err)
	}
}

func second[T any](_ T, err error) error { return err }

// The sheet that is meant is chosen where several name the columns, and the line
// where none is known.
func TestImport_chosenSheet(t *testing.T) {
	r := opened(t)
	b := newBook(t).row(1, "王强", "男", "快递员", "陇运速递", "兰州市", 8, "事迹。")
	if _, err := b.file.NewSheet("去年"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.file.NewSheet("藏"); err != nil {
		t.Fatal(err)
	}
	for i, cells := range [][]any{{"汇总"}, {"甲", "乙", "丙"}, {"李娜", "女", "分拣员"}} {
		if err := b.file.SetSheetRow("去年", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.file.SetSheetVisible("藏", false); err != nil {
		t.Fatal(err)
	}
	x := r.start(t, b.bytes(), body)
	if diff := cmp.Diff([]string{"Sheet1", "去年"}, x.Sheets); diff != "" || x.Sheet != "Sheet1" || x.Header != 3 || x.Columns[0].Use != "no" {
		t.Errorf("%+v", x)
	}
	x, err := r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Sheet: "去年"})
	if err != nil || x.Sheet != "去年" || x.Header != 2 || x.Columns[2].Name != "丙" || x.Columns[0].Samples[0] != "李娜" {
		t.Errorf("%+v, %v", x, err)
	}
	if x, err = r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Sheet: "去年", Header: 3}); err != nil || x.Columns[2].Name != "分拣员" {
		t.Errorf("%+v, %v", x, err)
	}
	_, err = r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Sheet: "没有"})
	if diff := cmp.Diff([]string{"sheet"}, fields(t, err, fault.New(fault.Invalid, "table_sheet", ""))); diff != "" {
		t.Error(diff)
	}
}

// A file that a check has marked can be mended and comes again: the column of
// marks is none of the form.
func TestImport_markedAgain(t *testing.T) {
	r := opened(t)
	for _, heading := range nomination.MarkHeadings() {
		x := r.start(t, []byte(strings.Replace(foreign, ",身份证", ","+heading+"（缺少列：事迹）", 1)), body)
		if got := x.Columns[6].Use; got != nomination.UseLeave {
			t.Errorf("%s is %s", heading, got)
		}
	}
}

// Two organizers at once: the rows of one file are taken, the other is told, and
// goes on when the first has ended. What both files have is refused by its row.
func TestImport_twoOrganizers(t *testing.T) {
	r := opened(t)
	file := portraits(t, 40)
	var both []nomination.Import
	for range 2 {
		x := r.start(t, file, body)
		x, err := r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Uses: uses(x)})
		if err != nil || x.Check.Entries != 40 || x.Check.Mistakes > 0 {
			t.Fatalf("%+v, %v", x.Check, err)
		}
		both = append(both, x)
	}
	if _, err := r.RunImport(staff(t), of(both[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RunImport(staff(t), of(both[1])); !errors.Is(err, nomination.ErrImporting) {
		t.Errorf("beside another: %v", err)
	}
	if _, err := r.DropImport(staff(t), of(both[0])); !errors.Is(err, nomination.ErrImporting) {
		t.Errorf("dropped in the middle: %v", err)
	}
	if x := r.ended(t, both[0]); x.Entries != 40 {
		t.Fatalf("%+v, %+v", x, x.Job)
	}
	if _, err := r.RunImport(staff(t), of(both[1])); err != nil {
		t.Fatal(err)
	}
	x := r.ended(t, both[1])
	if x.Job.State != job.Failed || x.Job.Fault.Code != nomination.ErrImport.Code || x.Check.Mistakes != 40 || x.Check.Faults[0].Code != "handed_in_before" {
		t.Errorf("%+v, %+v", x.Job, x.Check)
	}
	if n := r.Count(`SELECT count(*) FROM entry`); n != 40 {
		t.Errorf("%d entries", n)
	}
	if _, err := r.RunImport(staff(t), of(x)); !errors.Is(err, nomination.ErrUnchecked) {
		t.Errorf("again: %v", err)
	}
}

// The rows and the end of the import are one: a job that begins again after it has
// written takes nothing twice, and its process may end at any place before.
func TestImport_resumed(t *testing.T) {
	r := opened(t)
	x := r.start(t, portraits(t, 12), body)
	x, err := r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Uses: uses(x)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.RunImport(staff(t), of(x)); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error { // at work, and its owner's session is lost again and again
		if n := r.Count(`SELECT count(*) FROM job WHERE kind = 'import_entries' AND state <> 'queued'`); n == 0 {
			return errors.New("it has not begun")
		}
		return nil
	})
	r.endSessions(t)
	x = r.ended(t, x)
	if n := r.Count(`SELECT count(*) FROM entry`); n != 12 || x.Entries != 12 {
		t.Errorf("%d entries, import %+v, job %+v", n, x, x.Job)
	}
	// As after a crash between the rows and the job's own end.
	if _, err := r.DB.Exec(`UPDATE job SET state = 'queued', ended_at = NULL, result = NULL WHERE kind = 'import_entries'`); err != nil {
		t.Fatal(err)
	}
	if x = r.ended(t, x); x.Job.State != job.Done || r.Count(`SELECT count(*) FROM entry`) != 12 {
		t.Errorf("%+v", x.Job)
	}
}

// endSessions ends the sessions that own jobs, as a process that is killed does.
func (r *room) endSessions(t *testing.T) {
	t.Helper()
	if _, err := r.DB.Exec(`
		SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid AND a.usename = current_user
		WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	`); err != nil {
		t.Fatal(err)
	}
}

// An import that nobody goes on with is given up after its time, and its file is
// removed; one that waits keeps it.
func TestImport_forgotten(t *testing.T) {
	r := keepsFor(t, retention.Periods{})
	old := r.start(t, []byte(foreign), body)
	r.Clock.Advance(13 * 24 * time.Hour)
	young := r.start(t, bytes.Replace([]byte(foreign), []byte("王强"), []byte("李强"), 1), body)
	r.Age(2 * blob.Grace)
	r.Clock.Advance(2 * 24 * time.Hour)
	r.erasedBy(t, r.Clock.Now())
	for id, over := range map[string]bool{old.ID: true, young.ID: false} {
		x, err := r.GetImport(testkit.Context(t), nomination.OfImport{Slug: slug, Import: id})
		if err != nil || (x.EndedAt != nil) != over {
			t.Errorf("%+v, %v", x, err)
		}
	}
	if has, err := r.Blobs.Has(t.Context(), young.Blob); !has || err != nil {
		t.Errorf("a file that waits is gone, %v", err)
	}
	if has, err := r.Blobs.Has(t.Context(), old.Blob); has || err != nil {
		t.Errorf("a file that was given up is there, %v", err)
	}
}

// Faults that a check finds name line and column, warnings too.
func TestImport_checkFaults(t *testing.T) {
	r := opened(t)
	b := newBook(t)
	b.row(1, "王强", "先生", "飞行员", "陇运速递", "兰州市", 8, "事迹。")
	b.picture(encoded(t, png.Encode, 20), ".png")
	b.row(2, `=1+1`, "女", "快递员", "陇运速递", "兰州市", 8, "事迹。")
	x := r.start(t, b.bytes(), body)
	x, err := r.MapImport(staff(t), nomination.MapImport{Slug: slug, Import: x.ID, Uses: uses(x)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range x.Check.Faults {
		got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Code))
	}
	if diff := cmp.Diff([]string{"4:3 unlisted", "4:4 unlisted", "5:2 no_letter"}, got); diff != "" || x.Check.Mistakes != 3 {
		t.Errorf("%+v\n%s", x.Check, diff)
	}
}
