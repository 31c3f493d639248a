package server_test

import (
	"bytes"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// sendsFiles posts a form with files to a desk, as a browser does.
func (h *installation) sendsFiles(t *testing.T, path, session, media string, body io.Reader) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": media, "Sec-Fetch-Site": "same-origin", "Accept-Language": "en", "Cookie": "laurel_session=" + session,
	} {
		req.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// endless is a body that goes on for a while, and counts what is taken of it.
type endless struct {
	head  io.Reader
	left  int64
	taken atomic.Int64
}

func (e *endless) Read(b []byte) (int, error) {
	n, err := e.head.Read(b)
	if err == io.EOF {
		if e.left -= int64(len(b)); e.left < 0 {
			return 0, io.EOF
		}
		n, err = len(b), nil
	}
	e.taken.Add(int64(n))
	return n, err
}

// uploads are the bodies on their way in the store.
func uploads(t *testing.T, root string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, "uploads"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			n++
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return n
}

// Files are read of nobody who may not send them; they go to the store as they
// come, within their bounds, and are gone once a service has answered.
func TestDesk_files(t *testing.T) {
	const boundary = "laurel"
	head := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.zip\"\r\nContent-Type: application/zip\r\n\r\n"
	var photos nomination.AddPhotos
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/add_photos": does(func(in nomination.AddPhotos) (nomination.Photos, error) {
			photos = in
			return nomination.Photos{}, nil
		}),
		"nomination/start_import": does(func(nomination.StartImport) (nomination.Import, error) {
			return nomination.Import{}, fault.New(fault.Malformed, "table_unreadable", "the table cannot be read",
				fault.Wrong("file", "other_kind", "is a file of the kind {kind}, which is not read as a table; save it as .xlsx or .csv", "kind", "JPEG"))
		}),
	}))
	h.start(t, quickly)
	const media = "multipart/form-data; boundary=" + boundary
	for name, session := range map[string]string{"a stranger": "no-session", "a juror": "the-juror@example.org"} {
		h.people()
		body := &endless{head: strings.NewReader(head), left: 400 << 20}
		status, text := h.sendsFiles(t, "/desk/s/"+here+"/photos/add", session, media, body)
		if status != http.StatusUnauthorized && status != http.StatusForbidden || strings.Contains(text, "<form method=\"post\" action=\"/desk/s") {
			t.Errorf("%s: %d %s", name, status, text)
		}
		if taken := body.taken.Load(); taken > 40<<20 { // what the connection's buffers hold
			t.Errorf("%s: %d bytes were taken", name, taken)
		}
	}
	body := &endless{head: strings.NewReader(head), left: 30 << 20}
	if status, text := h.sendsFiles(t, "/desk/s/"+here+"/import/upload", organizer, media, body); status != http.StatusRequestEntityTooLarge ||
		!strings.Contains(text, "too many or too large") {
		t.Errorf("too large: %d %s", status, text)
	}
	if status, _ := h.sendsFiles(t, "/desk/s/"+here+"/photos/add", organizer, media, strings.NewReader(head+"cut")); status != http.StatusBadRequest {
		t.Errorf("cut off: %d", status)
	}
	form := func(files int) (string, io.Reader) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		if err := w.WriteField("by", "number"); err != nil {
			t.Fatal(err)
		}
		for range files {
			part, err := w.CreateFormFile("blob", "../照片.jpg")
			if err == nil {
				_, err = part.Write([]byte("picture"))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return w.FormDataContentType(), &b
	}
	kind, body2 := form(3)
	status, text := h.sendsFiles(t, "/desk/s/"+here+"/photos/add", organizer, kind, body2)
	if status != http.StatusSeeOther || len(photos.Files) != 3 || photos.Files[0].Name != "照片.jpg" || photos.By != nomination.ByNumber {
		t.Errorf("%d %+v %s", status, photos, text)
	}
	kind, body2 = form(2)
	if status, text := h.sendsFiles(t, "/desk/s/"+here+"/import/upload", organizer, kind, body2); status != http.StatusRequestEntityTooLarge {
		t.Errorf("two spreadsheets: %d %s", status, text)
	}
	kind, body2 = form(1)
	if status, text := h.sendsFiles(t, "/desk/s/"+here+"/import/upload", organizer, kind, body2); status != http.StatusBadRequest ||
		!strings.Contains(text, "is a file of the kind JPEG") {
		t.Errorf("a photo as a table: %d %s", status, text)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := uploads(t, h.blobDir); n > 0 {
			return fault.New(fault.Internal, "left", "uploads are left")
		}
		return nil
	})
}

