package rulebook

import (
	"cmp"
	"slices"
	"time"
	_ "time/tzdata" // whether a rulebook is valid must not depend on the machine

	"github.com/laurel-awards/laurel/pkg/fault"
)

// maxSeats bounds seats, jurors and picks, so that no product of them overflows.
const maxSeats = 100_000

// Parse reads a rulebook in YAML or JSON and checks whatever is there.
// CheckSelection and CheckCompute tell which keys a purpose needs. Every
// mistake is reported: the error is a *fault.Error of kind Invalid and code
// CodeInvalid whose fields name the path, the line and the column.
func Parse(src []byte) (*Rulebook, error) {
	doc, err := read(src)
	if err != nil {
		return nil, err
	}
	r := &reader{location: time.UTC}
	rb := r.rulebook(field{value: doc, r: r})
	if len(r.flaws) > 0 {
		return nil, invalid(sorted(r.flaws)...)
	}
	if err := rb.fix(); err != nil {
		return nil, err
	}
	return rb, nil
}

// ParseConvert reads a component's `convert` by itself, such as
// `{method: rank, top: 10}`, for trying another. The error is like Parse's.
func ParseConvert(src []byte) (Convert, error) {
	doc, err := read(src)
	if err != nil {
		return Convert{}, err
	}
	r := &reader{location: time.UTC}
	c := r.convert(field{value: doc, path: "convert", r: r})
	if len(r.flaws) > 0 {
		return Convert{}, invalid(sorted(r.flaws)...)
	}
	return c, nil
}

