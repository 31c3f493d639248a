// Package gateway is the contract of the HTTP API, beside the contracts of the
// services: what its requests and answers hold that no service has. The API is
// made of these types, and package client sends and reads them.
//
// The tags doc, minLength and the like are those of huma: they describe and
// check the API (docs/openapi.json). The tag lines is ours: a text with it may
// have several lines, all others have one.
package gateway

import (
	"net/http"
	"time"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
)

// SessionCookie holds a staff session's token in browsers, on https with the
// prefix.
const SessionCookie = "laurel_session"

// HostPrefix begins the names of cookies on https. Browsers take such a cookie
// from the host itself alone, over https, and for all its paths, so that no other
// host of the domain puts one of its own there (RFC 6265bis, section 4.1.3).
const HostPrefix = "__Host-"

// SessionCookieName is what the session's cookie is called.
func SessionCookieName(https bool) string {
	if https {
		return HostPrefix + SessionCookie
	}
	return SessionCookie
}

// NewSessionCookie holds a session's token until it expires.
func NewSessionCookie(token string, expires time.Time, https bool) http.Cookie {
	return http.Cookie{ //nolint:gosec // Secure with https
		Name: SessionCookieName(https), Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: https, SameSite: http.SameSiteLaxMode,
	}
}

// Reason is the body of an act that needs nothing but why.
type Reason struct {
	Reason string `json:"reason" lines:"true" minLength:"1" maxLength:"1000" doc:"Why; goes into the audit log"`
}

// ClosePhase closes a phase.
type ClosePhase struct {
	Reason      string `json:"reason" lines:"true" minLength:"1" maxLength:"1000" doc:"Why; goes into the audit log"`
	Acknowledge bool   `json:"acknowledge,omitempty" doc:"Close vetting although the awards cannot be filled with these candidates"`
}

// SignIn proves a staff account.
type SignIn struct {
	Email    string `json:"email" maxLength:"254"`
	Password string `json:"password" lines:"true" maxLength:"128"`
}

// ChangeRole takes a role back.
type ChangeRole struct {
	Email string        `json:"email" maxLength:"254"`
	Role  identity.Role `json:"role"`
	Scope string        `json:"scope,omitempty" maxLength:"64" doc:"Department of a vetter, panel of a juror"`
}

// CreateSelection asks for a selection.
type CreateSelection struct {
	Slug     string `json:"slug" doc:"[a-z0-9-]{3,64}" example:"most-beautiful-courier-2"`
	Rulebook string `json:"rulebook" lines:"true" doc:"YAML or JSON text"`
}

// SaveDraft writes a draft of a rulebook.
type SaveDraft struct {
	Slug     string `json:"slug,omitempty" doc:"Of the selection that it is to become" example:"most-beautiful-courier-2"`
	Rulebook string `json:"rulebook" lines:"true" doc:"YAML or JSON text, which may have mistakes"`
	Version  int    `json:"version,omitempty" minimum:"0" doc:"That it was read in; of a new one none"`
}

// DraftVersion names the version in which a draft was read.
type DraftVersion struct {
	Version int `json:"version" minimum:"1"`
}

// CheckRulebook asks what is wrong with a rulebook.
type CheckRulebook struct {
	Rulebook string            `json:"rulebook" lines:"true" doc:"YAML or JSON text"`
	Changes  []rulebook.Change `json:"changes,omitempty" maxItems:"1000" lines:"true" doc:"Made in the text first, one after another"`
}

// RulebookChecked is a rulebook's text with changes, and what is wrong with it.
type RulebookChecked struct {
	Rulebook string    `json:"rulebook" doc:"The text with the changes; comments and layout of the rest are as they were"`
	Hash     string    `json:"hash,omitempty" doc:"SHA-256 of the canonical form, where nothing that is written is wrong"`
	Mistakes []Mistake `json:"mistakes" doc:"With line and field; what is missing, too"`
	Warnings []Mistake `json:"warnings,omitempty" doc:"What is mostly not meant, and taken"`
}

// CreatedSelection is a selection, and what of its rulebook is mostly not meant.
type CreatedSelection struct {
	selection.Selection

	Warnings []Mistake `json:"warnings,omitempty"`
}

// Mistake is what is wrong at one place of a document.
type Mistake fault.Field

// NominationForm is a nomination form; the nomination service knows its rules.
type NominationForm struct {
	Name          string            `json:"name" lines:"true"`
	Gender        string            `json:"gender,omitempty" doc:"female or male"`
	Category      string            `json:"category,omitempty" doc:"Id in the rulebook"`
	Employer      string            `json:"employer" lines:"true"`
	Region        string            `json:"region" lines:"true"`
	Years         *int              `json:"years,omitempty" doc:"On the job"`
	Deeds         string            `json:"deeds" lines:"true" doc:"The story, at most 5,000 characters"`
	RecommendedBy string            `json:"recommended_by,omitempty" lines:"true"`
	Attributes    map[string]string `json:"attributes,omitempty" lines:"true"`
}

// CorrectEntry puts an entry right: the whole form as it is to be.
type CorrectEntry struct {
	NominationForm

	Version int    `json:"version" minimum:"1" doc:"Of the entry, that was read"`
	Reason  string `json:"reason,omitempty" lines:"true" maxLength:"1000" doc:"Why; required of an organizer"`
	Key     string `json:"key,omitempty" maxLength:"64" doc:"That came with the entry, of whoever handed it in without a session"`
}

// GiveOpinion is a department's word on an entry.
type GiveOpinion struct {
	Department string `json:"department" doc:"Id in the rulebook"`
	Verdict    string `json:"verdict" doc:"{verdicts}"`
	Reason     string `json:"reason,omitempty" lines:"true" doc:"Required to fail"`
}

