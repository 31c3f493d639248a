package server_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
)

// What the caller says about a file reaches the service, and what the service
// tells about it the caller. Private notes are the organizer's alone, wherever an
// entry is answered.
func TestImport_answers(t *testing.T) {
	var entries nomination.ImportEntries
	var roster identity.ImportRoster
	const id = "0198c0de-0000-7000-8000-000000000001"
	noted := nomination.Entry{ID: id, Slug: here, Notes: []nomination.Note{{Column: "身份证号", Text: "620102199010011234"}}}
	told := []table.Warning{table.Warn(0, "sheet", "sheets_hidden", "hidden sheets are not read: {sheets}", "sheets", "去年")}
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/import_entries": does(func(in nomination.ImportEntries) (nomination.Imported, error) {
			entries = in
			return nomination.Imported{IDs: []string{}, Sheet: "今年", Warnings: told}, nil
		}),
		"identity/import_roster": does(func(in identity.ImportRoster) (identity.RosterImported, error) {
			roster = in
			return identity.RosterImported{Sheet: "今年", Warnings: told}, nil
		}),
		"nomination/get_entry":    says(noted, nil),
		"nomination/give_opinion": says(noted, nil),
		"nomination/list_entries": says([]nomination.Entry{noted}, nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) ([]nomination.Candidate, error) {
			if in.After > 0 {
				return []nomination.Candidate{}, nil
			}
			return []nomination.Candidate{{Number: 1, Name: "=1+1", Employer: "＋x", Region: " @y", RecommendedBy: "-z"}}, nil
		}),
	}))
	h.start(t)
	people := h.people()
	token := func(role identity.Role) string {
		for _, p := range people {
			if p.grant.Role == role && p.grant.Slug == here {
				return p.email // the token of its session
			}
		}
		t.Fatalf("nobody is %s", role)
		return ""
	}
	const at = "/api/v1/selections/" + here
	a := h.ask(t, http.MethodPost, at+"/entries/import?dry_run=true&sheet=%E4%BB%8A%E5%B9%B4&unknown=note", token(identity.Organizer), "x")
	if entries.Sheet != "今年" || entries.Unknown != nomination.UnknownNote || !entries.DryRun || !strings.Contains(a.Body, `"code":"sheets_hidden"`) ||
		!strings.Contains(a.Body, `"sheet":"今年"`) {
		t.Errorf("%+v: %d %s", entries, a.Status, a.Body)
	}
	if a := h.ask(t, http.MethodPost, at+"/entries/import?unknown=keep", token(identity.Organizer), "x"); a.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(a.Body, "unknown") {
		t.Errorf("another answer: %d %s", a.Status, a.Body)
	}
	a = h.ask(t, http.MethodPost, at+"/roster/import?sheet=%E4%BB%8A%E5%B9%B4", token(identity.Organizer), "x")
	if roster.Sheet != "今年" || !strings.Contains(a.Body, `"code":"sheets_hidden"`) {
		t.Errorf("%+v: %d %s", roster, a.Status, a.Body)
	}
	for role, reads := range map[identity.Role]bool{identity.Organizer: true, identity.Vetter: false, identity.Auditor: false} {
		for _, path := range []string{"/entries", "/entries/" + id} {
			if a := h.ask(t, http.MethodGet, at+path, token(role), ""); a.Status != http.StatusOK || strings.Contains(a.Body, "620102") != reads {
				t.Errorf("%s reads %s: %d %s", role, path, a.Status, a.Body)
			}
		}
	}
	opinion := h.ask(t, http.MethodPost, at+"/entries/"+id+"/opinions", token(identity.Vetter), `{"department":"hr","verdict":"pass"}`)
	if opinion.Status != http.StatusOK || strings.Contains(opinion.Body, "620102") {
		t.Errorf("a vetter's opinion: %d %s", opinion.Status, opinion.Body)
	}

	// Names that spreadsheets would run are guarded, and come back as they were.
	a = h.ask(t, http.MethodGet, at+"/exports/candidates", token(identity.Organizer), "")
	file := a.Body
	records, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(records) != 2 {
		t.Fatalf("%d %s, %v", a.Status, file, err)
	}
	want := []string{"1", "'=1+1", "", "", "'＋x", "' @y", "", "'-z"}
	if diff := cmp.Diff(want, records[1]); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
	back, err := table.ReadAll(strings.NewReader(file), table.Limits{})
	if err != nil || back[1].Cell(1) != "=1+1" || back[1].Cell(7) != "-z" {
		t.Errorf("%v, %v", back, err)
	}
}
