package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// logs is the path of what is asked of the ballot log.
const logs = "/api/v1/selections/" + here + "/log/"

// logged is an installation whose voting has a log of 300 leaves and is not sealed.
func logged(t *testing.T) (*installation, ballotlog.Signer) {
	t.Helper()
	signer, err := ballotlog.ReadSigner(strings.Repeat("ab", 32) + "\n" + strings.Repeat("cd", 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	var edge ballotlog.Edge
	for range 300 {
		edge.Append(ballotlog.Hash([]byte("leaf")), nil)
	}
	checkpoint, err := signer.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(here), Tree: edge.Tree()})
	if err != nil {
		t.Fatal(err)
	}
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": does(func(in selection.Of) (selection.Selection, error) {
			return selectionRoom{}.GetSelection(context.Background(), in)
		}),
		"voting/get_checkpoint": does(func(in voting.Of) (voting.Checkpoint, error) {
			if in.Slug != here {
				return voting.Checkpoint{}, phase.ErrNotYet
			}
			return voting.Checkpoint{Checkpoint: checkpoint, Key: keys, Size: edge.Size()}, nil
		}),
		"voting/get_tile": does(func(in voting.TileOf) (voting.Tile, error) {
			tile, err := ballotlog.ParseTile(in.Path)
			switch {
			case in.Slug != here:
				return voting.Tile{}, phase.ErrNotYet
			case err != nil || !ballotlog.Holds(edge.Size(), tile):
				return voting.Tile{}, voting.ErrNoTile
			}
			return voting.Tile{Hashes: make([]byte, 32*tile.W)}, nil
		}),
		"voting/prove_growth": does(func(in voting.ConsistencyOf) (voting.Consistency, error) {
			if in.From > in.To {
				return voting.Consistency{}, voting.ErrSizes.At(fault.Field{Name: "from", Message: "is larger than to"})
			}
			return voting.Consistency{From: in.From, To: in.To, Path: []string{strings.Repeat("ab", 32)}}, nil
		}),
		"identity/read_code": does(readCode),
		"voting/get_statement": does(func(in voting.StatementOf) (voting.Statement, error) {
			if in.Receipt == "" && in.Key != voting.HashKey("mine") {
				return voting.Statement{}, voting.ErrNoReceipt
			}
			return voting.Statement{Statement: "of " + in.Receipt + in.Voter.String() + "\n"}, nil
		}),
		"voting/export_leaves": says(nil, voting.ErrUnsealed),
	}))
	h.start(t)
	return h, signer
}

// TestBallotLog_caches tells caches what never changes, and for how long it is
// of use.
func TestBallotLog_caches(t *testing.T) {
	h, _ := logged(t)
	const forever = "public, max-age=31536000, immutable"
	for path, c := range map[string]struct {
		size int
		keep string
	}{
		"tile/0/000":                {256 * 32, forever},
		"tile/0/001.p/44":           {44 * 32, "public, max-age=3600"},
		"tile/1/000.p/1":            {32, "public, max-age=3600"},
		"checkpoint":                {0, "no-store"},
		"key":                       {0, "no-store"},
		"consistency?from=1&to=300": {0, forever},
	} {
		a := h.ask(t, http.MethodGet, logs+path, "", "")
		if a.Status != http.StatusOK || c.size > 0 && len(a.Body) != c.size || a.Header.Get("Cache-Control") != c.keep {
			t.Errorf("%s: %d, %d bytes, kept %q", path, a.Status, len(a.Body), a.Header.Get("Cache-Control"))
		}
	}
	for _, path := range []string{"tile/0/000", "checkpoint", "key", "leaves"} {
		if head := h.ask(t, http.MethodHead, logs+path, "", ""); head.Status != http.StatusMethodNotAllowed || head.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("HEAD of %s, which is read by GET alone: %d %v", path, head.Status, head.Header)
		}
	}
}

