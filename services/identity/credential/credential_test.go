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
	voter = credential.Voter{Slug: "most-beautiful-courier-2", Way: "device", ID: [16]byte{1, 2, 3}, Expires: now.Add(time.Hour)}
)

func TestKey_Verify(t *testing.T) {
	s := key.Sign(voter)
	v, err := key.Verifier().Verify(s, voter.Slug, now)
	if err != nil || v.ID != voter.ID || v.Way != "device" || !v.Expires.Equal(voter.Expires) {
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
		"version":   {"v2." + s[3:], voter.Slug, now, credential.ErrInvalid},
	} {
		if _, err := key.Verifier().Verify(c.credential, c.slug, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
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
	f.Fuzz(func(t *testing.T, s string) {
		v, err := key.Verifier().Verify(s, voter.Slug, now)
		if err == nil && key.Sign(v) != s {
			t.Errorf("%q passes and is not what was signed", s)
		}
	})
}
