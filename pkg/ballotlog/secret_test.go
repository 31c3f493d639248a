package ballotlog_test

import (
	"bytes"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// TestSigner_Secrets makes the same bytes always, others for another purpose and
// of another key, and none of which a signature or a key is a part.
func TestSigner_Secrets(t *testing.T) {
	secret := func(seed byte, purpose string) []byte {
		t.Helper()
		s, err := ballotlog.NewSigner(bytes.Repeat([]byte{seed}, 32))
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.Secrets(purpose)
		if err != nil || len(all) != 1 || len(all[0]) != 32 {
			t.Fatalf("%d secrets, %v", len(all), err)
		}
		return all[0]
	}
	one := secret(1, "a")
	if !bytes.Equal(one, secret(1, "a")) {
		t.Error("a secret is not the same again")
	}
	if bytes.Equal(one, secret(1, "b")) || bytes.Equal(one, secret(2, "a")) {
		t.Error("a secret is that of another purpose or key")
	}
	if all, err := (ballotlog.Signer{}).Secrets("a"); len(all) != 0 || err != nil {
		t.Errorf("without a key: %x, %v", all, err)
	}
}
