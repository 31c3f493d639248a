package rulebook_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Each mistake is named with its line, its field and, in part, its message.
func TestParse_mistake(t *testing.T) {
	const (
		panel = "review:\n  panels:\n  - id: p\n    jurors: 3\n    criteria: [{id: c}]\n"
		award = "awards:\n- {id: a, seats: 4}\n- {id: b, seats: 2}\n"
	)
	tests := []struct {
		name, src string
		line      int
		field     string
		message   string
	}{
		{"unknown key", "laurel: 1\ntitel: x\n", 2, "titel", "unknown key"},
		{"unknown inner key", "decision:\n  quorum: 1/2\n  qorum: 1/2\n", 3, "decision.qorum", "unknown key"},
		{"key twice", "edition: 1\nlaurel: 1\nedition: 2\n", 3, "edition", "twice"},
		{"language twice", "title:\n  zh: 甲\n  zh: 乙\n", 3, "title.zh", "twice"},
		{"other version", "laurel: 2\n", 1, "laurel", "not between 1 and 1"},
		{"wrong kind", "awards: {id: a}\n", 1, "awards", "expected a list, not a mapping"},
		{"text for a mapping", "voting: none\n", 1, "voting", "expected a mapping"},
		{"blank title", "title: ' '\n", 1, "title", "blank"},
		{"language tag", "title: {中文: x}\n", 1, "title.中文", "language tag"},
		{"control character", "title: \"a\\u0007\"\n", 1, "title", "U+0007"},
		{"label of an unknown attribute", "labels: [{attribute: shoe}]\n", 1, "labels[0].attribute", "unknown attribute"},
		{"attribute labelled twice", "labels:\n- {attribute: region}\n- {attribute: region}\n", 3, "labels[1].attribute", "first on line 2"},
		{"value labelled twice", "labels: [{attribute: region, values: [{value: a, title: b}, {value: A, title: c}]}]\n", 1, "labels[0].values[1].value", "twice"},
		{"value without a title", "labels: [{attribute: region, values: [{value: a}]}]\n", 1, "labels[0].values[0].title", "required"},
		{"host without a name", "hosts: [' ']\n", 1, "hosts[0]", "blank"},
		{"results of nobody", "results: {show: nobody}\n", 1, "results.show", "not one of awarded, shortlisted, all"},
		{"shortlisted without a shortlist", "results: {show: shortlisted}\n", 1, "results.show", "no shortlist"},
		{"timezone", "timezone: Beijing\n", 1, "timezone", "not a timezone"},
		{"machine's timezone", "timezone: Local\n", 1, "timezone", "not a timezone"},
		{"nominee", "nominee: robot\n", 1, "nominee", "not one of person, team, project"},
		{"known attribute again", "attributes: [region]\n", 1, "attributes[0]", "known already"},
		{"category twice", "categories:\n- id: x\n- id: x\n", 3, "categories[1].id", "first on line 2"},

		{"negative seats", "awards:\n- id: a\n  seats: -1\n", 3, "awards[0].seats", "-1"},
		{"no seats", "awards:\n- id: a\n", 2, "awards[0].seats", "required"},
		{"half a seat", "awards: [{id: a, seats: 1.5}]\n", 1, "awards[0].seats", "whole number"},
		{"award twice", "awards:\n- {id: a, seats: 1}\n- {id: a, seats: 1}\n", 3, "awards[1].id", "twice"},
		{"award without id", "awards:\n- seats: 1\n", 2, "awards[0].id", "required"},
		{"bad id", "awards: [{id: 'panel:x', seats: 1}]\n", 1, "awards[0].id", "not an id"},
		{"empty item", "awards:\n-\n", 2, "awards[0]", "empty"},

		{"closes before it opens", "phases:\n  voting:\n    opens: 2026-05-02 09:00\n    closes: 2026-05-01 09:00\n", 4, "phases.voting.closes", "before it opens"},
		{"not a time", "phases: {voting: {opens: tomorrow}}\n", 1, "phases.voting.opens", "not a time"},
		{"no such day", "phases: {voting: {opens: 2026-02-30 09:00}}\n", 1, "phases.voting.opens", "not a time"},
		{"no such hour", "timezone: Europe/Berlin\nphases: {voting: {opens: 2026-03-29 02:30}}\n", 2, "phases.voting.opens", "does not exist"},
		{
			"phases overlap", "phases:\n  nomination: {closes: 2026-05-02 09:00}\n  voting: {opens: 2026-05-01 09:00}\n",
			3, "phases.voting.opens", "before nomination closes",
		},
		{
			"phases out of order", "phases:\n  nomination: {opens: 2026-05-02 09:00}\n  vetting: {opens: 2026-05-01 09:00}\n",
			3, "phases.vetting.opens", "before nomination does",
		},
		{
			"phases end out of order", "phases:\n  voting: {closes: 2026-05-02 09:00}\n  review: {closes: 2026-05-01 09:00}\n",
			3, "phases.review.closes", "before voting does",
		},
		{"duration", "phases:\n  notice: {shortened_to: 3}\n", 2, "phases.notice.shortened_to", "not a duration"},
		{"duration of nothing", "phases: {notice: {shortened_to: 0s}}\n", 1, "phases.notice.shortened_to", "not a duration"},
		{"calendar", "phases: {notice: {calendar: FR}}\n", 1, "phases.notice.calendar", "not one of CN"},
		{"working days", "phases: {notice: {working_days: 0}}\n", 1, "phases.notice.working_days", "not between"},
		{"days of two kinds", "phases: {notice: {working_days: 5, days: 7}}\n", 1, "phases.notice.days", "not both"},
		{"first day", "phases: {notice: {starts: at_once}}\n", 1, "phases.notice.starts", "not one of next_day"},
		{"order of the notice", "notice:\n  order: age\n", 2, "notice.order", "not one of strokes"},
		{"private field on notice", "notice: {show: [employer, gender]}\n", 1, "notice.show[1]", "not for everybody"},
		{"attribute on notice without a label", "attributes: [conflicts]\nnotice: {show: [conflicts]}\n", 2, "notice.show[0]", "have a label"},
		{"field on notice twice", "notice: {show: [employer, employer]}\n", 1, "notice.show[1]", "twice"},
		{"what counts of an objection", "notice: {objections: {by: phone}}\n", 1, "notice.objections.by", "not one of arrival"},
		{"notice without a title", "notice: {notices: [{days: 5}]}\n", 1, "notice.notices[0].title", "required"},
		{"notice of two kinds of days", "notice: {notices: [{title: a, days: 5, working_days: 5}]}\n", 1, "notice.notices[0].days", "not both"},
		{"office", "notice: {office: {fax: 1}}\n", 1, "notice.office.fax", "unknown key"},
		{"department twice", "vetting:\n  departments:\n  - id: hr\n  - id: hr\n", 4, "vetting.departments[1].id", "twice"},
		{"veto", "vetting: {departments: [{id: hr, veto: maybe}]}\n", 1, "vetting.departments[0].veto", "true or false"},

		{"way to vote", "voting: {voters: [sms]}\n", 1, "voting.voters[0]", "not one of device"},
		{"no way to vote", "voting: {voters: []}\n", 1, "voting.voters", "no way"},
		{"way twice", "voting: {voters: [otp, otp]}\n", 1, "voting.voters[1]", "twice"},
		{"frequency", "voting: {frequency: weekly}\n", 1, "voting.frequency", "not one of once, daily"},
		{"hours", "voting: {hours: 9-22}\n", 1, "voting.hours", "not hours such as"},
		{"hours around midnight", "voting: {hours: '22:00-06:00'}\n", 1, "voting.hours", "midnight"},
		{"publication too often", "voting:\n  publication:\n    every: 500ms\n", 3, "voting.publication.every", "not between 1s and 1h"},
		{"publication too rare", "voting: {publication: {every: 61m}}\n", 1, "voting.publication.every", "not between 1s and 1h"},
		{"publication without a unit", "voting: {publication: {every: 60}}\n", 1, "voting.publication.every", "not a duration"},
		{"publication of none", "voting: {publication: {ballots: 0}}\n", 1, "voting.publication.ballots", "not between 1 and 10000"},
		{"publication of too many", "voting: {publication: {ballots: 10001}}\n", 1, "voting.publication.ballots", "not between 1 and 10000"},
		{"publication of a word", "voting: {publication: 60s}\n", 1, "voting.publication", "mapping"},
		{"min above max", "voting:\n  picks: {min: 3,\n    max: 2}\n", 2, "voting.picks.min", "above max 2"},
		{"no max", "voting: {picks: {min: 3}}\n", 1, "voting.picks.max", "required"},
		{"limit of nothing", "voting: {limits: [{category: x, max: 1}]}\n", 1, "voting.limits[0].category", "no category"},
		{"limits too high", "categories: [{id: x}]\nvoting: {picks: {max: 2}, limits: [{category: x, min: 3, max: 3}]}\n", 2, "voting.limits", "demand 3 picks"},
		{"limits too low", "categories: [{id: x}]\nvoting: {picks: {min: 4, max: 4}, limits: [{category: x, max: 3}]}\n", 2, "voting.limits", "leave 3 picks"},
		{"constituency unknown", "voting: {voters: [device], constituency: {from: roster}}\n", 1, "voting.constituency.from", "only a roster"},
		{"constituencies missing", "voting: {constituency: {from: choice}}\n", 1, "voting.constituency.values", "required"},

		{"panel twice", panel + "  - {id: p, criteria: [{id: c}]}\n", 6, "review.panels[1].id", "twice"},
		{"no criteria", "review: {panels: [{id: p}]}\n", 1, "review.panels[0].criteria", "required"},
		{"criterion twice", "review:\n  panels:\n  - id: p\n    criteria:\n    - id: c\n    - id: c\n", 6, "review.panels[0].criteria[1].id", "twice"},
		{"weights of 0", "review: {panels: [{id: p, criteria: [{id: c, weight: 0%}, {id: d, weight: 0.0}]}]}\n", 1, "review.panels[0].criteria", "sum to 0"},
		{
			"negative weight", "review:\n  panels:\n  - id: p\n    criteria:\n    - {id: c}\n    - {id: d, weight: -1}\n",
			6, "review.panels[0].criteria[1].weight", "negative",
		},
		{"weight in words", "review: {panels: [{id: p, criteria: [{id: c, weight: half}]}]}\n", 1, "review.panels[0].criteria[0].weight", "not a number"},
		{"exponent", "review: {panels: [{id: p, criteria: [{id: c, weight: 1e9}]}]}\n", 1, "review.panels[0].criteria[0].weight", "not a number"},
		{
			"trim larger than the panel", panel + "    aggregate: {method: trimmed_mean, drop_high: 2, drop_low: 1}\n",
			6, "review.panels[0].aggregate.drop_high", "leaves none",
		},
		{
			"trim larger than min_scores", panel + "    min_scores: 2\n    aggregate: {method: trimmed_mean, drop_low: 2}\n",
			7, "review.panels[0].aggregate.drop_low", "leaves none",
		},
		{"trim of a mean", panel + "    aggregate: {drop_low: 1}\n", 6, "review.panels[0].aggregate.drop_low", "only method trimmed_mean"},
		{"trim of nothing", panel + "    aggregate: {method: trimmed_mean}\n", 6, "review.panels[0].aggregate.method", "needs drop_high"},
		{"step does not divide", panel + "    scale: {min: 0, max: 100, step: 0.3}\n", 6, "review.panels[0].scale.step", "do not lead"},
		{"step of 0", panel + "    scale: {min: 0, max: 100, step: 0}\n", 6, "review.panels[0].scale.step", "not above 0"},
		{"scale upside down", panel + "    scale: {min: 10, max: 1}\n", 6, "review.panels[0].scale.max", "not above min"},
		{"min_scores past the panel", panel + "    min_scores: 4\n", 6, "review.panels[0].min_scores", "3 jurors"},
		{"random without k", panel + "    assign: random\n", 3, "review.panels[0].min_scores", "required"},
		{"by no category", panel + "    assign: category\n", 6, "review.panels[0].assign", "no categories"},
		{"hides nothing", panel + "    blind: [photo, fotos]\n", 6, "review.panels[0].blind[1]", "unknown field"},
		{"what jurors see", panel + "    sees_others: always\n", 6, "review.panels[0].sees_others", "not one of"},
		{"rounding mode", panel + "    aggregate: {round: {digits: 2, mode: up}}\n", 6, "review.panels[0].aggregate.round.mode", "half_up"},
		{"rounding digits", "composite: {round: {mode: half_up}}\n", 1, "composite.round.digits", "required"},

		{"no components", "composite: {components: []}\n", 1, "composite.components", "at least one"},
		{"component weights of 0", "composite:\n  components: [{source: votes, weight: 0}]\n", 2, "composite.components", "sum to 0"},
		{"unknown panel", panel + "composite:\n  components:\n  - source: panel:q\n", 8, "composite.components[0].source", `no panel "q"`},
		{"no panels", "composite: {components: [{source: panels}]}\n", 1, "composite.components[0].source", "no panels"},
		{"unknown source", "composite: {components: [{source: likes}]}\n", 1, "composite.components[0].source", "not one of"},
		{"source twice", "composite: {components: [{source: votes}, {source: votes}]}\n", 1, "composite.components[1].source", "twice"},
		{"no source", "composite: {components: [{weight: 1}]}\n", 1, "composite.components[0].source", "required"},
		{"ranked with others", "composite: {components: [{source: ranked, method: irv}, {source: votes}]}\n", 1, "composite.components[0].source", "only one"},
		{"ranked without method", "composite: {components: [{source: ranked}]}\n", 1, "composite.components[0].method", "required"},
		{"ranked with weight", "composite: {components: [{source: ranked, method: irv, weight: 2}]}\n", 1, "composite.components[0].weight", "no weight"},
		{"votes with method", "composite: {components: [{source: votes, method: rank}]}\n", 1, "composite.components[0].method", "convert.method"},
		{"panel per constituency", panel + "composite: {components: [{source: panels, per: constituency}]}\n", 6, "composite.components[0].per", "only votes"},
		{"votes per panel", "composite: {components: [{source: votes, per: panel}]}\n", 1, "composite.components[0].per", "source panels"},
		{
			"conversion's key", "composite: {components: [{source: votes, convert: {method: rank, cap: 2}}]}\n",
			1, "composite.components[0].convert.cap", "method rank has no cap",
		},
		{"conversion without method", "composite: {components: [{source: votes, convert: {top: 2}}]}\n", 1, "composite.components[0].convert.method", "required"},
		{"cap missing", "composite: {components: [{source: votes, convert: {method: capped}}]}\n", 1, "composite.components[0].convert.cap", "required"},
		{"top of 0", "composite: {components: [{source: votes, convert: {method: proportional, top: 0}}]}\n", 1, "composite.components[0].convert.top", "is 0"},
		{"bands missing", "composite: {components: [{source: votes, convert: {method: banded}}]}\n", 1, "composite.components[0].convert.bands", "required"},
		{
			"bands out of order", "composite:\n  components:\n  - source: votes\n    convert:\n      method: banded\n      bands:\n" +
				"      - {from: 100, score: 1}\n      - {from: 50, score: 2}\n",
			8, "composite.components[0].convert.bands[1].from", "out of order",
		},
		{
			"points out of order", "composite: {components: [{source: votes, convert: {method: points, points: [10, 12]}}]}\n",
			1, "composite.components[0].convert.points[1]", "out of order",
		},
		{
			"no points", "composite: {components: [{source: votes, convert: {method: points, points: []}}]}\n",
			1, "composite.components[0].convert.points", "no points",
		},
		{"unknown tie criterion", "composite:\n  tie_break:\n  - votes\n  - seniority\n", 4, "composite.tie_break[1]", "not one of"},
		{"tie by unknown panel", "composite: {tie_break: ['panel:q']}\n", 1, "composite.tie_break[0]", "no panel"},
		{"lot not last", "composite: {tie_break: [lot, votes]}\n", 1, "composite.tie_break[0]", "after the lot"},
		{"two lots", "composite: {lot: {value: x, source: y}}\n", 1, "composite.lot.source", "either"},

		{"shortlist below the seats", "shortlist: {ratio: 0.9}\n", 1, "shortlist.ratio", "not between"},
		{"shortlist without ratio", "shortlist: {}\n", 1, "shortlist.ratio", "required"},
		{"quota on an unknown attribute", "quotas:\n- {attribute: zodiac, max: 1}\n", 2, "quotas[0].attribute", "unknown attribute"},
		{"quota of an unknown award", award + "quotas: [{attribute: region, max: 1, of: c}]\n", 4, "quotas[0].of", "no award"},
		{"quota of an unknown category", "categories: [{id: x}]\nquotas: [{attribute: category, value: y, max: 1}]\n", 2, "quotas[0].value", "no category"},
		{"quota without limit", "quotas: [{attribute: region}]\n", 1, "quotas[0]", "max or a min"},
		{"floor of any value", "quotas: [{attribute: region, min: 1}]\n", 1, "quotas[0].min", "needs a value"},
		{"negative quota", "quotas: [{attribute: region, max: -1}]\n", 1, "quotas[0].max", "negative"},
		{"quota beyond all", "quotas: [{attribute: region, max: 140%}]\n", 1, "quotas[0].max", "more than all"},
		{"quota of half a seat", "quotas: [{attribute: region, max: 0.4}]\n", 1, "quotas[0].max", "whole number"},
		{
			"floors beyond the seats", award + "quotas:\n- {attribute: gender, value: f, min: 2, of: b}\n- {attribute: gender, value: m, min: 1, of: b}\n",
			6, "quotas[1].min", "demand 3 of the 2 seats",
		},
		{
			"rounded floors beyond the seats", award + "quotas:\n- {attribute: region, value: x, min: 40%, of: b}\n" +
				"- {attribute: region, value: y, min: 40%, of: b}\n- {attribute: region, value: z, min: 20%, of: b}\n",
			7, "quotas[2].min", "demand 3 of the 2 seats",
		},
		{
			"floor above cap", award + "quotas:\n- {attribute: gender, value: f, min: 3, of: a}\n- {attribute: gender, max: 2}\n",
			5, "quotas[0].min", "against max 2 of all awards in quotas[1]",
		},
		{
			"floors of awards above cap", award + "quotas:\n- {attribute: gender, value: f, max: 2}\n" +
				"- {attribute: gender, value: f, min: 2, of: a}\n- {attribute: gender, value: f, min: 1, of: b}\n",
			7, "quotas[2].min", "in quotas[0]",
		},
		{"quota twice", award + "quotas:\n- {attribute: region, max: 2}\n- {attribute: region, max: 3}\n", 6, "quotas[1].max", "quotas[0] has a max"},
		{
			"min twice, a count and a share", award + "quotas:\n" +
				"- {attribute: gender, value: f, min: 2, of: b}\n- {attribute: gender, value: f, min: 50%, of: b}\n",
			6, "quotas[1].min", "quotas[0] has a min",
		},
		{
			"min of an award twice below a cap", award + "quotas:\n- {attribute: gender, value: f, max: 2}\n" +
				"- {attribute: gender, value: f, min: 2, of: b}\n- {attribute: gender, value: f, min: 1, of: b}\n",
			7, "quotas[2].min", "quotas[1] has a min",
		},
		{"quorum above all", "decision: {quorum: 3/2}\n", 1, "decision.quorum", "not a share"},
		{"quorum of none", "decision: {quorum: 0}\n", 1, "decision.quorum", "not a share"},
		{"denominator of 0", "decision: {quorum: 1/0}\n", 1, "decision.quorum", "denominator"},
		{"signers who are nobody", "decision: {sign_off: hosts}\n", 1, "decision.sign_off", "each with an id and a title"},
		{"signers without an id", "hosts: [{zh: 总工会}]\ndecision: {sign_off: hosts}\n", 2, "decision.sign_off", "each with an id and a title"},
		{"signers of an unknown kind", "decision: {sign_off: friends}\n", 1, "decision.sign_off", "not one of hosts"},
		{"hosts of one id", "hosts: [{id: a, title: A}, {id: a, title: B}]\n", 1, "hosts[1].id", "here twice"},
		{"a host without an id", "hosts: [{title: A}]\n", 1, "hosts[0].id", "is required"},
		{"a majority above all", "decision: {approve_change: 3/2}\n", 1, "decision.approve_change", "not a share"},
		{"recused to nowhere", "decision: {recused: home}\n", 1, "decision.recused", "not one of count, leave_out"},
		{"committee's ballot", "decision: {ballot: shouted}\n", 1, "decision.ballot", "not one of secret, open"},

		{"not UTF-8", "laurel: 1\ntitle: \xb5\xda\n", 2, "rulebook", "UTF-8"},
		{"empty", "# nothing\n", 1, "rulebook", "empty"},
		{"a list", "- laurel: 1\n", 1, "rulebook", "a mapping of keys"},
		{"two documents", "laurel: 1\n---\nlaurel: 1\n", 3, "rulebook", "second"},
		{"broken YAML", "laurel: 1\nawards: [1\n", 2, "rulebook", "not readable"},
		{"broken JSON", "{\"laurel\": 1,\n \"awards\": [}\n", 2, "rulebook", "not readable"},
		{"anchor", "title: &a x\n", 1, "rulebook", "anchors"},
		{"alias", "title: *a\n", 1, "rulebook", "aliases"},
		{"tag", "title: !!str 1\n", 1, "rulebook", "tags"},
		{"mistake in JSON", "{\n  \"laurel\": 1,\n  \"decision\": {\"ballot\": \"x\"}\n}", 3, "decision.ballot", "not one of"},
		{"key twice in JSON", "{\"laurel\": 1,\n\"laurel\": 1}", 2, "laurel", "twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rulebook.Parse([]byte(tt.src))
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Code != rulebook.CodeInvalid {
				t.Fatalf("err = %v, want a fault %s", err, rulebook.CodeInvalid)
			}
			if len(f.Fields) != 1 {
				t.Fatalf("%d mistakes, want 1: %v", len(f.Fields), err)
			}
			got := f.Fields[0]
			if got.Line != tt.line || got.Column < 1 || got.Name != tt.field || got.Code == "" ||
				!strings.Contains(got.Message, tt.message) {
				t.Errorf("line %d column %d, %s: %q\nwant line %d, %s: …%s…", got.Line, got.Column, got.Name, got.Message, tt.line, tt.field, tt.message)
			}
		})
	}
}

