package identity

import "encoding/json"

// AskFresh and ShowFresh are for acts that take a proof of who is there at that
// moment, whenever the session was opened.

// Fresh is what a session's holder is asked for: the password, and one of Factors
// where there are any; or the passkey alone.
type Fresh struct {
	Factors  []string        `json:"factors"`            // FactorTOTP, FactorRecovery
	Ceremony string          `json:"ceremony,omitempty"` // of the passkey; empty: the account has none
	Passkey  json.RawMessage `json:"passkey,omitempty"`  // WebAuthn's PublicKeyCredentialRequestOptionsJSON
}

// ShowFresh is the answer.
type ShowFresh struct {
	Present
	Code     string          `json:"code,omitempty"`
	Recovery string          `json:"recovery,omitempty"`
	Ceremony string          `json:"ceremony,omitempty"`
	Passkey  json.RawMessage `json:"passkey,omitempty"` // WebAuthn's AuthenticationResponseJSON, in place of all others
}
