package nomination

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
)

// PhotosJob is the kind of the job that makes pictures and gives them to entries.
const PhotosJob = "place_photos"

// The bounds of photos that come at once.
const (
	MaxPhotos     = 5000      // files, packed ones counted one by one
	MaxPhotosSize = 512 << 20 // bytes of what is sent at once
	MaxUnpacked   = 2 << 30   // bytes that a ZIP says it unpacks to
)

// By is what tells whose picture a file is: its name is compared with it.
type By string

// What it may be. Any other is the heading of a column that was kept as a private
// note, or an attribute.
const (
	ByName   By = "name"   // the nominee's, alone or beside a number and an employer
	ByNumber By = "number" // the running number of the row that was imported
)

// AddPhotos takes files, each a picture or a ZIP of pictures.
type AddPhotos struct {
	Slug  string   `json:"slug"`
	By    By       `json:"by"`
	Files []Upload `json:"files"`
}

// Upload is a file that was sent.
type Upload struct {
	Name string `json:"name"`
	Blob string `json:"blob"`
}

// PictureState is how far a picture is.
type PictureState string

// The states of a picture.
const (
	PictureWaiting  PictureState = "waiting"  // is to be made
	PicturePlaced   PictureState = "placed"   // an entry has it
	PictureUnplaced PictureState = "unplaced" // waits to be placed by hand
	PictureRefused  PictureState = "refused"  // Fault says why
	PictureDropped  PictureState = "dropped"  // by hand
)

// Picture is a file of photos.
type Picture struct {
	ID       string       `json:"id"`   // UUID
	Name     string       `json:"name"` // of the file, with its folders in a ZIP
	State    PictureState `json:"state"`
	Photo    string       `json:"photo,omitempty"` // blob of the JPEG that was made
	Entry    string       `json:"entry,omitempty"` // that has it
	Why      *fault.Field `json:"why,omitempty"`   // it was refused, or is not placed
	Warnings []Warning    `json:"warnings,omitempty"`
	By       string       `json:"by"` // account name
	At       time.Time    `json:"at"`
}

// Photos is how far the photos of a selection are.
type Photos struct {
	Counts    map[PictureState]int `json:"counts"`
	Pictures  []Picture            `json:"pictures"` // one page of those that are refused or not placed, or have a warning
	Total     int                  `json:"total"`    // of these
	Job       *job.Job             `json:"job,omitempty"`
	Columns   []string             `json:"columns"`    // by which photos may be matched, beside name and number
	NoPicture int                  `json:"no_picture"` // submitted entries without a photo
}

// ListPhotos asks for a page.
type ListPhotos struct {
	Slug  string `json:"slug"`
	Page  int    `json:"page,omitempty"`  // from 1
	Limit int    `json:"limit,omitempty"` // at most 100, by default 20
}

// PlacePhoto gives a picture that is not placed to an entry; without an entry it
// is put away.
type PlacePhoto struct {
	Slug    string `json:"slug"`
	Picture string `json:"picture"`
	Entry   string `json:"entry,omitempty"`
}

// OfPicture names a picture.
type OfPicture struct {
	Slug    string `json:"slug"`
	Picture string `json:"picture"`
}

// The faults of photos that come at once.
var (
	ErrPhotos    = fault.New(fault.Invalid, "photos_invalid", "none of these photos were taken")
	ErrNoPicture = fault.New(fault.NotFound, "picture_unknown", "there is no such picture")
)