// TestBallotLog_refused names what is wrong, and lets nobody keep it.
func TestBallotLog_refused(t *testing.T) {
	h, _ := logged(t)
	other := strings.Replace(logs, here, nowhere, 1)
	for path, c := range map[string]struct {
		status int
		code   string
		fields []string
	}{
		// Not full yet, wider than the log, and no widths.
		logs + "tile/0/001":                                 {404, "tile_unknown", nil},
		logs + "tile/0/001.p/45":                            {404, "tile_unknown", nil},
		logs + "tile/0/001.p/0":                             {404, "tile_unknown", nil},
		logs + "tile/0/001.p/256":                           {404, "tile_unknown", nil},
		logs + "tile/0/001.p/x":                             {404, "tile_unknown", nil},
		logs + "tile/9/000":                                 {404, "tile_unknown", nil},
		logs + "tile/data/000":                              {404, "tile_unknown", nil},
		logs + "tile/0/x001/x002/003.p/1":                   {404, "tile_unknown", nil},
		logs + "tile/0":                                     {404, "route_unknown", nil},
		other + "tile/0/000":                                {404, "selection_unknown", nil},
		other + "checkpoint":                                {404, "selection_unknown", nil},
		other + "key":                                       {404, "selection_unknown", nil},
		logs + "leaves":                                     {409, "tally_unsealed", nil},
		logs + "consistency":                                {422, "input_invalid", []string{"from", "to"}},
		logs + "consistency?from=1":                         {422, "input_invalid", []string{"to"}},
		logs + "consistency?from=x&to=1.5":                  {422, "input_invalid", []string{"from", "to"}},
		logs + "consistency?from=1&to=2&size=3":             {422, "input_invalid", []string{"size"}},
		logs + "consistency?from=3&to=2":                    {422, "sizes_invalid", []string{"from"}},
		logs + "consistency?from=1&to=99999999999999999999": {422, "input_invalid", []string{"to"}},
	} {
		a := h.ask(t, http.MethodGet, path, "", "")
		p := a.problem(t)
		got := p.fields()
		slices.Sort(got)
		if p.Status != c.status || p.Code != c.code || !slices.Equal(got, c.fields) {
			t.Errorf("%s: %d %s %v, want %d %s %v", path, p.Status, p.Code, got, c.status, c.code, c.fields)
		}
		if keep := a.Header.Get("Cache-Control"); keep != "no-store" {
			t.Errorf("%s: kept %q", path, keep)
		}
	}
}

// TestBallotLog_keys are a list that its own keys signed, and a reader who knows
// one learns the other.
func TestBallotLog_keys(t *testing.T) {
	h, signer := logged(t)
	a := h.ask(t, http.MethodGet, logs+"key", "", "")
	if media := a.Header.Get("Content-Type"); media != "text/plain; charset=utf-8" {
		t.Errorf("the keys are %s", media)
	}
	keys, err := ballotlog.ParsePublicKey(a.Body)
	if err != nil || keys.String() != signer.Public().String() || strings.Count(a.Body, "\n— laurel ") != 2 {
		t.Fatalf("%v:\n%s", err, a.Body)
	}
	one, err := ballotlog.ParsePublicKey(keys.Texts()[1])
	if err != nil {
		t.Fatal(err)
	}
	if both, err := one.Follow(a.Body); err != nil || len(both.Texts()) != 2 {
		t.Errorf("%v, %v", both, err)
	}
	head, err := one.Open(h.ask(t, http.MethodGet, logs+"checkpoint", "", "").Body)
	if err != nil || head.N != 300 {
		t.Errorf("%+v, %v", head, err)
	}
	var proof voting.Consistency
	body := h.ask(t, http.MethodGet, logs+"consistency?from=1&to=2", "", "").Body
	if err := json.Unmarshal([]byte(body), &proof); err != nil || proof.From != 1 || proof.To != 2 || len(proof.Path) != 1 {
		t.Errorf("%s: %v", body, err)
	}
}

