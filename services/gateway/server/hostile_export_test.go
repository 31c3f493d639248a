package server_test

import (
	"encoding/csv"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/nomination"
)

// Every route of the document that answers a table guards what people wrote, be
// it in cells or in the names of columns, and the reader gets it back. What
// votes, scores and ballots have is numbers and the rulebook's identifiers.
func TestExport_hostile(t *testing.T) {
	hostile := []string{`=HYPERLINK("http://example.org")`, "＋1", " @SUM(A1)", "-2+3", "\u200b=1", "'=1"}
	danger := regexp.MustCompile(`^[\s\p{Z}\p{Cf}\p{Cc}]*[=+\-@＝＋－＠]`)
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) (out []nomination.Candidate, err error) {
			for i, x := range hostile {
				if in.After == 0 {
					out = append(out, nomination.Candidate{
						Number: i + 1, Name: x, Gender: x, Category: x, Employer: x, Region: x, RecommendedBy: x, Attributes: map[string]string{x: x},
					})
				}
			}
			return out, nil
		}),
		"identity/export_codes": does(func(identity.ExportCodes) (identity.CodesExported, error) {
			var list []identity.Coded
			for _, x := range hostile {
				list = append(list, identity.Coded{Member: x, Name: x, Constituency: x, Code: x})
			}
			sealed, key, err := codelist.Seal(list)
			if err != nil {
				return identity.CodesExported{}, err
			}
			ref, err := h.blobs.In(blob.Uploads).Put(t.Context(), strings.NewReader(string(sealed)), 1<<20)
			return identity.CodesExported{Blob: ref.Hash, Key: key, Members: len(list), Export: 1}, err
		}),
	}))
	h.start(t)

	var tables []string
	for at, op := range h.operations(t) {
		for _, answer := range op.Responses {
			for media := range answer.Content {
				if strings.HasPrefix(media, "text/csv") || strings.Contains(media, "spreadsheetml") {
					tables = append(tables, at)
				}
			}
		}
	}
	slices.Sort(tables)
	const exports, codes = "/api/v1/selections/{slug}/exports/{what}", "/api/v1/selections/{slug}/roster/codes"
	if diff := cmp.Diff([]string{"GET " + exports, "POST " + codes}, slices.Compact(tables)); diff != "" {
		t.Fatalf("routes that answer tables, each of which this test has to ask (-want +got):\n%s", diff)
	}
	written := map[string][][]string{}
	bodies := map[string]string{}
	a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/exports/"+string(gateway.FileCandidates), organizer, "")
	records, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	written["candidates"], bodies["candidates"] = records, a.Body
	a = h.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/roster/codes", organizer, `{"format":"xlsx"}`)
	f, err := excelize.OpenReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	defer f.Close()
	if written["codes"], err = f.GetRows("Sheet1", excelize.Options{RawCellValue: true}); err != nil {
		t.Fatal(err)
	}
	bodies["codes"] = a.Body
	for _, what := range slices.Sorted(maps.Keys(written)) {
		for i, row := range written[what] {
			for _, cell := range row {
				if danger.MatchString(cell) {
					t.Errorf("%s, row %d: %q would run", what, i+1, cell)
				}
			}
		}
		back, err := table.ReadAll(strings.NewReader(bodies[what]), table.Limits{})
		if err != nil || len(back) != len(hostile)+1 {
			t.Fatalf("%s: %d rows, %v", what, len(back), err)
		}
		for i, x := range hostile {
			if back[i+1].Cell(1) != x {
				t.Errorf("%s: %q comes back as %q", what, x, back[i+1].Cell(1))
			}
		}
	}
}
