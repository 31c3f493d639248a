package mail

import (
	"net/mail"
	"strings"
	"unicode"
)

const maxAddress = 254 // bytes (RFC 5321)

// Normalize writes an address as it is compared.
func Normalize(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// IsAddress tells whether a normalized text is one address, and nothing else.
func IsAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && len(text) <= maxAddress && !strings.ContainsFunc(text, unicode.IsSpace)
}
