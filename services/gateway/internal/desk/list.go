package desk

import (
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"
)

// address is a page with another value of one parameter of its query; an empty
// one goes. Whatever else but the page changes leads to the first page.
func address(c echo.Context, name, value string) string {
	to := *c.Request().URL
	query := to.Query()
	query.Del("lang")
	query.Del("page")
	query.Del(name)
	if value != "" {
		query.Set(name, value)
	}
	return (&url.URL{Path: to.Path, RawQuery: query.Encode()}).String()
}

// Pager leads through the pages of a list.
type Pager struct {
	Page, Pages    int // from 1
	First, Last    int // of the items on this page, from 1
	Items          int
	Earlier, Later string // addresses; empty: there are none
}

// pageOf is the page that a request asks for, from 1.
func pageOf(c echo.Context) int {
	n, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// pager is that of a list of so many items, size of them a page.
func pager(c echo.Context, items, size int) Pager {
	p := Pager{Page: pageOf(c), Pages: max(1, (items+size-1)/size), Items: items}
	p.Page = min(p.Page, p.Pages)
	p.First, p.Last = min(items, (p.Page-1)*size+1), min(items, p.Page*size)
	if p.Page > 1 {
		p.Earlier = address(c, "page", strconv.Itoa(p.Page-1))
	}
	if p.Page < p.Pages {
		p.Later = address(c, "page", strconv.Itoa(p.Page+1))
	}
	return p
}

// Column is a heading of a list that may be sorted by it.
type Column struct {
	Text string
	Href string // sorts by it, or the other way; empty: it is not sorted by
	Sort string // ascending, descending, or empty
}

// column is the heading of what the parameter sort calls name, or -name for the
// other way.
func column(c echo.Context, text, name string) Column {
	col := Column{Text: text, Href: address(c, "sort", name)}
	switch c.QueryParam("sort") {
	case name:
		col.Sort, col.Href = "ascending", address(c, "sort", "-"+name)
	case "-" + name:
		col.Sort = "descending"
	}
	return col
}
