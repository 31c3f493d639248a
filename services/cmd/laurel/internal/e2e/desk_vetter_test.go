package e2e_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
)

const markup = `<b>&amp;<script>alert(1)</script>"'`

// vetting is an installation at work on entries, of whom one has a photo and one
// is full of markup. The first vetter speaks for two departments.
func vetting(t *testing.T) (h *harness, token string, ids []string) {
	t.Helper()
	h = together(t)
	h.Rules = strings.Replace(h.Rules, "en: Human resources}, veto: true}]",
		"en: Human resources}, veto: true}, {id: tax, title: {zh: 税务, en: Tax office}}]", 1)
	h.Input.Staff = append(h.Input.Staff, script.Member{Role: identity.Vetter, Scope: "tax", Name: "vetter-2", Email: email("vetter-2")})
	h.run(t, h.Create, h.Nominate)
	organizer := h.Organizer()
	if _, err := organizer.SubmitEntry(t.Context(), slug, nomination.Nominee{
		Name: "马一", Employer: markup, Region: markup, Deeds: markup + "\n" + markup, RecommendedBy: markup,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := organizer.GiveRole(t.Context(), slug, gateway.GiveRole{Email: email("vetter-1"), Role: identity.Vetter, Scope: "tax"}); err != nil {
		t.Fatal(err)
	}
	all, err := organizer.Entries(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 300, 400)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := organizer.SetPhoto(t.Context(), slug, all[0].ID, photo.Bytes()); err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	return h, h.token(t, identity.Vetter, 1), ids
}

// opinions are those of a department, by entry.
func (h *harness) opinions(t *testing.T, department string) map[string]string {
	t.Helper()
	all, err := h.Organizer().Entries(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range all {
		for _, o := range e.Opinions {
			if o.Department == department {
				out[e.ID] = o.Verdict + " " + o.Reason
			}
		}
	}
	return out
}

// TestDesk_vetter vets entries by the keyboard alone, from signing in on.
func TestDesk_vetter(t *testing.T) {
	t.Parallel()
	h, _, ids := vetting(t)
	s := h.byKeys(t, email("vetter-1"), "/vetting?department=hr")
	s.until(`document.querySelectorAll(".docket li").length > 0`)
	s.shortcuts("n", "m")
	s.keys("n") // begin with the first
	s.until(`location.pathname.endsWith("` + ids[0] + `") && document.querySelector(".entry-photo").naturalWidth === 300`)
	s.shortcuts("p", "f", "u", "j", "→")
	s.keys("p")
	s.until(`location.pathname.endsWith("` + ids[1] + `") && document.querySelector("#note").innerText.includes("has passed")`)
	s.keys("1") // a phrase, which is then the vetter's own
	s.until(`document.activeElement.id === "reason" && document.activeElement.value.includes("incomplete")`)
	s.seen()
	s.keys("!\t\r")
	s.until(`location.pathname.endsWith("` + ids[2] + `") && document.querySelector("#note").innerText.includes("vetoed")`)
	if phrase := s.text(`document.querySelector("[data-phrase]").value`); phrase != "Documents are incomplete.!" {
		t.Errorf("the first phrase is %q", phrase)
	}
	s.keys("z") // undo
	s.until(`location.pathname.endsWith("` + ids[1] + `") && document.querySelector("#pass") && document.querySelector("#note").innerText.includes("taken back")`)
	s.keys("f")
	s.until(`document.activeElement.id === "reason"`)
	s.keys("no record\t\r")
	s.until(`location.pathname.endsWith("` + ids[2] + `")`)
	s.keys("j")
	s.until(`location.pathname.endsWith("` + ids[3] + `")`)
	s.keys("k")
	s.until(`location.pathname.endsWith("` + ids[2] + `")`)
	got := h.opinions(t, "hr")
	if len(got) != 2 || got[ids[0]] != "pass " || got[ids[1]] != "fail no record" {
		t.Errorf("opinions %v", got)
	}
	s.keys("u")
	s.until(`document.querySelectorAll(".docket li").length === 7`)
	s.keys(strings.Repeat("\t", s.tabsTo(`input[name="entry"]`)) + " \t\t ") // tick two
	s.keys("m")
	s.until(`document.querySelector("h1").innerText.includes("2 entries") && document.querySelectorAll(".docket li").length === 2`)
	s.keys("p")
	s.until(`document.querySelector("#note").innerText.includes("2 entries have passed")`)
	if got := h.opinions(t, "hr"); len(got) != 4 {
		t.Errorf("opinions %v", got)
	}
	s.keys("z")
	s.until(`document.querySelector("#note").innerText.includes("2 entries are taken back")`)
	if got := h.opinions(t, "hr"); len(got) != 2 {
		t.Errorf("opinions after undo %v", got)
	}
	s.keys("/")
	s.keys("第5个\r")
	s.until(`location.search.includes("search=") && document.querySelectorAll(".docket li").length === 1`)
	if address := s.text(`location.search`); !strings.Contains(address, "department=hr") {
		t.Errorf("the address lost the department: %s", address)
	}
	// The role is taken away in mid-session: the next act is refused, and says why.
	s.keys("n")
	s.until(`document.querySelector("#pass")`)
	if _, err := h.Organizer().RevokeRole(t.Context(), slug, email("vetter-1"), identity.Vetter, "hr"); err != nil {
		t.Fatal(err)
	}
	s.keys("p")
	s.until(`document.querySelector("h1").innerText.includes("Not allowed") && document.body.innerText.includes("taken back")`)
	if got := h.opinions(t, "hr"); len(got) != 2 {
		t.Errorf("opinions by who has no role %v", got)
	}
}

// TestDesk_vetterForms does each act of a vetter without scripts, and is refused
// what is not a vetter's.
func TestDesk_vetterForms(t *testing.T) {
	t.Parallel()
	h, token, ids := vetting(t)
	second := h.token(t, identity.Vetter, 2)
	give := func(id string, form url.Values) (int, string) {
		t.Helper()
		return h.posted(t, token, "/vetting/"+id+"/give", form)
	}
	has := func(status int, body string, want int, texts ...string) {
		t.Helper()
		if status != want {
			t.Errorf("status %d, want %d: %s", status, want, mainOf(body))
		}
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%q is missing from %s", text, mainOf(body))
			}
		}
	}
	status, body := h.got(t, token, "/vetting?department=hr&show=all")
	has(status, body, http.StatusOK, "Human resources", "Tax office", "&lt;b&gt;&amp;amp;&lt;script&gt;", "organizer closes vetting")
	if strings.Contains(body, "<script>alert") {
		t.Error("markup is not text")
	}
	status, body = h.got(t, token, "/vetting/"+ids[8]+"?department=hr")
	has(status, body, http.StatusOK, "&lt;script&gt;alert(1)")
	if strings.Contains(body, "<script>alert") {
		t.Error("markup is not text")
	}
	status, body = give(ids[0], url.Values{"department": {"hr"}, "verdict": {"pass"}, "next": {ids[1]}})
	has(status, body, http.StatusOK, "has passed", "Undo")
	status, body = give(ids[0], url.Values{"department": {"tax"}, "verdict": {"pass"}})
	has(status, body, http.StatusOK, "is candidate")
	status, body = h.posted(t, token, "/vetting/withdraw", url.Values{"department": {"tax"}, "entry": {ids[0]}})
	has(status, body, http.StatusOK, "taken back", "waits for it again")
	status, body = give(ids[1], url.Values{"department": {"hr"}, "verdict": {"fail"}})
	has(status, body, http.StatusUnprocessableEntity, "This has to be mended", `href="#reason"`, `aria-invalid="true"`)
	status, body = give(ids[1], url.Values{"department": {"hr"}, "verdict": {"fail"}, "reason": {markup}, "phrase": {"put in"}})
	has(status, body, http.StatusOK, "&lt;b&gt;", "\nput in</textarea>")
	status, body = give(ids[1], url.Values{"department": {"hr"}, "verdict": {"fail"}, "reason": {markup}})
	has(status, body, http.StatusOK, "is vetoed")
	status, body = give(ids[1], url.Values{"department": {"tax"}, "verdict": {"pass"}})
	has(status, body, http.StatusConflict, "Vetoed")
	status, body = h.got(t, token, "/vetting/many?department=hr&entry="+ids[2]+"&entry="+ids[3]+"&entry="+ids[1])
	has(status, body, http.StatusOK, "Opinion on 2 entries", "does not wait for your opinion any more", "Pass all 2")
	status, body = h.posted(t, token, "/vetting/many/give", url.Values{"department": {"hr"}, "entry": {ids[2] + "," + ids[3]}, "verdict": {"fail"}})
	has(status, body, http.StatusUnprocessableEntity, "Opinion on 2 entries", `aria-invalid="true"`)
	status, body = h.posted(t, token, "/vetting/many/give",
		url.Values{"department": {"hr"}, "entry": {ids[2] + "," + ids[3]}, "verdict": {"fail"}, "reason": {"late"}})
	has(status, body, http.StatusOK, "2 entries have failed")
	status, body = h.posted(t, token, "/vetting/many/give", url.Values{"department": {"hr"}, "entry": {ids[2]}, "verdict": {"pass"}})
	has(status, body, http.StatusConflict, "decided")
	status, body = h.posted(t, second, "/vetting/"+ids[4]+"/give", url.Values{"department": {"hr"}, "verdict": {"pass"}})
	has(status, body, http.StatusForbidden, "Nothing was changed")
	for path, want := range map[string]int{
		"/vetting/x": http.StatusNotFound, "/vetting/0192f0c1-2345-7abc-8def-0123456789ab": http.StatusNotFound,
		"/vetting?page=99": http.StatusOK, "/vetting?show=x&order=y&page=-1": http.StatusOK, "/vetting/many": http.StatusOK,
		"/vetting/many?entry=x": http.StatusNotFound, "/vetting/" + ids[0] + "/photo/" + strings.Repeat("0", 64): http.StatusNotFound,
	} {
		if status, body := h.got(t, token, path); status != want {
			t.Errorf("%s: %d, want %d %s", path, status, want, body)
		}
	}
	// The phase is closed meanwhile: the page says so, and nothing is written.
	for _, phase := range []string{rulebook.PhaseNomination, rulebook.PhaseVetting} {
		if phase == rulebook.PhaseVetting {
			for _, id := range ids {
				for _, d := range []string{"hr", "tax"} {
					give(id, url.Values{"department": {d}, "verdict": {"pass"}})
				}
			}
		}
		if err := h.Close(t.Context(), phase); err != nil {
			t.Fatal(err)
		}
	}
	before := len(h.opinions(t, "hr"))
	status, body = h.posted(t, token, "/vetting/withdraw", url.Values{"department": {"hr"}, "entry": {ids[0]}})
	has(status, body, http.StatusConflict, "not open")
	status, body = give(ids[2], url.Values{"department": {"hr"}, "verdict": {"pass"}})
	has(status, body, http.StatusConflict, "Vetting is closed")
	if after := len(h.opinions(t, "hr")); after != before {
		t.Errorf("%d opinions became %d", before, after)
	}
}

// TestDesk_vetter_look looks at a vetter's pages.
func TestDesk_vetter_look(t *testing.T) {
	t.Parallel()
	h, token, ids := vetting(t)
	h.posted(t, token, "/vetting/"+ids[1]+"/give", url.Values{"department": {"hr"}, "verdict": {"fail"}, "reason": {"社会保险缴纳年限不足，差三个月。"}})
	h.posted(t, token, "/vetting/"+ids[2]+"/give", url.Values{"department": {"hr"}, "verdict": {"pass"}})
	s := h.at(t, token)
	for name, path := range map[string]string{
		"vetting": "/vetting", "vetting-all": "/vetting?show=all", "vetting-none": "/vetting?search=nobody", "vetting-entry": "/vetting/" + ids[0],
		"vetting-given": "/vetting/" + ids[1], "vetting-markup": "/vetting/" + ids[8], "vetting-many": "/vetting/many?entry=" + ids[3] + "," + ids[4],
	} {
		browser.Look(t, s.ctx, name, h.desk(path))
	}
}
