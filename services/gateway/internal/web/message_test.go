package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/deploy/examples"
	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Both catalogues say the same things, with the same places to fill.
func TestMessages_complete(t *testing.T) {
	zh, en := NewPrinter(Chinese), NewPrinter(English)
	set := func(text string) []string {
		return slices.Compact(slices.Sorted(slices.Values(places.FindAllString(text, -1))))
	}
	for key, text := range zh.texts {
		other, ok := en.texts[key]
		if !ok {
			t.Errorf("en lacks %s", key)
			continue
		}
		if text == "" || other == "" {
			t.Errorf("%s is empty", key)
		}
		if !slices.Equal(set(text), set(other)) {
			t.Errorf("%s fills %v in zh-CN and %v in en", key, set(text), set(other))
		}
	}
	for key, text := range en.texts {
		base, one := strings.CutSuffix(key, ".one")
		if _, ok := zh.texts[base]; !ok || !one && base != key {
			t.Errorf("zh-CN lacks %s", key)
		}
		if han := languageOfText(text, English) == Chinese; han && key != "language.name" {
			t.Errorf("%s is not translated: %s", key, text)
		}
	}
}

// families are the keys that the code puts together: a beginning, and all that
// may follow it.
func families(t *testing.T) map[string][]string {
	words := rulebookWords(t)
	problems := []string{selection.ErrUnknown.Code, nomination.ErrNoCandidate.Code, identity.ErrLink.Code, ErrCrossOrigin.Code, "role_missing"}
	for _, kind := range fault.Kinds() {
		problems = append(problems, string(kind))
	}
	var accountStates []string
	for _, s := range identity.States() {
		accountStates = append(accountStates, string(s))
	}
	for _, code := range faultCodes(t) { // those that say more than their kind does
		if NewPrinter(Chinese).Has("problem." + code + ".text") {
			problems = append(problems, code)
		}
	}
	var roles []string
	for _, role := range identity.Roles() {
		roles = append(roles, string(role))
	}
	var entryStates []string
	for _, s := range nomination.States() {
		entryStates = append(entryStates, string(s))
	}
	attributes := append(rulebook.KnownAttributes(), "name", "photo", "deeds", "gender.female", "gender.male")
	var ruleKeys, ruleWords []string
	for _, k := range rulebook.Shape() {
		ruleKeys = append(ruleKeys, k.Path[strings.LastIndexByte(k.Path, '.')+1:])
		if k.Kind == rulebook.KindChoice {
			ruleWords = append(ruleWords, k.Words...)
		}
	}
	ruleKeys = append(ruleKeys, "notice.show", "notice.office.hours", "phases.notice")                              // where they mean something else
	ruleWords = append(ruleWords, "true", "false", "results.show.all", "results.scores.none", "results.scores.all") // the last under these keys alone
	return map[string][]string{
		"nominate.":           {"name", "employer", "region", "category", "gender", "years", "deeds", "recommended_by"},
		"rulekey.":            ruleKeys,
		"ruleword.":           ruleWords,
		"rulelanguage.":       rulebook.Languages(),
		"desk.example.":       examples.Names(),
		"phase.":              append(rulebook.PhaseNames(), "publication"),
		"state.":              {string(selection.Pending), string(selection.Opening), string(selection.Opened), string(selection.Closing), string(selection.Closed)},
		"way.":                words["Way"],
		"source.":             {rulebook.SourceVotes, rulebook.SourcePanels, rulebook.SourceLot},
		"attribute.":          attributes,
		"problem.":            problems,
		"fault.":              faultCodes(t),
		"desk.role.":          roles,
		"desk.people.state.":  accountStates,
		"factor.kind.":        {identity.FactorPassword, identity.FactorTOTP, identity.FactorPasskey, identity.FactorRecovery},
		"desk.entry.state.":   entryStates,
		"desk.verdict.":       nomination.Verdicts(),
		"desk.place.":         {"sheet", "rows", "columns", "comments", "pictures", "csv", "header", "file"},
		"desk.use.":           {"no", nomination.UseNote, nomination.UseLeave},
		"field.":              slices.Collect(maps.Keys(fieldCodes(t))),
		"rules.frequency.":    words["Frequency"],
		"rules.change.":       words["Change"],
		"rules.counts.":       words["Counts"],
		"rules.constituency.": words["Constituency"],
		"rules.assign.":       words["Assign"],
		"rules.sees.":         words["Sees"],
		"rules.aggregate.":    words["Aggregate"],
		"rules.over.":         words["Over"],
		"rules.missing.":      words["Missing"],
		"rules.round.":        words["Round"],
		"rules.convert.":      words["Convert"],
		"rules.ties.":         words["Ties"],
		"rules.per.":          words["Per"],
		"rules.ranked.":       words["Method"],
		"rules.ballot.":       words["Ballot"],
		"rules.calendar.":     calendar.Names(),
		"rules.starts.":       words["Starts"],
		"notice.order.":       words["Order"],
		"notice.by.":          words["By"],

		"objection.state.":        append(selection.Outcomes(), selection.ObjectionOpen),
		"objection.rule.":         selection.ObjectionRuleNames(),
		"objection.via.":          append(selection.Vias(), selection.ViaForm),
		"desk.objection.kind.":    selection.Notes(),
		"desk.objection.outcome.": selection.Outcomes(),
		"rules.nominee.":          words["Nominee"],

		"desk.due.": {
			"vetting.until", "vetting.open", "vetting.pending", "vetting.closed", "review.until", "review.open", "review.pending", "review.closed",
		},
		"desk.act.": auditActs(t),
		"desk.meeting.outcome.": {
			review.Moved, review.Approved, review.Rejected, review.Overtaken, review.Changed, review.AwaitsHosts, review.Returned, review.Fallen,
		},
		"desk.meeting.kind.":       review.Kinds(),
		"desk.meeting.kind.hint.":  {review.Adopt, review.Replace, review.LeaveEmpty, review.Choose},
		"desk.seating.more.":       {"1", "2", "3"},
		"desk.meeting.choice.":     {review.For, review.Against, review.Abstain},
		"desk.sheet.state.":        {"new", "partial", "complete", "submitted", "abstained", "back"},
		"desk.vetting.show.":       spelled(nomination.Shows()),
		"desk.vetting.order.":      {"submission", string(nomination.InNames), string(nomination.InEmployers)},
		"desk.vetting.state.":      spelled(nomination.States()),
		"desk.vetting.verdict.":    nomination.Verdicts(),
		"desk.vetting.given.":      append(nomination.Verdicts(), "admitted", "vetoed"),
		"desk.vetting.given.many.": nomination.Verdicts(),
	}
}