// readCode knows codes by what is said of them.
func readCode(in identity.CodeOf) (identity.CodeUsed, error) {
	switch in.Code {
	case "read":
		return identity.CodeUsed{}, identity.ErrCodeRead
	case "early":
		return identity.CodeUsed{}, identity.ErrNotOver
	case "private ballot", "private none":
		return identity.CodeUsed{Ballot: in.Code == "private ballot"}, nil
	}
	return identity.CodeUsed{}, identity.ErrCode
}

// TestStatement_secret gives a statement to who has the ballot's receipt, or its
// key and the voter's credential. A credential alone, which whoever gave out a
// code can have, is told nothing.
func TestStatement_secret(t *testing.T) {
	h, _ := logged(t)
	path := "/api/v1/selections/" + here + "/statement"
	good := h.voter("one voter", here, time.Hour)
	mine := `{"key":"mine"}`
	for name, c := range map[string]struct{ credential, body, want string }{
		"receipt":                  {"", `{"receipt":"R"}`, "of R0000"},
		"receipt, with credential": {good, `{"receipt":"R"}`, "of R0000"},
		"key":                      {good, mine, "of 6f6e6520766f746572"},
	} {
		a := h.ask(t, http.MethodPost, path, c.credential, c.body)
		if a.Status != http.StatusOK || !strings.HasPrefix(a.Body, c.want) || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %v", name, a.Status, a.Body, a.Header)
		}
	}
	for name, c := range map[string]struct {
		credential, body, code string
		status                 int
		field                  string
	}{
		"no secret":      {good, `{}`, "secret_missing", 422, "receipt"},
		"two secrets":    {good, `{"receipt":"R","key":"mine"}`, "secret_missing", 422, "receipt"},
		"a code, a key":  {good, `{"code":"private ballot","key":"mine"}`, "secret_missing", 422, "receipt"},
		"a read code":    {"", `{"code":"read"}`, "code_not_private", 403, "code"},
		"an early code":  {"", `{"code":"early"}`, "vote_not_over", 409, ""},
		"another's key":  {good, `{"key":"other"}`, "receipt_unknown", 404, ""},
		"no credential":  {"", mine, "credential_missing", 401, "Authorization"},
		"forged":         {good[:len(good)-4] + "AAAA", mine, "credential_invalid", 401, "Authorization"},
		"session":        {organizer, mine, "credential_invalid", 401, "Authorization"},
		"expired":        {h.voter("one voter", here, -time.Second), mine, "credential_expired", 401, "Authorization"},
		"foreign":        {h.voter("one voter", "another-selection", time.Hour), mine, "credential_foreign", 403, "Authorization"},
		"a long key":     {good, `{"key":"` + strings.Repeat("k", 129) + `"}`, "input_invalid", 422, "key"},
		"a long receipt": {good, `{"receipt":"` + strings.Repeat("R", 65) + `"}`, "input_invalid", 422, "receipt"},
	} {
		p := h.ask(t, http.MethodPost, path, c.credential, c.body).problem(t)
		if p.Status != c.status || p.Code != c.code || strings.Join(p.fields(), ",") != c.field {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if a := h.ask(t, http.MethodGet, path, good, ""); a.Status != http.StatusMethodNotAllowed && a.Status != http.StatusNotFound {
		t.Errorf("by an address: %d %s", a.Status, a.Body)
	}
	for code, want := range map[string]string{"private ballot": "a ballot\n", "private none": "none\n"} {
		a := h.ask(t, http.MethodPost, path, "", `{"code":"`+code+`"}`)
		if a.Status != http.StatusOK || a.Body != want || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", code, a.Status, a.Body)
		}
	}
	wrong := 0
	for range 200 {
		if h.ask(t, http.MethodPost, path, "", `{"code":"wrong"}`).problem(t).Code == "code_unknown" {
			wrong++
		}
	}
	if wrong > 110 { // 100 at once
		t.Errorf("%d wrong codes were looked at", wrong)
	}
	limited := 0
	for range 20 {
		if h.ask(t, http.MethodPost, path, good, mine).Status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("one voter may ask without end")
	}
}
