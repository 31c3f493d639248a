package codelist_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

func TestSeal(t *testing.T) {
	list := []identity.Coded{{Member: "0017", Name: "王芳", Constituency: "兰州", Code: "K7M3-9TQX-2HFP"}, {Member: "0018"}}
	sealed, key, err := codelist.Seal(list)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("K7M3")) || bytes.Contains(sealed, []byte("0017")) {
		t.Error("the sealed list can be read")
	}
	got, err := codelist.Open(sealed, key)
	if diff := cmp.Diff(list, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, other, err := codelist.Seal(list)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, try := range map[string][2][]byte{
		"another key": {sealed, other}, "no key": {sealed, nil}, "changed": {changed, key}, "empty": {nil, key},
	} {
		if _, err := codelist.Open(try[0], try[1]); !errors.Is(err, codelist.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
