// Package bundletest makes bundles for tests: those of a small selection with
// everything in it, and of a log of as many ballots as are wanted.
package bundletest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Slug is the selection's.
const Slug = "courier-2"

// Rules are those of a vote and a jury with quotas, ties and lots.
const Rules = `laurel: 1
title: {zh: 最美快递员, en: Courier}
edition: 2
timezone: Asia/Shanghai
awards:
  - {id: gold, title: {zh: 金奖, en: Gold}, seats: 2}
  - {id: silver, title: {zh: 银奖, en: Silver}, seats: 1}
voting: {voters: [device], frequency: once, picks: {min: 1, max: 3}, counts: live}
review:
  panels:
    - id: experts
      title: {zh: 专家组, en: Experts}
      jurors: 2
      scale: {min: 0, max: 100, step: 0.5}
      criteria: [{id: deeds, title: {zh: 事迹, en: Deeds}, weight: 60%}, {id: skill, title: {zh: 技能, en: Skill}, weight: 40%}]
      aggregate: {method: mean, round: {digits: 2, mode: half_up}}
      missing: refuse
composite:
  round: {digits: 1, mode: half_up}
  components:
    - {source: votes, weight: 40%, convert: {method: proportional, top: 100}}
    - {source: "panel:experts", weight: 60%}
  tie_break: [lot]
  lot: {source: {zh: 收盘指数, en: An index at its close}}
quotas:
  - {attribute: region, max: 1, of: gold}
decision: {quorum: 2/3, approve: 2/3, ballot: secret}
`

// Lot is the value that lots are drawn from.
const Lot = "3127.51"

// Selection is a published one.
type Selection struct {
	Parts    map[string]string
	Absent   []bundle.Absent
	Leaves   func(w io.Writer) error // instead of a part, where there are many
	Receipts []string                // of the first ballots
	Signer   ballotlog.Signer        // of the bundle
	Log      ballotlog.Signer
}