// A mistake's code and params say what its message says; what a person could
// not read is escaped in both.
func TestParse_code(t *testing.T) {
	for src, want := range map[string]fault.Field{
		"voting: {picks: {min: 3, max: 2}}": {
			Name: "voting.picks.min", Code: "min_above_max", Message: "min 3 is above max 2",
			Params: map[string]string{"min": "3", "max": "2"},
		},
		"awards: {}": {
			Name: "awards", Code: "not_a_list", Message: "expected a list, not a mapping",
			Params: map[string]string{"expected": "a list", "found": "a mapping"},
		},
		"composite: {components: [{source: votes, convert: {method: banded, bands: []}}]}": {
			Name: "composite.components[0].convert.bands", Code: "empty", Message: "has no bands",
		},
		"timezone: \"\\e[2J{value}\"": {
			Name: "timezone", Code: "timezone_unknown", Message: `"\x1b[2J{value}" is not a timezone such as Asia/Shanghai`,
			Params: map[string]string{"value": `\x1b[2J{value}`},
		},
	} {
		_, err := rulebook.Parse([]byte(src))
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Fatalf("%s: err = %v", src, err)
		}
		got := f.Fields[len(f.Fields)-1]
		got.Line, got.Column = 0, 0
		diff(t, got, want)
	}
}

func TestParse_column(t *testing.T) {
	for name, src := range map[string]string{
		"YAML": "title: {zh: 甲乙}\ndecision: {ballot: x}\n",
		"JSON": "{\"title\": \"甲乙\",\n \"decision\":{\"ballot\": \"x\"}}",
	} {
		_, err := rulebook.Parse([]byte(src))
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Fields) != 1 {
			t.Fatalf("%s: err = %v", name, err)
		}
		line := strings.Split(src, "\n")[f.Fields[0].Line-1]
		if got := line[f.Fields[0].Column-1:]; !strings.HasPrefix(strings.Trim(got, `"`), "x") {
			t.Errorf("%s: column %d points at %q", name, f.Fields[0].Column, got)
		}
	}
}
