package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

const candidates = "/api/v1/selections/" + here + "/candidates"

// listed is an installation with a list of candidates that counts how often it is
// asked for.
func listed(t *testing.T) (h *installation, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	h = bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) ([]nomination.Candidate, error) {
			if in.After == 0 {
				asked.Add(1)
			}
			page := []nomination.Candidate{}
			for n := in.After + 1; n <= 52 && len(page) < 20; n++ {
				page = append(page, nomination.Candidate{Number: n, Name: fmt.Sprintf("候选人%d", n)})
			}
			return page, nil
		}),
	}))
	h.start(t)
	return h, asked
}

func (h *installation) order(t *testing.T, query, token string) (numbers []int) {
	t.Helper()
	a := h.ask(t, http.MethodGet, candidates+query, token, "")
	var list []nomination.Candidate
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil || a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, c := range list {
		numbers = append(numbers, c.Number)
	}
	return numbers
}

// TestCandidates_fair shuffles the list for each voter, always alike for one.
func TestCandidates_fair(t *testing.T) {
	h, _ := listed(t)
	straight := h.order(t, "?order=number", "")
	if len(straight) != 52 || !slices.IsSorted(straight) {
		t.Fatalf("by number: %v", straight)
	}
	first := map[int]bool{}
	for i := range 40 {
		voter := h.voter(fmt.Sprintf("voter %d", i), here, time.Hour)
		order := h.order(t, "", voter)
		first[order[0]] = true
		if again := h.order(t, "?order=fair", voter); !slices.Equal(order, again) {
			t.Errorf("voter %d: %v, then %v", i, order, again)
		}
		slices.Sort(order)
		if !slices.Equal(order, straight) {
			t.Errorf("voter %d does not see everybody once: %v", i, order)
		}
	}
	if len(first) < 15 {
		t.Errorf("of 40 voters all see one of %d first", len(first))
	}
	if a, b := h.order(t, "?seed=a", ""), h.order(t, "?seed=b", ""); slices.Equal(a, b) || !slices.Equal(a, h.order(t, "?seed=a", "")) {
		t.Errorf("seeds: %v, %v", a, b)
	}
}

// TestCandidates_cached asks the service once, until an event about the
// selection passes.
func TestCandidates_cached(t *testing.T) {
	h, asked := listed(t)
	for range 20 {
		h.order(t, "", "")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times for 20 readers", n)
	}
	passes := testkit.Connect(t, h.nats, "nomination")
	publish := func(slug string) {
		if err := passes.Broadcast("laurel.nomination.v1.candidate_struck."+slug, nil); err != nil {
			t.Fatal(err)
		}
	}
	publish(here)
	testkit.Eventually(t, 20*time.Second, func() error {
		if h.order(t, "", ""); asked.Load() < 2 {
			return fmt.Errorf("asked %d times", asked.Load())
		}
		return nil
	})
	before := asked.Load()
	publish("another-selection")
	h.order(t, "", "")
	if asked.Load() != before {
		t.Error("another selection's event dropped the list")
	}
	h.clock.Advance(time.Minute) // an event may be lost
	if h.order(t, "", ""); asked.Load() != before+1 {
		t.Error("the list is kept for a minute")
	}
}

// TestPhoto serves what the list shows of a candidate and nothing else of the
// blob store: no refused entry's picture, and none that is no JPEG.
func TestPhoto(t *testing.T) {
	h := bare(t, testkit.Log(t))
	put := func(data string) string {
		ref, err := h.blobs.In(nomination.Name).Put(t.Context(), strings.NewReader(data), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return ref.Hash
	}
	var picture, refused, other bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	if err := errors.Join(
		jpeg.Encode(&picture, img, nil), jpeg.Encode(&refused, img, &jpeg.Options{Quality: 10}), png.Encode(&other, img),
	); err != nil {
		t.Fatal(err)
	}
	list := []nomination.Candidate{{Number: 1, Photo: put(picture.String())}, {Number: 2}}
	for _, data := range []string{other.String(), "candidate,votes\n1,2\n", "\xff\xd8", ""} {
		list = append(list, nomination.Candidate{Number: len(list) + 1, Photo: put(data)})
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) ([]nomination.Candidate, error) {
			return list[min(in.After, len(list)):], nil
		}),
	}))
	h.start(t)
	photo := func(number int, hash string) answer {
		return h.ask(t, http.MethodGet, fmt.Sprintf("/s/%s/c/%d/photo/%s", here, number, hash), "", "")
	}
	a := photo(1, list[0].Photo)
	if a.Status != http.StatusOK || a.Body != picture.String() || a.Header.Get("Content-Type") != "image/jpeg" ||
		!strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d, %d bytes, %v", a.Status, len(a.Body), a.Header)
	}
	for _, c := range list[2:] {
		if a := photo(c.Number, c.Photo); a.Status != http.StatusNotFound || strings.Contains(a.Body, "candidate,votes") {
			t.Errorf("what is no picture: %d %s", a.Status, a.Body)
		}
	}
	hash := put(refused.String())
	for _, path := range []string{
		"/s/" + here + "/c/1/photo/" + hash, "/s/" + here + "/c/2/photo/" + hash, "/s/" + here + "/c/2/photo/" + list[0].Photo,
		"/s/" + here + "/c/9/photo/" + hash, "/s/another-one/c/1/photo/" + hash, "/photos/" + hash + ".jpg",
		"/api/v1/selections/" + here + "/candidates/1/photo/" + hash,
	} {
		if a := h.ask(t, http.MethodGet, path, "", ""); a.Status != http.StatusNotFound || strings.Contains(a.Body, refused.String()) {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}
