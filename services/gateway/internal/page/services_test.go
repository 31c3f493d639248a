package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

const slug = "most-beautiful-courier-2"

// stale is longer than the gateway keeps what it was told.
const stale = 10 * time.Second

// installation has one selection whose ballots are counted in memory: fakes of
// the services, with what the pages lean on. A test may change it between
// requests.
type installation struct {
	mu         sync.Mutex
	key        credential.Key
	now        time.Time
	kept       time.Duration // how far the gateway's clock is ahead: what it keeps for a moment is old after each change
	selections []selection.Selection
	candidates []nomination.Candidate
	results    *selection.Results
	onNotice   *selection.Notice
	objected   []selection.FileObjection
	fileErr    error // answers every objection
	photos     map[string][]byte
	ballots    map[voting.VoterID]counted
	castErr    error // answers every ballot
	proveErr   error
	stateErr   error           // answers who asks for a statement
	readErr    error           // answers every question about a selection
	works      map[string]bool // that were used, by signature
	nominated  []nomination.Nominee
	numbers    int64 // of a proof of work; 0: none is asked for
	hidden     bool
	requests   int // that an address may make; 0: any
	gate       *limit.Gate
	handler    http.Handler // of the pages that were served last
	entries    int          // nominations or objections of an address; 0: any
}

type counted struct {
	picks   []int
	key     voting.KeyHash // as the gateway hands it on
	outcome voting.Outcome
}

// newInstallation is a selection whose voting is open, with n candidates.
func newInstallation(t testing.TB, rules string, n int) *installation {
	t.Helper()
	h := &installation{
		key: credential.Key("a key of thirty-two bytes, really"), now: time.Date(2026, 5, 4, 2, 30, 5, 0, time.UTC),
		photos: map[string][]byte{}, ballots: map[voting.VoterID]counted{}, works: map[string]bool{},
	}
	phases := make([]selection.Phase, 0, 6)
	for _, name := range rulebook.PhaseNames() {
		phases = append(phases, selection.Phase{Name: name, State: selection.Pending})
	}
	at := h.now.Add(-48 * time.Hour)
	h.selections = []selection.Selection{{Slug: slug, FrozenAt: &at, Phases: phases, Candidates: n, CreatedAt: at}}
	h.rule(t, rules)
	h.set(rulebook.PhaseNomination, selection.Closed)
	h.set(rulebook.PhaseVetting, selection.Closed)
	h.set(rulebook.PhaseVoting, selection.Opened)
	photo := h.photo(t)
	for i := range n {
		years := 3 + i%20
		h.candidates = append(h.candidates, nomination.Candidate{
			Number: i + 1, Name: name(i), Category: "courier", Gender: []string{"female", "male"}[i%2],
			Employer: employers()[i%5] + "快递有限公司", Region: regions()[i%6], Years: &years,
			Summary:       "从业以来累计投递包裹六十余万件，风雨无阻往返山区村社，义务为留守老人代买药品、代缴费用，群众称他为“山路上的亲人”。",
			Deeds:         "十二年来，他每天五点出发，走完一百四十公里山路。\n\n暴雪封山那一冬，他背着药箱步行两天，把药送到十一户人家。\n客户的好评率一直是百分之百。",
			RecommendedBy: regions()[i%6] + "快递行业协会", Photo: photo,
		})
	}
	return h
}

// rule gives the selection a rulebook.
func (h *installation) rule(t testing.TB, rules string) {
	t.Helper()
	rb, err := rulebook.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	h.change(func(h *installation) {
		s := &h.selections[0]
		s.Title, s.Edition, s.Timezone, s.Rulebook, s.RulebookHash = rb.Title, rb.Edition, rb.Timezone, canonical, rb.Hash()
	})
}

func name(i int) string {
	family := []rune("马王张李赵陈杨周吴徐孙朱高林何郭罗梁")
	given := []string{"晓燕", "建国", "玉兰", "海龙", "雪梅", "志强", "秀英", "文博", "天佑"}
	return string(family[i%len(family)]) + given[i%len(given)]
}

func employers() []string { return []string{"陇运", "河西", "祁连", "丝路", "兰山"} }

func regions() []string {
	return []string{"兰州市", "天水市", "酒泉市", "临夏州", "庆阳市", "甘南州"}
}

