package page_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/voting"
)

// TestStatement shows a visitor what is recorded for them, and a stranger
// nothing.
func TestStatement(t *testing.T) {
	b := newBooth(t)
	b.form.has(t, 200, `href="/s/`+slug+`/statement"`)
	page := b.address + "/statement"
	none := get(t, b.visitor, page)
	none.has(t, 200, "没有以您的名义记录的选票", "laurel/"+slug+"/statement", `href="/s/`+slug+`/statement.txt"`)
	noScript(t, none)
	b.vote(t, b.form.ballot(t, "3")).has(t, http.StatusSeeOther)
	get(t, b.visitor, b.address+"/voted").has(t, 200, `href="/s/`+slug+`/statement"`)
	get(t, b.visitor, page).has(t, 200, "1 张")
	get(t, b.visitor, page+"?lang=en").has(t, 200, "One ballot is recorded", "does not prove")

	file := get(t, b.visitor, page+".txt")
	file.has(t, 200, "laurel/"+slug+"/statement\n")
	h := file.Header
	if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Cache-Control") != "private, no-store" ||
		h.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the file: %v", h)
	}

	stranger := visitor(t)
	get(t, stranger, page).has(t, 200, "这个浏览器还没有投票资格")
	if a := get(t, stranger, page+".txt"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/s/"+slug+"/statement" {
		t.Errorf("a stranger's file: %d %s", a.StatusCode, a.body)
	}
	b.services.change(func(h *installation) { h.stateErr = voting.ErrNotOpen })
	get(t, b.visitor, page+"?lang=zh-CN").has(t, 200, "投票还没有开始")
	b.services.change(func(h *installation) { h.stateErr = voting.ErrBusy })
	get(t, b.visitor, page).has(t, http.StatusServiceUnavailable)
}
