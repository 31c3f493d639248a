package e2e_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// loot is what a thief may look for secrets in: by name.
type loot map[string][]byte

// TestTheft takes, of an installation in use, all rows of its database, and all
// files of its data directory but the keys: bodies, what NATS keeps, and a log that
// tells everything. No password is there, no session, link, code, credential,
// receipt or key of a ballot, nor where a voter came from or a picture was taken;
// during the vote and after it. When a member uses a code nothing is written.
func TestTheft(t *testing.T) {
	t.Parallel()
	h := build(t, testkit.URL(t), nil)
	h.add(all, nil, "LOG_LEVEL=debug")
	h.open(t, all)
	h.Rules = strings.Replace(h.Rules, "voters: [device]", "voters: [device, roster]", 1)
	h.run(t, h.Create, h.Nominate)
	ctx, organizer := t.Context(), h.Organizer()
	secrets := map[string]string{"password": script.Password}

	const place = "GPS 36.06 103.83"
	entries, err := organizer.Entries(ctx, slug)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := organizer.SetPhoto(ctx, slug, entries[0].ID, photographed(t, place)); err != nil {
		t.Fatal(err)
	}
	secrets["place of a picture"] = place

	h.run(t, h.Vet, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	session, err := h.API.SignIn(ctx, h.Input.With(identity.Auditor)[0].Email, script.Password)
	if err != nil {
		t.Fatal(err)
	}
	secrets["session"] = session.Token
	const mistyped = "a-password-of-another-place"
	if _, err := h.API.SignIn(ctx, h.Input.With(identity.Auditor)[0].Email, mistyped); !errors.Is(err, identity.ErrSignIn) {
		t.Fatal(err)
	}
	secrets["mistyped password"] = mistyped
	if _, err := h.API.SignIn(ctx, "typed-into-the-wrong-field", mistyped); err == nil {
		t.Fatal("signed in")
	}
	secrets["password in the field of the address"] = "typed-into-the-wrong-field"
	given, err := organizer.GiveRole(ctx, slug, gateway.GiveRole{Email: "late@example.org", Name: "Late", Role: identity.Auditor})
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(given.Invitation.Link, "=")
	secrets["link"] = token

	if _, err := organizer.ImportRoster(ctx, slug, []byte("member,name\n17,王芳\n18,李娜\n19,赵强\n")); err != nil {
		t.Fatal(err)
	}
	for member, code := range exported(t, organizer, "") {
		secrets["code of "+member] = code
	}
	replaced, err := organizer.ReplaceCode(ctx, slug, "19", "lost")
	if err != nil {
		t.Fatal(err)
	}
	secrets["replaced code"] = replaced.Code
	before := h.written(t)
	const address, key = "203.0.113.77", "the-key-of-one-ballot"
	from := h.API.From(address)
	voter, err := from.RosterVoter(ctx, slug, secrets["code of 17"])
	if err != nil {
		t.Fatal(err)
	}
	counted, err := voter.CastWith(ctx, key, []int{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.written(t)); diff != "" {
		t.Errorf("a member has voted, and identity has written (-before +after):\n%s", diff)
	}
	secrets["receipt"], secrets["key of a ballot"], secrets["where a voter came from"] = counted.Receipt, key, address
	device, err := from.Voter(ctx, slug)
	if err == nil {
		_, err = device.Cast(ctx, []int{2, 3})
	}
	if err != nil {
		t.Fatal(err)
	}
	secrets["credential"] = h.credential(t, secrets["code of 18"])

	h.holds(t, "during the vote", secrets)
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	testkit.Eventually(t, wait, func() error {
		tally, err := h.API.Tally(ctx, slug)
		if err == nil && tally.State != voting.Sealed {
			err = errors.New("not sealed")
		}
		return err
	})
	if _, err := organizer.Leaves(ctx, slug); err != nil {
		t.Fatal(err)
	}
	h.holds(t, "after the close", secrets)
}

// holds takes everything and looks for secrets in it, as text and as bytes are
// shown. What is public is found, so the search is one.
func (h *harness) holds(t *testing.T, when string, secrets map[string]string) {
	t.Helper()
	taken := loot{}
	h.dump(t, taken)
	h.files(t, taken)
	find := func(secret string) (in []string) {
		compact := strings.ReplaceAll(secret, "-", "")
		for name, body := range taken {
			for _, form := range []string{secret, compact, hex.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(compact))} {
				if bytes.Contains(body, []byte(form)) {
					in = append(in, name)
					break
				}
			}
		}
		slices.Sort(in)
		return in
	}
	for what, secret := range secrets {
		if len(secret) < 8 {
			t.Fatalf("%s: %q is no secret", what, secret)
		}
		if in := find(secret); len(in) > 0 {
			t.Errorf("%s: %s is in %v", when, what, in)
		}
	}
	for _, known := range []string{"王芳", "late@example.org", "快递员甲"} {
		if len(find(known)) == 0 {
			t.Errorf("%s: %s is not found, of %d things", when, known, len(taken))
		}
	}
}

// written is all that identity keeps, with the transaction that wrote each row.
func (h *harness) written(t *testing.T) map[string][]string {
	t.Helper()
	db, rows := testkit.Open(t, h.Database, identity.Name), map[string][]string{}
	for _, table := range list(t, db, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('job', 'audit_head')`) {
		rows[table] = list(t, db, `SELECT concat(xmin, ' ', ctid, ' ', x) FROM `+table+` x ORDER BY 1`)
	}
	return rows
}

// dump takes all rows of all schemas.
func (h *harness) dump(t *testing.T, into loot) {
	t.Helper()
	db := testkit.Open(t, h.Database, "")
	for _, table := range list(t, db, `
		SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`) {
		into[table] = []byte(strings.Join(list(t, db, `SELECT x::text FROM `+table+` x`), "\n"))
	}
}

// files takes the data directory but for the keys.
func (h *harness) files(t *testing.T, into loot) {
	t.Helper()
	if err := filepath.WalkDir(h.Dir, func(path string, e fs.DirEntry, err error) error {
		if e != nil && e.IsDir() && e.Name() == "keys" {
			return fs.SkipDir
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		into[strings.TrimPrefix(path, h.Dir)] = body
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// credential is what a code is good for.
func (h *harness) credential(t *testing.T, code string) string {
	t.Helper()
	a := h.ask(t, request{method: "POST", path: "/api/v1/selections/" + slug + "/voters", body: gateway.ProveVoter{Way: identity.WayRoster, Code: code}})
	var c identity.Credential
	if err := json.Unmarshal(a.body, &c); err != nil || c.Credential == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return c.Credential
}

// photographed is a picture that carries where it was taken.
func photographed(t *testing.T, place string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("\xff\xe1\x00\x18Exif\x00\x00"), place...)
	return slices.Concat(b.Bytes()[:2], exif, b.Bytes()[2:])
}
