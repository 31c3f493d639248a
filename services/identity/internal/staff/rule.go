package staff

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

const (
	minPassword = 10  // characters
	maxPassword = 128 // bytes: argon2 has no limit, our memory has
	maxName     = 100 // characters

	// minGuesses is how many guesses a password takes at least, as zxcvbn counts
	// them: its score 3, beyond what guesses at sign-in can reach.
	minGuesses = 1e8
	// judged is how much of a password zxcvbn reads: its work grows with the
	// square of the length, and a longer password is no weaker.
	judged = 48 // characters
)

// checkEmail says what is wrong with a normalized email.
func checkEmail(email string) []fault.Field {
	if !mail.IsAddress(email) {
		return []fault.Field{fault.Wrong("email", "not_an_email", "is not an email address")}
	}
	return nil
}

// checkName says what is wrong with a name: it is one line, and goes into
// letters.
func checkName(name string) []fault.Field {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return []fault.Field{fault.Wrong("name", "control_character", "contains a character that is no text")}
	}
	return fault.Text("name", name, maxName)
}

// checkPassword says what is wrong with a new password of an account. It asks
// for length and that the password cannot be guessed, and not for kinds of
// characters (NIST SP 800-63B-4, section 3.1.1.2).
func checkPassword(password string, a identity.Account) []fault.Field {
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword || !utf8.ValidString(password) {
		return []fault.Field{fault.Wrong("password", "password_length", "takes at least {min} characters and at most {max} bytes",
			"min", minPassword, "max", maxPassword)}
	}
	read := password
	if runes := []rune(password); len(runes) > judged {
		read = string(runes[:judged])
	}
	if guessable(read, nil) {
		return []fault.Field{fault.Wrong("password", "password_common", "is one of those that are guessed first: a common word, a row of keys, a date")}
	}
	own := strings.FieldsFunc(a.Email+" "+a.Name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	own = append(own, a.Email, a.Name, strings.ReplaceAll(a.Name, " ", ""))
	if slices.Contains(own, read) || guessable(read, own) {
		return []fault.Field{fault.Wrong("password", "password_own", "is made of the account's own address or name")}
	}
	return nil
}

func guessable(password string, own []string) bool {
	return zxcvbn.PasswordStrength(password, own).Guesses < minGuesses
}