// Seed gives the key of a number.
func Seed(t testing.TB, n byte) ballotlog.Signer {
	t.Helper()
	s, err := ballotlog.NewSigner(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// ballot is the i-th of the log.
func ballot(i int) ballotlog.Ballot {
	b := ballotlog.Ballot{Period: "once", Picks: []int{1 + i%3, 4 + i%2}}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	copy(b.Voter[:], sum[:16])
	copy(b.Salt[:], sum[16:])
	return b
}

// New is a selection by Rules with so many ballots.
func New(t testing.TB, ballots int) *Selection { t.Helper(); return With(t, Rules, ballots) }

// With is a selection by other rules.
func With(t testing.TB, rules string, ballots int) *Selection {
	t.Helper()
	rb, err := rulebook.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	s := &Selection{Parts: map[string]string{}, Signer: Seed(t, 5), Log: Seed(t, 7)}
	votes := s.vote(ballots)
	s.Parts[bundle.RulebookPart] = string(must(rb.Canonical()))
	s.Parts[bundle.CandidatesPart] = "candidate,name,region\n1,王强,north\n2,Ann Lee,north\n3,Bo,south\n4,Cy,east\n5,Di,west\n"
	table := "candidate,votes\n"
	for n := 1; n <= 5; n++ {
		table += fmt.Sprintf("%d,%d\n", n, votes[n])
	}
	s.Parts[bundle.VotesPart] = table
	scores := "panel,juror,candidate,criterion,score\n"
	for juror := 1; juror <= 2; juror++ {
		for n := 1; n <= 5; n++ {
			if juror == 2 && n == 3 {
				scores += "experts,J2,3,,recused\n"
				continue
			}
			like := min(n, 4) // the last two are equal: a lot tells them apart
			scores += fmt.Sprintf("experts,J%d,%d,deeds,%d\nexperts,J%d,%d,skill,%d.5\n",
				juror, n, 60+(7*like+juror)%30, juror, n, 50+(5*like+juror)%40)
		}
	}
	s.Parts[bundle.ScoresPart] = scores
	s.Publish(t)
	return s
}

// vote fills in the parts of the log, and gives the votes.
func (s *Selection) vote(ballots int) map[int]int64 {
	votes := map[int]int64{}
	var edge ballotlog.Edge
	var leaves strings.Builder
	var hashes []tlog.Hash
	for i := range ballots {
		b := ballot(i)
		line := b.String()
		h := ballotlog.Hash([]byte(line))
		edge.Append(h, nil)
		for _, n := range b.Picks {
			votes[n]++
		}
		if ballots <= 256 {
			hashes = append(hashes, h)
			leaves.WriteString(line + "\n")
		}
	}
	if s.Parts[bundle.LeavesPart] = leaves.String(); ballots > 256 {
		delete(s.Parts, bundle.LeavesPart)
		s.Leaves = func(w io.Writer) error {
			var line []byte
			for i := range ballots {
				line = append(ballot(i).Append(line[:0]), '\n')
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		}
	}
	head := must(s.Log.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(Slug), Tree: edge.Tree()}))
	s.Parts[bundle.CheckpointPart] = head
	s.Parts[bundle.KeyPart] = must(s.Log.Keys())
	for i := range min(3, len(hashes)) {
		path := must(ballotlog.Tiles(func(tile tlog.Tile) ([]byte, error) { return ballotlog.Join(hashes[:tile.W]), nil }).Prove(edge.Tree(), int64(i)))
		proof := ballotlog.NewInclusion(head, int64(i), path)
		at := int64(i)
		s.Receipts = append(s.Receipts, string(must(json.Marshal(bundle.Recorded{
			Slug: Slug, Receipt: receipt.NewKey([]byte("k")).Issue(Slug, receipt.Place{Batch: 4, Rank: i}).String(), Period: "once", Index: &at,
			Evidence: ballotlog.Receipt{Leaf: ballot(i).String(), Promise: must(s.Log.Promise(Slug, ballot(i))), Proof: &proof},
		}))))
	}
	return votes
}

// Publish makes the result of the parts, and what is published of it.
func (s *Selection) Publish(t testing.TB) {
	t.Helper()
	rb := must(rulebook.Parse([]byte(s.Parts[bundle.RulebookPart])))
	in := ranking.New(rb)
	names := map[string]string{}
	for _, row := range rows(s.Parts[bundle.CandidatesPart]) {
		names[row[0]] = row[1]
		check(t, in.Candidate(row[0], map[string]string{"region": row[2]}))
	}
	for _, row := range rows(s.Parts[bundle.VotesPart]) {
		check(t, in.Votes(row[0], "", must(strconv.ParseInt(row[1], 10, 64))))
	}
	for _, row := range rows(s.Parts[bundle.ScoresPart]) {
		if row[4] == "recused" {
			check(t, in.Excuse(row[0], row[1], row[2]))
			continue
		}
		check(t, in.Score(row[0], row[1], row[2], row[3], row[4]))
	}
	result, err := in.Rank(ranking.Options{Lot: Lot})
	check(t, err)
	hashes := map[string]string{
		"rulebook_hash": rb.Hash(), "votes_hash": hash(s.Parts[bundle.VotesPart]), "scores_hash": hash(s.Parts[bundle.ScoresPart]),
		"candidates_hash": hash(s.Parts[bundle.CandidatesPart]),
	}
	s.Parts[bundle.ResultPart] = fmt.Sprintf(`{"slug":%q,"rulebook_hash":%q,"votes_hash":%q,"scores_hash":%q,"candidates_hash":%q,"ranking":%s}`,
		Slug, hashes["rulebook_hash"], hashes["votes_hash"], hashes["scores_hash"], hashes["candidates_hash"], must(json.Marshal(result)))
	ranked := []map[string]any{}
	for _, r := range result.Ranking {
		one := map[string]any{
			"number": must(strconv.Atoi(r.Candidate)), "name": names[r.Candidate], "employer": "Post", "rank": r.Rank, "total": r.Total,
			"components": r.Components, "explain": r.Explain,
		}
		if r.Award != "" {
			one["award"] = r.Award
		}
		ranked = append(ranked, one)
	}
	awards := []map[string]any{}
	for _, a := range rb.Awards {
		winners := []map[string]any{}
		for _, r := range ranked {
			if r["award"] == a.ID {
				winners = append(winners, r)
			}
		}
		awards = append(awards, map[string]any{"id": a.ID, "title": a.Title, "seats": a.Seats, "winners": winners})
	}
	public := map[string]any{
		"slug": Slug, "title": rb.Title, "edition": rb.Edition, "published_at": "2026-06-01T08:00:00Z", "result_hash": hash(s.Parts[bundle.ResultPart]),
		"ballots": strings.Count(s.Parts[bundle.LeavesPart], "\n"), "awards": awards, "ranking": ranked,
		"decision": map[string]int{"members": 9, "for": 7, "against": 1, "abstained": 0},
	}
	if result.Lot != "" {
		public["lot"] = result.Lot
	}
	if s.Leaves != nil {
		n, err := s.keysHead()
		check(t, err)
		public["ballots"] = n
	}
	for name, h := range hashes {
		public[name] = h
	}
	s.Parts[bundle.ResultsPart] = string(must(json.Marshal(public)))
}

// keysHead is the size of the log.
func (s *Selection) keysHead() (int64, error) {
	head, err := s.Log.Public().Open(s.Parts[bundle.CheckpointPart])
	return head.N, err
}

func rows(table string) (all [][]string) {
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		all = append(all, strings.Split(line, ","))
	}
	return all
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Withhold takes parts out of what is published.
func (s *Selection) Withhold(names ...string) {
	for _, name := range names {
		delete(s.Parts, name)
		s.Absent = append(s.Absent, bundle.Absent{Name: name, Why: bundle.Withheld})
	}
}

// Write writes the bundle.
func (s *Selection) Write(w io.Writer) error {
	var sources []bundle.Source
	for name, part := range s.Parts {
		sources = append(sources, bundle.Text(name, part))
	}
	if s.Leaves != nil {
		sources = append(sources, bundle.Source{Name: bundle.LeavesPart, Open: func() (io.ReadCloser, error) {
			r, w := io.Pipe()
			go func() { w.CloseWithError(s.Leaves(w)) }()
			return r, nil
		}})
	}
	return bundle.Write(w, Slug, sources, s.Absent, s.Signer)
}

// Zip is the bundle.
func (s *Selection) Zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, s.Write(&b))
	return b.Bytes()
}
