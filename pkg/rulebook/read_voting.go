package rulebook

import (
	"slices"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// maxPublicationBallots is the most that a publication may wait for.
const maxPublicationBallots = 10_000

func (r *reader) voting(f field, rb *Rulebook) Voting {
	f = f.mapping("voters", "frequency", "hours", "picks", "limits", "change", "counts", "publication", "constituency")
	v := Voting{
		Voters:    r.ways(f.get("voters")),
		Frequency: f.get("frequency").choice("", FrequencyOnce, FrequencyDaily),
		Hours:     r.hours(f.get("hours")),
		Picks:     r.picks(f.get("picks")),
		Counts:    f.get("counts").choice("", CountsLive, CountsHidden),
	}
	f.get("change").note(KindChoice, ChangeNo, ChangeAdd)
	publication := r.publication(f.get("publication"))
	if f.has() {
		v.Change = f.get("change").choice(ChangeNo, ChangeNo, ChangeAdd)
		v.Publication = publication
	}
	v.Limits = r.limits(f.get("limits"), v.Picks, rb)
	v.Constituency = r.constituency(f.get("constituency"), v)
	return v
}

func (r *reader) ways(f field) []string {
	var ways []string
	once := unique()
	for _, item := range f.all() {
		way := item.choice("", WayDevice, WayOTP, WayOIDC, WayRoster)
		once(item, way)
		ways = append(ways, way)
	}
	if f.has() {
		f.some("names no way to be a voter")
	}
	return ways
}

func (r *reader) hours(f field) Hours {
	s := f.words()
	if s == "" {
		return Hours{}
	}
	from, to, _ := strings.Cut(norm.Key(s), "-") // whatever the width and the dash
	h := Hours{From: minutes(from), To: minutes(to)}
	if h.From < 0 || h.To < 0 {
		f.fail("hours_malformed", `"{value}" are not hours such as 09:00-22:00`, "value", escaped(s))
		return Hours{}
	}
	if h.From >= h.To {
		f.fail("hours_backwards", `"{value}" end before they begin; hours do not wrap around midnight`, "value", s)
		return Hours{}
	}
	return h
}

func (r *reader) publication(f field) Publication {
	f = f.mapping("every", "ballots")
	p := Publication{Every: PublicationEvery, Ballots: PublicationBallots}
	f.get("every").note(KindText)
	f.get("ballots").note(KindWhole)
	if every := f.get("every"); every.has() {
		p.Every = every.duration(time.Second, time.Hour)
	}
	if ballots := f.get("ballots"); ballots.has() {
		p.Ballots = ballots.whole(1, maxPublicationBallots)
	}
	return p
}

// minutes reads 00:00 to 24:00 as minutes from midnight; -1 if it is not that.
func minutes(s string) int {
	if s == "24:00" {
		return 24 * 60
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

func (r *reader) picks(f field) Picks {
	f = f.mapping("min", "max")
	if !f.has() && f.r.shape == nil {
		return Picks{}
	}
	p := Picks{Min: 1}
	f.get("min").note(KindWhole)
	if least := f.get("min"); least.has() {
		p.Min = least.whole(1, maxSeats)
	}
	most := f.get("max")
	if !most.require() {
		return p
	}
	if p.Max = most.whole(1, maxSeats); p.Max != 0 && p.Min > p.Max {
		f.get("min").fail("min_above_max", "min {min} is above max {max}", "min", p.Min, "max", p.Max)
	}
	return p
}

func (r *reader) limits(f field, picks Picks, rb *Rulebook) []PickLimit {
	var limits []PickLimit
	once := unique()
	least, most := 0, 0
	for _, item := range f.all() {
		item = item.mapping("category", "min", "max")
		category := item.get("category")
		l := PickLimit{Category: r.newID(category, once), Min: item.get("min").whole(0, maxSeats)}
		if l.Category != "" && !rb.hasCategory(l.Category) {
			category.fail("not_in_rulebook", `there is no category "{value}"`, "value", escaped(l.Category))
		}
		if m := item.get("max"); m.require() {
			if l.Max = m.whole(0, maxSeats); l.Min > l.Max {
				item.get("min").fail("min_above_max", "min {min} is above max {max}", "min", l.Min, "max", l.Max)
			}
		}
		least, most = least+l.Min, most+l.Max
		limits = append(limits, l)
	}
	if len(limits) > 0 && picks.Max > 0 {
		if least > picks.Max {
			f.fail("limits_above_picks", "these limits demand {demanded} picks; picks.max is {max}", "demanded", least, "max", picks.Max)
		}
		if len(limits) == len(rb.Categories) && most < picks.Min {
			f.fail("limits_below_picks", "these limits leave {left} picks; picks.min is {min}", "left", most, "min", picks.Min)
		}
	}
	return limits
}

func (r *reader) constituency(f field, v Voting) *Constituency {
	f = f.mapping("from", "values")
	if !f.has() && f.r.shape == nil {
		return nil
	}
	from, values := f.get("from"), f.get("values")
	c := &Constituency{From: from.choice("", ConstituencyRoster, ConstituencyChoice)}
	from.require()
	once := unique()
	for _, item := range values.all() {
		name := item.words()
		once(item, name)
		c.Values = append(c.Values, name)
	}
	switch {
	case c.From == ConstituencyChoice && len(c.Values) == 0:
		values.fail("required", "is required: the constituencies that a voter chooses from")
	case c.From == ConstituencyRoster && !slices.Equal(v.Voters, []string{WayRoster}):
		from.fail("roster_missing", "only a roster knows it, but voting.voters is [{voters}]", "voters", strings.Join(v.Voters, ", "))
	}
	return c
}
