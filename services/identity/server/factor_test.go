package server_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

// site is where browsers reach the installation of withMail.
const site = "https://laurel.example.org"

// signIn gives the session, or what a sign-in asks for.
func (r room) signIn(t *testing.T, email string) identity.Session {
	t.Helper()
	s, err := r.SignIn(r.ctx, identity.SignIn{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// again is a session whose holder shows the password again.
func again(token string) identity.Present { return identity.Present{Token: token, Password: password} }

// app is an authenticator app.
type app struct {
	secret string
	clock  *testkit.Clock
}

func (a app) code(t *testing.T) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, a.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// addTOTP adds an app to the account of a session.
func (r room) addTOTP(t *testing.T, token string) (app, identity.FactorAdded) {
	t.Helper()
	begun, err := r.BeginFactor(r.ctx, identity.BeginFactor{Present: again(token), Kind: identity.FactorTOTP})
	if err != nil {
		t.Fatal(err)
	}
	a := app{begun.Secret, r.Clock}
	added, err := r.FinishFactor(r.ctx, identity.FinishFactor{Token: token, Ceremony: begun.Ceremony, Name: "手机", Code: a.code(t)})
	if err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(time.Minute) // that code is spent
	return a, added
}

// addPasskey adds a device to the account of a session.
func (r room) addPasskey(t *testing.T, token string, d *authenticator) identity.FactorAdded {
	t.Helper()
	begun, err := r.BeginFactor(r.ctx, identity.BeginFactor{Present: again(token), Kind: identity.FactorPasskey})
	if err != nil {
		t.Fatal(err)
	}
	added, err := r.FinishFactor(r.ctx, identity.FinishFactor{Token: token, Ceremony: begun.Ceremony, Name: "key", Passkey: d.create(t, begun.Passkey)})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// TestFactor_totp asks for a code beside the password, and takes each once: of
// many at once with the same code, one gets in.
func TestFactor_totp(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, wang)
	first, other := r.signIn(t, wang), r.signIn(t, wang)
	phone, added := r.addTOTP(t, first.Token)
	if len(added.RecoveryCodes) != 10 || added.Factor.Kind != identity.FactorTOTP || added.Factor.Name != "手机" {
		t.Errorf("%+v", added)
	}
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: other.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("a session of the password alone, elsewhere: %v", err)
	}
	if s, err := r.ListSessions(r.ctx, identity.Token{Token: first.Token}); err != nil || len(s) != 1 ||
		!cmp.Equal(s[0].Factors, []string{"password", "totp"}) {
		t.Errorf("the session that added it: %+v, %v", s, err)
	}
	var challenges []string
	for range 4 {
		s := r.signIn(t, wang)
		if s.Token != "" || s.Challenge == nil || s.Account.ID != "" || !cmp.Equal(s.Challenge.Factors, []string{"totp", "recovery"}) {
			t.Fatalf("the password alone gives %+v", s)
		}
		if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Challenge.Token}); !errors.Is(err, identity.ErrSession) {
			t.Errorf("a challenge is a session: %v", err)
		}
		challenges = append(challenges, s.Challenge.Token)
	}
	code := phone.code(t)
	var (
		wg sync.WaitGroup
		mu sync.Mutex
		in []identity.Session
	)
	for _, c := range challenges {
		wg.Go(func() {
			s, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: c, Code: code[:3] + " " + code[3:]})
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				in = append(in, s)
			} else if !errors.Is(err, identity.ErrSecond) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(in) != 1 || in[0].Account.ID != a.ID || !cmp.Equal(in[0].Factors, []string{"password", "totp"}) {
		t.Fatalf("one code opened %d sessions: %+v", len(in), in)
	}
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: in[0].Token}); err != nil {
		t.Error(err)
	}
	for name, wrong := range map[string]identity.ProveSecond{
		"spent": {Code: code}, "no code": {Code: "12345"}, "letters": {Code: "abcdef"}, "long": {Code: strings.Repeat("1", 4096)},
		"none of the codes": {Recovery: "x"},
	} {
		wrong.Challenge = r.signIn(t, wang).Challenge.Token
		if _, err := r.ProveSecond(r.ctx, wrong); !errors.Is(err, identity.ErrSecond) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := r.signIn(t, wang).Challenge.Token
	for name, wrong := range map[string]identity.ProveSecond{"nothing": {}, "two": {Code: "1", Recovery: "2"}} {
		wrong.Challenge = c
		if _, err := r.ProveSecond(r.ctx, wrong); !cmp.Equal(testkit.Fields(err), []string{"code"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.Clock.Advance(10 * time.Minute)
	if _, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: c, Code: phone.code(t)}); !errors.Is(err, identity.ErrChallenge) {
		t.Errorf("too late: %v", err)
	}
	if l := post.To(t, wang, 2)[1]; !strings.Contains(l.Subject, "A second factor was added") {
		t.Errorf("told %+v", l)
	}
}

// TestFactor_secret looks for a TOTP's secret and codes of recovery in all that
// the database holds: a thief of it has no factor. A row that is moved to another
// account opens nothing.
func TestFactor_secret(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	r.account(t, "li@example.org")
	s := r.signIn(t, wang)
	phone, added := r.addTOTP(t, s.Token)
	begun, err := r.BeginFactor(r.ctx, identity.BeginFactor{Present: again(s.Token), Kind: identity.FactorTOTP})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, table := range []string{"account_factor", "account_recovery", "ceremony", "audit", "outbox", "session", "mail"} {
		var rows []string
		if err := r.DB.Select(&rows, `SELECT t::text FROM `+table+` t`); err != nil {
			t.Fatal(err)
		}
		all += strings.Join(rows, "\n")
	}
	for _, secret := range append(added.RecoveryCodes, phone.secret, begun.Secret, begun.Ceremony) {
		if strings.Contains(all, secret) || strings.Contains(all, strings.ReplaceAll(secret, "-", "")) {
			t.Errorf("the database holds %s", secret)
		}
	}
	if strings.Contains(all, `"secret"`) {
		t.Error("what is between two steps is not sealed")
	}
	li := r.signIn(t, "li@example.org")
	r.addTOTP(t, li.Token)
	if _, err := r.DB.Exec(`UPDATE account_factor SET kept = (SELECT kept FROM account_factor f WHERE f.account <> account_factor.account)`); err != nil {
		t.Fatal(err)
	}
	c := r.signIn(t, "li@example.org").Challenge
	if _, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: c.Token, Code: phone.code(t)}); fault.From(err).Kind != fault.Internal {
		t.Errorf("with another's secret: %v", err)
	}
}

