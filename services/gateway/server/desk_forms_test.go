package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// heard is what rooms were asked to do, as JSON, by "room/verb".
type heard struct {
	mu   sync.Mutex
	asks map[string]string
}

// hears is a verb that answers with nothing and keeps what it was asked.
func (h *heard) hears(verbs ...string) map[string]bus.Endpoint {
	script := map[string]bus.Endpoint{}
	for _, verb := range verbs {
		script[verb] = bus.Endpoint{Handle: func(_ context.Context, in []byte) (any, error) {
			h.keep(verb, string(in))
			return nil, nil
		}}
	}
	return script
}

func (h *heard) keep(verb, asked string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asks[verb] = asked
}

func (h *heard) said(verb string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asks[verb]
}

// TestDeskOrganizer_forms sends each form of panels, committee, meeting and codes as
// its page has it: the room is asked for what was typed, and the browser is led on
// with a note, or gets what it asked for.
func TestDeskOrganizer_forms(t *testing.T) {
	const juror = "juror-3@example.org"
	reason := "as the panel agreed"
	forms := map[string]struct {
		form  url.Values
		verb  string
		says  []string // in what the room is asked
		leads string   // to; empty: the answer is what was asked for
	}{
		"/panels/experts/seats/take": {
			url.Values{"person": {juror, "juror-4@example.org"}, "employer:" + juror: {"陇运快递"}},
			"review/seat_panel",
			[]string{juror, "juror-4@example.org", "陇运快递"},
			"/panels/experts",
		},
		"/panels/experts/jurors/" + juror + "/assign": {
			url.Values{"candidate": {"7", "9"}}, "review/assign_by_hand", []string{juror, `"candidates":[7,9]`}, "/panels/experts/jurors/" + juror,
		},
		"/panels/experts/jurors/" + juror + "/leave": {
			url.Values{"sheets": {"withdraw"}, "successor.email": {"juror-5@example.org"}, "successor.employer": {"顺风快递"}, "reason": {reason}},
			"review/unseat_juror",
			[]string{juror, "juror-5@example.org", "顺风快递", reason},
			"/panels/experts",
		},
		"/panels/experts/candidates/7/further/send": {
			url.Values{"juror.email": {"juror-5@example.org"}, "juror.employer": {"顺风快递"}, "reason": {reason}},
			"review/call_further",
			[]string{"juror-5@example.org", `"candidate":7`, reason},
			"/panels/experts/candidates/7",
		},
		"/panels/experts/candidates/7/return/send": {
			url.Values{"juror": {juror}, "reason": {reason}}, "review/send_back", []string{juror, `"candidate":7`, reason}, "/panels/experts/candidates/7",
		},
		"/panels/experts/candidates/7/pin/send": {
			url.Values{"juror": {juror}, "conflicted": {"yes"}, "reason": {reason}},
			"review/pin_conflict",
			[]string{juror, `"candidate":7`, `"conflicted":true`, reason},
			"/panels/experts/candidates/7",
		},
		"/committee/take": {url.Values{"person": {juror}}, "review/seat_committee", []string{juror}, "/panels"},
		"/meeting/motion/confirm": {
			url.Values{"motion": {"that the result\nstand"}}, "review/put_motion", []string{`that the result\nstand`}, "/meeting",
		},
		"/meeting/close/confirm": {url.Values{"number": {"3"}}, "review/close_motion", []string{`"motion":3`}, "/meeting"},
		"/roster/codes/send": {
			url.Values{"format": {"xlsx"}, "language": {"en"}, "reason": {reason}}, "identity/export_codes", []string{reason}, "",
		},
		"/roster/mail/send": {
			url.Values{"member": {"0017"}, "email": {"new@example.org"}, "reason": {reason}},
			"identity/mail_codes",
			[]string{"0017", "new@example.org", reason},
			"/roster",
		},
		"/roster/replace/send": {url.Values{"member": {"0017"}, "reason": {reason}}, "identity/replace_code", []string{"0017", reason}, ""},
	}
	kept := &heard{asks: map[string]string{}}
	verbs := []string{"identity/import_roster"}
	for _, one := range forms {
		verbs = append(verbs, one.verb)
	}
	slices.Sort(verbs)
	script := kept.hears(verbs...)
	var h *installation
	script["identity/export_codes"] = does(func(in identity.ExportCodes) (identity.CodesExported, error) {
		asked, err := json.Marshal(in)
		if err != nil {
			return identity.CodesExported{}, err
		}
		kept.keep("identity/export_codes", string(asked))
		sealed, key, err := codelist.Seal([]identity.Coded{{Member: "0017", Code: "7K2M"}})
		if err != nil {
			return identity.CodesExported{}, err
		}
		ref, err := h.blobs.In(blob.Uploads).Put(t.Context(), bytes.NewReader(sealed), 1<<20)
		return identity.CodesExported{Blob: ref.Hash, Key: key, Members: 1, Export: 2}, err
	})
	h, _ = organizing(t, script)
	for path, one := range forms {
		a := h.desk(t, http.MethodPost, "/desk/s/"+here+path, organizer, one.form)
		to := a.Header.Get("Location")
		if one.leads == "" && a.Status != http.StatusOK || one.leads != "" && (a.Status != http.StatusSeeOther || to != "/desk/s/"+here+one.leads) {
			t.Errorf("%s: %d, leads to %q: %.800s", path, a.Status, to, mainOf(a.Body))
		}
		if one.leads != "" && noteOf(t, a).Text == "" {
			t.Errorf("%s: nothing is told of it", path)
		}
		asked := kept.said(one.verb)
		for _, text := range append(one.says, here) {
			if !strings.Contains(asked, text) {
				t.Errorf("%s: %s is asked %s, without %q", path, one.verb, asked, text)
			}
		}
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("blob", "members.csv")
	if err == nil {
		_, err = part.Write([]byte("member\n0017\n"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	status, text := h.sendsFiles(t, "/desk/s/"+here+"/roster/import", organizer, w.FormDataContentType(), &body)
	if asked := kept.said("identity/import_roster"); status != http.StatusSeeOther || !strings.Contains(asked, `"blob":"`) {
		t.Errorf("the roster: %d, asked %s: %.600s", status, asked, mainOf(text))
	}
}
