package poster

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// machine is the machine's font; the tests that need one are skipped without it.
func machine(t *testing.T) *Poster {
	t.Helper()
	p, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		t.Fatal("there is no font with Chinese glyphs: scripts/install browser brings one")
	}
	return p
}

// A picture has the size, is the same for the same sheet, another for another, and
// stays inside of its frame however long the texts are.
func TestPoster_Draw(t *testing.T) {
	p := machine(t)
	shown := func() (image.Image, error) {
		return cropped{image.NewUniform(color.White), image.Rect(0, 0, 480, 640)}, nil
	}
	long := strings.Repeat("陇原最美快递员候选人", 40)
	for name, s := range map[string]Sheet{
		"short": {Above: "第二届", Title: "陇原最美快递员", Lines: []string{"甘肃省总工会"}, Below: "公众投票进行中"},
		"long":  {Above: long, Title: long, Lines: []string{long, long, long, long, long, long}, Below: long},
		"word":  {Title: strings.Repeat("Wolfeschlegelsteinhausen", 30)},
		"empty": {},
		"photo": {Title: "马晓燕", Photo: shown, Key: "p"},
	} {
		drawn, err := p.Draw(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if dir := os.Getenv("LAUREL_SHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, "poster-"+name+".png"), drawn, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		img, err := png.Decode(bytes.NewReader(drawn))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds() != image.Rect(0, 0, 1200, 630) {
			t.Errorf("%s: %v", name, img.Bounds())
		}
		for x := range Width {
			for y := range Height {
				outside := x < edge || y < edge || x >= Width-edge || y >= Height-edge
				if r, g, b, _ := img.At(x, y).RGBA(); outside && (r>>8 != uint32(ground.R) || g>>8 != uint32(ground.G) || b>>8 != uint32(ground.B)) {
					t.Fatalf("%s: something is drawn outside of the frame at %d, %d", name, x, y)
				}
			}
		}
		again, err := p.Draw(t.Context(), s)
		if err != nil || !bytes.Equal(again, drawn) {
			t.Errorf("%s: drawn again it is another: %v", name, err)
		}
	}
	one, _ := p.Draw(t.Context(), Sheet{Title: "一"})
	other, _ := p.Draw(t.Context(), Sheet{Title: "二"})
	if bytes.Equal(one, other) {
		t.Error("two titles are one picture")
	}
}

// cropped is a part of an endless image.
type cropped struct {
	image.Image

	of image.Rectangle
}

func (c cropped) Bounds() image.Rectangle { return c.of }

// Chinese characters have the glyphs of the mainland: in a collection for several
// places, it is not the first font that is taken.
func TestPoster_mainland(t *testing.T) {
	p := machine(t)
	var b sfnt.Buffer
	name, err := p.font.Name(&b, sfnt.NameIDFull)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(name, "CJK") && !strings.Contains(name, " SC") {
		t.Errorf("the font is %s", name)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	latin, none := filepath.Join(dir, "latin.ttf"), filepath.Join(dir, "none.ttf")
	for path, text := range map[string][]byte{latin: goregular.TTF, none: []byte("no font")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{latin: "no Chinese glyphs", none: "font", filepath.Join(dir, "missing.ttf"): "no such file"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if found := find([]string{dir, filepath.Join(dir, "missing")}); found != "" {
		t.Errorf("found %s", found)
	}
	for _, name := range []string{"wqy-zenhei.ttc", "NotoSansSC-Regular.ttf"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found := find([]string{dir}); filepath.Base(found) != "NotoSansSC-Regular.ttf" {
		t.Errorf("found %s", found)
	}
}

func TestWrapped(t *testing.T) {
	ten := func(s string) bool { return len([]rune(s)) <= 10 }
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"陇原最美快递员", []string{"陇原最美快递员"}},
		{"甘肃省总工会表彰最美，第二届", []string{"甘肃省总工会表彰最", "美，第二届"}},
		{"评选“陇原最美快递员（第二届）”", []string{"评选“陇原最美快递员", "（第二届）”"}},
		{"Most Beautiful Courier", []string{"Most", "Beautiful", "Courier"}},
		{"abcdefghijklmnop", []string{"abcdefghij", "klmnop"}},
		{strings.Repeat("长", 35), []string{strings.Repeat("长", 10), strings.Repeat("长", 10), strings.Repeat("长", 9) + "…"}},
		{"a\u2068b\u2069 c", []string{"ab c"}},
	} {
		if got := wrapped(c.text, 3, ten); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}
