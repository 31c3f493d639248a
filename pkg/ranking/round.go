package ranking

import (
	"math/big"
	"strings"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// precision is how many significant digits a number has that cannot be exact.
const precision = 34

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// rounded applies a rulebook's rounding; the zero rounding changes nothing.
func rounded(a number, r rulebook.Rounding) number {
	if !r.IsSet() {
		return a
	}
	if a.wide == nil && r.Digits <= 17 {
		if out, ok := roundSmall(a, r); ok {
			return out
		}
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(r.Digits)), nil)
	num := new(big.Int).Mul(a.rat().Num(), scale)
	quotient, rest := new(big.Int).QuoRem(num, a.rat().Denom(), new(big.Int))
	twice := rest.Abs(rest).Lsh(rest, 1)
	if up(r.Mode, twice.Cmp(a.rat().Denom()), quotient.Bit(0) == 1) {
		quotient.Add(quotient, big.NewInt(int64(a.sign())))
	}
	return fraction(new(big.Rat).SetFrac(quotient, scale))
}

func roundSmall(a number, r rulebook.Rounding) (number, bool) {
	scale := int64(1)
	for range r.Digits {
		scale *= 10
	}
	n, ok := times(a.n, scale)
	if !ok {
		return number{}, false
	}
	quotient, rest := n/a.den(), n%a.den()
	rest = max(rest, -rest)
	half := 0
	switch other := a.den() - rest; {
	case rest > other:
		half = 1
	case rest < other:
		half = -1
	}
	if up(r.Mode, half, quotient%2 != 0) {
		quotient += int64(a.sign())
	}
	return number{n: quotient, d: scale}, true
}

// up tells whether to step away from zero; half is how the part cut off
// compares with one half.
func up(mode string, half int, odd bool) bool {
	switch mode {
	case rulebook.RoundHalfUp:
		return half >= 0
	case rulebook.RoundHalfEven:
		return half > 0 || half == 0 && odd
	}
	return false
}

// significant rounds half-even to the precision.
func significant(r *big.Rat) *big.Rat {
	if r.Sign() == 0 {
		return new(big.Rat)
	}
	// The position of the first digit is at or next to the difference of the
	// lengths; starting below it and asking settles which.
	digits := precision - (len(new(big.Int).Abs(r.Num()).String()) - len(r.Denom().String()))
	out := atDecimals(r, digits)
	if len(new(big.Int).Abs(scaled(out, digits)).String()) > precision {
		out = atDecimals(r, digits-1)
	}
	return out
}

func power(n int) *big.Rat {
	p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
	if n < 0 {
		p.Inv(p)
	}
	return p
}

func scaled(r *big.Rat, digits int) *big.Int {
	return new(big.Rat).Mul(r, power(digits)).Num()
}

func atDecimals(r *big.Rat, digits int) *big.Rat {
	shifted := fraction(new(big.Rat).Mul(r, power(digits)))
	even := rounded(shifted, rulebook.Rounding{Digits: 0, Mode: rulebook.RoundHalfEven})
	return new(big.Rat).Quo(even.rat(), power(digits))
}

// root is the square root of r ≥ 0: exact where r is the square of a fraction,
// else to the precision, by the integer square root of r × 10^2k.
func root(r *big.Rat) *big.Rat {
	num, den := new(big.Int).Sqrt(r.Num()), new(big.Int).Sqrt(r.Denom())
	if new(big.Int).Mul(num, num).Cmp(r.Num()) == 0 && new(big.Int).Mul(den, den).Cmp(r.Denom()) == 0 {
		return new(big.Rat).SetFrac(num, den)
	}
	shift := precision + 2 + max(0, (len(r.Denom().String())-len(r.Num().String()))/2+1)
	grown := new(big.Rat).Mul(r, power(2*shift))
	floor := new(big.Int).Quo(grown.Num(), grown.Denom())
	floor.Sqrt(floor)
	// The root is irrational, so it lies strictly above its floor: one more
	// digit keeps a later half-even from seeing a false half.
	floor.Mul(floor, big.NewInt(10)).Add(floor, big.NewInt(1))
	return significant(new(big.Rat).Quo(new(big.Rat).SetInt(floor), power(shift+1)))
}
