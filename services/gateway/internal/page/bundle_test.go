package page_test

import (
	"regexp"
	"strings"
	"testing"
)

// The page of a result leads to one that checks it in the browser. Its scripts are the
// site's; only the worker that runs the program may compile one.
func TestPages_checkBundle(t *testing.T) {
	h := keeping(t, "")
	site := serve(t, h, "").URL
	at := site + "/s/" + slug
	c := visitor(t)
	get(t, c, at+"/results").has(t, 200, `href="/s/`+slug+`/check/bundle"`, `href="/s/`+slug+`/bundle.zip"`, "laurel verify "+slug+".zip")
	page := get(t, c, at+"/check/bundle")
	page.has(t, 200, "在浏览器中核对结果", `href="/s/`+slug+`/bundle.zip"`)
	if policy := page.Header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
		t.Errorf("the page's policy is %s", policy)
	}
	if !strings.Contains(page.body, "data-worker") { // built without the verifier, which make builds
		page.has(t, 200, "没有包含浏览器核对程序")
		return
	}
	for attribute, policy := range map[string]string{"worker": "script-src 'self' 'wasm-unsafe-eval'", "start": "", "program": ""} {
		found := regexp.MustCompile(`data-` + attribute + `="([^"]+)"`).FindStringSubmatch(page.body)
		if found == nil {
			t.Errorf("the page names no %s", attribute)
			continue
		}
		answer := get(t, c, site+found[1])
		own := answer.Header.Get("Content-Security-Policy")
		if answer.StatusCode != 200 || !strings.Contains(own, policy) || policy == "" && strings.Contains(own, "unsafe") {
			t.Errorf("%s: %d %s", found[1], answer.StatusCode, own)
		}
	}
}
