package page_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// everyRule has nearly every key of a rulebook.
const everyRule = `laurel: 1
title: {zh: 评选, en: Selection}
edition: 1
timezone: Asia/Shanghai
nominee: team
attributes: [school]
headings: [{field: employer, names: [所属企业]}, {field: region, names: [片区]}]
categories: [{id: rural, title: {zh: 乡村}}, {id: city}]
awards: [{id: gold, title: {zh: 金奖}, seats: 2}, {id: silver, seats: 3}]
phases:
  nomination: {opens: "2026-03-01 09:00", closes: "2026-03-02 09:00"}
  vetting: {opens: "2026-03-03 09:00", closes: "2026-03-04 09:00"}
  voting: {opens: "2026-03-05 09:00", closes: "2026-03-06 09:00"}
  review: {opens: "2026-03-07 09:00", closes: "2026-03-08 09:00"}
  decision: {opens: "2026-03-09 09:00", closes: "2026-03-10 09:00"}
  notice: {working_days: 5, calendar: CN, starts: same_day, shortened_to: 3s}
vetting: {departments: [{id: hr, title: {zh: 人社}, veto: true}, {id: law}]}
voting:
  voters: [roster]
  frequency: daily
  hours: "09:00-22:00"
  picks: {min: 2, max: 4}
  limits: [{category: rural, min: 1, max: 3}]
  change: add
  counts: hidden
  publication: {every: 30s, ballots: 20}
  constituency: {from: choice, values: [东, 西]}
review:
  panels:
    - id: experts
      jurors: 5
      blind: [name]
      assign: random
      scale: {min: 1, max: 10, step: 0.5}
      criteria: [{id: deeds, title: {zh: 实绩}, weight: 50%}, {id: skill}]
      aggregate: {method: trimmed_mean, drop_high: 1, drop_low: 1, over: criterion, round: {digits: 1, mode: half_even}}
      missing: skip
      min_scores: 3
      sees_others: after_own
      spread_limit: 15
    - {id: public, title: {zh: 大众}, criteria: [{id: c}]}
composite:
  round: {digits: 2, mode: half_up}
  components:
    - {source: votes, weight: 0.4, convert: {method: rank, top: 90, ties: same}, per: constituency}
    - {source: "panel:experts", convert: {method: capped, factor: 0.1, cap: 40}}
    - {source: "panel:public", convert: {method: banded, bands: [{from: 0, score: 35}, {from: 60, score: 50}]}}
  tie_break: [votes, lot]
  lot: {value: abc}
shortlist: {ratio: 1.5}
quotas: [{attribute: category, value: rural, max: 3, min: 1, of: silver}]
decision: {quorum: 1/2, approve: 2/3, ballot: open, sign_off: hosts, approve_change: 3/4, recused: count}
hosts: [{id: union, title: {zh: 总工会}}]
organizers: [{zh: 日报社}]
description: {zh: 表彰, en: Honours}
contact: {zh: 电话}
labels: [{attribute: region, title: {zh: 学区}, values: [{value: a, title: {zh: 甲区}}]}, {attribute: years}]
results: {show: shortlisted, scores: total}
notice:
  order: strokes
  show: [employer, region]
  objections: {by: postmark, anonymous: true, answer_in: 7}
  office: {name: {zh: 纪检组}, hours: {zh: 上班时}, phone: "0931-1", address: {zh: 一号}, postcode: "730000", mail: a@b.example}
  notices: [{title: {zh: 推荐公示}, working_days: 3}, {title: {zh: 主办公示}}, {title: {zh: 街道公示}, days: 4}]
`

