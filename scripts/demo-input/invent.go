package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// entry is a person with what the seed adds.
type entry struct {
	person
	years         int // on the job
	deeds         string
	recommendedBy string // empty: by themselves
	portrait      portrait
	photo         bool
}

// photoless is every how many entries one has no photo.
const photoless = 10

// invent gives everybody years, deeds, a recommending body and a face.
func invent(rng *rand.Rand) ([]entry, error) {
	lands := regions()
	tales := shuffled(rng, stories())
	deck := deck{rng, map[string][]string{}}
	var entries []entry
	for i, p := range people() {
		at := slices.IndexFunc(lands, func(r region) bool { return r.name == p.region })
		if at < 0 {
			return nil, fmt.Errorf("%s: there is no region %q", p.name, p.region)
		}
		land := lands[at]
		told := pick(tales, p.category, land.terrains)
		if told < 0 {
			return nil, fmt.Errorf("%s: no story is left for a %s in %s", p.name, p.category, p.region)
		}
		place := land.towns[rng.IntN(len(land.towns))]
		e := entry{person: p, years: 7 + rng.IntN(5) + rng.IntN(6), photo: i%photoless != photoless-3}
		e.deeds = fill(rng, e, place, deck.draw("opening", openings())+tales[told].text+
			deck.draw("second", seconds())+deck.draw("closing", closings()))
		tales = slices.Delete(tales, told, told+1)
		e.recommendedBy = recommender(rng, p, place)
		e.portrait = pose(rng, p.gender == "女", e.years)
		entries = append(entries, e)
	}
	return typeTwice(entries), nil
}

// typeTwice makes the last entry what another body wrote about its twin, and
// puts it among the others.
func typeTwice(entries []entry) []entry {
	last := len(entries) - 1
	twin := entries[last]
	first := entries[slices.IndexFunc(entries, func(e entry) bool { return e.name == twin.name })]
	twin.years, twin.portrait, twin.photo = first.years, first.portrait, false
	twin.deeds = strings.ReplaceAll(first.deeds, "，", ",") + "同意推荐。"
	twin.recommendedBy = "临夏州总工会"
	return slices.Insert(entries[:last], 20, twin)
}

// pick finds a story for the work: one of the land, else one of anywhere.
func pick(tales []story, category string, land []terrain) int {
	for _, lands := range [][]terrain{land, {anywhere}} {
		at := slices.IndexFunc(tales, func(s story) bool {
			return s.category == category && slices.Contains(lands, s.terrain)
		})
		if at >= 0 {
			return at
		}
	}
	return -1
}

func recommender(rng *rand.Rand, p person, place town) string {
	bodies := []string{
		p.region + "快递行业协会", place.county + "总工会", p.employer + "工会委员会",
		place.county + place.name + "人民政府", p.region + "邮政业安全中心", "",
	}
	if strings.HasSuffix(place.name, "街道") {
		bodies[3] = place.county + place.name + "办事处"
	}
	return bodies[rng.IntN(len(bodies))]
}

var slot = regexp.MustCompile(`\{([0-9.]+)-([0-9.]+)\}`)

// fill puts places, years and numbers into a text.
func fill(rng *rand.Rand, e entry, place town, text string) string {
	pronoun := "他"
	if e.gender == "女" {
		pronoun = "她"
	}
	text = strings.NewReplacer(
		"{他}", pronoun, "{县}", place.county, "{乡}", place.name,
		"{年}", strconv.Itoa(e.years), "{区}", strings.TrimSuffix(e.region, "市"),
	).Replace(text)
	return slot.ReplaceAllStringFunc(text, func(s string) string {
		bounds := slot.FindStringSubmatch(s)
		if strings.Contains(s, ".") { // tenths
			low, high := tenths(bounds[1]), tenths(bounds[2])
			n := low + rng.IntN(high-low+1)
			return fmt.Sprintf("%d.%d", n/10, n%10)
		}
		low, high := whole(bounds[1]), whole(bounds[2])
		return strconv.Itoa(low + rng.IntN(high-low+1))
	})
}

func tenths(s string) int { return whole(strings.Replace(s, ".", "", 1)) }

// whole reads a number of the stories, which the test fills one and all.
func whole(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("a story has the number " + s)
	}
	return n
}

// deck deals every phrase once before any comes again.
type deck struct {
	rng  *rand.Rand
	left map[string][]string
}

func (d deck) draw(kind string, all []string) string {
	if len(d.left[kind]) == 0 {
		d.left[kind] = shuffled(d.rng, all)
	}
	top := d.left[kind][0]
	d.left[kind] = d.left[kind][1:]
	return top
}

func shuffled[T any](rng *rand.Rand, all []T) []T {
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
