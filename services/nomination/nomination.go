// Package nomination is the contract of the room that takes entries, lets
// departments vet them and numbers the candidates.
package nomination

//go:generate go run ../../scripts/generate-client

import (
	"context"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/table"
)

// Name of the service.
const Name = event.Nomination

// State is how far an entry is.
type State string

// The states of an entry.
const (
	Submitted State = "submitted" // waits for vetting
	Vetoed    State = "vetoed"    // a department said no
	Admitted  State = "admitted"  // is a candidate
	Struck    State = "struck"    // was a candidate
	Withdrawn State = "withdrawn" // taken back before it became a candidate
	Lapsed    State = "lapsed"    // vetting closed before every department had passed it
)

// States are all of them.
func States() []State { return []State{Submitted, Vetoed, Admitted, Struck, Withdrawn, Lapsed} }

// Nominee is what a nomination form says.
type Nominee struct {
	Name          string            `json:"name"`
	Gender        string            `json:"gender,omitempty"`   // female | male
	Category      string            `json:"category,omitempty"` // id in the rulebook
	Employer      string            `json:"employer"`
	Region        string            `json:"region"`
	Years         *int              `json:"years,omitempty"`          // on the job
	Deeds         string            `json:"deeds"`                    // the story, at most 5,000 characters
	RecommendedBy string            `json:"recommended_by,omitempty"` // empty: by themselves
	Attributes    map[string]string `json:"attributes,omitempty"`     // further ones that the rulebook names
	Photo         string            `json:"photo,omitempty"`          // blob, SHA-256, of the JPEG that pages show
}

// Entry is a submitted nominee.
type Entry struct {
	ID        string    `json:"id"` // UUID
	Slug      string    `json:"slug"`
	State     State     `json:"state"`
	Number    int       `json:"number,omitempty"` // the candidate's public number
	Nominee   Nominee   `json:"nominee"`
	Opinions  []Opinion `json:"opinions"`
	Notes     []Note    `json:"notes,omitempty"`    // private: for the organizer alone
	Warnings  []Warning `json:"warnings,omitempty"` // resembles another entry, …
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"` // of what it says, from 1
	// Key is in the answer to whoever hands an entry in and is not staff, this once:
	// with it they correct the entry.
	Key string `json:"key,omitempty"`
}

// Note is what a file said about a nominee in a column that the form has not.
type Note struct {
	Column string `json:"column"` // its heading
	Text   string `json:"text"`
}

// Opinion is a department's word on an entry.
type Opinion struct {
	Department string    `json:"department"`
	Verdict    string    `json:"verdict"` // pass | fail; fail by a department with a veto ends the entry
	Reason     string    `json:"reason,omitempty"`
	By         string    `json:"by"` // account name
	At         time.Time `json:"at"`
	Version    int       `json:"version,omitempty"` // of the entry, that the department read
}

// The verdicts.
const (
	Pass = "pass"
	Fail = "fail"
)

// Verdicts are all verdicts.
func Verdicts() []string { return []string{Pass, Fail} }

// SubmitEntry hands in one entry. Text is put in order (spaces, full-width signs);
// gender may be 男 or 女, category may be a title from the rulebook.
type SubmitEntry struct {
	Slug    string  `json:"slug"`
	Nominee Nominee `json:"nominee"` // Photo is set by SetPhoto
}

// ImportEntries hands in many from a blob. One of the first ten rows names the columns:
// 序号 (not read), 姓名, 性别, 类别, 工作单位, 所在市州, 从业年限, 主要事迹,
// 推荐单位, 照片, or no, name, gender, category, employer, region, years, deeds,
// recommended_by, photo, what docs/files.md lists besides, the rulebook's
// attributes and headings. At most 20 MB and 5,000 nominees.
type ImportEntries struct {
	Slug    string  `json:"slug"`
	Blob    string  `json:"blob"`    // SHA-256 of a CSV or XLSX in the blob store
	DryRun  bool    `json:"dry_run"` // check only
	Sheet   string  `json:"sheet,omitempty"`
	Unknown Unknown `json:"unknown,omitempty"`
}

// Unknown is what becomes of columns that are not in the form. Without it they
// are mistakes.
type Unknown string

// What may become of them.
const (
	UnknownNote  Unknown = "note"  // kept as the entry's private notes
	UnknownLeave Unknown = "leave" // left out
)

// Unknowns are all of it.
func Unknowns() []Unknown { return []Unknown{UnknownNote, UnknownLeave} }

// Imported is what an import did.
type Imported struct {
	Entries  int       `json:"entries"`         // rows taken
	IDs      []string  `json:"ids"`             // in the file's order; none of a dry run
	Sheet    string    `json:"sheet,omitempty"` // of the workbook, that was read
	Warnings []Warning `json:"warnings,omitempty"`
}

