package voting_test

import (
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/voting"
)

func TestKeyMade(t *testing.T) {
	at := time.Date(2026, 5, 4, 2, 30, 5, 0, time.UTC)
	const digits = "0123456789abcdef0123456789abcdef"
	for key, want := range map[string]time.Time{
		voting.NewKey(at, digits):              at,
		"019df0a3-c5c8-7abc-8def-0123456789ab": {},
		"":                                     {}, "k-1": {}, "-" + digits: {}, "z!-" + digits: {}, "-5-" + digits: {},
	} {
		if got := voting.KeyMade(key); !got.Equal(want) {
			t.Errorf("%q: made %v, want %v", key, got, want)
		}
	}
}
