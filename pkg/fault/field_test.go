package fault_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
)

func TestWrong(t *testing.T) {
	for name, c := range map[string]struct {
		got  fault.Field
		want fault.Field
	}{
		"no params": {
			fault.Wrong("slug", "slug_malformed", "names {no} selection"),
			fault.Field{Name: "slug", Code: "slug_malformed", Message: "names {no} selection"},
		},
		"filled in": {
			fault.Wrong("picks", "picks_too_many", "takes at most {max} of {of}", "max", 10, "of", "{max}"),
			fault.Field{Name: "picks", Code: "picks_too_many", Message: "takes at most 10 of {max}", Params: map[string]string{"max": "10", "of": "{max}"}},
		},
		"in a file": {fault.Required("name").In(3, 7), fault.Field{Name: "name", Code: "required", Message: "is required", Line: 3, Column: 7}},
		"one of": {
			fault.OneOf("way", "device", "roster"),
			fault.Field{Name: "way", Code: "not_one_of", Message: "is one of device, roster", Params: map[string]string{"values": "device, roster"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string // code
	}{
		"empty":         {"", ""},
		"fits":          {strings.Repeat("因", 5), ""},
		"spaces around": {"  " + strings.Repeat("因", 5) + "\n", ""},
		"too long":      {strings.Repeat("因", 6), "too_long"},
		"NUL":           {"a\x00", "control_character"},
		"C1":            {"a\u0085", "control_character"},
		"lines":         {"a\r\n\tb", ""},
	} {
		t.Run(name, func(t *testing.T) {
			code := ""
			for _, f := range fault.Text("reason", c.text, 5) {
				code += f.Code
			}
			if code != c.want {
				t.Errorf("%q, want %q", code, c.want)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	for _, text := range []string{"", "陇原最美快递员", "naïve 👩‍🚀", "\u2068علي\u2069 (Ali)", "\u200e", "a\u2028b"} {
		if !fault.Plain(text, false) {
			t.Errorf("%q is text", text)
		}
	}
	for _, text := range []string{"\x00", "a\x00b", "\x01", "\x1b[31m", "\x7f", "\u0080", "\u009f", "\u202e", "\u202d", "\xff", "\xc0\x80"} {
		if fault.Plain(text, true) {
			t.Errorf("%q is no text", text)
		}
	}
	for _, text := range []string{"a\nb", "a\r", "\tb"} {
		if fault.Plain(text, false) || !fault.Plain(text, true) {
			t.Errorf("%q is text of several lines alone", text)
		}
	}
}
