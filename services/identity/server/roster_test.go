package server_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// load imports a file and tells what came of it.
func (r room) load(t *testing.T, in identity.ImportRoster, file string) (identity.RosterImported, error) {
	t.Helper()
	ref, err := r.Blobs.In(blob.Uploads).Put(r.ctx, strings.NewReader(file), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	in.Blob = ref.Hash
	return r.ImportRoster(r.ctx, in)
}

// codes exports and opens the list.
func (r room) codes(t *testing.T, slug, reason string) []identity.Coded {
	t.Helper()
	out, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: slug, Reason: reason, Form: "html", Most: 100})
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := r.Blobs.In(blob.Uploads).Open(r.ctx, out.Blob)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	sealed, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	list, err := codelist.Open(sealed, out.Key)
	if err != nil || len(list) != out.Members {
		t.Fatalf("%d codes of %d, %v", len(list), out.Members, err)
	}
	if bytes.Contains(sealed, []byte(list[0].Code)) {
		t.Error("the blob store holds codes in plain text")
	}
	return list
}

func (r room) prove(code string) (voter string, err error) {
	v, err := r.credential(code)
	return v.HexID(), err
}

func (r room) credential(code string) (v credential.Voter, err error) {
	c, err := r.ProveVoter(r.ctx, identity.ProveVoter{Slug: "s-1", Way: identity.WayRoster, Code: code})
	if err != nil {
		return v, err
	}
	v, err = key.Verifier().Verify(c.Credential, "s-1", r.Clock.Now())
	if err == nil && v.Way != identity.WayRoster {
		err = errors.New("the way is " + v.Way)
	}
	return v, err
}

