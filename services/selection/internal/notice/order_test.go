package notice

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

func entries(names ...string) (list []entry) {
	for i, n := range names {
		name, region, _ := strings.Cut(n, "/")
		list = append(list, entry{NoticeEntry: selection.NoticeEntry{Number: i + 1, Name: name}, rank: len(names) - i, region: region})
	}
	return list
}

func names(list []entry) (all []string) {
	for _, e := range list {
		all = append(all, e.Name)
	}
	return all
}

func TestSortBy(t *testing.T) {
	for name, c := range map[string]struct {
		order  string
		people bool
		given  []entry
		want   string
	}{
		"strokes":               {rulebook.OrderStrokes, true, entries("张伟", "王芳", "丁一", "陈静", "欧阳修", "马超", "赵云", "王方", "一丁"), "一丁 丁一 马超 王方 王芳 张伟 欧阳修 陈静 赵云"},
		"shorter first":         {rulebook.OrderStrokes, true, entries("王芳芳", "王芳", "王"), "王 王芳 王芳芳"},
		"strokes of long names": {rulebook.OrderStrokes, true, entries("阿依古丽·买买提", "巴特尔", "马占山", "扎西"), "马占山 巴特尔 扎西 阿依古丽·买买提"},
		"pinyin":                {rulebook.OrderPinyin, true, entries("张伟", "王芳", "丁一", "陈静", "欧阳修", "李娜"), "陈静 丁一 李娜 欧阳修 王芳 张伟"},
		"pinyin of readings":    {rulebook.OrderPinyin, true, entries("单雄", "曾国", "仇英", "查良镛", "任盈盈", "解缙", "尉迟恭", "万俟卨"), "万俟卨 仇英 任盈盈 单雄 解缙 尉迟恭 曾国 查良镛"},
		"pinyin of a project":   {rulebook.OrderPinyin, false, entries("任务", "单车", "曾经"), "曾经 单车 任务"},
		"region, then pinyin":   {rulebook.OrderRegion, true, entries("张伟/兰州", "王芳/白银", "曾国/兰州", "丁一/白银", "李四"), "李四 丁一 王芳 曾国 张伟"},
		"rank":                  {rulebook.OrderRank, true, entries("张伟", "王芳", "丁一"), "丁一 王芳 张伟"},
	} {
		t.Run(name, func(t *testing.T) {
			sortBy(c.given, c.order, c.people)
			if got := strings.Join(names(c.given), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Each order keeps everybody, is the same for whatever order they come in, and is
// stable.
func TestSortBy_property(t *testing.T) {
	orders := []string{rulebook.OrderStrokes, rulebook.OrderPinyin, rulebook.OrderRegion, rulebook.OrderRank}
	word := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("王芳张伟曾单丁一欧阳𠮷·Aa é")), 0, 4, -1), rapid.StringN(0, 4, -1))
	rapid.Check(t, func(t *rapid.T) {
		order, people := rapid.SampledFrom(orders).Draw(t, "order"), rapid.Bool().Draw(t, "people")
		list := make([]entry, rapid.IntRange(0, 12).Draw(t, "candidates"))
		for i := range list {
			list[i] = entry{
				NoticeEntry: selection.NoticeEntry{Number: i + 1, Name: word.Draw(t, "name")}, rank: rapid.IntRange(1, 5).Draw(t, "rank"), region: word.Draw(t, "region"),
			}
		}
		numbers := func(l []entry) (all []int) {
			for _, e := range l {
				all = append(all, e.Number)
			}
			return all
		}
		sorted, shuffled := slices.Clone(list), rapid.Permutation(list).Draw(t, "shuffled")
		sortBy(sorted, order, people)
		sortBy(shuffled, order, people)
		if !slices.Equal(numbers(sorted), numbers(shuffled)) {
			t.Fatalf("by %s: %v of one order, %v of another", order, numbers(sorted), numbers(shuffled))
		}
		again := slices.Clone(sorted)
		sortBy(again, order, people)
		if !slices.Equal(numbers(sorted), numbers(again)) {
			t.Fatalf("sorted again: %v, then %v", numbers(sorted), numbers(again))
		}
		all := numbers(sorted)
		slices.Sort(all)
		if !slices.Equal(all, numbers(list)) {
			t.Fatalf("not a permutation: %v", all)
		}
		part := rapid.IntRange(0, len(sorted)).Draw(t, "part") // whoever is left out changes nothing of the others' order
		fewer := append(slices.Clone(sorted[part:]), sorted[:part/2]...)
		sortBy(fewer, order, people)
		want := append(slices.Clone(sorted[:part/2]), sorted[part:]...)
		if !slices.Equal(numbers(fewer), numbers(want)) {
			t.Fatalf("without some: %v, want %v", numbers(fewer), numbers(want))
		}
	})
}