// TestFactor_tries bounds wrong answers, of a challenge and of an account, at once
// and one after the other, and tells the holder that somebody knows the password.
func TestFactor_tries(t *testing.T) {
	r, post := withMail(t)
	r.account(t, wang)
	phone, _ := r.addTOTP(t, r.signIn(t, wang).Token)
	const elsewhere = 900
	guess := func(n, tries int) map[string]int {
		codes := map[string]int{}
		var mu sync.Mutex
		for range n {
			s, err := r.SignIn(r.ctx, from(elsewhere, wang, password))
			if err != nil {
				codes[fault.From(err).Code]++
				continue
			}
			var wg sync.WaitGroup
			for range tries {
				wg.Go(func() {
					_, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: s.Challenge.Token, Code: "000000"})
					mu.Lock()
					defer mu.Unlock()
					codes[fault.From(err).Code]++
				})
			}
			wg.Wait()
		}
		return codes
	}
	if phone.code(t) == "000000" {
		r.Clock.Advance(time.Minute)
	}
	if diff := cmp.Diff(map[string]int{"second_factor_failed": 5, "challenge_invalid": 15}, guess(1, 20)); diff != "" {
		t.Errorf("of one challenge (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"second_factor_failed": 5, "too_many_tries": 10}, guess(5, 3)); diff != "" {
		t.Errorf("of an account (-want +got):\n%s", diff)
	}
	s, err := r.SignIn(r.ctx, from(elsewhere, wang, password))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: s.Challenge.Token, Code: phone.code(t)})
	if wait := fault.From(err).RetryAfter; !errors.Is(err, identity.ErrTooManyTries) || wait != 15*time.Minute {
		t.Errorf("the right code, after too many: %v, wait %v", err, wait)
	}
	r.Clock.Advance(15 * time.Minute)
	if s, err = r.SignIn(r.ctx, from(elsewhere, wang, password)); err != nil {
		t.Fatal(err)
	}
	if s, err = r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: s.Challenge.Token, Code: phone.code(t)}); err != nil || s.Token == "" {
		t.Errorf("after the wait: %v", err)
	}
	letters := post.To(t, wang, 3)
	if !slices.ContainsFunc(letters, func(l testkit.Letter) bool { return strings.Contains(l.Subject, "Somebody knows your password") }) {
		t.Errorf("told %+v", letters)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'second_factor_failed'`); n != 4 { // the 1st, 2nd, 4th and 8th
		t.Errorf("%d entries of the log", n)
	}
}

// TestFactor_oracle keeps the allowance of passwords used up until
// the second factor is shown: a right password is no way to go on guessing.
func TestFactor_oracle(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	r.account(t, "li@example.org")
	r.addTOTP(t, r.signIn(t, wang).Token)
	for _, email := range []string{wang, "li@example.org"} { // with a factor and without
		s, err := r.SignIn(r.ctx, from(0, email, "wrong"))
		if !errors.Is(err, identity.ErrSignIn) || s.Challenge != nil {
			t.Errorf("%s: %+v, %v", email, s, err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM ceremony`); n != 0 {
		t.Errorf("a wrong password makes %d challenges", n)
	}
	codes := map[string]int{}
	for range 15 {
		_, err := r.SignIn(r.ctx, from(700, wang, password))
		codes[fault.From(err).Code]++
	}
	if codes["too_many_tries"] == 0 {
		t.Errorf("the password gives tries back without the second factor: %v", codes)
	}
	if n := r.Count(`SELECT count(*) FROM sign_in_network`); n != 0 {
		t.Errorf("%d networks are the holder's without the second factor", n)
	}
}