func spelled[T ~string](values []T) (out []string) {
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

// faultCodes are those of all faults that the module's code makes.
func faultCodes(t *testing.T) (codes []string) {
	t.Helper()
	codes = append(codes, ranking.CodeInfeasible, ranking.CodeUndecided) // which are no literals
	for dir, files := range sources(t, "../../../..") {
		if strings.HasSuffix(dir, "/client") {
			continue // a program's own
		}
		for _, f := range files {
			calls(f, func(call *ast.CallExpr, name string) {
				at := map[string]int{"fault.New": 1, "fault.NewInvalid": 0, "fault.NewUnavailable": 0}
				if i, ok := at[name]; ok && len(call.Args) > i && textOf(call.Args[i]) != "" {
					codes = append(codes, textOf(call.Args[i]))
				}
			})
		}
	}
	if len(codes) < 100 {
		t.Fatalf("only %d codes of faults were found", len(codes))
	}
	return codes
}

// rulebookWords are the words that a rulebook's keys take, by what the names of
// their constants begin with: WayDevice is one of Way.
func rulebookWords(t *testing.T) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	for _, f := range sources(t, "../../../../pkg/rulebook")["../../../../pkg/rulebook"] {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i := range min(len(spec.Names), len(spec.Values)) {
				name := spec.Names[i].Name
				begins := regexp.MustCompile(`^[A-Z][a-z]+`).FindString(name)
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING && begins != "" {
					word, _ := strconv.Unquote(lit.Value)
					words[begins] = append(words[begins], word)
				}
			}
			return true
		})
	}
	return words
}

