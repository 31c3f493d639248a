package page

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/nomination"
)

// asked is what a visitor asks of the list.
type asked struct {
	query    string
	category string // id; empty: all
	region   string // empty: all
	sort     string // empty: the fair order
	picks    []int  // what is no number cannot be ticked
}

func askedOf(sent url.Values) asked {
	a := asked{
		query: queryOf(sent.Get("q")), category: queryOf(sent.Get("category")), region: start(sent.Get("region"), maxRegion),
		sort: sortOf(sent.Get("sort")),
	}
	for _, text := range sent["pick"] {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			a.picks = append(a.picks, n)
		}
	}
	return a
}

// maxRegion is the longest region that entries have, in characters.
const maxRegion = 200

// plain tells whether nothing is asked.
func (a asked) plain() bool {
	return a.query == "" && a.category == "" && a.region == "" && a.sort == string(gateway.OrderFair) && len(a.picks) == 0
}

// admits tells whether a candidate is of the category and region asked for.
func (a asked) admits(c nomination.Candidate) bool {
	return (a.category == "" || a.category == c.Category) && (a.region == "" || a.region == c.Region)
}

// carried is what is asked, as forms take it along.
type carried struct {
	Query    string
	Category string
	Region   string
	Sort     string
	Picks    []int
}

func (a asked) carried() carried { return carried{a.query, a.category, a.region, a.sort, a.picks} }

// address is the selection's page with all that is asked of it.
func (a asked) address(s *visit) string {
	to := url.Values{}
	for name, value := range map[string]string{"q": a.query, "category": a.category, "region": a.region} {
		if value != "" {
			to.Set(name, value)
		}
	}
	if a.sort == string(gateway.OrderNumber) {
		to.Set("sort", a.sort)
	}
	for _, n := range a.picks {
		to.Add("pick", strconv.Itoa(n))
	}
	return (&url.URL{Path: s.path(), RawQuery: to.Encode()}).String()
}

// filters are what the list can be narrowed to; none where all are alike.
type filters struct {
	Categories []choice
	Regions    []choice
	On         bool // it is narrowed, or in another order than the usual
}

type choice struct {
	Value, Text string
	Chosen      bool
}

func (s *visit) filters(list []nomination.Candidate, a asked) filters {
	f := filters{On: a.category != "" || a.region != "" || a.sort == string(gateway.OrderNumber)}
	add := func(to *[]choice, value, text, asked string) {
		if value != "" && !slices.ContainsFunc(*to, func(c choice) bool { return c.Value == value }) {
			*to = append(*to, choice{value, text, value == asked})
		}
	}
	for _, c := range list {
		add(&f.Categories, c.Category, s.book.Category(c.Category), a.category)
		add(&f.Regions, c.Region, c.Region, a.region)
	}
	for _, all := range []*[]choice{&f.Categories, &f.Regions} {
		if len(*all) < 2 {
			*all = nil
		}
	}
	return f
}

// find keeps what is ticked while the list is searched or sorted: the form's
// button leads here, and on to an address that says it all. A candidate's number
// leads to their card among all the others.
func (p *pages) find(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	return p.found(c, s, askedOf(sent))
}

// found leads to what was asked for.
func (p *pages) found(c echo.Context, s *visit, a asked) error {
	to := "candidates"
	if n, err := strconv.Atoi(norm.Key(a.query)); err == nil {
		list, err := p.app.Candidates(c.Request().Context(), s.Slug)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(c nomination.Candidate) bool { return c.Number == n }) {
			a.query, a.category, a.region, to = "", "", "", "c"+strconv.Itoa(n)
		}
	}
	return c.Redirect(http.StatusSeeOther, a.address(s)+"#"+to)
}
