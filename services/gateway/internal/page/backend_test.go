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
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

const slug = "most-beautiful-courier-2"

// house stands in for the services: one selection whose ballots are counted in
// memory by the rules that the pages lean on. A test may change it between
// requests.
type house struct {
	mu         sync.Mutex
	key        credential.Key
	now        time.Time
	selections []selection.Selection
	candidates []nomination.Candidate
	results    *selection.Results
	photos     map[string][]byte
	ballots    map[string]counted // by voter
	castErr    error              // answers every ballot
	proveErr   error
	stateErr   error           // answers who asks for a statement
	readErr    error           // answers every question about a selection
	brake      *work.Brake     // nil: none
	works      map[string]bool // that were used, by signature
	hidden     bool
}

type counted struct {
	picks   []int
	key     string
	outcome voting.Outcome
}

// newHouse is a selection whose voting is open, with n candidates.
func newHouse(t testing.TB, rules string, n int) *house {
	t.Helper()
	rb, err := rulebook.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		key: credential.Key("a key of thirty-two bytes, really"), now: time.Date(2026, 5, 4, 2, 30, 5, 0, time.UTC),
		photos: map[string][]byte{}, ballots: map[string]counted{}, works: map[string]bool{},
	}
	at := h.now.Add(-48 * time.Hour)
	phases := make([]selection.Phase, 0, 6)
	for _, name := range rulebook.PhaseNames() {
		phases = append(phases, selection.Phase{Name: name, State: selection.Pending})
	}
	h.selections = []selection.Selection{{
		Slug: slug, Title: rb.Title, Edition: rb.Edition, Timezone: rb.Timezone, Rulebook: canonical,
		RulebookHash: rb.Hash(), FrozenAt: &at, Phases: phases, Candidates: n, CreatedAt: at,
	}}
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
func (h *house) photo(t testing.TB) string {
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
func (h *house) set(phase string, state selection.PhaseState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	phases := slices.Clone(h.selections[0].Phases)
	i := slices.IndexFunc(phases, func(p selection.Phase) bool { return p.Name == phase })
	opened, closed := h.now.Add(-time.Hour), h.now
	phases[i].State = state
	if state != selection.Pending {
		phases[i].OpenedAt = &opened
	}
	if state == selection.Closed {
		phases[i].ClosedAt = &closed
	}
	h.selections[0].Phases = phases
}

// phase changes a phase's times.
func (h *house) phase(name string, f func(p *selection.Phase)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	phases := slices.Clone(h.selections[0].Phases)
	f(&phases[slices.IndexFunc(phases, func(p selection.Phase) bool { return p.Name == name })])
	h.selections[0].Phases = phases
}

// change makes a change between requests.
func (h *house) change(f func(h *house)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h)
}

// publish makes the candidates' numbers their ranks.
func (h *house) publish() {
	for _, phase := range rulebook.PhaseNames() {
		h.set(phase, selection.Closed)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.now.Add(time.Hour)
	s := &h.selections[0]
	s.PublishedAt, s.Decided = &at, true
	r := &selection.Results{
		Slug: slug, Title: s.Title, Edition: s.Edition, PublishedAt: at, RulebookHash: s.RulebookHash,
		ResultHash: hex.EncodeToString(make([]byte, 32)), VotesHash: s.RulebookHash, ScoresHash: s.RulebookHash, Ballots: 20000,
		Decision: selection.DecisionRecord{Members: 9, For: 7, Against: 1, Abstained: 0},
		Awards: []selection.AwardList{
			{ID: "winner", Title: map[string]string{"zh": "陇原最美快递员", "en": "Most Beautiful Courier"}, Seats: 10},
			{ID: "nominated", Title: map[string]string{"zh": "提名奖", "en": "Nomination Award"}, Seats: 20},
		},
	}
	for i, c := range h.candidates {
		place := selection.RankedCandidate{
			Number: c.Number, Name: c.Name, Employer: c.Employer, Rank: i + 1, Total: fmt.Sprintf("%d.25", 95-i),
			Components: map[string]string{"votes": fmt.Sprintf("%d.123456", 40-i/2), "panel:experts": "55.127"},
			Explain:    []string{"votes 5,102 of at most 6,201: 82.28 points × 40%"},
		}
		switch {
		case i < 10:
			place.Award = "winner"
			r.Awards[0].Winners = append(r.Awards[0].Winners, place)
		case i < 30:
			place.Award = "nominated"
			r.Awards[1].Winners = append(r.Awards[1].Winners, place)
		}
		r.Ranking = append(r.Ranking, place)
	}
	h.results = r
}

func (h *house) Selections(context.Context) ([]selection.Selection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.selections), h.readErr
}

