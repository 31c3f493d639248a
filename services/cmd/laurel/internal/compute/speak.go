package compute

import (
	"cmp"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// newSpeaker speaks the language that was asked for, with the rulebook's titles.
// Without one it speaks English, of things by their ids.
func newSpeaker(lang string, rb *rulebook.Rulebook) *reason.Speaker {
	s := reason.NewSpeaker(cmp.Or(lang, "en"))
	s.Add(texts[s.Lang])
	if lang == "" {
		return s
	}
	languages := []string{"en"}
	if lang == "zh-CN" {
		languages = []string{"zh", "en"}
	}
	title := func(t rulebook.Text) string { return t.In(languages...) }
	s.Name = func(unit reason.Unit, value, beside string) string {
		switch unit {
		case reason.Award:
			for _, a := range rb.Awards {
				if a.ID == value {
					return title(a.Title)
				}
			}
		case reason.Source, reason.Panel:
			if id, ok := rulebook.SourcePanel(value); ok {
				value = id
			}
			panel, _ := rb.Review.Panel(value)
			return title(panel.Title)
		case reason.Criterion:
			panel, _ := rb.Review.Panel(beside)
			for _, c := range panel.Criteria {
				if c.ID == value {
					return title(c.Title)
				}
			}
		}
		return ""
	}
	return s
}

// why is a candidate's reasons as sentences.
func (o output) why(r ranking.Ranked) []string {
	out := make([]string, len(r.Explain))
	for i, one := range r.Explain {
		out[i] = o.speaker.Text(one)
	}
	return out
}

// say gives a reason as JSON has it: a sentence, where a language was asked for.
func (o output) say(r reason.Reason) reason.Reason {
	if !o.sentences || r.IsZero() {
		return r
	}
	return reason.Written(o.speaker.Text(r))
}

// told gives a candidate's outcome as JSON has it.
func (o output) told(r ranking.Ranked) ranking.Ranked {
	for i := range r.Explain {
		r.Explain[i] = o.say(r.Explain[i])
	}
	for i := range r.Displaced {
		r.Displaced[i].Reason, r.Displaced[i].Numbers = o.say(r.Displaced[i].Reason), o.say(r.Displaced[i].Numbers)
	}
	return r
}

// text is one of the table's own texts.
func (o output) text(code string, params ...reason.Param) string {
	return o.speaker.Text(reason.New("table_"+code, params...))
}

// texts are the table's own, by language.
var texts = map[string]map[string]string{
	"en": {
		"table_rank": "rank", "table_candidate": "candidate", "table_total": "total", "table_award": "award",
		"table_seats":       "{award}: {n} of {seats} seats",
		"table_open":        "{seats} open until a tie is decided",
		"table_shortlist":   "shortlist ({n}): {candidates}",
		"table_tie":         "tie at rank {place}: {why}",
		"table_lot":         "lots are drawn from {lot}",
		"table_round":       "round {round}: {candidates} leaves ({why})",
		"table_why":         "why:",
		"table_trial":       "WHAT IF, not a result: {what}",
		"table_sensitivity": "weights at which an award changes hands:",
		"table_weight":      "{source}: now {weight}; below {lower}; above {upper}",
		"table_crossing":    "{weight} (gains: {gain}; loses: {lose})",
		"table_none":        "none",
		"table_no_award":    "no award",
		"table_changes":     "awards that differ from the rulebook's own:",
		"table_change":      "{candidate}: {award} instead of {other}",
		"table_quotas":      "quotas, in seats, and where an award changes hands:",
		"table_quota":       "{quota}: {limit} {seats}; stricter: {stricter}; looser: {looser}",
		"table_impossible":  "{seats} (cannot be met)",
	},
	"zh-CN": {
		"table_rank": "名次", "table_candidate": "候选人", "table_total": "总分", "table_award": "奖项",
		"table_seats":       "{award}：{seats} 个名额，已定 {n} 个",
		"table_open":        "{seats} 个名额待并列决定",
		"table_shortlist":   "入围（{n}）：{candidates}",
		"table_tie":         "第 {place} 名并列：{why}",
		"table_lot":         "抽签所依据的数值：{lot}",
		"table_round":       "第 {round} 轮：{candidates} 淘汰（{why}）",
		"table_why":         "理由：",
		"table_trial":       "假设，不是结果：{what}",
		"table_sensitivity": "权重变到多少时奖项会易主：",
		"table_weight":      "{source}：现为 {weight}；低于 {lower}；高于 {upper}",
		"table_crossing":    "{weight}（得到：{gain}；失去：{lose}）",
		"table_none":        "无",
		"table_no_award":    "没有奖项",
		"table_changes":     "与评选办法本身不同的奖项：",
		"table_change":      "{candidate}：{award}，原为{other}",
		"table_quotas":      "名额规定（以名额计），以及变到多少时奖项会易主：",
		"table_quota":       "{quota}：{limit} {seats}；收紧：{stricter}；放宽：{looser}",
		"table_impossible":  "{seats}（无法满足）",
		"limit.min":         "至少", "limit.max": "至多",
	},
}
