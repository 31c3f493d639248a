package gateway

import (
	"time"

	"github.com/laurel-awards/laurel/services/identity"
)

// GiveRole gives a role to whoever has an address.
type GiveRole struct {
	Email    string        `json:"email" maxLength:"254"`
	Name     string        `json:"name,omitempty" maxLength:"400" doc:"Of who is new; they may change it"`
	Role     identity.Role `json:"role"`
	Scope    string        `json:"scope,omitempty" maxLength:"64" doc:"Department of a vetter, panel of a juror"`
	HandOver bool          `json:"hand_over,omitempty" doc:"Answer with the link, to be handed to the holder; the account is then good for this selection alone"`
	Until    time.Time     `json:"until,omitzero" doc:"When the role ends by itself, of whoever stands in for somebody; it does not where there is none"`
}

// InvitePeople gives one role to many, all or none.
type InvitePeople struct {
	Role     identity.Role      `json:"role"`
	Scope    string             `json:"scope,omitempty" maxLength:"64" doc:"Department of a vetter, panel of a juror"`
	Until    time.Time          `json:"until,omitzero" doc:"When the role ends by itself"`
	HandOver bool               `json:"hand_over,omitempty" doc:"Answer with the links, to be handed to the holders"`
	People   []identity.Invitee `json:"people" minItems:"1" maxItems:"500"`
}

// RoleGiven is the account with its role.
type RoleGiven struct {
	identity.Account
	Invitation *Invitation `json:"invitation,omitempty" doc:"Where the role has no effect yet: how the holder claims the account"`
}

// Invitation is how the holder of an address comes to claim it.
type Invitation struct {
	Mailed    bool      `json:"mailed"`
	Link      string    `json:"link,omitempty" doc:"To be handed over; shown this once"`
	ExpiresAt time.Time `json:"expires_at"`
}

// ClaimPath is the page that a link leads to; its query has the token.
const ClaimPath = "/claim"

// ClaimAccount uses a link.
type ClaimAccount struct {
	Token    string `json:"token" maxLength:"128" doc:"Of the link"`
	Name     string `json:"name,omitempty" maxLength:"400" doc:"As it is where empty"`
	Password string `json:"password" lines:"true" maxLength:"128" doc:"A new one of at least 10 characters; with a link handed over, the one that the account has"`
}

// ForgotPassword asks for a link by mail.
type ForgotPassword struct {
	Email string `json:"email" maxLength:"254"`
}

// ChangePassword sets one's own password.
type ChangePassword struct {
	Present  string `json:"present" lines:"true" maxLength:"128"`
	Password string `json:"password" lines:"true" maxLength:"128" doc:"At least 10 characters, none of those that are guessed first"`
}

// ChangeAccess disables or enables an account.
type ChangeAccess struct {
	Email  string `json:"email" maxLength:"254"`
	Reason string `json:"reason" lines:"true" minLength:"1" maxLength:"1000" doc:"Why; goes into the audit log and to the holder"`
}

// SetupPath is the page that the link to create the first organizer leads to; its
// query has the token.
const SetupPath = "/desk/setup"

// SetUp creates the first organizer.
type SetUp struct {
	Token    string `json:"token" maxLength:"128" doc:"Of the link"`
	Email    string `json:"email" maxLength:"254"`
	Name     string `json:"name,omitempty" maxLength:"400" doc:"The email where empty"`
	Password string `json:"password" lines:"true" maxLength:"128" doc:"At least 10 characters, none of those that are guessed first"`
}
