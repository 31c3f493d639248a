package server_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
)

const example = "../../../deploy/examples/most-beautiful-courier/"

// The example selection's files, as organizers keep them.
func TestImport_example(t *testing.T) {
	r := setup(t)
	r.selection.Freeze(string(read(t, "rulebook.yaml")))
	r.selection.Open(rulebook.PhaseNomination)

	_, err := r.load(t, read(t, "entries-bad.xlsx"), false)
	fields(t, err, nomination.ErrImport)
	var got []string
	for _, f := range fault.From(err).Fields {
		got = append(got, fmt.Sprint(f.Line, f.Name))
	}
	want := []string{ // as the example's README lists them
		"5姓名", "7姓名", "9姓名", "11工作单位", "13所在市州", "15性别", "17类别", "19从业年限", "21从业年限", "23从业年限", "25主要事迹", "27主要事迹", "29照片", "31姓名",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.unchanged(t)

	done, err := r.load(t, read(t, "entries.xlsx"), false)
	if err != nil || done.Entries != 60 || len(done.IDs) != 60 {
		t.Fatalf("%d entries, %v", done.Entries, err)
	}
	var warned []string
	for _, w := range done.Warnings {
		warned = append(warned, fmt.Sprint(w.Row, w.Field, " ", w.Code))
	}
	// The note below the table, over all columns, and the same person, typed differently.
	if diff := cmp.Diff([]string{"0rows cells_merged", "67rows note_row", "60姓名 resembles_row", "60工作单位 spelled_alike"}, warned); diff != "" {
		t.Error(diff)
	}
	if n := r.Count(`SELECT count(*) FROM entry WHERE photo <> ''`); n < 50 {
		t.Errorf("%d photos", n)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(example + name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