// TestFactor_recovery takes each code once, at once and in any spelling, and has
// new ones take the place of the old.
func TestFactor_recovery(t *testing.T) {
	r, post := withMail(t)
	r.account(t, wang)
	first := r.signIn(t, wang)
	_, added := r.addTOTP(t, first.Token)
	use := func(code string) error {
		_, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: r.signIn(t, wang).Challenge.Token, Recovery: code})
		return err
	}
	typed := strings.ToLower(strings.ReplaceAll(added.RecoveryCodes[0], "-", " "))
	tokens := []string{r.signIn(t, wang).Challenge.Token, r.signIn(t, wang).Challenge.Token, r.signIn(t, wang).Challenge.Token}
	var wg sync.WaitGroup
	var mu sync.Mutex
	opened := 0
	for _, token := range tokens {
		wg.Go(func() {
			if _, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: token, Recovery: typed}); err == nil {
				mu.Lock()
				defer mu.Unlock()
				opened++
			}
		})
	}
	wg.Wait()
	if opened != 1 {
		t.Errorf("one code opened %d sessions", opened)
	}
	if l := post.To(t, wang, 3)[2]; !strings.Contains(l.Text, "Codes that are left: 9.") {
		t.Errorf("told %+v", l)
	}
	anew, err := r.RenewRecovery(r.ctx, again(first.Token))
	if err != nil || len(anew.Codes) != 10 {
		t.Fatalf("%+v, %v", anew, err)
	}
	if err := use(added.RecoveryCodes[1]); !errors.Is(err, identity.ErrSecond) {
		t.Errorf("a code of before: %v", err)
	}
	if err := use(anew.Codes[0]); err != nil {
		t.Error(err)
	}
	if _, err := r.RenewRecovery(r.ctx, identity.Present{Token: first.Token, Password: "wrong"}); !errors.Is(err, identity.ErrPassword) {
		t.Errorf("without the password: %v", err)
	}
}