// changes are a change of each key of everyRule: what is written there, and what
// in its place.
func changes() map[string][2]string {
	all := map[string][2]string{
		"title":                                    {"{zh: 评选, en: Selection}", "{zh: 评奖, en: Choice}"},
		"description":                              {"{zh: 表彰, en: Honours}", "{zh: 颂扬, en: Praise}"},
		"contact":                                  {"zh: 电话", "zh: 邮箱"},
		"labels.attribute":                         {"{attribute: years}", "{attribute: gender}"},
		"labels.title":                             {"zh: 学区", "zh: 片区域"},
		"labels.values.value":                      {"value: a,", "value: b,"},
		"labels.values.title":                      {"zh: 甲区", "zh: 乙区"},
		"hosts":                                    {"zh: 总工会", "zh: 妇联"},
		"organizers":                               {"zh: 日报社", "zh: 晚报社"},
		"results.show":                             {"show: shortlisted", "show: awarded"},
		"results.scores":                           {"scores: total", "scores: none"},
		"edition":                                  {"edition: 1", "edition: 2"},
		"timezone":                                 {"Asia/Shanghai", "Europe/Berlin"},
		"nominee":                                  {"team", "person"},
		"attributes":                               {"[school]", "[college]"},
		"headings.field":                           {"field: region", "field: deeds"},
		"headings.names":                           {"[所属企业]", "[所属企业, 派出单位]"},
		"categories.id":                            {"{id: city}", "{id: town}"},
		"categories.title":                         {"zh: 乡村", "zh: 乡镇"},
		"awards.id":                                {"{id: silver, seats: 3}", "{id: silver, title: {zh: 银奖}, seats: 3}"},
		"awards.title":                             {"zh: 金奖", "zh: 大奖"},
		"awards.seats":                             {"seats: 3", "seats: 4"},
		"phases.notice.working_days":               {"working_days: 5", "working_days: 7"},
		"phases.notice.calendar":                   {"calendar: CN", "calendar: weekdays"},
		"phases.notice.days":                       {"working_days: 5, calendar", "days: 5, calendar"},
		"phases.notice.starts":                     {"starts: same_day", "starts: next_day"},
		"notice.order":                             {"order: strokes", "order: region"},
		"notice.show":                              {"show: [employer, region]", "show: []"},
		"notice.objections.by":                     {"by: postmark", "by: arrival"},
		"notice.objections.anonymous":              {"anonymous: true", "anonymous: false"},
		"notice.objections.answer_in":              {"answer_in: 7", "answer_in: 8"},
		"notice.office.name":                       {"zh: 纪检组", "zh: 监察组"},
		"notice.office.hours":                      {"zh: 上班时", "zh: 全天"},
		"notice.office.phone":                      {"0931-1", "0931-2"},
		"notice.office.address":                    {"zh: 一号", "zh: 二号"},
		"notice.office.postcode":                   {"730000", "730001"},
		"notice.office.mail":                       {"a@b.example", "c@b.example"},
		"notice.notices.title":                     {"zh: 街道公示", "zh: 社区公示"},
		"notice.notices.working_days":              {"working_days: 3", "working_days: 2"},
		"notice.notices.days":                      {"days: 4", "days: 6"},
		"phases.notice.shortened_to":               {"shortened_to: 3s", "shortened_to: 4s"},
		"vetting.departments.id":                   {"{id: law}", "{id: tax}"},
		"vetting.departments.title":                {"zh: 人社", "zh: 公安"},
		"vetting.departments.veto":                 {"veto: true", "veto: false"},
		"voting.voters":                            {"[roster]", "[otp, roster]"},
		"voting.frequency":                         {"daily", "once"},
		"voting.hours":                             {"09:00-22:00", "09:00-21:00"},
		"voting.picks.min":                         {"picks: {min: 2", "picks: {min: 1"},
		"voting.picks.max":                         {"max: 4}", "max: 5}"},
		"voting.limits.category":                   {"category: rural, min", "category: city, min"},
		"voting.limits.min":                        {"rural, min: 1", "rural, min: 2"},
		"voting.limits.max":                        {"min: 1, max: 3}]", "min: 1, max: 2}]"},
		"voting.change":                            {"change: add", "change: no"},
		"voting.counts":                            {"hidden", "live"},
		"voting.publication.every":                 {"every: 30s", "every: 2m"},
		"voting.publication.ballots":               {"ballots: 20", "ballots: 1"},
		"voting.constituency.from":                 {"{from: choice, values: [东, 西]}", "{from: roster, values: [东, 西]}"},
		"voting.constituency.values":               {"[东, 西]", "[东, 南]"},
		"review.panels.id":                         {"experts", "jury"},
		"review.panels.title":                      {"zh: 大众", "zh: 群众"},
		"review.panels.jurors":                     {"jurors: 5", "jurors: 6"},
		"review.panels.blind":                      {"[name]", "[name, deeds]"},
		"review.panels.assign":                     {"assign: random", "assign: hand"},
		"review.panels.missing":                    {"missing: skip", "missing: zero"},
		"review.panels.min_scores":                 {"min_scores: 3", "min_scores: 4"},
		"review.panels.sees_others":                {"after_own", "never"},
		"review.panels.spread_limit":               {"spread_limit: 15", "spread_limit: 16"},
		"review.panels.scale.min":                  {"{min: 1, max: 10", "{min: 2, max: 10"},
		"review.panels.scale.max":                  {"max: 10", "max: 20"},
		"review.panels.scale.step":                 {"step: 0.5", "step: 1"},
		"review.panels.criteria.id":                {"{id: skill}", "{id: service}"},
		"review.panels.criteria.title":             {"zh: 实绩", "zh: 业绩"},
		"review.panels.criteria.weight":            {"50%", "60%"},
		"review.panels.aggregate.method":           {"method: trimmed_mean, drop_high: 1, drop_low: 1", "method: median"},
		"review.panels.aggregate.drop_high":        {"drop_high: 1", "drop_high: 0"},
		"review.panels.aggregate.drop_low":         {"drop_low: 1", "drop_low: 0"},
		"review.panels.aggregate.over":             {"over: criterion", "over: sheet"},
		"review.panels.aggregate.round.digits":     {"digits: 1", "digits: 3"},
		"review.panels.aggregate.round.mode":       {"half_even", "truncate"},
		"composite.round.digits":                   {"digits: 2", "digits: 3"},
		"composite.round.mode":                     {"half_up", "truncate"},
		"composite.components.source":              {"source: \"panel:public\"", "source: panels"},
		"composite.components.weight":              {"weight: 0.4", "weight: 0.5"},
		"composite.components.per":                 {", per: constituency", ""},
		"composite.components.method":              {composite(), "  components: [{source: ranked, method: schulze}]\n  tie_break: [lot]\n"},
		"composite.components.convert.method":      {"method: rank, top: 90, ties: same", "method: proportional, top: 90"},
		"composite.components.convert.top":         {"top: 90", "top: 80"},
		"composite.components.convert.factor":      {"factor: 0.1", "factor: 0.2"},
		"composite.components.convert.cap":         {"cap: 40", "cap: 50"},
		"composite.components.convert.points":      {"method: rank, top: 90, ties: same", "method: points, points: [3, 2, 1]"},
		"composite.components.convert.ties":        {"ties: same", "ties: average"},
		"composite.components.convert.bands.from":  {"from: 60", "from: 70"},
		"composite.components.convert.bands.score": {"score: 50", "score: 60"},
		"composite.tie_break":                      {"tie_break: [votes, lot]", "tie_break: [\"panel:public\", lot]"},
		"composite.lot.value":                      {"value: abc", "value: abd"},
		"composite.lot.source":                     {"{value: abc}", "{source: {zh: 指数}}"},
		"shortlist.ratio":                          {"ratio: 1.5", "ratio: 2"},
		"quotas.attribute":                         {"{attribute: category, value: rural, max: 3, min: 1, of: silver}", "{attribute: region, max: 3, of: silver}"},
		"quotas.value":                             {"value: rural", "value: city"},
		"quotas.max":                               {"max: 3, min: 1, of", "max: 2, min: 1, of"},
		"quotas.min":                               {"min: 1, of", "min: 2, of"},
		"quotas.of":                                {"of: silver", "of: gold"},
		"decision.quorum":                          {"quorum: 1/2", "quorum: 2/3"},
		"decision.approve":                         {"approve: 2/3", "approve: 3/4"},
		"decision.ballot":                          {"ballot: open", "ballot: secret"},
		"decision.approve_change":                  {"approve_change: 3/4", "approve_change: 4/5"},
		"decision.recused":                         {"recused: count", "recused: leave_out"},
		"decision.sign_off":                        {", sign_off: hosts", ""},
	}
	for i, phase := range []string{"nomination", "vetting", "voting", "review", "decision"} {
		all["phases."+phase+".opens"] = [2]string{"opens: \"2026-03-0" + string(rune('1'+2*i)) + " 09:00", "opens: \"2026-03-0" + string(rune('1'+2*i)) + " 08:00"}
		all["phases."+phase+".closes"] = [2]string{closing(i, "09"), closing(i, "08")}
	}
	return all
}

