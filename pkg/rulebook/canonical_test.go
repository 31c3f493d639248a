package rulebook_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

func canonical(t testing.TB, rb *rulebook.Rulebook) string {
	t.Helper()
	src, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestRulebook_Canonical(t *testing.T) {
	rb := parse(t, "# a comment\ntitle:\n  zh: <甲> & \"乙\"\n  en: |\n    two\n    lines\n"+
		"decision: {quorum: 0.50, approve: 60%}\nphases: {voting: , review: {}}\nlaurel: 1\nvetting: {departments: [{veto: True, id: hr}]}\n")
	const want = `{"decision":{"approve":"60%","quorum":"0.50"},"laurel":"1","phases":{"review":{}},` +
		`"title":{"en":"two\nlines\n","zh":"<甲> & \"乙\""},"vetting":{"departments":[{"id":"hr","veto":true}]}}`
	if got := canonical(t, rb); got != want {
		t.Errorf("canonical form\n%s\nwant\n%s", got, want)
	}
	sum := sha256.Sum256([]byte(want))
	if got := rb.Hash(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s, want sha256sum of the canonical form", got)
	}
	if _, err := new(rulebook.Rulebook).Canonical(); err == nil {
		t.Error("a Rulebook without a document has a canonical form")
	}
	if got := new(rulebook.Rulebook).Hash(); got != "" {
		t.Errorf("a Rulebook without a document has the hash %q", got)
	}
}

func TestRulebook_Hash(t *testing.T) {
	same := []string{
		"laurel: 1\nedition: 2\ntitle: {zh: 甲, en: a}\n",
		"# comment\ntitle:\n    en: \"a\"\n    zh: '甲'\nedition: 2   # second\n\nlaurel: 1",
		"---\r\nedition: 2\r\nlaurel: 1\r\ntitle: {en: a, zh: 甲}\r\n",
		"\ufeff{\"title\":{\"en\":\"a\",\"zh\":\"\\u7532\"},\n\t\"edition\":2,\"laurel\":1}",
		"{laurel: '1', edition: \"2\", title: {zh: 甲, en: a}, quotas: null}",
	}
	want := parse(t, same[0]).Hash()
	for _, src := range same {
		if got := parse(t, src).Hash(); got != want {
			t.Errorf("hash %s, want %s:\n%s", got, want, src)
		}
	}
	for _, src := range []string{
		"laurel: 1\nedition: 3\ntitle: {zh: 甲, en: a}\n",
		"laurel: 1\nedition: 2\ntitle: {zh: 甲, en: a }\nattributes: []\n",
		"laurel: 1\nedition: 2\ntitle: {zh: 甲, en: A}\n",
	} {
		if parse(t, src).Hash() == want {
			t.Errorf("another rulebook has the same hash:\n%s", src)
		}
	}
}

// roundTrips checks what holds for every rulebook that parses.
func roundTrips(t *testing.T, rb *rulebook.Rulebook) {
	t.Helper()
	src := canonical(t, rb)
	again, err := rulebook.Parse([]byte(src))
	if err != nil {
		t.Fatalf("the canonical form does not parse: %v\n%s", err, src)
	}
	if got := canonical(t, again); got != src || again.Hash() != rb.Hash() {
		t.Errorf("the canonical form is no fixed point:\n%s\n%s", src, got)
	}
	if got := reencoded(t, src); got != src {
		t.Errorf("another JSON writer gives\n%s\nwant\n%s", got, src)
	}
	if a, b := rb.CheckSelection(), again.CheckSelection(); (a == nil) != (b == nil) {
		t.Errorf("CheckSelection: %v, and after the round trip %v", a, b)
	}
}

// reencoded is the text as encoding/json writes it with sorted keys.
func reencoded(t *testing.T, src string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(src), &v); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestRulebook_roundTrip(t *testing.T) {
	roundTrips(t, parse(t, string(courier(t))))
}

// hostile are documents of about a size, made to exhaust a reader.
func hostile(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	stairs := func(key string) string {
		var b strings.Builder
		for i := 0; b.Len()+i+len(key) < size; i++ {
			b.WriteString(strings.Repeat(" ", i) + key)
		}
		return b.String()
	}
	bomb := "a: &a [x,x,x,x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 8) + "]\n"
	}
	return map[string]string{
		"1 MB":            strings.Repeat("# comment\n", 1<<20/10),
		"alias bomb":      bomb,
		"open lists":      fill("["),
		"open mappings":   fill("{a: "),
		"nested dashes":   fill("- "),
		"stairs":          stairs("a:\n"),
		"stairs of lists": stairs("-\n"),
		"JSON lists":      `{"laurel":` + strings.Repeat("[", size/2-10) + strings.Repeat("]", size/2-10) + "}",
		"unknown keys":    fill("k: 1\n"),
		"question marks":  fill("? "),
		"many keys":       fill("k: 1\n")[:size/2],
		"colons":          fill("a: "),
		"quotes":          fill("'"),
		"escapes":         "title: \"" + fill(`\`)[:size/64],
		"long list":       "quotas: [" + fill("{attribute: region, max: 1},")[:size-100] + "]",
	}
}

// Documents made to exhaust a reader are refused, for no more work than is in
// proportion to their size.
func TestParse_hostile(t *testing.T) {
	halves := hostile(rulebook.MaxSize / 2)
	for name, src := range hostile(rulebook.MaxSize) {
		t.Run(name, func(t *testing.T) {
			var err error
			work := func(src string) uint64 {
				return testkit.Allocated(func() { _, err = rulebook.Parse([]byte(src)) })
			}
			half := work(halves[name])
			whole := work(src)
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("err = %v, want a fault", err)
			}
			if len(f.Fields) > 101 {
				t.Errorf("%d mistakes reported", len(f.Fields))
			}
			t.Logf("%d bytes, half of it %d", whole, half)
			if whole > 3*half+1<<20 {
				t.Errorf("took %d bytes of memory, half of the document %d", whole, half)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(courier(f))
	f.Add([]byte(`{"laurel":1,"title":"a","awards":[{"id":"a","seats":1}],"quotas":[{"attribute":"region","max":"40%"}]}`))
	f.Add([]byte("voting: {hours: '09:00-22:00', picks: {max: 2}}\nphases: {notice: {shortened_to: 3s}}\n"))
	f.Add([]byte("title: |\n  a\n\n  b\nattributes:\n- x\n- 'y z'\nnominee: person # x\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		rb, err := rulebook.Parse(src)
		if err == nil {
			roundTrips(t, rb)
			return
		}
		if !fault.HasCode(err, rulebook.CodeInvalid) {
			t.Errorf("err = %v, want a fault", err)
		}
	})
}
