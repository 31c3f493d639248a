package notice

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// entry is a candidate in a list that is to be sorted.
type entry struct {
	selection.NoticeEntry

	rank   int
	region string
}

// sortBy sorts a list: candidates who are alike by the order, by their names and
// at last by their numbers, so that it is the same for whatever list of the same
// candidates. The names of people have the readings of surnames.
func sortBy(list []entry, order string, people bool) {
	if order == rulebook.OrderRank {
		slices.SortStableFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Number, b.Number)) })
		return
	}
	tag := "zh-u-co-pinyin"
	if order == rulebook.OrderStrokes {
		tag = "zh-u-co-stroke"
	}
	c := collate.New(language.MustParse(tag))
	key := func(text string) []byte { return c.Key(new(collate.Buffer), []byte(text)) }
	type keyed struct {
		entry
		region, name []byte
	}
	keys := make([]keyed, len(list))
	for i, e := range list {
		name := e.Name
		if people && order != rulebook.OrderStrokes {
			name = spoken(name)
		}
		keys[i] = keyed{e, nil, key(name)}
		if order == rulebook.OrderRegion {
			keys[i].region = key(e.region)
		}
	}
	slices.SortStableFunc(keys, func(a, b keyed) int {
		return cmp.Or(bytes.Compare(a.region, b.region), bytes.Compare(a.name, b.name), strings.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number))
	})
	for i, k := range keys {
		list[i] = k.entry
	}
}

// readings are surnames that are read otherwise than the same characters mostly
// are, with characters that are always read so (Modern Chinese Dictionary). The
// collation knows one reading of a character.
func readings() map[string]string {
	return map[string]string{
		"万俟": "末奇", "尉迟": "玉迟", "澹台": "谈台", "长孙": "掌孙",
		"单": "善", "曾": "增", "解": "谢", "仇": "求", "查": "渣", "任": "人", "区": "欧", "朴": "嫖", "葛": "舸", "华": "画",
		"冼": "显", "折": "蛇", "翟": "宅", "缪": "妙", "员": "运", "黑": "贺", "繁": "婆", "秘": "必", "种": "虫", "召": "邵", "祭": "债",
		"柏": "摆", "燕": "烟", "应": "英", "薄": "伯", "卜": "补", "乜": "聂", "逄": "旁", "贾": "假", "沈": "审", "俞": "鱼",
	}
}

// spoken writes a name as its surname is read.
func spoken(name string) string {
	for surname, reading := range readings() {
		if rest, ok := strings.CutPrefix(name, surname); ok && rest != "" {
			return reading + rest
		}
	}
	return name
}
