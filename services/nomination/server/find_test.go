package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

func (r *room) find(t testing.TB, in nomination.FindEntries) nomination.EntriesFound {
	t.Helper()
	in.Slug = slug
	found, err := r.FindEntries(testkit.Context(t), in)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// list is a CSV of four nominees.
const list = "序号,姓名,性别,类别,工作单位,所在市州,主要事迹,推荐单位,party\n" +
	"1,马晓燕,女,快递员,陇运速递,临夏州,雪中送件。,临夏州总工会,党员\n2,王强,男,快递员,顺风快递,兰州市,十年如一日。,兰州市总工会,\n" +
	"3,阿依古丽·买买提,女,分拣员,陇运速递,兰州市,一百二十件。,,团员\n4,安小军,男,分拣员,丝路 快运ＥＭＳ,兰州市,夜里分拣。,兰州市总工会,\n"

// A list is searched, filtered and sorted by what entries say, alone and together.
func TestFindEntries(t *testing.T) {
	r := opened(t)
	if _, err := r.load(t, []byte(list), false); err != nil {
		t.Fatal(err)
	}
	all := r.find(t, nomination.FindEntries{})
	id := func(i int) string { return all.Entries[i].ID }
	for _, department := range []string{"hr", "postal", "union"} {
		if _, err := r.say(t, id(1), department, nomination.Pass); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.say(t, id(0), "hr", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	if _, err := r.say(t, id(2), "union", nomination.Fail); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SetPhoto(staff(t), nomination.SetPhoto{Slug: slug, Entry: id(3), Blob: r.Upload(encoded(t, toJPEG, 20))}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: id(3), Reason: "本人放弃"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		in   nomination.FindEntries
		want []string
	}{
		"all":               {nomination.FindEntries{}, []string{"马晓燕", "王强", "阿依古丽·买买提", "安小军"}},
		"part of a name":    {nomination.FindEntries{Text: "晓燕"}, []string{"马晓燕"}},
		"one character":     {nomination.FindEntries{Text: "强"}, []string{"王强"}},
		"typed otherwise":   {nomination.FindEntries{Text: "阿依古丽 • 买买提"}, []string{"阿依古丽·买买提"}},
		"full width":        {nomination.FindEntries{Text: "路快运ems"}, []string{"安小军"}},
		"two words":         {nomination.FindEntries{Text: "陇运　临夏"}, []string{"马晓燕"}},
		"an attribute":      {nomination.FindEntries{Text: "团员"}, []string{"阿依古丽·买买提"}},
		"a number":          {nomination.FindEntries{Text: "1"}, []string{"王强"}},
		"across lines":      {nomination.FindEntries{Text: "燕陇"}, nil},
		"no letters":        {nomination.FindEntries{Text: "　 "}, []string{"马晓燕", "王强", "阿依古丽·买买提", "安小军"}},
		"wild cards":        {nomination.FindEntries{Text: "%"}, nil},
		"markup":            {nomination.FindEntries{Text: "<b>'\""}, nil},
		"state":             {nomination.FindEntries{State: nomination.Withdrawn}, []string{"安小军"}},
		"category":          {nomination.FindEntries{Category: "sorter"}, []string{"阿依古丽·买买提", "安小军"}},
		"region":            {nomination.FindEntries{Region: "兰州市"}, []string{"王强", "阿依古丽·买买提", "安小军"}},
		"recommended by":    {nomination.FindEntries{RecommendedBy: "兰州市总工会"}, []string{"王强", "安小军"}},
		"with photo":        {nomination.FindEntries{Photo: nomination.With}, []string{"安小军"}},
		"without photo":     {nomination.FindEntries{Photo: nomination.Without}, []string{"马晓燕", "王强", "阿依古丽·买买提"}},
		"passed by hr":      {nomination.FindEntries{Department: "hr", Opinion: nomination.Pass}, []string{"马晓燕", "王强"}},
		"failed by any":     {nomination.FindEntries{Opinion: nomination.Fail}, []string{"阿依古丽·买买提"}},
		"due at postal":     {nomination.FindEntries{Department: "postal", Opinion: nomination.Due}, []string{"马晓燕", "阿依古丽·买买提"}},
		"due at hr":         {nomination.FindEntries{Department: "hr", Opinion: nomination.Due}, []string{"阿依古丽·买买提"}},
		"due anywhere":      {nomination.FindEntries{Opinion: nomination.Due}, []string{"马晓燕", "阿依古丽·买买提"}},
		"heard by hr":       {nomination.FindEntries{Department: "hr"}, []string{"马晓燕", "王强"}},
		"together":          {nomination.FindEntries{Text: "总工会", Region: "兰州市", State: nomination.Admitted}, []string{"王强"}},
		"by pinyin":         {nomination.FindEntries{Sort: nomination.SortName}, []string{"阿依古丽·买买提", "安小军", "马晓燕", "王强"}},
		"by pinyin, back":   {nomination.FindEntries{Sort: "-" + nomination.SortName}, []string{"王强", "马晓燕", "安小军", "阿依古丽·买买提"}},
		"latest first":      {nomination.FindEntries{Sort: "-" + nomination.SortSubmitted}, []string{"安小军", "阿依古丽·买买提", "王强", "马晓燕"}},
		"by number":         {nomination.FindEntries{Sort: nomination.SortNumber}, []string{"王强", "马晓燕", "阿依古丽·买买提", "安小军"}},
		"second page":       {nomination.FindEntries{Limit: 3, Page: 2}, []string{"安小军"}},
		"beyond the last":   {nomination.FindEntries{Limit: 3, Page: 99}, []string{"安小军"}},
		"nothing is so":     {nomination.FindEntries{Region: "火星"}, nil},
		"another selection": {nomination.FindEntries{Text: "总工会 临夏"}, []string{"马晓燕"}},
	} {
		found := r.find(t, c.in)
		var got []string
		for _, e := range found.Entries {
			got = append(got, e.Nominee.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c.in.Limit == 0 && found.Total != len(c.want) {
			t.Errorf("%s: %d in all", name, found.Total)
		}
	}
	if diff := cmp.Diff([]nomination.Value{{Text: "兰州市", Count: 3}, {Text: "临夏州", Count: 1}}, all.Regions); diff != "" {
		t.Error(diff)
	}
	if page := r.find(t, nomination.FindEntries{Limit: 3, Page: 99}); page.Page != 2 || page.Pages != 2 || page.Total != 4 {
		t.Errorf("page %+v", page)
	}
	_, err := r.FindEntries(testkit.Context(t), nomination.FindEntries{
		Slug: slug, State: "x", Opinion: "x", Photo: "x", Sort: "x", Department: "x", Category: "x", Text: strings.Repeat("长", 201),
	})
	want := []string{"category", "department", "opinion", "photo", "sort", "state", "text"}
	if diff := cmp.Diff(want, fields(t, err, nomination.ErrInvalid)); diff != "" {
		t.Error(diff)
	}
}

// many fills two selections with entries, of which few have a name of their own.
func (r *room) many(t testing.TB, n int) {
	t.Helper()
	for _, of := range []string{slug, "another-selection"} {
		if _, err := r.DB.Exec(`
			INSERT INTO entry (id, slug, state, name, gender, category, employer, region, deeds, recommended_by, attributes, photo, warnings, name_key,
			       fingerprint, created_at, search)
			SELECT gen_random_uuid(), $1, 'submitted', name, '', 'courier', '陇运速递', '兰州市', repeat('十年如一日。', 300), '总工会', '{}', '', '[]', name,
			       i::text, now(), concat_ws(E'\n', name, '陇运速递', '兰州市', '总工会')
			FROM generate_series(1, $2) AS i CROSS JOIN LATERAL (SELECT CASE WHEN i % 1000 = 7 THEN '欧阳娜娜' ELSE '王强' END || i AS name) AS n`, of, n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.DB.Exec(`INSERT INTO opinion (entry, department, verdict, reason, given_by, given_at)
		SELECT id, 'hr', 'pass', '', 'x', now() FROM entry; ANALYZE`); err != nil {
		t.Fatal(err)
	}
}

// A search reads the entries that it finds, not all there are, nor those of other
// selections; a page has as many statements whatever it finds.
func TestFindEntries_work(t *testing.T) {
	r := opened(t)
	r.many(t, 5000)
	found := r.find(t, nomination.FindEntries{Text: "欧阳", Limit: 50})
	if found.Total != 5 {
		t.Fatalf("%d found", found.Total)
	}
	var plan string
	if err := r.DB.Get(&plan, `EXPLAIN (ANALYZE, FORMAT JSON) SELECT id FROM entry f WHERE grams(f.slug, f.search) @> $1::text[] AND strpos(f.search, '欧阳') > 0`,
		"{"+slug+"/欧阳}"); err != nil {
		t.Fatal(err)
	}
	type node struct {
		Kind    string  `json:"Node Type"`
		Rows    float64 `json:"Actual Rows"`
		Removed float64 `json:"Rows Removed by Filter"`
		Plans   []node  `json:"Plans"`
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(plan), &plans); err != nil {
		t.Fatal(err)
	}
	read := 0.0
	var walk func(n node)
	walk = func(n node) {
		read += n.Rows + n.Removed
		for _, below := range n.Plans {
			walk(below)
		}
	}
	walk(plans[0].Plan)
	if read > 10 { // the bitmap and the heap
		t.Errorf("%v rows were read for %d: %s", read, found.Total, plan)
	}
}

// BenchmarkFindEntries answers the pages that organizers ask for, of 5,000 entries
// beside 5,000 of another selection.
func BenchmarkFindEntries(b *testing.B) {
	r := opened(b)
	r.many(b, 5000)
	for _, name := range slices.Sorted(slices.Values([]string{"first", "last", "searched", "due", "by name"})) {
		in := map[string]nomination.FindEntries{
			"first": {}, "last": {Page: 1000}, "searched": {Text: "欧阳"}, "due": {Department: "union", Opinion: nomination.Due}, "by name": {Sort: nomination.SortName},
		}[name]
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			for b.Loop() {
				r.find(b, in)
			}
		})
	}
}