// sorted orders mistakes as a person meets them in the file.
func sorted(flaws []fault.Field) []fault.Field {
	slices.SortStableFunc(flaws, func(a, b fault.Field) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return flaws
}

func (r *reader) rulebook(f field) *Rulebook {
	f.mapping("laurel", "title", "description", "contact", "hosts", "organizers", "edition", "timezone", "nominee",
		"attributes", "labels", "headings", "categories", "awards", "phases", "vetting", "voting", "review", "composite",
		"shortlist", "quotas", "decision", "notice", "results")
	rb := &Rulebook{doc: f.value}
	rb.Laurel = f.get("laurel").whole(Version, Version)
	rb.Title = f.get("title").localized()
	rb.About = f.get("description").localized()
	rb.Contact = f.get("contact").localized()
	hosts := r.hosts(f.get("hosts"))
	for _, h := range hosts {
		rb.Hosts = append(rb.Hosts, h.Title)
	}
	rb.Organizers = r.names(f.get("organizers"))
	rb.Edition = f.get("edition").whole(1, maxSeats)
	rb.Timezone = r.timezone(f.get("timezone"))
	rb.location = r.location
	rb.Nominee = f.get("nominee").choice("", NomineePerson, NomineeTeam, NomineeProject)
	rb.Attributes = r.attributes(f.get("attributes"))
	rb.Labels = r.labels(f.get("labels"), rb)
	rb.Headings = r.headings(f.get("headings"), rb)
	rb.Categories = r.categories(f.get("categories"))
	rb.Awards = r.awards(f.get("awards"))
	rb.Phases = r.phases(f.get("phases"))
	rb.Vetting = r.vetting(f.get("vetting"))
	rb.Voting = r.voting(f.get("voting"), rb)
	rb.Review = r.review(f.get("review"), rb)
	rb.Composite = r.composite(f.get("composite"), rb)
	rb.Shortlist = r.shortlist(f.get("shortlist"))
	rb.Quotas = r.quotas(f.get("quotas"), rb)
	rb.Decision = r.decision(f.get("decision"), hosts)
	rb.Notice = r.publicNotice(f.get("notice"), rb)
	rb.Results = r.results(f.get("results"), rb)
	return rb
}

func (r *reader) timezone(f field) string {
	name := f.words()
	if name == "" {
		return ""
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		f.fail("timezone_unknown", `"{value}" is not a timezone such as Asia/Shanghai`, "value", escaped(name))
		return ""
	}
	r.location = location
	return name
}

func (r *reader) attributes(f field) []string {
	var names []string
	once := unique()
	for _, item := range f.all() {
		name := item.id()
		once(item, name)
		if slices.Contains(KnownAttributes(), name) {
			item.fail("attribute_known", `"{value}" is known already`, "value", escaped(name))
		}
		names = append(names, name)
	}
	return names
}

func (r *reader) headings(f field, rb *Rulebook) []Heading {
	var headings []Heading
	once, onceName := unique(), unique()
	for _, item := range f.all() {
		item = item.mapping("field", "names")
		var h Heading
		if of := item.get("field"); of.require() {
			h.Field = of.choice("", append(HeadingFields(), rb.Attributes...)...)
			of.note(KindText) // the rulebook's own attributes are words, too
			once(of, h.Field)
		}
		if names := item.get("names"); names.require() {
			for _, name := range names.all() {
				h.Names = append(h.Names, name.words())
				onceName(name, name.words())
			}
		}
		headings = append(headings, h)
	}
	return headings
}

func (r *reader) categories(f field) []Category {
	var categories []Category
	once := unique()
	for _, item := range f.all() {
		item = item.mapping("id", "title")
		c := Category{ID: r.newID(item.get("id"), once), Title: item.get("title").localized()}
		categories = append(categories, c)
	}
	return categories
}

func (rb *Rulebook) hasCategory(id string) bool {
	return slices.ContainsFunc(rb.Categories, func(c Category) bool { return c.ID == id })
}

// newID reads a required id that must be the first of its kind.
func (r *reader) newID(f field, once func(field, string)) string {
	if !f.require() {
		return ""
	}
	id := f.id()
	once(f, id)
	return id
}

func (r *reader) awards(f field) []Award {
	var awards []Award
	once := unique()
	for _, item := range f.all() {
		item = item.mapping("id", "title", "seats")
		a := Award{ID: r.newID(item.get("id"), once), Title: item.get("title").localized()}
		if seats := item.get("seats"); seats.require() {
			a.Seats = seats.whole(1, maxSeats)
		}
		awards = append(awards, a)
	}
	return awards
}

func (r *reader) vetting(f field) Vetting {
	var v Vetting
	once := unique()
	for _, item := range f.mapping("departments").get("departments").all() {
		item = item.mapping("id", "title", "veto")
		v.Departments = append(v.Departments, Department{
			ID:    r.newID(item.get("id"), once),
			Title: item.get("title").localized(),
			Veto:  item.get("veto").truth(),
		})
	}
	return v
}

// hosts reads who gives the awards: a text each, or an id and a title.
func (r *reader) hosts(f field) (hosts []Host) {
	once := unique()
	for _, item := range f.all() {
		var h Host
		if item.kind == mapping && item.child("title").kind != absent {
			item = item.mapping("id", "title")
			h.ID = r.newID(item.get("id"), once)
			item = item.get("title")
		}
		if h.Title = item.localized(); h.Title != nil {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

func (r *reader) decision(f field, hosts []Host) Decision {
	f = f.mapping("quorum", "approve", "approve_change", "ballot", "recused", "sign_off")
	d := Decision{
		Quorum:  r.share(f.get("quorum")),
		Approve: r.share(f.get("approve")),
		Change:  r.share(f.get("approve_change")),
		Ballot:  f.get("ballot").choice("", BallotSecret, BallotOpen),
		Recused: f.get("recused").choice(RecusedCount, RecusedCount, RecusedLeaveOut),
	}
	if !d.Change.IsSet() {
		d.Change = d.Approve
	}
	if sign := f.get("sign_off"); sign.choice("", SignOffHosts) != "" {
		d.SignOff = hosts
		if len(hosts) == 0 || slices.ContainsFunc(hosts, func(h Host) bool { return h.ID == "" }) {
			sign.fail("sign_off_hosts", "takes `hosts`, each with an id and a title")
		}
	}
	return d
}

// share reads a part of a whole, above 0 and at most 1.
func (r *reader) share(f field) Number {
	n := f.number()
	if n.IsSet() && (n.Sign() <= 0 || n.Cmp(Whole(1)) > 0) {
		f.fail("not_a_share", "{value} is not a share: above 0 and at most 1, such as 2/3", "value", n)
	}
	return n
}
