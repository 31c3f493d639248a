package nomination

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
)

// ImportJob is the kind of the job that takes the rows of an import.
const ImportJob = "import_entries"

// What may become of a file's column beside a field of the form.
const (
	UseNote  = "note"  // kept as the entries' private notes
	UseLeave = "leave" // left out
)

// MarkHeadings are the names, in Chinese and in English, of the column in which a
// file says what a check found. Such a column is not read.
func MarkHeadings() []string { return []string{"检查结果", "Check result"} }

// Import is a file on its way to become entries.
type Import struct {
	ID            string       `json:"id"` // UUID
	Slug          string       `json:"slug"`
	Name          string       `json:"name"` // of the file
	Blob          string       `json:"blob"` // the file, in the room's store; empty once it is over
	RecommendedBy string       `json:"recommended_by,omitempty"`
	Sheets        []string     `json:"sheets"` // that are visible; none where the file is text
	Sheet         string       `json:"sheet,omitempty"`
	Header        int          `json:"header"` // the line of the columns' names
	Columns       []Column     `json:"columns"`
	Uses          []string     `json:"uses"` // that a column may have: fields of the form, note, leave
	Check         *ImportCheck `json:"check,omitempty"`
	Job           *job.Job     `json:"job,omitempty"` // once the rows are being taken
	Entries       int          `json:"entries,omitempty"`
	By            string       `json:"by"` // account name
	CreatedAt     time.Time    `json:"created_at"`
	EndedAt       *time.Time   `json:"ended_at,omitempty"` // imported, or given up: then without Entries
}

// Column is a column of a file.
type Column struct {
	Name       string   `json:"name"`    // its heading
	Samples    []string `json:"samples"` // its first texts
	Use        string   `json:"use"`
	Guessed    bool     `json:"guessed,omitempty"`    // by its heading
	Remembered bool     `json:"remembered,omitempty"` // from an earlier file of the same body
}

// ImportCheck is what would come of a file's rows.
type ImportCheck struct {
	Entries  int           `json:"entries"` // rows that would be taken
	Faults   []fault.Field `json:"faults"`  // while there is one, nothing is taken
	Mistakes int           `json:"mistakes"`
	Warnings []Warning     `json:"warnings"` // the first 5,000
	Doubts   int           `json:"doubts"`   // how many there are
}

// StartImport begins an import with a file.
type StartImport struct {
	Slug          string `json:"slug"`
	Blob          string `json:"blob"` // of the upload
	Name          string `json:"name"` // of the file
	RecommendedBy string `json:"recommended_by,omitempty"`
}

// MapImport says what the columns of an import's file are. Without Uses, the
// sheet and the line are looked at anew.
type MapImport struct {
	Slug   string   `json:"slug"`
	Import string   `json:"import"`
	Sheet  string   `json:"sheet,omitempty"`
	Header int      `json:"header,omitempty"`
	Uses   []string `json:"uses,omitempty"` // by column
}

// OfImport names an import.
type OfImport struct {
	Slug   string `json:"slug"`
	Import string `json:"import"`
}

// MaxHeader is the last line that may name the columns.
const MaxHeader = 50

// The faults of imports.
var (
	ErrNoImport   = fault.New(fault.NotFound, "import_unknown", "there is no such import")
	ErrImportOver = fault.New(fault.Conflict, "import_over", "this import is over")
	ErrImporting  = fault.New(fault.Conflict, "import_running", "another file's rows are being taken at this moment; try again once that has ended")
	ErrUnchecked  = fault.New(fault.Conflict, "import_unchecked", "this file's rows have to be checked first, without a mistake")
	ErrMapping    = fault.New(fault.Invalid, "mapping_invalid", "these columns cannot be read so")
)