// Warning is a doubt about a row that does not keep it out, or what was seen in
// the file and not read.
type Warning = table.Warning

// Warn makes a warning of what fault.Wrong says; row is 0 where there is none.
func Warn(row int, doubt fault.Field) Warning {
	return Warning{Row: row, Field: doubt.Name, Code: doubt.Code, Params: doubt.Params, Message: doubt.Message}
}

// SetPhoto gives an entry its photo from a blob.
type SetPhoto struct {
	Slug  string `json:"slug"`
	Entry string `json:"entry"`
	Blob  string `json:"blob"` // SHA-256 of the upload: JPEG, PNG or WebP
}

// OfEntry names an entry.
type OfEntry struct {
	Slug  string `json:"slug"`
	Entry string `json:"entry"`
}

// ListEntries asks for a page of entries in order of submission.
type ListEntries struct {
	Slug  string `json:"slug"`
	State State  `json:"state,omitempty"` // all where empty
	After string `json:"after,omitempty"` // id of the last entry of the page before
	Limit int    `json:"limit,omitempty"` // at most and by default 200
}

// GiveOpinion is a department's word on an entry; the last word counts. A fail
// without a veto holds the entry back until the department thinks otherwise.
type GiveOpinion struct {
	Slug       string `json:"slug"`
	Entry      string `json:"entry"`
	Department string `json:"department"`
	Verdict    string `json:"verdict"`
	Reason     string `json:"reason"` // required to fail
}

// StrikeCandidate takes a candidate off the list.
type StrikeCandidate struct {
	Slug   string `json:"slug"`
	Number int    `json:"number"`
	Reason string `json:"reason"` // required
	// Upheld: an objection was upheld, so the candidate may be struck until the result
	// is public.
	Upheld bool `json:"upheld,omitempty"`
}

// WithdrawEntry takes an entry back before it is a candidate.
type WithdrawEntry struct {
	Slug   string `json:"slug"`
	Entry  string `json:"entry"`
	Reason string `json:"reason"`
}

// Candidate is an admitted entry, as the public sees it.
type Candidate struct {
	Number        int               `json:"number"`
	Name          string            `json:"name"`
	Category      string            `json:"category,omitempty"`
	Gender        string            `json:"gender,omitempty"`
	Employer      string            `json:"employer"`
	Region        string            `json:"region"`
	Years         *int              `json:"years,omitempty"`
	Summary       string            `json:"summary"`         // the deeds in short, at most 90 characters
	Deeds         string            `json:"deeds,omitempty"` // whole; not in lists
	RecommendedBy string            `json:"recommended_by,omitempty"`
	Attributes    map[string]string `json:"attributes,omitempty"` // the rulebook's further ones
	Photo         string            `json:"photo,omitempty"`      // blob
	Sizes         []PhotoSize       `json:"sizes,omitempty"`      // of the photo, which is the last: smallest first
	Struck        bool              `json:"struck,omitempty"`
	StruckReason  string            `json:"struck_reason,omitempty"`
	// Unmet is what StrikeCandidate adds: why the awards cannot be filled without
	// them. See Seats.
	Unmet []Warning `json:"unmet,omitempty"`
}

// PhotoSize is a photo in one size.
type PhotoSize struct {
	Width  int    `json:"width"` // in pixels
	Height int    `json:"height"`
	File   string `json:"file"` // blob, SHA-256, of a JPEG
}

// ListCandidates asks for a page of candidates by number, struck ones too.
type ListCandidates struct {
	Slug  string `json:"slug"`
	After int    `json:"after"` // number of the last of the page before
	Limit int    `json:"limit"` // at most and by default 500
}

// OfCandidate names a candidate.
type OfCandidate struct {
	Slug   string `json:"slug"`
	Number int    `json:"number"`
}

// Of names a selection.
type Of struct {
	Slug string `json:"slug"`
}

// Progress counts entries by state and the opinions that are still due.
type Progress struct {
	Entries map[State]int  `json:"entries"`
	Due     map[string]int `json:"due"` // by department: submitted entries without its opinion
	// Warnings are what to look at before vetting closes: employers that are
	// spelled in two ways. Quotas and conflicts go by the employer.
	Warnings []Warning `json:"warnings,omitempty"`
}