func TestRoster(t *testing.T) {
	r := setup(t)
	in := identity.ImportRoster{Slug: "s-1"}
	t.Run("none", func(t *testing.T) {
		_, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"})
		_, exported := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Most: 9})
		_, replaced := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "17", Reason: "lost"})
		if !errors.Is(err, identity.ErrNoRoster) || !errors.Is(exported, identity.ErrNoRoster) || !errors.Is(replaced, identity.ErrNoMember) {
			t.Errorf("%v; %v; %v", err, exported, replaced)
		}
	})
	t.Run("mistakes", func(t *testing.T) {
		in := identity.ImportRoster{Slug: "s-1", Constituencies: []string{"兰州", "天水"}, Divided: true}
		for name, c := range map[string]struct {
			file string
			want []string // line:column field code
		}{
			"empty":     {"", []string{"1:1 header empty_file"}},
			"no member": {"姓名,选区\n王芳,兰州\n", []string{"1:1 header heading_missing"}},
			"headings": {
				"member,votes,member,constituency\n1,2,3,兰州\n",
				[]string{"1:2 header heading_unknown", "1:3 header heading_twice"},
			},
			"no rows":   {"member,constituency\n", []string{"1:1 header no_members"}},
			"undivided": {"member,name\n1,王芳\n", []string{"1:1 header heading_missing"}},
			"no table":  {"\x01\x02", []string{"1:1 header heading_unknown", "1:1 header heading_missing", "1:1 header heading_missing"}},
			"rows": {
				strings.Join([]string{
					"编号,姓名,选区", "17,王芳,兰州", ",李娜,天水", "１７,王芳,兰州", "18," + strings.Repeat("长", 101) + ",北京",
					strings.Repeat("9", 65) + ",a,", "19,b,兰州,x", "",
				}, "\n"),
				[]string{
					"3:1 编号 required", "4:1 编号 row_twice", "5:2 姓名 unprintable", "5:3 选区 not_one_of",
					"6:1 编号 unprintable", "6:3 选区 required", "7:4 header heading_empty",
				},
			},
		} {
			_, err := r.load(t, in, c.file)
			var got []string
			for i, f := range fault.From(err).Fields {
				if f.Message == "" {
					t.Errorf("%s: mistake %d is not explained", name, i)
				}
				got = append(got, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Name, f.Code))
			}
			if diff := cmp.Diff(c.want, got); !errors.Is(err, identity.ErrRosterInvalid) || diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		if _, err := r.ImportRoster(r.ctx, identity.ImportRoster{Slug: "s-1", Blob: strings.Repeat("0", 64)}); !errors.Is(err, identity.ErrRosterInvalid) {
			t.Errorf("no such blob: %v", err)
		}
		if _, err := r.load(t, identity.ImportRoster{}, "member\n1\n"); !cmp.Equal(testkit.Fields(err), []string{"slug"}) {
			t.Errorf("no selection: %v", err)
		}
		if _, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"}); !errors.Is(err, identity.ErrNoRoster) {
			t.Errorf("a refused file left something: %v", err)
		}
	})

	out, err := r.load(t, in, "member,name,constituency\n17,王芳,兰州\n18,李娜,天水\n19,,\n")
	if diff := cmp.Diff(identity.RosterImported{Added: 3, Differs: []identity.KeptMember{}}, out); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	out, err = r.load(t, in, "member,name,constituency\n20,赵强, 兰 州\n18,李那,天水\n17,王芳,兰州\n")
	again := identity.RosterImported{Added: 1, Kept: 2, Differs: []identity.KeptMember{{Line: 3, Member: "18", Name: "李娜", Constituency: "天水"}}}
	if diff := cmp.Diff(again, out); err != nil || diff != "" {
		t.Fatalf("again: %v (-want +got):\n%s", err, diff)
	}

	_, err = r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Most: 3})
	if !errors.Is(err, identity.ErrCodesTooMany) || fault.From(err).Params["codes"] != "4" {
		t.Errorf("more than can be taken: %v", err)
	}
	first := r.codes(t, "s-1", "")
	if first[0].Member != "17" || first[0].Name != "王芳" || first[0].Constituency != "兰州" || first[3].Member != "20" {
		t.Errorf("exported %+v", first)
	}
	_, err = r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Most: 100})
	if !errors.Is(err, identity.ErrCodesExported) || !cmp.Equal(testkit.Fields(err), []string{"reason"}) {
		t.Errorf("a second export: %v", err)
	}

	wang, err := r.prove(first[0].Code)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := r.prove(" " + strings.ToLower(first[0].Code)); err != nil || same != wang {
		t.Errorf("the code again: %s, %v, want %s", same, err, wang)
	}
	if li, err := r.prove(first[1].Code); err != nil || li == wang {
		t.Errorf("another's code: %s, %v", li, err)
	}

	second := r.codes(t, "s-1", "印刷件遗失")
	if len(second) != 4 || second[0].Member != "17" || second[3].Member != "20" {
		t.Fatalf("replaced %+v, want all: nobody knows which are used", second)
	}
	fresh, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "17", Reason: "短信未收到"})
	if err != nil || fresh.Name != "王芳" || fresh.Code == first[0].Code {
		t.Fatalf("replaced %+v, %v", fresh, err)
	}
	if same, err := r.prove(fresh.Code); err != nil || same != wang {
		t.Errorf("the member's new code names %s, %v, want the same voter %s", same, err, wang)
	}
	unknown := fault.From(identity.ErrCode).Message
	for name, code := range map[string]string{"replaced in the list": first[2].Code, "replaced by itself": second[0].Code, "never given": "0000-0000-0000"} {
		if _, err := r.prove(code); !errors.Is(err, identity.ErrCode) || fault.From(err).Message != unknown || !cmp.Equal(testkit.Fields(err), []string{"code"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.ProveVoter(r.ctx, identity.ProveVoter{Slug: "s-2", Way: identity.WayRoster, Code: fresh.Code}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("in another selection: %v", err)
	}
	if _, err := r.prove(first[0].Code[:13] + "?"); !errors.Is(err, identity.ErrCodeMistyped) {
		t.Errorf("mistyped: %v", err)
	}
	for want, in := range map[string]identity.ProveVoter{
		"code":  {Slug: "s-1", Way: identity.WayRoster},
		"code ": {Slug: "s-1", Way: identity.WayDevice, Code: fresh.Code},
		"way":   {Slug: "s-1", Way: "otp", Code: "123456"},
	} {
		if _, err := r.ProveVoter(r.ctx, in); !errors.Is(err, identity.ErrInvalid) || !cmp.Equal(testkit.Fields(err), []string{strings.TrimSpace(want)}) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	if _, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "17", Reason: " "}); !cmp.Equal(testkit.Fields(err), []string{"reason"}) {
		t.Errorf("replaced without a reason: %v", err)
	}
	roster, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"})
	var lists []string // the newest first
	for _, l := range roster.Lists {
		lists = append(lists, fmt.Sprint(l.Export, " ", l.Form, " ", l.Codes, " ", l.Reason, " ", !l.At.IsZero() && l.By != ""))
	}
	if diff := cmp.Diff([]string{"2 html 4 印刷件遗失 true", "1 html 4  true"}, lists); diff != "" {
		t.Errorf("lists that were handed out (-want +got):\n%s", diff)
	}
	roster.Lists = nil
	if diff := cmp.Diff(identity.Roster{Slug: "s-1", Members: 4, Coded: 4, Exports: 2, Failed: []identity.Failed{}}, roster); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	r.discreet(t, fresh.Code, first[0].Code)
}

// discreet looks that acts are in the log and codes nowhere.
func (r room) discreet(t *testing.T, codes ...string) {
	t.Helper()
	log, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{Slug: "s-1"})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		acts = append(acts, e.Act+" "+e.Reason)
		if e.Act == "export_codes" && !strings.Contains(string(e.Detail), `"form":"html"`) {
			t.Errorf("the audit log does not tell how the codes were handed out: %s", e.Detail)
		}
		for _, c := range codes {
			if strings.Contains(string(e.Detail), c) {
				t.Errorf("the audit log tells a code: %s", e.Detail)
			}
		}
	}
	want := []string{"import_roster ", "import_roster ", "export_codes ", "export_codes 印刷件遗失", "replace_code 短信未收到"}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	var rows string
	if err := r.DB.Get(&rows, `SELECT string_agg(m::text, ' ') FROM roster_member m`); err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		if strings.Contains(rows, strings.ReplaceAll(c, "-", "")) || strings.Contains(rows, c) {
			t.Errorf("the database tells a code: %s", rows)
		}
	}
}

