package ranking

import (
	"bytes"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
)

// number is an exact fraction. It stays in two machine words while it fits and
// becomes a big.Rat when not, so that a hundred thousand candidates need
// neither much memory nor time. The zero value is 0.
type number struct {
	n, d int64 // n/d, d > 0; not always in lowest terms; d 0 stands for 1
	wide *big.Rat
}

func whole(n int64) number { return number{n: n, d: 1} }

// fraction takes over r.
func fraction(r *big.Rat) number {
	if r.Num().IsInt64() && r.Denom().IsInt64() && r.Num().Int64() != math.MinInt64 {
		return number{n: r.Num().Int64(), d: r.Denom().Int64()}
	}
	return number{wide: r}
}

func (a number) den() int64 {
	if a.d == 0 {
		return 1
	}
	return a.d
}

// rat gives the value as a big.Rat that the caller must not change.
func (a number) rat() *big.Rat {
	if a.wide != nil {
		return a.wide
	}
	return big.NewRat(a.n, a.den())
}

func (a number) lowest() number {
	if g := gcd(a.n, a.den()); g > 1 {
		return number{n: a.n / g, d: a.den() / g}
	}
	return a
}

func gcd(a, b int64) int64 {
	a = max(a, -a)
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// times multiplies two words; ok is false past 63 bits.
func times(a, b int64) (p int64, ok bool) {
	hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b)))
	if hi != 0 || lo > math.MaxInt64 || a == math.MinInt64 || b == math.MinInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func plus(a, b int64) (s int64, ok bool) {
	s = a + b
	return s, (s > a) == (b > 0) && s != math.MinInt64
}

func (a number) add(b number) number {
	if a.wide == nil && b.wide == nil {
		if s, ok := addSmall(a, b); ok {
			return s
		}
		if s, ok := addSmall(a.lowest(), b.lowest()); ok {
			return s
		}
	}
	return fraction(new(big.Rat).Add(a.rat(), b.rat()))
}

func addSmall(a, b number) (number, bool) {
	ad, bd := a.den(), b.den()
	if ad == bd {
		n, ok := plus(a.n, b.n)
		return number{n: n, d: ad}, ok
	}
	x, ok1 := times(a.n, bd)
	y, ok2 := times(b.n, ad)
	d, ok3 := times(ad, bd)
	n, ok4 := plus(x, y)
	return number{n: n, d: d}, ok1 && ok2 && ok3 && ok4
}

func (a number) neg() number {
	if a.wide != nil {
		return number{wide: new(big.Rat).Neg(a.wide)}
	}
	return number{n: -a.n, d: a.d}
}

func (a number) sub(b number) number { return a.add(b.neg()) }

func (a number) mul(b number) number {
	if a.wide == nil && b.wide == nil {
		if p, ok := mulSmall(a, b); ok {
			return p
		}
		if p, ok := mulSmall(a.lowest(), b.lowest()); ok {
			return p
		}
	}
	return fraction(new(big.Rat).Mul(a.rat(), b.rat()))
}

func mulSmall(a, b number) (number, bool) {
	n, ok1 := times(a.n, b.n)
	d, ok2 := times(a.den(), b.den())
	return number{n: n, d: d}, ok1 && ok2
}

// div divides by b, which is not 0.
func (a number) div(b number) number {
	if b.wide != nil {
		return fraction(new(big.Rat).Quo(a.rat(), b.wide))
	}
	inverse := number{n: b.den(), d: b.n}
	if b.n < 0 {
		inverse = number{n: -b.den(), d: -b.n}
	}
	return a.mul(inverse)
}

// float is the value as near as a float64 comes, or one bit off that.
func (a number) float() float64 {
	if a.wide != nil {
		f, _ := a.wide.Float64()
		return f
	}
	return float64(a.n) / float64(a.den())
}

func (a number) sign() int {
	if a.wide != nil {
		return a.wide.Sign()
	}
	switch {
	case a.n > 0:
		return 1
	case a.n < 0:
		return -1
	}
	return 0
}

func (a number) isWhole() bool {
	if a.wide != nil {
		return a.wide.IsInt()
	}
	return a.n%a.den() == 0
}

// cmp is -1, 0 or 1 as a is less than, equal to or greater than b.
func (a number) cmp(b number) int {
	if a.wide == nil && b.wide == nil {
		ad, bd := a.den(), b.den()
		x, ok1 := times(a.n, bd)
		y, ok2 := times(b.n, ad)
		if ad == bd {
			x, y, ok1, ok2 = a.n, b.n, true, true
		}
		if ok1 && ok2 {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	return a.rat().Cmp(b.rat())
}

// String is the decimal to 34 significant digits, half-even; whole numbers have
// all their digits.
func (a number) String() string {
	if a.wide == nil {
		return a.long()
	}
	if a.wide.IsInt() {
		return a.wide.Num().String()
	}
	return trimZeros(significant(a.wide).FloatString(2 * precision))
}

// long writes the decimal by long division, which for two words is some thirty
// times faster than with big numbers.
func (a number) long() string {
	d, n := uint64(a.den()), uint64(max(a.n, -a.n))
	whole, rest := n/d, n%d
	out := make([]byte, 1, 64)
	out[0] = '-'
	out = strconv.AppendUint(out, whole, 10)
	digits := 0 // significant
	if whole > 0 {
		digits = len(out) - 1
	}
	if rest > 0 {
		out = append(out, '.')
		for rest > 0 && digits < precision {
			hi, lo := bits.Mul64(rest, 10)
			digit, left := bits.Div64(hi, lo, d)
			out, rest = append(out, '0'+byte(digit)), left
			if digit > 0 || digits > 0 {
				digits++
			}
		}
		if other := d - rest; rest > other || rest == other && out[len(out)-1]%2 == 1 {
			out = carry(out)
		}
		out = bytes.TrimRight(bytes.TrimRight(out, "0"), ".")
	}
	if a.n < 0 {
		return string(out)
	}
	return string(out[1:])
}

// carry adds one to the last digit; the first byte is a sign.
func carry(out []byte) []byte {
	for i := len(out) - 1; i > 0; i-- {
		switch out[i] {
		case '.':
		case '9':
			out[i] = '0'
		default:
			out[i]++
			return out
		}
	}
	return slices.Insert(out, 1, '1')
}
