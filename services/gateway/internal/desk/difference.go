package desk

import "strings"

// difference is a line that two texts have in common, or that one has.
type difference struct {
	Side string // both, theirs or mine
	Line int    // in its text; of both, in mine
	Text string
}

// maxCompared bounds the lines that are compared with each other: past it, all
// that differs is told as one block.
const maxCompared = 4_000_000

// differences tells line by line what the texts of two people have, by a longest
// common subsequence.
func differences(theirs, mine string) []difference {
	a, b := strings.Split(theirs, "\n"), strings.Split(mine, "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []difference
	for i := range head {
		out = append(out, difference{"both", i + 1, b[i]})
	}
	out = append(out, between(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for i := len(b) - tail; i < len(b); i++ {
		out = append(out, difference{"both", i + 1, b[i]})
	}
	return out
}

// between compares what stands between equal beginnings and ends.
func between(a, b []string, head int) (out []difference) {
	common := make([][]int32, 0)
	if len(a)*len(b) <= maxCompared {
		common = make([][]int32, len(a)+1)
		for i := range common {
			common[i] = make([]int32, len(b)+1)
		}
		for i := len(a) - 1; i >= 0; i-- {
			for j := len(b) - 1; j >= 0; j-- {
				if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
					common[i][j] = common[i+1][j+1] + 1
				}
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case len(common) > 0 && i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, difference{"both", head + j + 1, b[j]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || len(common) == 0 || common[i+1][j] >= common[i][j+1]):
			out = append(out, difference{"theirs", head + i + 1, a[i]})
			i++
		default:
			out = append(out, difference{"mine", head + j + 1, b[j]})
			j++
		}
	}
	return out
}

// folded leaves out lines that both have but for three around each difference; a
// line without a side stands for what is left out.
func folded(all []difference) (out []difference) {
	const around = 3
	near := make([]bool, len(all))
	for i, d := range all {
		if d.Side == "both" {
			continue
		}
		for k := max(0, i-around); k <= min(len(all)-1, i+around); k++ {
			near[k] = true
		}
	}
	for i, d := range all {
		switch {
		case near[i]:
			out = append(out, d)
		case i == 0 || near[i-1]:
			out = append(out, difference{})
		}
	}
	return out
}
