package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestAudit merges the services' logs, whole, in order of time.
func TestAudit(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 5, 4, 2, minute, 0, 0, time.UTC) }
	log := func(entries ...audit.Entry) bus.Endpoint {
		return does(func(p audit.Page) ([]audit.Entry, error) { // pages of two
			from := int(p.After)
			return entries[from:min(from+2, len(entries))], nil
		})
	}
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/list_audit": log(
			audit.Entry{ID: 1, At: at(1), Act: "create"}, audit.Entry{ID: 2, At: at(3), Act: "open"}, audit.Entry{ID: 3, At: at(9), Act: "close"},
		),
		"nomination/list_audit": log(audit.Entry{ID: 1, At: at(4), Act: "import"}, audit.Entry{ID: 2, At: at(9), Act: "admit"}),
		"identity/list_audit":   log(audit.Entry{ID: 1, At: at(2), Act: "grant"}),
	}))
	h.start(t)
	a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/audit", organizer, "")
	var acts []struct{ Service, Act string }
	if err := json.Unmarshal([]byte(a.Body), &acts); err != nil {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	var got []string
	for _, x := range acts {
		got = append(got, x.Service+" "+x.Act)
	}
	want := "selection create, identity grant, selection open, nomination import, nomination admit, selection close"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s", strings.Join(got, ", "))
	}
}

// TestAudit_whole asks a service for all of its log, page by page, and all for
// what they say of theirs.
func TestAudit_whole(t *testing.T) {
	h := bare(t, testkit.Log(t))
	var asked audit.Page
	script := map[string]bus.Endpoint{"identity/list_audit": does(func(p audit.Page) ([]audit.Entry, error) {
		asked = p
		return []audit.Entry{{ID: 8, Act: "sign_in"}}, nil
	})}
	for _, service := range event.Services() {
		script[service+"/list_erasures"] = does(func(of run.Of) ([]retention.Erased, error) {
			return []retention.Erased{{Kind: "sign_ins of " + of.Slug + service, Count: 2}}, nil
		})
		script[service+"/check_audit"] = says(audit.Report{Service: service, Entries: 3}, nil)
	}
	h.serve(t, h.scripted(script))
	h.start(t)
	h.people()
	const inspector = "the-inspector@example.org"
	if a := h.ask(t, http.MethodGet, "/api/v1/audit?service=identity&after=7&limit=20", inspector, ""); a.Status != http.StatusOK ||
		!strings.Contains(a.Body, `"service":"identity"`) || !strings.Contains(a.Body, `"act":"sign_in"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if want := (audit.Page{All: true, After: 7, Limit: 20}); asked != want {
		t.Errorf("asked for %+v, want %+v", asked, want)
	}
	a := h.ask(t, http.MethodGet, "/api/v1/audit/check", inspector, "")
	if a.Status != http.StatusOK || strings.Count(a.Body, `"entries":3`) != len(event.Services()) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := h.ask(t, http.MethodGet, "/api/v1/erasures", inspector, ""); a.Status != http.StatusOK || !strings.Contains(a.Body, `"kind":"sign_ins of identity"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestExport_audited has who takes a file before the result is public written
// down first; where that fails nothing is handed out.
func TestExport_audited(t *testing.T) {
	h := bare(t, testkit.Log(t))
	var taken []string
	published, broken := false, false
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": does(func(selection.Of) (selection.Selection, error) {
			s := frozen(t)
			if published {
				s.PublishedAt = s.FrozenAt
			}
			return s, nil
		}),
		"selection/record_export": does(func(in selection.RecordExport) (selection.Selection, error) {
			if broken {
				return selection.Selection{}, selection.ErrNotArrived
			}
			taken = append(taken, in.Slug+" "+in.File)
			return selection.Selection{}, nil
		}),
	}))
	h.start(t)
	const at = "/api/v1/selections/" + here + "/exports/candidates"
	if a := h.ask(t, http.MethodGet, at, organizer, ""); a.Status != http.StatusOK || !slices.Equal(taken, []string{here + " candidates"}) {
		t.Errorf("%d %s; recorded %v", a.Status, a.Body, taken)
	}
	broken = true
	if a := h.ask(t, http.MethodGet, at, organizer, ""); a.Status != http.StatusServiceUnavailable {
		t.Errorf("not recorded: %d %s", a.Status, a.Body)
	}
	published = true
	h.clock.Advance(time.Minute)
	testkit.Eventually(t, testkit.Patience, func() error { // what is kept of the selection grows old
		if a := h.ask(t, http.MethodGet, at, "", ""); a.Status != http.StatusOK {
			return fmt.Errorf("the public: %d %s", a.Status, a.Body)
		}
		return nil
	})
}

// TestDeliveries compares what was sent with what each service consumed.
func TestDeliveries(t *testing.T) {
	report := func(change func(reports map[string]*outbox.Deliveries)) (complete bool, problems string) {
		reports := map[string]*outbox.Deliveries{}
		of := func(service string) *outbox.Deliveries {
			if reports[service] == nil {
				reports[service] = &outbox.Deliveries{Service: service}
			}
			return reports[service]
		}
		for _, spec := range event.All() { // everything once, consumed by everyone
			name := spec.Example.EventType().Name
			for _, p := range spec.Publishers {
				c := outbox.Count{Publisher: p, Name: name, Events: 1, Digest: p + name}
				of(p).Outbox = append(of(p).Outbox, c)
				for _, consumer := range spec.Consumers {
					of(consumer).Inbox = append(of(consumer).Inbox, c)
				}
			}
		}
		change(reports)
		script := map[string]bus.Endpoint{}
		for service, r := range reports {
			script[service+"/report_deliveries"] = says(*r, nil)
		}
		h := bare(t, testkit.Log(t))
		h.serve(t, h.scripted(script))
		h.start(t)
		a := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/deliveries", organizer, "")
		var got struct {
			Complete bool
			Problems []string
		}
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		return got.Complete, strings.Join(got.Problems, "\n")
	}
	inbox := func(d *outbox.Deliveries, name string) int {
		return slices.IndexFunc(d.Inbox, func(c outbox.Count) bool { return c.Name == name })
	}
	if complete, problems := report(func(map[string]*outbox.Deliveries) {}); !complete || problems != "" {
		t.Errorf("all there: %v %s", complete, problems)
	}
	for name, c := range map[string]struct {
		change func(r map[string]*outbox.Deliveries)
		want   string
	}{
		"never consumed": {func(r map[string]*outbox.Deliveries) {
			i := inbox(r["voting"], "candidate_struck")
			r["voting"].Inbox = slices.Delete(r["voting"].Inbox, i, i+1)
		}, "candidate_struck"},
		"another event": {func(r map[string]*outbox.Deliveries) {
			r["review"].Inbox[inbox(r["review"], "tally_sealed")].Digest = "other"
		}, "tally_sealed"},
		"twice": {func(r map[string]*outbox.Deliveries) {
			r["selection"].Inbox[inbox(r["selection"], "decision_made")].Events = 2
		}, "decision_made"},
		"not sent": {func(r map[string]*outbox.Deliveries) { r["selection"].Outbox[0].Unsent = 1 }, "not sent"},
	} {
		t.Run(name, func(t *testing.T) {
			if complete, problems := report(c.change); complete || !strings.Contains(problems, c.want) {
				t.Errorf("%v %q", complete, problems)
			}
		})
	}
}
