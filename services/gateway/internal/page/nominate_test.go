package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestNominate hands a nominee in while nominations are open: what is wrong stands
// at its field with all that was typed, and before and after the page says when.
func TestNominate(t *testing.T) {
	h := newInstallation(t, courierRules(t), 1)
	address := serve(t, h, "").URL + "/s/" + slug
	c := visitor(t)
	get(t, c, address+"/nominate").has(t, http.StatusOK, "报名已结束")
	if a := get(t, c, address); strings.Contains(a.body, "/nominate") {
		t.Error("the selection's page leads to a form that takes nothing")
	}
	later := h.now.Add(24 * time.Hour)
	h.phase(rulebook.PhaseNomination, func(p *selection.Phase) { p.State, p.OpensAt = selection.Pending, &later })
	get(t, c, address+"/nominate?lang=en").has(t, http.StatusOK, "Nominations open on")

	h.set(rulebook.PhaseVoting, selection.Pending)
	h.set(rulebook.PhaseNomination, selection.Opened)
	get(t, c, address+"?lang=zh-CN").has(t, http.StatusOK, `href="/s/`+slug+`/nominate"`)
	page := get(t, c, address+"/nominate")
	page.has(t, http.StatusOK, "我要推荐", `name="deeds"`, `name="category"`)
	form := url.Values{"name": {"马<b>晓燕"}, "employer": {"陇运快递"}, "deeds": {"第一行\r\n第二行"}, "years": {"eight"}, "category": {"courier"}}
	send := func() answer { return ask(t, c, http.MethodPost, address+"/nominate/send", form) }
	send().has(t, http.StatusUnprocessableEntity, `href="#years"`, "第二行", `value="陇运快递"`)
	form["years"] = []string{"8"}
	send().has(t, http.StatusUnprocessableEntity, `href="#region"`, `id="region-wrong"`, `value="8"`)
	form["region"], form["name"] = []string{"兰州市"}, []string{"twice"}
	send().has(t, http.StatusConflict, `id="alert"`, `value="兰州市"`)
	form["name"] = []string{"马<b>晓燕"}
	taken := send()
	taken.has(t, http.StatusOK, "the-key", "0192f0c1-2345-7abc-8def-0123456789ab", "马<b>晓燕")
	if !strings.Contains(taken.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("the key may be kept: %s", taken.Header.Get("Cache-Control"))
	}
	if len(h.nominated) != 1 || !strings.HasSuffix(h.nominated[0].Deeds, "\n第二行") || h.nominated[0].Years == nil || *h.nominated[0].Years != 8 {
		t.Errorf("%+v", h.nominated)
	}
}
