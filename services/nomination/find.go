package nomination

// Due is what a list is filtered by beside the verdicts: the department has said
// nothing yet, and the entry waits for it.
const Due = "due"

// FindEntries asks for a page of entries that have all that is said of them; what
// is empty says nothing.
type FindEntries struct {
	Slug          string `json:"slug"`
	Text          string `json:"text,omitempty"` // words in name, employer, region, recommending body, attributes; a candidate's number
	State         State  `json:"state,omitempty"`
	Category      string `json:"category,omitempty"`   // id in the rulebook
	Region        string `json:"region,omitempty"`     // as typed in the entry
	Department    string `json:"department,omitempty"` // whose opinion; any where empty
	Opinion       string `json:"opinion,omitempty"`    // pass | fail | due
	RecommendedBy string `json:"recommended_by,omitempty"`
	Photo         Having `json:"photo,omitempty"`
	Sort          Sort   `json:"sort,omitempty"`
	Page          int    `json:"page,omitempty"`  // from 1; the last where there are fewer
	Limit         int    `json:"limit,omitempty"` // at most 200, by default 50
}

// Opinions are what a list may be filtered by.
func Opinions() []string { return []string{Pass, Fail, Due} }

// Having is whether entries have something.
type Having string

// Whether they have it.
const (
	With    Having = "with"
	Without Having = "without"
)

// Havings are all of it.
func Havings() []Having { return []Having{With, Without} }

// Sort is the order of a list of entries; with a minus before it the other way.
type Sort string

// The orders.
const (
	SortSubmitted     Sort = "submitted" // the first handed in first; the default
	SortName          Sort = "name"      // Chinese by pinyin
	SortEmployer      Sort = "employer"
	SortRegion        Sort = "region"
	SortRecommendedBy Sort = "recommended_by"
	SortNumber        Sort = "number" // candidates first
)

// Sorts are all of them.
func Sorts() []Sort {
	all := []Sort{SortSubmitted, SortName, SortEmployer, SortRegion, SortRecommendedBy, SortNumber}
	for _, s := range all {
		all = append(all, "-"+s)
	}
	return all
}

// EntriesFound is a page of entries.
type EntriesFound struct {
	Entries []Entry `json:"entries"` // of the deeds only the beginning
	Total   int     `json:"total"`   // on all pages
	Page    int     `json:"page"`
	Pages   int     `json:"pages"` // at least 1
	// What the selection's entries say, to filter by: the most frequent first, at
	// most 300 of each.
	Regions       []Value `json:"regions"`
	RecommendedBy []Value `json:"recommended_by"`
}

// Value is what so many entries say.
type Value struct {
	Text  string `json:"text" db:"text"`
	Count int    `json:"count" db:"count"`
}
