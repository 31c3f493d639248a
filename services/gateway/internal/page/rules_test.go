package page_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/selection"
)

const headRules = `laurel: 1
title: {zh: 评选, en: Selection}
edition: 1
timezone: Asia/Shanghai
nominee: team
awards: [{id: gold, title: {zh: 金奖, en: Gold}, seats: 1}, {id: silver, title: {zh: 银奖, en: Silver}, seats: 3}]
`

// Every shape of a rulebook is told in words, in both languages.
func TestRules_shapes(t *testing.T) {
	for name, test := range map[string]struct {
		rules string
		zh    []string
		en    []string
	}{
		"dated, daily, hidden": {
			headRules + `phases:
  voting: {opens: "2026-05-01 09:00", closes: "2026-05-08 18:00"}
  review: {closes: "2026-05-20 18:00"}
  decision: {opens: "2026-05-21 09:00"}
  notice: {working_days: 5, calendar: CN}
vetting: {departments: [{id: a, title: {zh: 甲}, veto: true}, {id: b, title: {zh: 乙}}]}
categories: [{id: rural, title: {zh: 乡村, en: Rural}}]
voting:
  {voters: [device, otp, oidc, roster], frequency: daily, hours: "09:00-22:00", picks: {min: 2, max: 2}, limits: [{category: rural, min: 1, max: 2}],
   change: add, counts: hidden, constituency: {from: choice, values: [东, 西]}}
review:
  panels:
    - {id: p, jurors: 5, scale: {min: 1, max: 10}, criteria: [{id: c}], missing: skip, min_scores: 3,
       aggregate: {method: median, over: criterion, round: {digits: 1, mode: half_even}}}
composite:
  components:
    - {source: votes, weight: 0.5, convert: {method: rank}, per: constituency}
    - {source: panels, convert: {method: points, points: [12, 10, 8]}, per: panel}
  tie_break: [votes, lot]
  lot: {source: {zh: 上证指数收盘, en: the index's close}}
shortlist: {ratio: 1.5}
quotas: [{attribute: category, value: rural, min: 1, of: gold}]
decision: {quorum: 1/2, approve: 2/3, ballot: open}
`,
			[]string{
				"2026年5月1日 09:00 至 2026年5月8日 18:00", "2026年5月20日 18:00 截止", "有一票否决权：甲", "每天 09:00–22:00", "每张选票须选 2 位", "乡村 1 至 2 位",
				"每人每天投一张", "中位数，四舍六入五成双保留 1 位小数", "逐项汇总", "至少须有 3 个打分", "按名次依次得 12、10、8 分", "类别为乡村的至少占 1 名", "上证指数收盘", "记名投票", "公示 5 个工作日", "分区：东、西", "1.5 名候选人",
			},
			[]string{"Choose exactly 2", "The committee votes openly", "the index's close", "Silver: 3 seats", "Gold: 1 seat"},
		},
		"banded, capped, standardized": {
			headRules + `voting: {voters: [roster], frequency: once, picks: {min: 1, max: 3}, counts: live, constituency: {from: roster}}
review: {panels: [{id: p, scale: {min: 0, max: 5}, criteria: [{id: c}], aggregate: {method: standardized, round: {digits: 3, mode: truncate}}, missing: zero}]}
composite:
  components:
    - {source: votes, convert: {method: banded, bands: [{from: 0, score: 35}, {from: 100, score: 50}]}}
    - {source: "panel:p", convert: {method: capped, factor: 0.1, cap: 40}}
  tie_break: [votes, lot]
  lot: {value: "abc"}
`,
			[]string{"达到 100 得 50 分", "每票 0.1 分，最多 40 分", "标准化", "截取 3 位小数", "按 0 分计", "抽签的种子：abc", "按名册确定"},
			[]string{"50 from 100 on", "cut to 3 decimals"},
		},
		"ranked, no public vote": {
			headRules + "composite: {components: [{source: ranked, method: schulze}]}\n",
			[]string{"不设公众投票", "舒尔策法"},
			[]string{"There is no public vote", "Schulze"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newInstallation(t, test.rules, 1)
			at := serve(t, h, "").URL + "/s/" + slug + "/rules"
			for lang, texts := range map[string][]string{"zh-CN": test.zh, "en": test.en} {
				page := get(t, visitor(t), at+"?lang="+lang)
				page.has(t, 200, texts...)
				if raw := regexp.MustCompile(`>[^<]*\b(rules|way|source|attribute|picks|phase|duration)\.[a-z]+[^<]*<|\{[a-z]+\}`).FindString(page.body); raw != "" {
					t.Errorf("%s: no words for %s", lang, raw)
				}
			}
			h.set("voting", selection.Opened)
			page := get(t, visitor(t), strings.TrimSuffix(at, "/rules")).body
			for field, way := range map[string]string{`name="pick"`: "device", `id="voter-code"`: "roster"} {
				if got := strings.Contains(page, field); got != strings.Contains(test.rules, way) {
					t.Errorf("there is a field %s: %v", field, got)
				}
			}
		})
	}
}