// photo is a small picture.
func (h *installation) photo(t testing.TB) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 48, 64))
	for y := range 64 {
		for x := range 48 {
			img.Set(x, y, color.RGBA{uint8(90 + x), uint8(140 + y), 120, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Bytes())
	hash := hex.EncodeToString(sum[:])
	h.photos[hash] = out.Bytes()
	return hash
}

// set puts a phase into a state.
func (h *installation) set(phase string, state selection.PhaseState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	phases := slices.Clone(h.selections[0].Phases)
	i := slices.IndexFunc(phases, func(p selection.Phase) bool { return p.Name == phase })
	opened, closed := h.now.Add(-time.Hour), h.now
	phases[i].State = state
	h.kept += stale
	if state != selection.Pending {
		phases[i].OpenedAt = &opened
	}
	if state == selection.Closed {
		phases[i].ClosedAt = &closed
	}
	h.selections[0].Phases = phases
}

// phase changes a phase's times.
func (h *installation) phase(name string, f func(p *selection.Phase)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	phases := slices.Clone(h.selections[0].Phases)
	h.kept += stale
	f(&phases[slices.IndexFunc(phases, func(p selection.Phase) bool { return p.Name == name })])
	h.selections[0].Phases = phases
}

// change makes a change between requests.
func (h *installation) change(f func(h *installation)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept += stale
	f(h)
}

// The fakes answer what the pages ask, and panic at the rest.
type (
	selections struct {
		selection.Service
		*installation
	}
	nominations struct {
		nomination.Service
		*installation
	}
	identities struct {
		identity.Service
		*installation
	}
	votes struct {
		voting.Service
		*installation
	}
	blobs struct {
		blob.Store
		*installation
	}
)

func (h selections) ListSelections(context.Context, struct{}) ([]selection.Selection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.selections), h.readErr
}

func (h selections) GetSelection(_ context.Context, in selection.Of) (selection.Selection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readErr != nil {
		return selection.Selection{}, h.readErr
	}
	for _, s := range h.selections {
		if s.Slug == in.Slug {
			s.Ballots = int64(len(h.ballots))
			return s, nil
		}
	}
	return selection.Selection{}, selection.ErrUnknown
}

func (h selections) GetResults(context.Context, selection.Of) (selection.Results, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.results == nil {
		return selection.Results{}, selection.ErrUnpublished
	}
	return *h.results, nil
}

func (h nominations) SubmitEntry(_ context.Context, in nomination.SubmitEntry) (nomination.Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if in.Nominee.Region == "" || len(in.Nominee.Name) > 100 {
		return nomination.Entry{}, nomination.Invalid(fault.Wrong("nominee.name", "too_long", "is longer than {max} characters", "max", 100),
			fault.Required("nominee.region"))
	}
	if in.Nominee.Name == "twice" {
		return nomination.Entry{}, nomination.ErrDuplicate
	}
	h.nominated = append(h.nominated, in.Nominee)
	return nomination.Entry{ID: "0192f0c1-2345-7abc-8def-0123456789ab", Key: "the-key"}, nil
}

func (h nominations) ListCandidates(_ context.Context, in nomination.ListCandidates) ([]nomination.Candidate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(h.candidates), func(c nomination.Candidate) bool { return c.Number <= in.After })
	for i := range list {
		list[i].Deeds = ""
	}
	return list, nil
}

func (h nominations) GetCandidate(_ context.Context, in nomination.OfCandidate) (nomination.Candidate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.candidates {
		if c.Number == in.Number {
			return c, nil
		}
	}
	return nomination.Candidate{}, nomination.ErrNoCandidate
}

// ReadCode knows codes by what is said of them.
func (h identities) ReadCode(_ context.Context, in identity.CodeOf) (identity.CodeUsed, error) {
	switch in.Code {
	case "read":
		return identity.CodeUsed{}, identity.ErrCodeRead
	case "early":
		return identity.CodeUsed{}, identity.ErrNotOver
	case "typo":
		return identity.CodeUsed{}, identity.ErrCodeMistyped
	case "private ballot", "private none":
		return identity.CodeUsed{Ballot: in.Code == "private ballot"}, nil
	}
	return identity.CodeUsed{}, identity.ErrCode
}

