package identity

import (
	"encoding/json"
	"net"
	"net/url"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// By what a session is proved.
const (
	FactorPassword = "password"
	FactorTOTP     = "totp"     // a code that an app makes anew each half minute (RFC 6238)
	FactorPasskey  = "passkey"  // a key in a device (WebAuthn); with a PIN or the like it is in place of a password, too
	FactorRecovery = "recovery" // one of the codes for whoever has lost the others
)

// FactorKind is what can be added to a password.
type FactorKind string

// FactorKinds are all of them.
func FactorKinds() []FactorKind { return []FactorKind{FactorTOTP, FactorPasskey} }

// Factor is one of an account's.
type Factor struct {
	ID        string     `json:"id"` // UUID
	Kind      FactorKind `json:"kind"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// Factors are an account's.
type Factors struct {
	Factors       []Factor `json:"factors"`
	RecoveryCodes int      `json:"recovery_codes"`     // that are left
	Required      bool     `json:"required,omitempty"` // the account's roles take one
	Passkeys      bool     `json:"passkeys"`           // the installation can take them: browsers reach it by a name, over https
}

// Challenge asks whoever knows the password for a second factor.
type Challenge struct {
	Token     string          `json:"token"`
	Factors   []string        `json:"factors"`           // that will do
	Passkey   json.RawMessage `json:"passkey,omitempty"` // WebAuthn's PublicKeyCredentialRequestOptionsJSON
	ExpiresAt time.Time       `json:"expires_at"`
}

// ProveSecond is the answer to a challenge: one of the three.
type ProveSecond struct {
	Challenge string          `json:"challenge"` // its token
	Code      string          `json:"code,omitempty"`
	Recovery  string          `json:"recovery,omitempty"`
	Passkey   json.RawMessage `json:"passkey,omitempty"` // WebAuthn's AuthenticationResponseJSON
}

// Present is a session whose holder shows the password again.
type Present struct {
	Token    string `json:"token"` // of the session
	Password string `json:"password"`
	Network  string `json:"network"` // as with SignIn
	Around   string `json:"around"`
}

// BeginFactor adds a factor; FinishFactor proves that it is there.
type BeginFactor struct {
	Present
	Kind FactorKind `json:"kind"`
}

// FactorBegun is what the holder's app or device needs.
type FactorBegun struct {
	Ceremony  string          `json:"ceremony"`          // token
	Secret    string          `json:"secret,omitempty"`  // of a TOTP, base32, to be typed
	Address   string          `json:"address,omitempty"` // of a TOTP, otpauth://…, to be shown as a QR code
	Passkey   json.RawMessage `json:"passkey,omitempty"` // WebAuthn's PublicKeyCredentialCreationOptionsJSON
	ExpiresAt time.Time       `json:"expires_at"`
}

// FinishFactor shows a code of the app, or what the device answered.
type FinishFactor struct {
	Token    string          `json:"token"` // of the session
	Ceremony string          `json:"ceremony"`
	Name     string          `json:"name,omitempty"` // as its holder calls it
	Code     string          `json:"code,omitempty"`
	Passkey  json.RawMessage `json:"passkey,omitempty"` // WebAuthn's RegistrationResponseJSON
}

// FactorAdded is the new factor, with codes where there were none.
type FactorAdded struct {
	Factor        Factor   `json:"factor"`
	RecoveryCodes []string `json:"recovery_codes,omitempty"` // shown this once
}

// RemoveFactor takes a factor away.
type RemoveFactor struct {
	Present
	ID string `json:"id"`
}

// RecoveryCodes are new ones; those of before are no longer good.
type RecoveryCodes struct {
	Codes []string `json:"codes"` // shown this once
}

// PasskeyAsked is nothing: whose passkey it will be is not known.
type PasskeyAsked struct{}

// PasskeyWanted is what a browser asks its passkeys.
type PasskeyWanted struct {
	Ceremony  string          `json:"ceremony"` // token
	Passkey   json.RawMessage `json:"passkey"`  // WebAuthn's PublicKeyCredentialRequestOptionsJSON
	ExpiresAt time.Time       `json:"expires_at"`
}

// SignInByPasskey is what a passkey answered.
type SignInByPasskey struct {
	Ceremony string          `json:"ceremony"`
	Passkey  json.RawMessage `json:"passkey"` // WebAuthn's AuthenticationResponseJSON
	Network  string          `json:"network"` // as with SignIn
}

// SetUp creates the first organizer.
type SetUp struct {
	Token    string `json:"token"` // of the link
	Email    string `json:"email"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

// SetupRead tells that a link to set up is good.
type SetupRead struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// PasskeySite is the name that passkeys are bound to, and the origin of pages that
// may ask for them, where browsers reach the installation at an address. They make
// none for a number, nor over http but on this machine, as localhost.
func PasskeySite(publicURL string) (name, origin string, ok bool) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return "", "", false
	}
	return u.Hostname(), u.Scheme + "://" + u.Host, true
}

// The faults of factors and of the first organizer.
var (
	ErrChallenge      = fault.New(fault.Unauthorized, "challenge_invalid", "this sign-in has taken too long, or there were too many wrong answers; begin again")
	ErrSecond         = fault.New(fault.Unauthorized, "second_factor_failed", "the second factor is wrong, or has been used")
	ErrCeremony       = fault.New(fault.Gone, "ceremony_invalid", "this has taken too long, or there were too many wrong answers; begin again")
	ErrNoPasskeys     = fault.New(fault.Conflict, "passkeys_missing", "this installation takes no passkeys: PUBLIC_URL has no name, or is not https")
	ErrNoFactor       = fault.New(fault.NotFound, "factor_unknown", "the account has no such factor")
	ErrFactorRequired = fault.New(fault.Conflict, "factor_required", "the account's roles take a second factor: add another before this one is removed")
	ErrFactorsFull    = fault.New(fault.Conflict, "factors_full", "the account has ten factors; remove one first")
	ErrSetupLink      = fault.New(fault.Gone, "setup_link_invalid",
		"the link has been used, has expired or was replaced; whoever runs the installation prints another: laurel admin setup-link")
)
