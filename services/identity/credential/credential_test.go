package credential_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/identity/credential"
)

var (
	now   = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	key   = credential.Key("a key of the test, 32 bytes long")
	voter = credential.Voter{Slug: "most-beautiful-courier-2", Way: "device", ID: [16]byte{1, 2, 3}, Expires: now.Add(time.Hour), Generation: 3}
)

func TestKey_Verify(t *testing.T) {
	s := key.Sign(voter)
	v, err := key.Verifier().Verify(s, voter.Slug, now)
	if err != nil || v.ID != voter.ID || v.Way != "device" || !v.Expires.Equal(voter.Expires) || v.Generation != 3 {
		t.Fatalf("verify = %+v, %v", v, err)
	}
	for name, c := range map[string]struct {
		credential, slug string
		at               time.Time
		want             error
	}{
		"foreign":   {s, "another-selection", now, credential.ErrForeign},
		"expired":   {s, voter.Slug, voter.Expires, credential.ErrExpired},
		"other key": {credential.Key("forged").Sign(voter), voter.Slug, now, credential.ErrInvalid},
		"empty":     {"", voter.Slug, now, credential.ErrInvalid},
		"long":      {"v1." + strings.Repeat("A", 1<<20), voter.Slug, now, credential.ErrInvalid},
		"version":   {"v3." + s[3:], voter.Slug, now, credential.ErrInvalid},
		"other one": {"v1." + s[3:], voter.Slug, now, credential.ErrInvalid},
	} {
		if _, err := key.Verifier().Verify(c.credential, c.slug, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// old is the voter's credential as it was signed before there were generations.
const old = "v1.AAAAAGn0o9ABAgMAAAAAAAAAAAAAAAAABmRldmljZRhtb3N0LWJlYXV0aWZ1bC1jb3VyaWVyLTKRhRbJjjBRFvpn78Nh9drsm-l2Fabssc8XHPCgcHZIdg"

// TestKey_Verify_old takes what was issued by the version before, as generation
// 0.
func TestKey_Verify_old(t *testing.T) {
	v, err := key.Verifier().Verify(old, voter.Slug, now)
	if err != nil || v.ID != voter.ID || v.Way != "device" || !v.Expires.Equal(voter.Expires) || v.Generation != 0 {
		t.Errorf("verify = %+v, %v", v, err)
	}
}

// TestKey_Verify_everyCharacter changes each character in turn: none may pass.
func TestKey_Verify_everyCharacter(t *testing.T) {
	s := key.Sign(voter)
	for i := range s {
		b := []byte(s)
		b[i] ^= 1
		if _, err := key.Verifier().Verify(string(b), voter.Slug, now); err == nil {
			t.Fatalf("forged at %d: %s", i, b)
		}
	}
}

func FuzzKey_Verify(f *testing.F) {
	f.Add(key.Sign(voter))
	f.Add("v1.AAAA")
	f.Add(old)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := key.Verifier().Verify(s, voter.Slug, now)
		if err == nil && key.Sign(v) != s && s != old {
			t.Errorf("%q passes and is not what was signed", s)
		}
	})
}