// Service is what nomination does. Any call about a selection whose rulebook
// has not arrived gives ErrNotYet.
type Service interface {
	// SubmitEntry takes one entry. Faults: ErrPhase, ErrInvalid with the fields,
	// ErrDuplicate, ErrFull.
	SubmitEntry(ctx context.Context, in SubmitEntry) (Entry, error)
	// ImportEntries takes all rows of a table or none. Faults: ErrPhase; ErrImport
	// with every bad row (fields "性别", line the row); table_unreadable and
	// table_too_large for the file as a whole, table_sheet where it is not clear
	// which sheet is meant; ErrFull.
	ImportEntries(ctx context.Context, in ImportEntries) (Imported, error)
	// StartImport keeps a file, and guesses what its columns are: by what was said of
	// earlier files of the same body, then by their headings. Faults: ErrPhase;
	// ErrImport for the name or the body; table_unreadable, table_too_large.
	StartImport(ctx context.Context, in StartImport) (Import, error)
	// MapImport says what the columns are, remembers it for the recommending body,
	// and checks all rows. Faults: ErrMapping, two columns that are one field among
	// them; ErrNoImport, ErrImportOver, ErrImporting, ErrPhase; those of the file.
	MapImport(ctx context.Context, in MapImport) (Import, error)
	// RunImport has a job take all rows of a file that was checked, or none. Again is
	// fine. Faults: ErrNoImport, ErrImportOver, ErrUnchecked, ErrImporting, ErrPhase.
	RunImport(ctx context.Context, in OfImport) (Import, error)
	// DropImport gives an import up; its file is removed. Again is fine. Faults:
	// ErrNoImport, ErrImportOver, ErrImporting.
	DropImport(ctx context.Context, in OfImport) (Import, error)
	// GetImport tells how far an import is. Fault: ErrNoImport.
	GetImport(ctx context.Context, in OfImport) (Import, error)
	// ListImports gives the latest imports, at most 50, without their columns and checks.
	ListImports(ctx context.Context, in Of) ([]Import, error)
	// SetPhoto checks a picture by its content (JPEG, PNG, WebP, at most 10 MB
	// and 50 megapixels), makes it upright, without metadata and at most
	// 1200 pixels long, and gives it to an entry. Faults: ErrPhoto,
	// ErrNoEntry, ErrPhase, ErrDecided.
	SetPhoto(ctx context.Context, in SetPhoto) (Entry, error)
	// AddPhotos takes pictures and ZIPs of them. A job makes them and gives each to
	// the entry that it fits; the others wait to be placed. Faults: ErrPhase;
	// ErrPhotos for a ZIP with paths that lead out, links, too many or too large
	// files, passwords or archives in it, by the name of the file.
	AddPhotos(ctx context.Context, in AddPhotos) (Photos, error)
	// ListPhotos tells how far they are, and which wait to be placed.
	ListPhotos(ctx context.Context, in ListPhotos) (Photos, error)
	// GetPicture gives one. Fault: ErrNoPicture.
	GetPicture(ctx context.Context, in OfPicture) (Picture, error)
	// PlacePhoto places a picture by hand, or puts it away. Faults: ErrNoPicture,
	// ErrNoEntry, ErrPhase, ErrDecided.
	PlacePhoto(ctx context.Context, in PlacePhoto) (Picture, error)
	// TakePhotoBack has a picture that was placed or put away wait to be placed
	// again; its entry gets the photo that it had before. Again is fine. Faults:
	// ErrNoPicture, also of one whose entry has got another photo since; ErrPhase,
	// ErrDecided.
	TakePhotoBack(ctx context.Context, in OfPicture) (Picture, error)
	// GetEntry gives one entry. Fault: ErrNoEntry.
	GetEntry(ctx context.Context, in OfEntry) (Entry, error)
	// ListEntries gives a page of entries.
	ListEntries(ctx context.Context, in ListEntries) ([]Entry, error)
	// FindEntries gives a page of entries that are searched, filtered and sorted.
	// Fault: ErrInvalid.
	FindEntries(ctx context.Context, in FindEntries) (EntriesFound, error)
	// GiveOpinion records a department's word; the same word again is fine.
	// When every department of the rulebook passed it, the entry becomes a
	// candidate with the next number; a veto ends it. Faults: ErrPhase,
	// ErrNoEntry, ErrInvalid, ErrDecided.
	GiveOpinion(ctx context.Context, in GiveOpinion) (Entry, error)
	// GiveOpinions is GiveOpinion for many: all or none. ErrDecided has a field for
	// each entry that has been decided. Faults: ErrPhase, ErrInvalid (entries,
	// entries[2], department, verdict, reason), ErrNoEntry, ErrDecided.
	GiveOpinions(ctx context.Context, in GiveOpinions) (Vetted, error)
	// WithdrawOpinions takes a department's word back while vetting is open: all
	// or none. The entries are then as if it had not been said: one that was
	// vetoed waits again, and so does a candidate, whose number is given to nobody
	// else. Again is fine. Faults: ErrPhase, ErrInvalid (entries, department),
	// ErrNoEntry, ErrDecided of entries that are withdrawn or struck.
	WithdrawOpinions(ctx context.Context, in WithdrawOpinions) (Vetted, error)
	// ListVetting gives a page of a department's list. Faults: ErrInvalid
	// (department, show, order, search), ErrNoEntry for an id that none can have.
	ListVetting(ctx context.Context, in ListVetting) (VettingList, error)
	// GetVetting gives an entry and its neighbours in a department's list. Faults:
	// ErrNoEntry, ErrInvalid as ListVetting.
	GetVetting(ctx context.Context, in GetVetting) (VettingStep, error)
	// WithdrawEntry takes an entry back. Again is fine. Faults: ErrInvalid
	// (reason), ErrNoEntry, ErrDecided.
	WithdrawEntry(ctx context.Context, in WithdrawEntry) (Entry, error)
	// RestoreEntry has an entry that was withdrawn wait for vetting again, with the
	// opinions that it had, until vetting closes. Again is fine. Faults: ErrPhase,
	// ErrNoEntry, ErrDecided where it is a candidate, vetoed, struck, lapsed or
	// erased; ErrDuplicate where the same has been handed in since.
	RestoreEntry(ctx context.Context, in OfEntry) (Entry, error)
	// CorrectEntry puts an entry right. An entry that is a candidate or vetoed waits
	// for vetting again; a candidate's number is given to nobody else. What says the
	// same changes nothing. Faults: ErrPhase, ErrNoEntry, ErrInvalid, ErrDecided of an
	// entry that is withdrawn, struck, lapsed or erased; ErrVersion, ErrDuplicate,
	// ErrKey.
	CorrectEntry(ctx context.Context, in CorrectEntry) (Entry, error)
	// ListVersions gives what an entry says and has said, the latest first. Fault:
	// ErrNoEntry.
	ListVersions(ctx context.Context, in OfEntry) ([]Version, error)
	// StrikeCandidate takes a candidate off the list, until the decision phase closes
	// or, because of an upheld objection, until the result is public.
	// Again is fine. The answer says what can no more be met. Faults: ErrNoCandidate,
	// ErrInvalid, ErrPhase.
	StrikeCandidate(ctx context.Context, in StrikeCandidate) (Candidate, error)
	// ListCandidates gives a page of candidates.
	ListCandidates(ctx context.Context, in ListCandidates) ([]Candidate, error)
	// GetCandidate gives one with the whole story. Fault: ErrNoCandidate.
	GetCandidate(ctx context.Context, in OfCandidate) (Candidate, error)
	// GetProgress tells how far vetting is.
	GetProgress(ctx context.Context, in Of) (Progress, error)
	// CheckSeats tells whether the awards can be filled.
	CheckSeats(ctx context.Context, in Of) (Seats, error)
}