// GiveOpinions is a department's opinion on many entries, all or none.
type GiveOpinions struct {
	Entries []string `json:"entries" maxItems:"200" doc:"Ids"`
	Verdict string   `json:"verdict" doc:"{verdicts}"`
	Reason  string   `json:"reason,omitempty" lines:"true" doc:"Required to fail"`
}

// WithdrawOpinions takes a department's opinions back, all or none.
type WithdrawOpinions struct {
	Entries []string `json:"entries" maxItems:"200" doc:"Ids"`
}

// Form is how a list of codes is handed out.
type Form string

// The forms of a list of codes.
const (
	FormXLSX   Form = "xlsx"              // a spreadsheet
	FormHTML   Form = "html"              // slips to be printed and cut
	FormSealed Form = identity.FormSealed // slips that the printing office alone can read
)

// Forms are all of them.
func Forms() []Form { return []Form{FormXLSX, FormHTML, FormSealed} }

// Order is how the list of candidates is ordered.
type Order string

// The orders of candidates.
const (
	OrderFair   Order = "fair"   // shuffled for this voter
	OrderNumber Order = "number" // by number
)

// Orders are all of them.
func Orders() []Order { return []Order{OrderFair, OrderNumber} }

// File is what can be exported of a selection.
type File string

// The files, as `laurel compute` reads them.
const (
	FileVotes      File = "votes"
	FileScores     File = "scores"
	FileBallots    File = "ballots"
	FileCandidates File = "candidates"
	FileAwards     File = "awards" // that it reads where the seats were filled by a decision
)

// Files are all of them.
func Files() []File { return []File{FileVotes, FileScores, FileBallots, FileCandidates, FileAwards} }

// ExportCodes asks for the codes of a roster's members.
type ExportCodes struct {
	Format   Form   `json:"format" doc:"A spreadsheet, a page of slips to be printed and cut, or slips that the printing office alone can open"`
	Language string `json:"language,omitempty" enum:"zh-CN,en" default:"zh-CN" doc:"Of the slips"`
	Reason   string `json:"reason,omitempty" lines:"true" maxLength:"1000" doc:"Why codes are replaced that are not private; without it who has none gets one"`
}

// CodesLeft is the header that tells how many members a list of codes leaves out:
// their code is private, or in a letter that waits.
const CodesLeft = "Laurel-Codes-Left-Out"

// MailCodes asks for letters with codes, which no organizer sees.
type MailCodes struct {
	Member string `json:"member,omitempty" maxLength:"256" doc:"As in the roster; empty: every member with an address who has no code"`
	Email  string `json:"email,omitempty" maxLength:"254" doc:"Of the member, in place of the one there is; a code that goes there is not private"`
	Reason string `json:"reason,omitempty" lines:"true" maxLength:"1000" doc:"Why codes are replaced: the member's, or those from lists"`
}

// ReplaceCode asks for a new code of one member.
type ReplaceCode struct {
	Member string `json:"member" minLength:"1" maxLength:"256" doc:"As in the roster"`
	Reason string `json:"reason" lines:"true" minLength:"1" maxLength:"1000" doc:"Why; goes into the audit log"`
}

// CodeReplaced is a member's new code.
type CodeReplaced struct {
	identity.Coded
	InForce bool `json:"in_force" doc:"What was issued for the earlier code votes no more; false: it is about to end, and was not known to have ended yet"`
}

// CodesInForce is the header that says of a list of codes what CodeReplaced's
// in_force says of one.
const CodesInForce = "Laurel-Codes-In-Force"

// ProveVoter proves to be a voter.
type ProveVoter struct {
	Way  string `json:"way" doc:"How to prove to be a voter: {ways}; the further fields are proofs, each of one way" example:"device"`
	Code string `json:"code,omitempty" maxLength:"64" doc:"Of the way roster: the code from the organizers, as typed" example:"K7M3-9TQX-2HFP"`
	Work string `json:"work,omitempty" maxLength:"1024" doc:"{work}"`
}

// Ballot is a ballot.
type Ballot struct {
	Picks []int `json:"picks" doc:"Candidate numbers"`
}

// AskStatement names a ballot by a secret that only who cast it has, or asks by a
// code that no organizer could have read whether there is one.
type AskStatement struct {
	Receipt string `json:"receipt,omitempty" maxLength:"64" doc:"The ballot's receipt" example:"00000002V00C5VEV1AHMR0CKJC"`
	Key     string `json:"key,omitempty" maxLength:"128" doc:"In place of the receipt: the ballot's Idempotency-Key, with the voter's credential"`
	Code    string `json:"code,omitempty" maxLength:"64" doc:"In place of both, after the vote: a private voter's code, from a letter or the printing office"`
}

// The bare answers to a voter's code.
const (
	ABallot  = "a ballot"
	NoBallot = "none"
)

// Counted is the answer to a ballot.
type Counted struct {
	Receipt string    `json:"receipt" doc:"At most 26 characters"`
	At      time.Time `json:"at" doc:"When it was counted"`
}

// DeliveryReport tells whether every event about a selection was consumed by
// everyone it concerns, once.
type DeliveryReport struct {
	Complete bool                `json:"complete"`
	Problems []string            `json:"problems" doc:"Empty where complete"`
	Services []outbox.Deliveries `json:"services" doc:"What each service sent and consumed"`
}

// Act is an entry of the audit log of one service.
type Act struct {
	Service string `json:"service"`
	audit.Entry
}
