package privacy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/privacy"
)

// TestMask hides what tells of a person, and nothing else.
func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"电话13812341234。":                        "电话138****1234。",
		"联系 138 1234 1234 或139-4321-4321":       "联系 138 **** 1234 或139-****-4321",
		"+86 13812341234，8613812341234":         "+86 138****1234，86138****1234",
		"１３８１２３４１２３４":                           "１３８****１２３４",
		"座机0931-8412345、010-66778899":           "座机0931-***2345、010-****8899",
		"09318412345":                           "0931***2345",
		"身份证620102199003071234":                 "身份证620102********1234",
		"62010219900307123X，62010219900307123x": "620102********123X，620102********123x",
		"620102 19900307 1234":                  "620102 ******** 1234",
		"旧证620102900307123":                     "旧证620102*****7123",
		"卡号6222021234567890128":                 "卡号622202*********0128",
		"6222 0212 3456 7890 128":               "6222 02** **** ***0 128",
		"写信给 jianguo.ma@example.org。":           "写信给 j*********@example.org。",
		"住庆阳路12号3单元401室":                        "住庆阳路12号*单元***室",
		"滨河东路588号金城花园2号楼1单元1802室":               "滨河东路588号金城花园*号楼*单元****室",
		"13812341234 13912341234":               "138****1234 139****1234",
		"13812341234/62010219900307123X 都要藏":    "138****1234/620102********123X 都要藏",
		"":                           "",
		"十年如一日，风雨无阻。":                "十年如一日，风雨无阻。",
		"2016年派件13812341234件":        "2016年派件13812341234件",
		"营收15000000000元":             "营收15000000000元",
		"2026-05-20 至 2026-05-24":    "2026-05-20 至 2026-05-24",
		"编号12345678901234567":        "编号12345678901234567",
		"庆阳路12号邮政局":                  "庆阳路12号邮政局",
		"0.13812341234":              "0.138****1234",
		"行程 12,345,678 公里，号码 1 2 3":  "行程 12,345,678 公里，号码 1 2 3",
		"卡号6222021234567890127，末位不对": "卡号6222021234567890127，末位不对",
		"@ 2026":           "@ 2026",
		"0000000000000000": "0000000000000000",
	} {
		if got := privacy.Mask(text); got != want {
			t.Errorf("Mask(%q)\n = %q\nwant %q", text, got, want)
		}
	}
}

// TestFind names what it finds, where it is.
func TestFind(t *testing.T) {
	got := privacy.Find("马建国13812341234，a@b.cn，12号2单元1室，62010219900307123X，6222021234567890128")
	want := []privacy.Finding{
		{Kind: privacy.Phone, First: 3, Next: 14},
		{Kind: privacy.Mail, First: 15, Next: 21},
		{Kind: privacy.Home, First: 22, Next: 30},
		{Kind: privacy.Identity, First: 31, Next: 49},
		{Kind: privacy.BankCard, First: 50, Next: 69},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMask_anyText keeps the length of whatever text, changes nothing but hidden
// signs, and leaves nothing to find that it would hide further.
func TestMask_anyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for _, part := range rapid.SliceOf(rapid.OneOf(
			rapid.String(), rapid.StringMatching(`[0-9０-９Xx号室单元 @.-]{0,30}`),
			rapid.SampledFrom([]string{"13812341234", "62010219900307123X", "6222021234567890128", "0931-8412345", "a@b.cn", "12号3单元401室"}),
		)).Draw(t, "parts") {
			b.WriteString(part)
		}
		text := strings.ToValidUTF8(b.String(), "?")
		masked := []rune(privacy.Mask(text))
		plain := []rune(text)
		if len(masked) != len(plain) {
			t.Fatalf("%d runes of %d", len(masked), len(plain))
		}
		for i := range plain {
			if masked[i] != plain[i] && masked[i] != '*' {
				t.Fatalf("%q became %q", plain[i], masked[i])
			}
		}
		for _, f := range privacy.Find(text) {
			if string(masked[f.First:f.Next]) == string(plain[f.First:f.Next]) && f.Kind != privacy.Mail {
				t.Fatalf("%s %q is not hidden", f.Kind, string(plain[f.First:f.Next]))
			}
		}
	})
}