// TestRoster_atOnce has several import, export and use codes at the same time.
func TestRoster_atOnce(t *testing.T) {
	r := setup(t)
	const imports, each = 4, 50
	var wg sync.WaitGroup
	added := make([]int, imports)
	for i := range imports {
		var file strings.Builder
		file.WriteString("member\n")
		for n := range each {
			fmt.Fprintf(&file, "%d\n", (i%2)*each+n) // each member comes twice
		}
		wg.Go(func() {
			out, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, file.String())
			if err != nil {
				t.Error(err)
			}
			added[i] = out.Added
		})
	}
	wg.Wait()
	if total := added[0] + added[1] + added[2] + added[3]; total != 2*each {
		t.Errorf("%v members were added", added)
	}
	lists := make(chan int, imports)
	for range imports {
		wg.Go(func() {
			out, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Most: 1000})
			if err != nil && !errors.Is(err, identity.ErrCodesExported) {
				t.Error(err)
			}
			lists <- out.Members
		})
	}
	wg.Wait()
	close(lists)
	exported := 0
	for n := range lists {
		exported += n
	}
	if exported != 2*each {
		t.Errorf("%d codes were handed out for %d members", exported, 2*each)
	}
	one, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "7", Reason: "lost"})
	if err != nil {
		t.Fatal(err)
	}
	voters := make([]string, 8)
	for i := range voters {
		wg.Go(func() {
			var err error
			if voters[i], err = r.prove(one.Code); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, v := range voters {
		if v != voters[0] {
			t.Errorf("one code is two voters: %v", voters)
		}
	}
}

// TestRoster_voted records who voted after the vote, and nothing before; the
// roster is final then.
func TestRoster_voted(t *testing.T) {
	r := setup(t)
	var file strings.Builder
	file.WriteString("member\n")
	const members = 300
	for n := range members {
		fmt.Fprintf(&file, "m-%03d\n", n)
	}
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, file.String()); err != nil {
		t.Fatal(err)
	}
	out, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Most: members})
	if err != nil {
		t.Fatal(err)
	}
	sealed := r.Uploaded(out.Blob)
	list, err := codelist.Open(sealed, out.Key)
	if err != nil {
		t.Fatal(err)
	}
	state := func() string {
		t.Helper()
		var rows string
		if err := r.DB.Get(&rows, `SELECT string_agg(m.ctid::text || m.xmin || ' ' || m.xmax || m::text, ' ' ORDER BY ctid) FROM roster_member m`); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	before := state()
	ids := map[string]string{}
	for _, c := range list {
		if ids[c.Member], err = r.prove(c.Code); err != nil {
			t.Fatal(err)
		}
	}
	if state() != before {
		t.Error("the use of a code left a trace")
	}

	room := r.Selection("s-1")
	room.Tell(event.Voting, "seal", event.TallySealed{})
	asked := testkit.Published[event.RosterClosed](t, r.DB)
	if len(asked) != 1 {
		t.Fatalf("asked %d times", len(asked))
	}
	voters := r.Blob(asked[0].Voters)
	voted, want := make([]byte, (members+7)/8), map[string]bool{}
	for member, id := range ids {
		raw, err := hex.DecodeString(id)
		at := bytes.Index(voters, raw)
		if err != nil || at < 0 || at%16 != 0 {
			t.Fatalf("%s is not on the list: %d, %v", member, at, err)
		}
		if want[member] = member < "m-100"; want[member] {
			voted[at/16/8] |= 1 << (at / 16 % 8)
		}
	}
	if !slices.IsSortedFunc(slices.Collect(slices.Chunk(voters, 16)), bytes.Compare) || len(voters) != 16*members {
		t.Errorf("the list of %d bytes is not sorted", len(voters))
	}
	for name, err := range map[string]error{
		"import": func() error { _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member\nx\n"); return err }(),
		"export": func() error {
			_, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Reason: "x", Most: 999})
			return err
		}(),
		"replace": func() error {
			_, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "m-001", Reason: "x"})
			return err
		}(),
		"prove": func() error { _, err := r.prove(list[0].Code); return err }(),
	} {
		if !errors.Is(err, identity.ErrVoteOver) {
			t.Errorf("%s after the vote: %v", name, err)
		}
	}
	wrong := room.Next(event.Voting, "roster", event.VotersCounted{Voters: strings.Repeat("0", 64), Voted: voted})
	if err := r.Inbox.Deliver(t.Context(), wrong); err == nil {
		t.Error("the answer about another list was taken")
	}
	answer := testkit.Envelope(t, event.Voting, "s-1", "roster", 1, r.Clock.Now(), event.VotersCounted{Voters: asked[0].Voters, Voted: voted})
	room.Hand(answer, answer)
	got := map[string]bool{}
	var rows []struct {
		Member string `db:"member"`
		Voted  bool   `db:"voted"`
	}
	if err := r.DB.Select(&rows, `SELECT member, voted FROM roster_member ORDER BY ctid`); err != nil {
		t.Fatal(err)
	}
	sorted := 0
	for i, row := range rows {
		got[row.Member] = row.Voted
		if i > 0 && rows[i-1].Member < row.Member {
			sorted++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("voted (-want +got):\n%s", diff)
	}
	if sorted < members/4 || sorted > members*3/4 { // 150 in a random order, with a deviation of 5
		t.Errorf("%d rows of %d lie behind a smaller one", sorted, members)
	}
	if transactions := r.Count(`SELECT count(DISTINCT xmin::text) FROM roster_member`); transactions != 1 {
		t.Errorf("%d transactions wrote them", transactions)
	}
	if roster, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"}); err != nil || roster.Voted == nil || *roster.Voted != 100 {
		t.Errorf("%+v, %v", roster, err)
	}
	if there, err := r.Blobs.Has(t.Context(), asked[0].Voters); err != nil || there {
		t.Errorf("the list of voters is still in the store: %v", err)
	}
}

