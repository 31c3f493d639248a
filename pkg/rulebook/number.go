package rulebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Number is an exact number that keeps how it was written: a decimal (`0.5`),
// a percentage (`40%`, which is 2/5) or a fraction (`2/3`). It never passes
// through a float. The zero value is unset, and 0 in arithmetic.
type Number struct {
	text string
	rat  *big.Rat
}

// What ParseNumber says of what it cannot read.
var (
	errNotNumber   = errors.New("not a number: write 12, 0.5, 40% or 2/3")
	errDenominator = errors.New("not a number: a fraction's denominator is 0")
)

// ParseNumber reads a number of at most 64 characters. Exponents, underscores
// and other bases are not numbers here.
func ParseNumber(text string) (Number, error) {
	if len(text) > 64 || !looksLikeNumber(text) {
		return Number{}, errNotNumber
	}
	body, percent := strings.CutSuffix(text, "%")
	rat, ok := new(big.Rat).SetString(body)
	if !ok {
		return Number{}, errDenominator
	}
	if percent {
		rat.Quo(rat, big.NewRat(100, 1))
	}
	return Number{text, rat}, nil
}

// looksLikeNumber tells whether text is -?D, -?D.D, either with %, or -?D/D,
// where D is one or more ASCII digits. A fraction has at most 9 digits on each
// side, so that sums of many fractions stay small.
func looksLikeNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	if numerator, denominator, ok := strings.Cut(text, "/"); ok {
		return digits(numerator) && digits(denominator) && len(numerator) <= 9 && len(denominator) <= 9
	}
	whole, decimals, ok := strings.Cut(strings.TrimSuffix(text, "%"), ".")
	return digits(whole) && (!ok || digits(decimals))
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Whole is the number n.
func Whole(n int) Number {
	rat := new(big.Rat).SetInt64(int64(n))
	return Number{rat.RatString(), rat}
}

// Rat is the number's value in a fresh big.Rat; 0 where unset.
func (n Number) Rat() *big.Rat {
	if n.rat == nil {
		return new(big.Rat)
	}
	return new(big.Rat).Set(n.rat)
}

// IsSet tells whether the number was written, or has a default.
func (n Number) IsSet() bool { return n.rat != nil }

// IsShare tells whether the number was written as a share of something: a
// percentage or a fraction.
func (n Number) IsShare() bool { return strings.ContainsAny(n.text, "%/") }

// String is the number as written; empty where unset.
func (n Number) String() string { return n.text }

// Sign is -1, 0 or 1.
func (n Number) Sign() int {
	if n.rat == nil {
		return 0
	}
	return n.rat.Sign()
}

// Cmp compares two numbers by value: -1, 0 or 1.
func (n Number) Cmp(m Number) int { return n.Rat().Cmp(m.Rat()) }

// MarshalJSON writes the number as written, in a JSON string; null where unset.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.IsSet() {
		return []byte("null"), nil
	}
	return json.Marshal(n.text)
}

// UnmarshalJSON reads what MarshalJSON writes, or a plain JSON number.
func (n *Number) UnmarshalJSON(src []byte) error {
	text := strings.Trim(string(src), `"`)
	if text == "null" {
		*n = Number{}
		return nil
	}
	parsed, err := ParseNumber(text)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	*n = parsed
	return nil
}

// seats is the number of seats that n means of the given ones: itself, or a
// share of them rounded up or down.
func (n Number) seats(of int, up bool) int {
	if !n.IsShare() {
		of = 1
	}
	if up {
		return ceil(times(n, of))
	}
	return floor(times(n, of))
}

func times(n Number, k int) *big.Rat {
	return new(big.Rat).Mul(n.Rat(), new(big.Rat).SetInt64(int64(k)))
}

// floor and ceil stay within int because the parser bounds every factor.
func floor(r *big.Rat) int { return int(new(big.Int).Div(r.Num(), r.Denom()).Int64()) }

func ceil(r *big.Rat) int {
	sum := new(big.Int).Add(r.Num(), r.Denom())
	sum.Sub(sum, big.NewInt(1))
	return int(sum.Div(sum, r.Denom()).Int64())
}