// TestFactor_passkey signs in by a device, as the second factor and alone, and
// refuses what a copy, another site or a listener has.
func TestFactor_passkey(t *testing.T) {
	r, _ := withMail(t)
	a := r.account(t, wang)
	key := &authenticator{origin: site, verifies: true}
	first := r.signIn(t, wang)
	if added := r.addPasskey(t, first.Token, key); len(added.RecoveryCodes) != 10 {
		t.Errorf("%+v", added)
	}
	s := r.signIn(t, wang)
	if !cmp.Equal(s.Challenge.Factors, []string{"passkey", "recovery"}) {
		t.Errorf("%+v", s.Challenge)
	}
	seen, err := r.ReadChallenge(r.ctx, identity.Token{Token: s.Challenge.Token})
	if err != nil || !sameJSON(seen.Passkey, s.Challenge.Passkey) {
		t.Errorf("%+v, %v", seen, err)
	}
	answer := key.get(t, s.Challenge.Passkey)
	in, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: s.Challenge.Token, Passkey: answer})
	if err != nil || in.Account.ID != a.ID || !cmp.Equal(in.Factors, []string{"password", "passkey"}) {
		t.Fatalf("%+v, %v", in, err)
	}
	second := func(answer func(options json.RawMessage) json.RawMessage) error {
		c := r.signIn(t, wang).Challenge
		_, err := r.ProveSecond(r.ctx, identity.ProveSecond{Challenge: c.Token, Passkey: answer(c.Passkey)})
		return err
	}
	copied, elsewhere := *key, *key
	copied.count, elsewhere.origin = 0, "https://laurel.example.net"
	for name, answer := range map[string]func(json.RawMessage) json.RawMessage{
		"heard before": func(json.RawMessage) json.RawMessage { return answer },
		"a copy":       func(o json.RawMessage) json.RawMessage { return copied.get(t, o) },
		"another site": func(o json.RawMessage) json.RawMessage { return elsewhere.get(t, o) },
		"no answer":    func(json.RawMessage) json.RawMessage { return json.RawMessage(`{"id":7}`) },
	} {
		if err := second(answer); !errors.Is(err, identity.ErrSecond) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := second(func(o json.RawMessage) json.RawMessage { return key.get(t, o) }); err != nil {
		t.Errorf("the device itself, after all that: %v", err)
	}

	alone := func(d *authenticator) (identity.Session, error) {
		w, err := r.AskPasskey(r.ctx, identity.PasskeyAsked{})
		if err != nil {
			t.Fatal(err)
		}
		answer := d.get(t, w.Passkey)
		s, err := r.SignInByPasskey(r.ctx, identity.SignInByPasskey{Ceremony: w.Ceremony, Passkey: answer})
		if _, twice := r.SignInByPasskey(r.ctx, identity.SignInByPasskey{Ceremony: w.Ceremony, Passkey: answer}); !errors.Is(twice, identity.ErrChallenge) {
			t.Errorf("the same answer again: %v", twice)
		}
		return s, err
	}
	if s, err := alone(key); err != nil || s.Account.ID != a.ID || !cmp.Equal(s.Factors, []string{"passkey"}) {
		t.Errorf("alone: %+v, %v", s, err)
	}
	key.verifies = false
	if _, err := alone(key); !errors.Is(err, identity.ErrSecond) {
		t.Errorf("alone, without a PIN: %v", err)
	}
	key.verifies = true
	if _, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: wang, Reason: "has left"}); err != nil {
		t.Fatal(err)
	}
	if _, err := alone(key); !errors.Is(err, identity.ErrDisabled) {
		t.Errorf("of a disabled account: %v", err)
	}
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y)
}
