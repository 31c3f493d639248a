package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
)

// TestDesk_work counts what a page of a vetter or a juror asks of services, and
// weighs it with all that it links: neither grows with the entries.
func TestDesk_work(t *testing.T) {
	const most, weight = 5, 120_000 // calls, one of them a session's for each act; bytes
	calls := map[int]map[string]int64{}
	for _, n := range []int{6, 60} {
		h, asked := counted(t, n)
		calls[n] = map[string]int64{}
		for path, who := range map[string]string{
			"/vetting?show=all": "vetter@example.org", "/vetting/0192f0c1-2345-7abc-8def-0123456789ab": "vetter@example.org",
			"/sheets/experts": "juror@example.org", "/sheets/experts/K-1": "juror@example.org",
			"/sheets/experts/review": "juror@example.org", "/sheets/experts/print": "juror@example.org",
		} {
			asked.Store(0)
			size, body := h.weigh(t, "/desk/s/"+here+path, who)
			calls[n][path] = asked.Load() / 2 // it was asked twice, plain and packed
			for _, link := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(body, -1) {
				linked, _ := h.weigh(t, link[1], who)
				size += linked
			}
			if size > weight {
				t.Errorf("%s of %d weighs %d bytes", path, n, size)
			}
			if calls[n][path] > most || calls[n][path] == 0 {
				t.Errorf("%s of %d asks services %d times", path, n, calls[n][path])
			}
			if n == 60 && calls[n][path] != calls[6][path] {
				t.Errorf("%s asks %d times for 6 and %d times for 60", path, calls[6][path], calls[n][path])
			}
			t.Logf("%s of %d: %d calls, %d bytes", path, n, calls[n][path], size)
		}
	}
}

// counted is an installation with n entries in a department's and a juror's list,
// and counts what its rooms are asked.
func counted(t *testing.T, n int) (*installation, *atomic.Int64) {
	t.Helper()
	h := bare(t, testkit.Log(t))
	h.identity.grants["vetter@example.org"] = []identity.Grant{{Slug: here, Role: identity.Vetter, Scope: "hr"}}
	h.identity.grants["juror@example.org"] = []identity.Grant{{Slug: here, Role: identity.Juror, Scope: "experts"}}
	story := strings.Repeat("风雨无阻，把每一件快递送到乡亲手里。", 200)
	list, own := nomination.VettingList{Found: n, Counts: map[nomination.Show]int{}}, review.OwnSheets{Open: true}
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	for i := range n {
		opinion := &nomination.Opinion{Department: "hr", Verdict: nomination.Fail, Reason: strings.Repeat("材料不齐。", 20), By: "李审核", At: at}
		list.Entries = append(list.Entries, nomination.VettingEntry{
			ID: fmt.Sprintf("0192f0c1-2345-7abc-8def-%012d", i), Name: fmt.Sprintf("候选%d", i), Employer: "陇运速递有限公司", Region: "兰州市", Opinion: opinion,
		})
		own.List = append(own.List, review.Assignment{Candidate: fmt.Sprintf("K-%d", i), Sheet: &review.Sheet{
			Scores: map[string]string{"deeds": fmt.Sprint(40 + i), "service": "80", "skill": "70.5"}, Revision: 1, At: at,
		}})
	}
	one := own.List[1]
	one.Deeds = story
	own.One = &one
	rooms := h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil), "review/get_sheets": says(own, nil), "nomination/list_vetting": says(list, nil),
		"nomination/get_vetting": says(nomination.VettingStep{Entry: nomination.Entry{
			ID: "0192f0c1-2345-7abc-8def-0123456789ab", State: nomination.Submitted, Nominee: nomination.Nominee{Name: "马一", Deeds: story},
		}, Place: 1, Found: n}, nil),
	})
	asked := new(atomic.Int64)
	for _, endpoints := range rooms {
		for i := range endpoints {
			handle := endpoints[i].Handle
			endpoints[i].Handle = func(ctx context.Context, in []byte) (any, error) {
				asked.Add(1)
				return handle(ctx, in)
			}
		}
	}
	h.serve(t, rooms)
	h.start(t, quickly)
	return h, asked
}

// weigh gets an address as a browser does, and gives its bytes on the wire.
func (h *installation) weigh(t *testing.T, path, session string) (size int, body string) {
	t.Helper()
	plain := h.desk(t, http.MethodGet, path, session, nil)
	if plain.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, plain.Status, plain.Body)
	}
	asked, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked.Header.Set("Accept-Encoding", "gzip")
	asked.Header.Set("Cookie", "laurel_session="+session)
	resp, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	packed, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return len(packed), plain.Body
}