// MaxEntries is the most entries of a selection, withdrawn ones too. Ballots
// name candidates by 16 bits, and no more entries than this can become
// candidates.
const MaxEntries = 30_000

// The faults of this room.
var (
	ErrNotYet      = phase.ErrNotYet
	ErrPhase       = phase.ErrNotOpen
	ErrInvalid     = fault.New(fault.Invalid, "entry_invalid", "the entry breaks a rule")
	ErrImport      = fault.New(fault.Invalid, "import_invalid", "nothing was imported; these rows have to be mended")
	ErrPhoto       = fault.New(fault.Invalid, "photo_invalid", "this is not a picture that can be used")
	ErrNoEntry     = fault.New(fault.NotFound, "entry_unknown", "there is no such entry")
	ErrDuplicate   = fault.New(fault.Conflict, "entry_duplicate", "the same entry has been handed in before") // param "entry" is its id
	ErrFull        = fault.New(fault.Conflict, "entries_full", "the selection would have more than 30,000 entries; nothing was taken")
	ErrDecided     = fault.New(fault.Conflict, "entry_decided", "the entry has been decided")
	ErrNoCandidate = fault.New(fault.NotFound, "candidate_unknown", "there is no such candidate")
)

// Invalid is ErrInvalid with the fields at fault.
func Invalid(fields ...fault.Field) *fault.Error { return ErrInvalid.At(fields...) }

// ImportInvalid is ErrImport with the fields at fault.
func ImportInvalid(fields ...fault.Field) *fault.Error { return ErrImport.At(fields...) }

// PhotoInvalid is ErrPhoto with what is wrong with the upload.
func PhotoInvalid(upload fault.Field) *fault.Error {
	upload.Name = "blob"
	return ErrPhoto.At(upload)
}
