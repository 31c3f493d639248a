package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
)

// refusal is what a department holds against an entry.
type refusal struct{ department, name, employer, reason string }

// refusals are the opinions that fail; every other one passes.
func refusals() []refusal {
	return []refusal{
		{"hr", "冯小军", "驼铃快运兰州七里河营业部", "劳动合同签订单位与申报单位不一致，且2025年4月至9月未参加工伤保险，不符合申报条件第三条。"},
		{"hr", "茹永胜", "驼铃快运玉门网点", "社会保险缴费记录显示从业不足两年，与申报的从业年限不符。"},
		{"postal", "郑旭东", "陇运速递秦州营业部", "2025年因虚假签收被用户申诉三次并认定为有责，所在网点被约谈，本人负直接责任。"},
		{"postal", twinName, twinEmployer, "与陇运速递临夏营业部推荐的马晓燕系同一人，属重复推荐，保留先报的一份。"},
		{"union", "雷振华", "麦积速达天水营业部", "担任负责人的网点拖欠3名快递员加班工资，劳动争议尚在调解，职工代表不同意推荐。"},
		{"traffic", "魏东升", "金城迅递城关营业部", "2025年11月驾驶电动三轮车逆行致人受伤，负事故主要责任。"},
		{"traffic", "曾凡荣", "铜城速递白银营业部", "近一年有两次超员超载处罚记录，其中一次记6分，不符合“无重大交通违法”的条件。"},
	}
}

// opinionsCSV has a byte-order mark, so that spreadsheets read it as UTF-8.
func opinionsCSV() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	rows := [][]string{{"department", "name", "employer", "verdict", "reason"}}
	for _, r := range refusals() {
		rows = append(rows, []string{r.department, r.name, r.employer, "fail", r.reason})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("opinions: %w", err)
	}
	return out.Bytes(), nil
}
