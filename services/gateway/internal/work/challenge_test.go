package work_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/altcha-org/altcha-lib-go"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

const slug = "most-beautiful-courier-2"

func key(text string) credential.Key { return credential.Key(strings.Repeat(text, 32)) }

func morning() *testkit.Clock {
	return testkit.NewClock(time.Date(2026, 5, 4, 2, 30, 0, 0, time.UTC))
}

// solved is a challenge and its work.
func solved(t testing.TB, c *work.Challenges, slug string) (altcha.Challenge, string) {
	t.Helper()
	challenge, err := c.New(slug, 500)
	if err != nil {
		t.Fatal(err)
	}
	done, err := work.Solve(t.Context(), challenge)
	if err != nil {
		t.Fatal(err)
	}
	return challenge, done
}

func TestChallenges(t *testing.T) {
	clock := morning()
	c := work.NewChallenges(key("k"), clock.Now)
	challenge, done := solved(t, c, slug)
	got, err := c.Check(done, slug)
	if err != nil || hex.EncodeToString(got.Signature) != challenge.Signature || !got.ExpiresAt.Equal(clock.Now().Add(5*time.Minute)) {
		t.Errorf("%+v, %v", got, err)
	}
	// Another gateway with the same key takes it; the salt fills a block of
	// SHA-256, so that browsers hash one block a number.
	if _, err := work.NewChallenges(key("k"), clock.Now).Check(done, slug); err != nil {
		t.Error(err)
	}
	if short, err := c.New("abc", 1); err != nil || len(short.Salt) < sha256.BlockSize {
		t.Errorf("salt %q, %v", short.Salt, err)
	}
	if _, err := c.Check(done, "another-selection"); !errors.Is(err, work.ErrForeign) {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := work.NewChallenges(key("x"), clock.Now).Check(done, slug); !errors.Is(err, work.ErrInvalid) {
		t.Errorf("another key: %v", err)
	}
	clock.Advance(5*time.Minute - time.Second)
	if _, err := c.Check(done, slug); err != nil {
		t.Errorf("a second before it expires: %v", err)
	}
	clock.Advance(time.Second)
	if _, err := c.Check(done, slug); !errors.Is(err, identity.ErrWorkExpired) {
		t.Errorf("when it expires: %v", err)
	}
}

// TestChallenges_forged changes what a work says: nothing of it can be.
func TestChallenges_forged(t *testing.T) {
	clock := morning()
	c := work.NewChallenges(key("k"), clock.Now)
	_, done := solved(t, c, slug)
	text, err := base64.StdEncoding.DecodeString(done)
	if err != nil {
		t.Fatal(err)
	}
	var honest altcha.Payload
	if err := json.Unmarshal(text, &honest); err != nil {
		t.Fatal(err)
	}
	encode := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	change := func(f func(p *altcha.Payload)) string { p := honest; f(&p); return encode(p) }
	later := strings.Replace(honest.Salt, "expires=1", "expires=9", 1)
	for name, forged := range map[string]string{
		"another number":    change(func(p *altcha.Payload) { p.Number++ }),
		"a negative number": change(func(p *altcha.Payload) { p.Number = -p.Number - 1 }),
		"a later end":       change(func(p *altcha.Payload) { p.Salt = later }),
		"another selection": change(func(p *altcha.Payload) { p.Salt = strings.Replace(p.Salt, slug, "other", 1) }),
		"a digit in the salt": change(func(p *altcha.Payload) { // the same text in all
			digits := strconv.FormatInt(p.Number, 10)
			p.Salt += digits[:1]
			p.Number, _ = strconv.ParseInt("0"+digits[1:], 10, 64)
		}),
		"no salt":              change(func(p *altcha.Payload) { p.Salt = "" }),
		"capitals":             change(func(p *altcha.Payload) { p.Signature = strings.ToUpper(p.Signature) }),
		"no signature":         change(func(p *altcha.Payload) { p.Signature = "" }),
		"another algorithm":    change(func(p *altcha.Payload) { p.Algorithm = "SHA-1" }),
		"an unknown algorithm": change(func(p *altcha.Payload) { p.Algorithm = "MD5" }),
		"a number as text": encode(map[string]any{
			"algorithm": "SHA-256", "number": "5", "salt": honest.Salt, "challenge": honest.Challenge, "signature": honest.Signature,
		}),
		"a fraction": encode(map[string]any{"algorithm": "SHA-256", "number": 5.5, "salt": honest.Salt}),
		"null":       base64.StdEncoding.EncodeToString([]byte("null")),
		"an array":   base64.StdEncoding.EncodeToString([]byte("[]")),
		"not base64": "{" + done,
		"nothing":    "",
		"too long":   done + strings.Repeat("A", work.MaxLength),
	} {
		if got, err := c.Check(forged, slug); !errors.Is(err, work.ErrInvalid) || len(fault.From(err).Fields) != 1 || fault.From(err).Fields[0].Name != "work" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestSolve(t *testing.T) {
	c := work.NewChallenges(key("k"), morning().Now)
	challenge, err := c.New(slug, 10)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := work.Solve(ended, challenge); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for name, change := range map[string]func(c *altcha.Challenge){
		"endless":   func(c *altcha.Challenge) { c.MaxNumber = 1 << 50 },
		"negative":  func(c *altcha.Challenge) { c.MaxNumber = -1 },
		"no answer": func(c *altcha.Challenge) { c.Challenge = strings.Repeat("0", 64) },
		"algorithm": func(c *altcha.Challenge) { c.Algorithm = "MD5" },
	} {
		bad := challenge
		change(&bad)
		if done, err := work.Solve(t.Context(), bad); err == nil {
			t.Errorf("%s: %q", name, done)
		}
	}
	if _, err := work.Do(t.Context(), work.ErrWanted); err == nil {
		t.Error("a fault without a challenge was solved")
	}
}

// FuzzCheck takes no work that nobody did.
func FuzzCheck(f *testing.F) {
	c := work.NewChallenges(key("k"), morning().Now)
	_, done := solved(f, c, "another-selection")
	f.Add(done)
	f.Add("bnVsbA==")
	f.Add(base64.StdEncoding.EncodeToString([]byte(`{"algorithm":"SHA-256","salt":"?expires=9999999999&slug=most-beautiful-courier-2&"}`)))
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := c.Check(text, slug); err == nil {
			t.Errorf("%q gives %+v", text, got)
		}
	})
}