func (h *house) Selection(_ context.Context, slug string) (selection.Selection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readErr != nil {
		return selection.Selection{}, h.readErr
	}
	for _, s := range h.selections {
		if s.Slug == slug {
			s.Ballots = int64(len(h.ballots))
			return s, nil
		}
	}
	return selection.Selection{}, selection.ErrUnknown
}

func (h *house) Candidates(context.Context, string) ([]nomination.Candidate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.Clone(h.candidates)
	for i := range list {
		list[i].Deeds = ""
	}
	return list, nil
}

func (h *house) Candidate(_ context.Context, _ string, number int) (nomination.Candidate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.candidates {
		if c.Number == number {
			return c, nil
		}
	}
	return nomination.Candidate{}, nomination.ErrNoCandidate
}

func (h *house) Tally(context.Context, string) (voting.Tally, error) {
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

func (h *house) Results(context.Context, string) (selection.Results, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.results == nil {
		return selection.Results{}, selection.ErrUnpublished
	}
	return *h.results, nil
}

func (h *house) ProveVoter(_ context.Context, slug, solution string) (identity.Credential, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.brake != nil {
		done, err := h.brake.Pass("203.0.113.7", slug, solution)
		if err != nil {
			return identity.Credential{}, err
		}
		if done != nil {
			if h.works[string(done.Signature)] {
				return identity.Credential{}, identity.ErrWorkUsed
			}
			h.works[string(done.Signature)] = true
		}
	}
	if h.proveErr != nil {
		return identity.Credential{}, h.proveErr
	}
	v := credential.Voter{Slug: slug, Way: rulebook.WayDevice, Expires: h.now.Add(24 * time.Hour)}
	v.ID[0], v.ID[1] = byte(len(h.ballots)), byte(h.now.Nanosecond())
	h.now = h.now.Add(time.Nanosecond)
	return identity.Credential{Credential: h.key.Sign(v), ExpiresAt: v.Expires}, nil
}

// ProveRoster takes the codes of two members.
func (h *house) ProveRoster(_ context.Context, slug, code string) (identity.Credential, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.proveErr != nil {
		return identity.Credential{}, h.proveErr
	}
	i := slices.Index([]string{"K7M3-9TQX-2HFP", "0000-0000-0000"}, code)
	switch {
	case len(code) != 14:
		return identity.Credential{}, identity.ErrCodeMistyped
	case i < 0:
		return identity.Credential{}, identity.ErrCode
	}
	v := credential.Voter{Slug: slug, Way: rulebook.WayRoster, ID: [16]byte{0xFF, byte(i)}, Expires: h.now.Add(24 * time.Hour)}
	return identity.Credential{Credential: h.key.Sign(v), ExpiresAt: v.Expires}, nil
}

func (h *house) Voter(text, slug string) (credential.Voter, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.key.Verifier().Verify(text, slug, h.now)
}

func (h *house) Cast(voter credential.Voter, picks []int, key string) (voting.Outcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.castErr != nil {
		return voting.Outcome{}, h.castErr
	}
	if b, ok := h.ballots[voter.HexID()]; ok {
		if b.key == key && slices.Equal(b.picks, picks) {
			b.outcome.Again = true
			return b.outcome, nil
		}
		return voting.Outcome{}, voting.ErrDuplicate.With("first", b.outcome.At.Format(time.RFC3339Nano))
	}
	out := voting.Outcome{Receipt: fmt.Sprintf("%026d", len(h.ballots)+7), At: h.now}
	h.ballots[voter.HexID()] = counted{slices.Clone(picks), key, out}
	h.now = h.now.Add(time.Second) // what is kept for a moment is old now
	return out, nil
}

func (h *house) Statement(_ context.Context, voter credential.Voter) (voting.Statement, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := voting.Statement{Statement: "laurel/" + slug + "/statement\n"}
	if _, ok := h.ballots[voter.HexID()]; ok {
		s.Ballots = 1
	}
	return s, h.stateErr
}

func (h *house) Photo(_ context.Context, hash string) (io.ReadCloser, int64, error) {
	body, ok := h.photos[hash]
	if !ok {
		return nil, 0, blob.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
}