// Every text that a page or the code asks for is there, and none is idle. Of a
// text KEY there may be KEY.one, for one thing, and under a title KEY.text.
func TestMessages_used(t *testing.T) {
	zh := NewPrinter(Chinese)
	used, begun := map[string]bool{}, map[string]bool{}
	ask := func(where, key string) {
		if used[key] = true; !zh.Has(key) {
			t.Errorf("%s asks for %s, which no catalogue has", where, key)
		}
	}
	for _, dir := range []string{".", "../page", "../desk", "../outcome", "../rule", "../print", "../manual"} {
		scanCode(t, dir, zh, ask, func(where, beginning string) {
			begun[beginning] = true
		})
		templates, err := filepath.Glob(dir + "/template/*.html")
		if err != nil {
			t.Fatal(err)
		}
		shared, err := filepath.Glob(dir + "/template/*/*.html")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range append(templates, shared...) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`\{\{(?:- )?(?:t|n) "([^"]+)"`).FindAllStringSubmatch(string(src), -1) {
				ask(path, m[1])
			}
		}
	}
	all := families(t)
	maps.Copy(all, organizerFamilies())
	maps.Copy(all, mailFamilies())
	maps.Copy(all, resultFamilies(rulebookWords(t)))
	for beginning := range begun {
		if _, ok := all[beginning]; !ok {
			t.Errorf("the code puts keys %s… together: families says what may follow", beginning)
		}
	}
	for beginning, ends := range all {
		if !begun[beginning] {
			t.Errorf("no code puts keys %s… together", beginning)
		}
		for _, end := range ends {
			if strings.Contains(end, "*") { // some of which is known at run time alone
				like := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(beginning+end), `\*`, "[a-z]+") + "$")
				for key := range zh.texts {
					used[key] = used[key] || like.MatchString(key)
				}
				continue
			}
			if beginning == "problem." && zh.Has(beginning+end+".text") { // a code has no title of its own
				used[beginning+end+".text"] = true
				if !zh.Has(beginning + end) {
					continue
				}
			}
			if beginning != "field." { // TestField_codes says more
				ask("what begins with "+beginning, beginning+end)
			}
			used[beginning+end] = true
		}
	}
	for key := range zh.texts {
		if !used[key] && !used[strings.TrimSuffix(key, ".text")] {
			t.Errorf("nobody asks for %s", key)
		}
	}
}

// scanCode finds the keys in a package's code: every text that is one, the
// first argument of what looks texts up, and what is put together: "rules." + x.
func scanCode(t *testing.T, dir string, p Printer, ask, begins func(where, key string)) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if text := textOf(n.X); n.Op == token.ADD && regexp.MustCompile(`^[a-z]+\.([a-z]+\.)*$`).MatchString(text) {
					begins(path, text)
				}
			case *ast.BasicLit:
				if text := textOf(n); p.Has(text) {
					ask(path, text)
				}
			}
			return true
		})
		calls(f, func(call *ast.CallExpr, name string) {
			at := map[string]int{"T": 0, "N": 0, "t": 0, "Has": 0, "show": 0, "refuse": 1, "section": 2}
			i, ok := at[name]
			if !ok || len(call.Args) <= i {
				return
			}
			if text := textOf(call.Args[i]); text != "" {
				ask(path, text)
			}
		})
	}
}

// textOf is a literal text.
func textOf(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return text
		}
	}
	return ""
}

func TestPrinter(t *testing.T) {
	p := Printer{texts: map[string]string{"a": "{n} of {max}, {n}", "b": "{n} things", "b.one": "{n} thing"}}
	for got, want := range map[string]string{
		p.T("a", "n", "{max}", "max", 3): "{max} of 3, {max}", // filled in once
		p.N("b", 1):                      "1 thing",
		p.N("b", 1234567):                "1,234,567 things",
		p.T("no such"):                   "no such",
		grouped(-1234):                   "-1,234",
		grouped(999):                     "999",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What is wrong with a field is said in the page's language.
func TestPrinter_Field(t *testing.T) {
	zh, en := NewPrinter(Chinese), NewPrinter(English)
	category := fault.Wrong("picks", "category_too_many", "names {chosen} of {category}", "category", "rural", "chosen", 3, "max", 2)
	strange := fault.Wrong("x", "no_such_code", "is {odd}", "odd", "{odd}")
	phase := fault.Wrong("phase", "closes_after_opening", "", "phase", rulebook.PhaseVoting, "before", rulebook.PhaseVoting, "state", "pending")
	for _, test := range []struct {
		got, want Text
	}{
		{zh.Field(category), Text{Text: "rural选得太多：选了 3 位，最多 2 位"}},
		{zh.Field(category, "category", "乡村"), Text{Text: "乡村选得太多：选了 3 位，最多 2 位"}},
		{en.Field(category), Text{Text: "Too many of rural: you chose 3 of at most 2"}},
		{zh.Field(phase), Text{Text: "公众投票要先开启，才能结束（公众投票：未开始）"}},
		{zh.Field(strange), Text{"is {odd}", English}},
		{en.Field(strange), Text{Text: "is {odd}"}},
	} {
		if test.got != test.want {
			t.Errorf("%v, want %v", test.got, test.want)
		}
	}
}
