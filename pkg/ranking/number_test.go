package ranking

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// words draws integers of every size, the edges of a word included.
func words(t *rapid.T, label string) int64 {
	return rapid.OneOf(
		rapid.Int64Range(-20, 20), rapid.Int64Range(-1_000_000, 1_000_000), rapid.Int64(),
		rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, 1 << 32, -(1 << 32)}),
	).Draw(t, label)
}

func drawn(t *rapid.T, label string) (number, *big.Rat) {
	d := words(t, label+" denominator")
	if d == 0 {
		d = 1
	}
	r := big.NewRat(words(t, label), d)
	return fraction(new(big.Rat).Set(r)), r
}

// Whatever the size of the words, a number does what a big.Rat does.
func TestNumber_exact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, x := drawn(t, "a")
		b, y := drawn(t, "b")
		same := func(op string, got number, want *big.Rat) {
			if got.rat().Cmp(want) != 0 {
				t.Fatalf("%s %s %s = %s, want %s", x, op, y, got.rat(), want)
			}
		}
		same("+", a.add(b), new(big.Rat).Add(x, y))
		same("-", a.sub(b), new(big.Rat).Sub(x, y))
		same("×", a.mul(b), new(big.Rat).Mul(x, y))
		if y.Sign() != 0 {
			same("/", a.div(b), new(big.Rat).Quo(x, y))
		}
		if got, want := a.cmp(b), x.Cmp(y); got != want {
			t.Fatalf("%s cmp %s = %d, want %d", x, y, got, want)
		}
		if got, want := a.sign(), x.Sign(); got != want {
			t.Fatalf("sign of %s = %d", x, got)
		}
		if got, want := a.isWhole(), x.IsInt(); got != want {
			t.Fatalf("isWhole of %s = %t", x, got)
		}
	})
}

// The text of a number is within half a unit of its 34th digit, and exact where
// it has no more digits.
func TestNumber_String(t *testing.T) {
	for want, n := range map[string]number{
		"0": {}, "-0.5": {n: -1, d: 2}, "7.39": {n: 739, d: 100}, "0.001": {n: 1, d: 1000}, "12": {n: 24, d: 2},
		"0.3333333333333333333333333333333333": {n: 1, d: 3},
		"0.6666666666666666666666666666666667": {n: 2, d: 3},
		"-66.66666666666666666666666666666667": {n: -200, d: 3},
		"1":                                    fraction(new(big.Rat).Sub(big.NewRat(1, 1), new(big.Rat).Inv(power(40)))),
		"100000000000000000000000000000000000": fraction(power(35)),
	} {
		if got := n.String(); got != want {
			t.Errorf("String = %s, want %s", got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, x := drawn(t, "a")
		text := a.String()
		back, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%s has the text %q", x, text)
		}
		if wide := (number{wide: x}).String(); wide != text {
			t.Fatalf("%s is %s in words and %s in big numbers", x, text, wide)
		}
		off := new(big.Rat).Sub(back, x)
		if off.Abs(off).Mul(off, power(precision)).Cmp(new(big.Rat).Abs(new(big.Rat).Mul(x, big.NewRat(5, 1)))) > 0 {
			t.Fatalf("%s has the text %s", x, text)
		}
	})
}

func TestRounded(t *testing.T) {
	for _, c := range []struct {
		text   string
		digits int
		mode   string
		want   string
	}{
		{"0.5", 0, rulebook.RoundHalfUp, "1"},
		{"-0.5", 0, rulebook.RoundHalfUp, "-1"},
		{"0.5", 0, rulebook.RoundHalfEven, "0"},
		{"1.5", 0, rulebook.RoundHalfEven, "2"},
		{"-2.5", 0, rulebook.RoundHalfEven, "-2"},
		{"0.9", 0, rulebook.RoundTruncate, "0"},
		{"-0.9", 0, rulebook.RoundTruncate, "0"},
		{"7.345", 2, rulebook.RoundHalfUp, "7.35"},
		{"7.345", 2, rulebook.RoundHalfEven, "7.34"},
		{"7.3450000000000000000000000000000000001", 2, rulebook.RoundHalfEven, "7.35"},
		{"7.3449999999999999999999999999999999999", 2, rulebook.RoundHalfUp, "7.34"},
		{"1/3", 34, rulebook.RoundHalfUp, "0.3333333333333333333333333333333333"},
		{"7.345", 2, "", "7.345"},
	} {
		r, ok := new(big.Rat).SetString(c.text)
		if !ok {
			t.Fatal(c.text)
		}
		for _, n := range []number{fraction(new(big.Rat).Set(r)), {wide: r}} {
			if got := rounded(n, rulebook.Rounding{Digits: c.digits, Mode: c.mode}).String(); got != c.want {
				t.Errorf("%s to %d digits, %s = %s, want %s", c.text, c.digits, c.mode, got, c.want)
			}
		}
	}
}

func TestRoot(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "4": "2", "4/9": "0.6666666666666666666666666666666667",
		// From a decimal library at 60 digits.
		"2":                "1.414213562373095048801688724209698",
		"3":                "1.732050807568877293527446341505872",
		"1/2":              "0.7071067811865475244008443621048490",
		"1000000000000001": "31622776.60168380913137723628621989",
	} {
		r, _ := new(big.Rat).SetString(text)
		if got := fraction(root(r)).String(); got != trimZeros(want) {
			t.Errorf("root of %s = %s, want %s", text, got, want)
		}
	}
}