// TestRoster_generation says of each member how often their code was replaced:
// in the credential, and to voting, by a hash of the voter's id.
func TestRoster_generation(t *testing.T) {
	r := setup(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member\n17\n18\n19\n"); err != nil {
		t.Fatal(err)
	}
	first := r.codes(t, "s-1", "")
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member\n20\n21\n"); err != nil {
		t.Fatal(err)
	}
	one, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "17", Reason: "x"})
	if err != nil || one.Replacements != 1 {
		t.Fatalf("%+v, %v", one, err)
	}
	if fresh, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "20", Reason: "x"}); err != nil || fresh.Replacements != 1 {
		t.Fatalf("who had no code: %+v, %v", fresh, err)
	}
	second := r.codes(t, "s-1", "lost") // 17 for the second time; 21 gets the first
	want := map[string]uint32{"17": 2, "18": 1, "19": 1, "20": 1, "21": 0}
	told := map[string]uint32{}
	for _, e := range testkit.Published[event.CodesReplaced](t, r.DB) {
		maps.Copy(told, e.Generations)
	}
	for i, c := range second {
		v, err := r.credential(c.Code)
		if err != nil || v.Generation != want[c.Member] {
			t.Errorf("%s: generation %d, %v, want %d", c.Member, v.Generation, err, want[c.Member])
		}
		g, ok := told[event.VoterHash("s-1", v.ID)]
		if g != want[c.Member] || ok != (want[c.Member] > 0) {
			t.Errorf("voting hears generation %d of %s", g, c.Member)
		}
		if _, plain := told[v.HexID()]; plain || i >= len(want) {
			t.Error("voting hears an id, or of too many")
		}
	}
	if len(told) != 4 {
		t.Errorf("voting hears of %d voters", len(told))
	}
	if _, err := r.prove(first[1].Code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("an earlier code: %v", err)
	}
}

// TestProveVoter_until ends a credential with the vote.
func TestProveVoter_until(t *testing.T) {
	r := setup(t)
	for _, c := range []struct{ until, want time.Duration }{{time.Minute, time.Minute}, {3 * time.Hour, time.Hour}} {
		until := r.Clock.Now().Add(c.until)
		out, err := r.ProveVoter(r.ctx, identity.ProveVoter{Slug: "s-1", Way: identity.WayDevice, Until: &until})
		if err != nil || !out.ExpiresAt.Equal(r.Clock.Now().Add(c.want)) {
			t.Errorf("until %s: %s, %v", c.until, out.ExpiresAt, err)
		}
	}
}
