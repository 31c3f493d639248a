package rulebook_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "12": "12", "-3": "-3", "0.50": "1/2", "1.6": "8/5", "40%": "2/5", "33.3%": "333/1000",
		"2/3": "2/3", "4/6": "2/3", "-1/2": "-1/2", "0.1": "1/10",
		"12345678901234567890.2": "61728394506172839451/5",
	} {
		n := number(t, text)
		if n.Rat().RatString() != want {
			t.Errorf("%s = %s, want %s", text, n.Rat().RatString(), want)
		}
		if n.String() != text {
			t.Errorf("%s is written %s", text, n)
		}
	}
	for _, text := range []string{
		"", " 1", "1 ", "+1", "1.", ".5", "1,5", "1e3", "0x1F", "1_000", "１２", "1/0", "1/2%", "2/-3", "1/2/3", "--1", "%", "NaN", "Inf",
		strings.Repeat("9", 65), "1/1234567890",
	} {
		if n, err := rulebook.ParseNumber(text); err == nil {
			t.Errorf("%q = %s, want an error", text, n.Rat())
		}
	}
}

func TestNumber_json(t *testing.T) {
	src, err := json.Marshal([]rulebook.Number{number(t, "40%"), number(t, "0.50"), {}})
	if err != nil || string(src) != `["40%","0.50",null]` {
		t.Fatalf("%s, %v", src, err)
	}
	var got []rulebook.Number
	if err := json.Unmarshal([]byte(`["40%",0.50,null]`), &got); err != nil {
		t.Fatal(err)
	}
	diff(t, got, []rulebook.Number{number(t, "40%"), number(t, "0.50"), {}})
	if err := json.Unmarshal([]byte(`[1e3]`), &got); err == nil {
		t.Error("1e3 is read as a number")
	}
}

func TestQuota_seats(t *testing.T) {
	tests := []struct {
		written    string
		seats      int
		cap, floor int
	}{
		{"2", 30, 2, 2},
		{"40%", 30, 12, 12},
		{"30%", 10, 3, 3},
		{"25%", 10, 2, 3}, // down for max, up for min
		{"1/3", 10, 3, 4},
		{"0", 10, 0, 0},
		{"100%", 7, 7, 7},
	}
	for _, tt := range tests {
		q := rulebook.Quota{Max: number(t, tt.written), Min: number(t, tt.written)}
		if n, ok := q.Cap(tt.seats); !ok || n != tt.cap {
			t.Errorf("max %s of %d = %d, %v; want %d", tt.written, tt.seats, n, ok, tt.cap)
		}
		if n, ok := q.Floor(tt.seats); !ok || n != tt.floor {
			t.Errorf("min %s of %d = %d, %v; want %d", tt.written, tt.seats, n, ok, tt.floor)
		}
	}
	if _, ok := (rulebook.Quota{}).Cap(10); ok {
		t.Error("an unset max caps")
	}
}

func TestShortlist_Size(t *testing.T) {
	for ratio, want := range map[string]int{"1": 10, "1.2": 12, "1.21": 13, "120%": 12, "4/3": 14} {
		if got := (rulebook.Shortlist{Ratio: number(t, ratio)}).Size(10); got != want {
			t.Errorf("%s × 10 seats = %d, want %d", ratio, got, want)
		}
	}
	if got := (rulebook.Shortlist{}).Size(10); got != 0 {
		t.Errorf("without a shortlist %d, want 0", got)
	}
}

func TestHours_Contains(t *testing.T) {
	h := rulebook.Hours{From: 9 * 60, To: 22 * 60}
	for clock, want := range map[string]bool{"08:59:59": false, "09:00:00": true, "21:59:59": true, "22:00:00": false} {
		at, err := time.Parse(time.TimeOnly, clock)
		if err != nil {
			t.Fatal(err)
		}
		if h.Contains(at) != want {
			t.Errorf("%s: %v, want %v", clock, !want, want)
		}
		if !(rulebook.Hours{}).Contains(at) {
			t.Errorf("%s: unset hours exclude it", clock)
		}
	}
}

func TestText_In(t *testing.T) {
	for _, tt := range []struct {
		text rulebook.Text
		want string
	}{
		{rulebook.Text{"zh": "甲", "en": "a"}, "甲"},
		{rulebook.Text{"en": "a", "fr": "b"}, "a"},
		{rulebook.Text{"": "plain", "fr": "b"}, "plain"},
		{rulebook.Text{"fr": "b", "de": "c"}, "c"},
		{nil, ""},
	} {
		if got := tt.text.In("zh", "en"); got != tt.want {
			t.Errorf("%v = %q, want %q", tt.text, got, tt.want)
		}
	}
}
