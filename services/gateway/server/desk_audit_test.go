package server_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
)

// acted is an installation whose rooms did so many acts each, all at one moment
// of a minute.
func acted(t *testing.T, each int, asked *atomic.Int64, recorded *atomic.Int64, searched *audit.Search) *installation {
	t.Helper()
	began := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	list := does(func(p audit.Page) ([]audit.Entry, error) {
		asked.Add(1)
		*searched = p.Search
		page := []audit.Entry{}
		for id := int64(each); id > 0 && len(page) < p.Limit; id-- {
			e := audit.Entry{
				ID: id, At: began.Add(time.Duration(id/3) * time.Minute), Slug: here, Kind: "staff", Actor: "a-1", Name: "=1+1 " + scrawl, Act: "open_phase",
				Reason: "why " + scrawl, Detail: []byte(`{"phase":"<b onclick=x>"}`),
			}
			if p.Before == nil || e.At.Before(*p.Before) || e.At.Equal(*p.Before) && e.ID < p.BeforeID {
				page = append(page, e)
			}
		}
		return page, nil
	})
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection":   says(frozen(t), nil),
		"selection/list_selections": says([]selection.Selection{frozen(t)}, nil),
		"selection/record_export": does(func(in selection.RecordExport) (selection.Selection, error) {
			if in.File == "audit" && in.Slug == here {
				recorded.Add(1)
			}
			return selection.Selection{}, nil
		}),
		"selection/list_audit": list, "identity/list_audit": list, "nomination/list_audit": list, "voting/list_audit": list, "review/list_audit": list,
	}))
	h.start(t, quickly)
	return h
}

// TestDeskAudit leads through all acts of all rooms, each once, asking each room
// once a page, and shows what people wrote as text.
func TestDeskAudit(t *testing.T) {
	const each = 31
	var asked, recorded atomic.Int64
	var searched audit.Search
	h := acted(t, each, &asked, &recorded, &searched)
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`)
	address, rows := "/desk/s/"+here+"/audit?q=phase&person=Wang&act=open_phase&from=2026-05-01&to=2026-05-04", 0
	for range 10 {
		asked.Store(0)
		a := h.desk(t, http.MethodGet, address, organizer, nil)
		if a.Status != http.StatusOK || asked.Load() != 5 {
			t.Fatalf("%s: %d, rooms were asked %d times", address, a.Status, asked.Load())
		}
		rows += strings.Count(a.Body, "<tr><td")
		for _, text := range []string{"<b onclick", `value="phase"`, `value="2026-05-04"`} {
			if strings.Contains(a.Body, text) == strings.HasPrefix(text, "<b") {
				t.Errorf("%s: %q", address, text)
			}
		}
		found := next.FindStringSubmatch(a.Body)
		if found == nil {
			break
		}
		address = html.UnescapeString(found[1])
	}
	if rows != 5*each {
		t.Errorf("%d acts are shown of %d", rows, 5*each)
	}
	if searched.Text != "phase" || searched.Person != "Wang" || searched.Act != "open_phase" ||
		!searched.From.Equal(time.Date(2026, 4, 30, 16, 0, 0, 0, time.UTC)) || !searched.To.Equal(time.Date(2026, 5, 4, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("the last page asks for %+v", searched)
	}
	for _, mark := range []string{"x", "1.2", "-5.review.1", "99999999999999999999.review.1", "1.review.x"} {
		if a := h.desk(t, http.MethodGet, "/desk/s/"+here+"/audit?after="+mark, organizer, nil); a.Status != http.StatusOK {
			t.Errorf("after %s: %d", mark, a.Status)
		}
	}
}

// TestDeskAudit_export writes all acts that are found, guarded, and records it.
func TestDeskAudit_export(t *testing.T) {
	const each = 250 // more than a page of all rooms together
	var asked, recorded atomic.Int64
	var searched audit.Search
	h := acted(t, each, &asked, &recorded, &searched)
	a := h.desk(t, http.MethodGet, "/desk/s/"+here+"/audit/export?person=Wang", organizer, nil)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Body, "\ufeff"))).ReadAll()
	if err != nil || a.Status != http.StatusOK || len(rows) != 5*each+1 || searched.Person != "Wang" {
		t.Fatalf("%d, %v, %d rows, %+v", a.Status, err, len(rows), searched)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[fmt.Sprint(row[1], row[2])] = true
		if strings.HasPrefix(row[5], "=") || !slices.Contains(row, "open_phase") {
			t.Fatalf("a spreadsheet would compute %q", row)
		}
	}
	if len(seen) != 5*each || recorded.Load() != 1 {
		t.Errorf("%d acts, and the export is recorded %d times", len(seen), recorded.Load())
	}
}

// TestDeskAudit_look looks at the log, with nothing and with much in it.
func TestDeskAudit_look(t *testing.T) {
	var asked, recorded atomic.Int64
	var searched audit.Search
	h := acted(t, 31, &asked, &recorded, &searched)
	empty := acted(t, 0, &asked, &recorded, &searched)
	ctx := browser.Open(t)
	for name, one := range map[string]*installation{"audit": h, "audit-empty": empty} {
		browser.Run(t, ctx, "session", chromedp.Navigate(one.url+"/static/icon.svg"),
			chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
		browser.Look(t, ctx, name, one.url+"/desk/s/"+here+"/audit")
	}
}
