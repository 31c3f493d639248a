package table

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// The words that labels of totals are made of, in the form of norm.Key.
const (
	counted = `票数|票數|得票|选票|票|分数|得分|分|人数|人次|人|名|项|个|条|位|数|值|votes?|voters?|ballots?|points?|scores?`
	numeral = `[0-9一二三四五六七八九十百千万]`
	aside   = counted + `|` + numeral + `|本页|以上|全部|全体|所有|各项|其中|of|the|this|page|grand|all`
	adds    = `[合总總総小共累][计計]|总和|總和|汇总|匯總|(?:总|總|共)` + numeral + `*(?:` + counted + `)|平均|均分|均值|最高分|最低分|中位数|` +
		`有效票|无效票|無效票|废票|廢票|空白票|弃权票?|棄權票?|(?:sub|grand)?totals?|sums?|overall|all|averages?|mean|σ|∑`
)

var totals = regexp.MustCompile(`^(?:` + aside + `)*(?:` + adds + `)(?:` + adds + `|` + aside + `)*$`)

// IsTotal tells the label of a row or column that adds others up, or counts what
// went to nobody: 合计, 合 计：, 本页小计, 总得票数, 弃权, Total (votes), sum. It has no
// word beside those of totals. Nobody is called so.
func IsTotal(text string) bool {
	if len(text) > 100 || !strings.ContainsFunc(text, mayAdd) {
		return false
	}
	return totals.MatchString(strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSymbol(r) && r != '∑' {
			return -1
		}
		return r
	}, norm.Key(text)))
}

// mayAdd tells the characters of which every label of a total has one, and those
// that may be another form of a plain one.
func mayAdd(r rune) bool {
	switch r {
	case 'a', 'u', 'A', 'U', 'σ', 'Σ', '合', '总', '總', '総', '小', '共', '累', '汇', '匯', '平', '均', '最', '中', '效', '废', '廢', '白', '权', '權':
		return true
	}
	return 0x2100 <= r && r < 0x3400 || r >= 0xF900
}
