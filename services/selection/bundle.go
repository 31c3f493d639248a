package selection

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
)

// BundleJob is the kind of the job that writes the bundle of a published result.
const BundleJob = "bundle"

// ExportBundle asks for the bundle. What is of the ballot log comes with it; all of
// it is empty where the rulebook has no vote.
type ExportBundle struct {
	Slug       string `json:"slug"`
	Leaves     string `json:"leaves,omitempty"`     // blob of voting with its lines
	Checkpoint string `json:"checkpoint,omitempty"` // its signed head
	Key        string `json:"key,omitempty"`        // signed list of the keys that verify it
}

// Bundle names the file, or the job that writes it.
type Bundle struct {
	Blob string   `json:"blob,omitempty"` // SHA-256, hex; empty while Job is at it
	Job  *job.Job `json:"job,omitempty"`
}

// BundleKey is by which everybody knows the bundles of this installation.
type BundleKey struct {
	Key string `json:"key"` // signed list of public keys, as pkg/ballotlog reads it
}

// The faults of bundles.
var (
	ErrNoBundle    = fault.NewUnavailable("bundle_failed", "the bundle could not be made; it is tried again", time.Minute) // params job, code
	ErrBundleParts = fault.New(fault.Conflict, "bundle_parts_wrong", "the parts of the bundle are not those of the published result")
)
