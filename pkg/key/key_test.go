package key_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const service = "voting"

func open(t *testing.T) *sqlx.DB {
	t.Helper()
	db := testkit.Service(t, service, key.Set())
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE made (by text)`); err != nil {
		t.Fatal(err)
	}
	return db
}

// known tells whether a room with the keys opens, and with which code it does not.
func known(t *testing.T, db *sqlx.DB, keys ...key.Key) bool {
	t.Helper()
	err := key.Recognize(t.Context(), db, service, keys)
	if err != nil && !errors.Is(err, key.ErrUnknown) {
		t.Fatal(err)
	}
	if confirmed := key.Confirm(t.Context(), db, service, keys); (confirmed == nil) != (err == nil) {
		t.Errorf("recognized: %v, confirmed: %v", err, confirmed)
	}
	return err == nil
}

func fill(t *testing.T, db *sqlx.DB) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO made VALUES ('key')`); err != nil {
		t.Fatal(err)
	}
}

var roster = key.Key{Name: "roster", Data: `SELECT EXISTS (SELECT FROM made)`}

// TestRecognize takes any key before there are data, and the same from then on.
func TestRecognize(t *testing.T) {
	db := open(t)
	one, other := roster.Secret([]byte("one")), roster.Secret([]byte("other"))
	for _, k := range []key.Key{other, one, one} {
		if !known(t, db, k) {
			t.Errorf("without data %v is refused", k.Checks)
		}
	}
	if needed, err := key.Needed(t.Context(), db, []key.Key{roster}); err != nil || len(needed) != 0 {
		t.Errorf("without data %v are needed, %v", needed, err)
	}
	fill(t, db)
	if known(t, db, other) || !known(t, db, one) || known(t, db, other) {
		t.Error("with data another key is taken, or the own one is not")
	}
	f := fault.From(key.Recognize(t.Context(), db, service, []key.Key{other}))
	for _, want := range []string{"voting", "keys/roster", "ROSTER_KEY_FILE"} {
		if !strings.Contains(f.Message, want) {
			t.Errorf("%q does not name %s", f.Message, want)
		}
	}
	if needed, err := key.Needed(t.Context(), db, []key.Key{roster}); err != nil || cmp.Diff([]string{"roster"}, needed) != "" {
		t.Errorf("with data %v are needed, %v", needed, err)
	}
}

// TestRecognize_earlier takes the present key of an installation from before the
// checks, unless its data tell which key it is.
func TestRecognize_earlier(t *testing.T) {
	db := open(t)
	fill(t, db)
	if one := roster.Secret([]byte("one")); !known(t, db, one) || known(t, db, roster.Secret([]byte("other"))) {
		t.Error("the first key is not the installation's")
	}
	told := key.Key{Name: "pseudonym", Data: roster.Data, Before: `SELECT 'told' FROM made`}
	for check, want := range map[string]bool{"other": false, "told": true} {
		told.Checks = []string{check}
		if got := known(t, db, told); got != want {
			t.Errorf("%s is known: %t", check, got)
		}
	}
}

// TestRecognize_handover lets a key that signs hand over to the next, replica by
// replica, and takes none that nobody handed over to.
func TestRecognize_handover(t *testing.T) {
	db := open(t)
	fill(t, db)
	seed := func(b string) string { return strings.Repeat(b, 32) }
	signer := func(lines ...string) key.Key {
		s, err := ballotlog.ReadSigner(strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return key.Key{Name: "log", Data: roster.Data}.Signer(s)
	}
	public := func(b byte) string {
		s, err := ballotlog.NewSigner(bytes.Repeat([]byte{b}, 32))
		if err != nil {
			t.Fatal(err)
		}
		return s.Public().String()
	}
	for i, step := range []struct {
		k    key.Key
		want bool
	}{
		{signer(seed("aa")), true},
		{signer(seed("bb")), false},
		{signer(seed("aa"), seed("bb")), true},
		{signer(seed("aa")), true},
		{signer(seed("bb"), public(0xaa)), true},
		{signer(seed("bb")), true},
		{signer(seed("cc")), false},
		{signer(seed("cc"), public(0xbb)), true},
	} {
		if got := known(t, db, step.k); got != step.want {
			t.Errorf("step %d: known %t", i, got)
		}
	}
}