// ProveVoter takes every device, and the codes of two members.
func (h identities) ProveVoter(_ context.Context, in identity.ProveVoter) (identity.Credential, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := in.Work; w != nil {
		if h.works[string(w.Signature)] {
			return identity.Credential{}, identity.ErrWorkUsed
		}
		h.works[string(w.Signature)] = true
	}
	if h.proveErr != nil {
		return identity.Credential{}, h.proveErr
	}
	v := credential.Voter{Slug: in.Slug, Way: in.Way, Expires: h.now.Add(24 * time.Hour)}
	if in.Way == rulebook.WayDevice {
		v.ID[0], v.ID[1] = byte(len(h.ballots)), byte(h.now.Nanosecond())
		h.now = h.now.Add(time.Nanosecond)
		return identity.Credential{Credential: h.key.Sign(v), ExpiresAt: v.Expires}, nil
	}
	i := slices.Index([]string{goodCode, otherCode}, in.Code)
	switch {
	case len(in.Code) != len(goodCode):
		return identity.Credential{}, identity.ErrCodeMistyped
	case i < 0:
		return identity.Credential{}, identity.ErrCode
	}
	v.ID = [16]byte{0xFF, byte(i)}
	return identity.Credential{Credential: h.key.Sign(v), ExpiresAt: v.Expires}, nil
}

func (h votes) GetTally(context.Context, voting.Of) (voting.Tally, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := voting.Tally{Slug: slug, State: voting.Open, Ballots: int64(len(h.ballots)), Hidden: h.hidden, At: h.now}
	if h.hidden {
		return t, nil
	}
	t.Votes = map[int]int64{}
	for b := range maps.Values(h.ballots) {
		for _, n := range b.picks {
			t.Votes[n]++
		}
	}
	return t, nil
}

func (h votes) Present(context.Context) ([]string, error) { return []string{"one"}, nil }

func (h votes) Cast(ctx context.Context, _ string, in voting.CastBallots) (voting.Outcomes, error) {
	return h.CastBallots(ctx, in)
}

func (h votes) CastBallots(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out voting.Outcomes
	for _, b := range in.Ballots {
		out.Outcomes = append(out.Outcomes, h.cast(b))
	}
	return out, nil
}

func (h votes) cast(in voting.Cast) voting.Outcome {
	if h.castErr != nil {
		return voting.Outcome{Fault: fault.From(h.castErr)}
	}
	if b, ok := h.ballots[in.Voter]; ok {
		if b.key == in.Key && slices.Equal(b.picks, in.Picks) {
			b.outcome.Again = true
			return b.outcome
		}
		return voting.Outcome{Fault: voting.ErrDuplicate.With("first", b.outcome.At.Format(time.RFC3339Nano))}
	}
	out := voting.Outcome{Receipt: fmt.Sprintf("%026d", len(h.ballots)+7), At: h.now}
	h.ballots[in.Voter] = counted{slices.Clone(in.Picks), in.Key, out}
	h.now = h.now.Add(time.Second) // what pages keep for a moment is old now
	h.kept += stale
	return out
}

// GetReceipt knows the receipts of all ballots; the first is in the log.
func (h votes) GetReceipt(_ context.Context, in voting.GetReceipt) (voting.Recorded, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	code := strings.NewReplacer("-", "", " ", "").Replace(in.Receipt)
	for _, b := range h.ballots {
		if b.outcome.Receipt != code {
			continue
		}
		r := voting.Recorded{Slug: slug, Receipt: code, Period: "2026-05-04"}
		r.Evidence.Leaf = fmt.Sprintf("ballot 2026-05-04 %s %v %s", pseudonym, b.picks, "salt")
		r.Evidence.Promise.Head = "promised"
		if strings.HasSuffix(code, "7") {
			r.Evidence.Proof = &ballotlog.Inclusion{Head: "proved"}
		}
		return r, nil
	}
	return voting.Recorded{}, voting.ErrNoReceipt
}

const pseudonym = "9f86d081884c7d659a2feaa0c55ad015"

func (h votes) GetStatement(_ context.Context, in voting.StatementOf) (voting.Statement, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stateErr != nil {
		return voting.Statement{}, h.stateErr
	}
	for b := range maps.Values(h.ballots) {
		if in.Receipt == "" && b.key == in.Key || b.outcome.Receipt == in.Receipt {
			return voting.Statement{Statement: "laurel/" + slug + "/statement\n"}, nil
		}
	}
	return voting.Statement{}, voting.ErrNoReceipt
}

func (h blobs) In(string) blob.Store { return h }

func (h blobs) Deposit(_ context.Context, r io.Reader, limit int64) (blob.Ref, error) {
	n, err := io.Copy(io.Discard, io.LimitReader(r, limit+1))
	if n > limit {
		err = &blob.TooLargeError{Limit: limit}
	}
	return blob.Ref{Hash: "an upload", Size: n}, err
}

func (h blobs) Delete(context.Context, string) error { return nil }

func (h blobs) Open(_ context.Context, hash string) (io.ReadCloser, int64, error) {
	body, ok := h.photos[hash]
	if !ok {
		return nil, 0, blob.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
}