// Whatever is in a field, a heading, a file's name or a fault is shown as text.
func TestDesk_hostileEntries(t *testing.T) {
	const evil = `"><script>alert(1)</script>'=1+1{{.}}`
	nominee := nomination.Nominee{Name: evil, Employer: evil, Region: evil, Deeds: evil, RecommendedBy: evil, Category: evil, Photo: "x"}
	entry := nomination.Entry{
		ID: "0192f0c1-2345-7abc-8def-0123456789ab", Slug: here, State: nomination.Submitted, Nominee: nominee,
		Notes:    []nomination.Note{{Column: evil, Text: evil}},
		Opinions: []nomination.Opinion{{Department: "hr", Verdict: nomination.Fail, Reason: evil, By: evil}},
		Warnings: []nomination.Warning{nomination.Warn(0, fault.Wrong("name", "resembles_entry", "resembles the entry of {name}, {employer}, {region}",
			"name", evil, "employer", evil, "region", evil))},
	}
	wrong := fault.Wrong(evil, "unlisted", "is one of {values}, not {value}", "values", evil, "value", evil).In(3, 2)
	x := nomination.Import{
		ID: "0192f0c1-2345-7abc-8def-0123456789ac", Slug: here, Name: evil, Sheets: []string{evil, "b"}, Sheet: evil, Header: 1, RecommendedBy: evil, By: evil,
		Columns: []nomination.Column{{Name: evil, Samples: []string{evil}, Use: "name"}}, Uses: []string{"name", "attributes." + evil, "note"},
		Check: &nomination.ImportCheck{Faults: []fault.Field{wrong}, Mistakes: 1, Warnings: []nomination.Warning{nomination.Warn(1, wrong)}},
		Job:   &job.Job{State: job.Failed, Fault: fault.New(fault.Invalid, evil, evil), EndedAt: new(time.Time)},
	}
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/find_entries": says(nomination.EntriesFound{
			Entries: []nomination.Entry{entry}, Total: 1, Regions: []nomination.Value{{Text: evil}}, RecommendedBy: []nomination.Value{{Text: evil}},
		}, nil),
		"nomination/get_entry":    says(entry, nil),
		"nomination/list_imports": says([]nomination.Import{x}, nil),
		"nomination/get_import":   says(x, nil),
		"nomination/map_import": says(nil, nomination.ErrMapping.At(fault.Wrong(evil, "field_twice", "{column} and {other} cannot both be {field}",
			"column", evil, "other", evil, "field", evil))),
		"nomination/add_photos": says(nil, nomination.ErrPhotos.At(wrong)),
		"nomination/list_photos": says(nomination.Photos{Total: 1, Columns: []string{evil}, Pictures: []nomination.Picture{
			{ID: x.ID, Name: evil, State: nomination.PictureUnplaced, Photo: "x", Why: &wrong, Warnings: x.Check.Warnings},
		}}, nil),
	}))
	h.start(t, quickly)
	at := "/desk/s/" + here
	for path, form := range map[string]url.Values{
		"/entries?q=" + url.QueryEscape(evil) + "&region=" + url.QueryEscape(evil) + "&sort=" + url.QueryEscape(evil): nil,
		"/entries/" + entry.ID: nil, "/import": nil, "/import/" + x.ID: nil, "/photos?q=" + url.QueryEscape(evil): nil,
		"/import/" + x.ID + "/check": {"uses[0]": {evil}}, "/import/" + x.ID + "/look": {"sheet": {evil}, "header": {evil}}, "/photos/place": {"picture": {evil}},
	} {
		method := http.MethodGet
		if form != nil {
			method = http.MethodPost
		}
		a := h.desk(t, method, at+path, organizer, form)
		if a.Status >= 500 || strings.Contains(a.Body, "<script>alert") || !strings.Contains(a.Body, "&lt;script&gt;") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}