// closing is the end of the phase in the table's order.
func closing(i int, hour string) string {
	return "closes: \"2026-03-" + []string{"02", "04", "06", "08", "10"}[i] + " " + hour + ":00"
}

// composite is what ranked ballots stand in the place of.
func composite() string {
	begin, end := strings.Index(everyRule, "  round: {digits: 2"), strings.Index(everyRule, "shortlist:")
	return everyRule[begin:end]
}

// The rules page has a sentence for every key of the rulebook's reader: who
// changes it, changes the page, in each language.
func TestRules_keys(t *testing.T) {
	keys, change := rulebook.Keys(), changes()
	h := newInstallation(t, everyRule, 1)
	at := serve(t, h, "").URL + "/s/" + slug + "/rules?lang="
	rules := func(text, lang string) string {
		h.rule(t, text)
		page := get(t, visitor(t), at+lang)
		page.has(t, 200)
		if raw := regexp.MustCompile(`>[^<]*\b(rules|way|source|attribute|picks|phase|duration)\.[a-z]+[^<]*<|\{[a-z]+\}`).FindString(page.body); raw != "" {
			t.Errorf("%s: no words for %s", lang, raw)
		}
		return strings.ReplaceAll(page.body, h.selections[0].RulebookHash, "") // which every change changes
	}
	before := map[string]string{"zh-CN": rules(everyRule, "zh-CN"), "en": rules(everyRule, "en")}
	for _, key := range keys {
		if key == "laurel" || slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(k, key+".") }) {
			continue // the version of the format; what its own keys tell
		}
		with, ok := change[key]
		if !ok || strings.Count(everyRule, with[0]) == 0 {
			t.Errorf("changes has no change of %s", key)
			continue
		}
		changed := strings.ReplaceAll(everyRule, with[0], with[1])
		if _, err := rulebook.Parse([]byte(changed)); err != nil {
			t.Errorf("%s: the change does not hold: %v", key, err)
			continue
		}
		for lang, page := range before {
			if rules(changed, lang) == page {
				t.Errorf("the rules page (%s) has no sentence for %s", lang, key)
			}
		}
	}
}
