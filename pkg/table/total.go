package table

import "strings"

// totals are the labels of rows and columns that add others up. Nobody is called
// so.
const totals = " 合计 总计 小计 共计 总和 总数 总票数 总得票 总分 累计 汇总 合计数 合计票数 票数合计 得票合计 总计票数 平均 平均分 平均值 均分 " +
	" total totals subtotal subtotals sum sums grandtotal overall overalltotal totalvotes sumtotal all average mean "

// IsTotal tells whether a text is the label of a total: 合计, 合 计：, Total, sum.
func IsTotal(text string) bool {
	key := strings.ToLower(strings.Join(strings.Fields(Fold(text)), ""))
	key = strings.TrimRight(strings.NewReplacer("-", "", "_", "", "(", "", ")", "", ":", "", "*", "", ".", "", "=", "", "∑", "sum", "σ", "sum").Replace(key),
		"0123456789人名票项个条分位")
	return key != "" && !strings.Contains(key, " ") && strings.Contains(totals, " "+key+" ")
}
