package e2e_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
)

// hostile is a text that must be shown as text.
const hostile = "\"><script>alert(1)</script> =1+1 \u202Eevil {{.}}"

// workbook is a spreadsheet in an office's own words, with rows.
func workbook(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	all := append([][]any{{"2026年推荐人选"}, {"名字", "男女", "公司", "所在市州", "先进故事", "工号"}}, rows...)
	for i, row := range all {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.NewSheet("说明"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// uses are the answers to what the columns are.
func uses(of ...string) url.Values {
	form := url.Values{}
	for i, use := range of {
		form.Set(fmt.Sprintf("uses[%d]", i), use)
	}
	return form
}

func portrait(t *testing.T, width int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, 400))
	for i := range m.Pix {
		m.Pix[i] = uint8(width + i%width)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipped is a ZIP of files.
func zipped(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		part, err := w.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEntries_look takes entries in as an office does, on pages alone and without
// scripts: a file in its own words, mended where it is marked; photos in a ZIP;
// a kill in the middle. And it looks at the pages.
func TestEntries_look(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.run(t, h.Create)
	email := h.Input.With(identity.Organizer)[0].Email
	c := h.clerk(t, email, "zh-CN")
	look, window := h.looker(t, c)
	if s := c.get(c.desk("entries")); s.Status != http.StatusOK || !s.says("还没有报名") {
		t.Fatalf("no entries: %d %s", s.Status, s.Text)
	}
	look("entries-none", c.desk("entries"))
	look("import-first", c.desk("import"))

	bad := workbook(t, []any{"王强", "男", "陇运速递", "兰州市", "十年如一日。", "A-001"}, []any{"", "先生", "陇运速递", "兰州市", hostile, "A-002"},
		[]any{"马晓燕", "女", "陇运速递", "临夏州", "雪中送件。", "A-003"})
	s := c.sendFiles(c.desk("import")+"/upload", "blob", map[string]string{"recommended_by": "兰州市总工会"}, file{"推荐表.xlsx", bad})
	if s.Status != http.StatusOK || !s.says("先进故事") || !s.says("雪中送件。") || strings.Contains(s.Text, "<script>alert") {
		t.Fatalf("uploaded: %d at %s: %s", s.Status, s.Path, s.Text)
	}
	at := s.Path
	look("import-columns", at)
	s = c.send(at+"/check", uses("name", "gender", "employer", "region", "name", "note"))
	if s.Status != http.StatusUnprocessableEntity || !s.says("“先进故事”和“名字”不能同时对应“姓名”") {
		t.Errorf("two columns, one field: %d %s", s.Status, s.Text)
	}
	s = c.send(at+"/check", uses("name", "gender", "employer", "region", "deeds", "note"))
	if s.Status != http.StatusOK || !s.says("有 2 处需要修改") || !s.says("A4") || !s.says("B4") {
		t.Fatalf("checked: %d %s", s.Status, s.Text)
	}
	look("import-faults", at)
	s = c.get(at + "/marked")
	marked, err := excelize.OpenReader(strings.NewReader(s.Text))
	if err != nil {
		t.Fatalf("marked: %d %v", s.Status, err)
	}
	defer marked.Close()
	if reason, _ := marked.GetCellValue("Sheet1", "G4"); !strings.Contains(reason, "A: ") || !strings.Contains(reason, "B: ") || !strings.Contains(reason, "先生") {
		t.Errorf("reasons %q", reason)
	}
	for cell, value := range map[string]string{"A4": "赵丽", "B4": "女"} {
		if err := marked.SetCellStr("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	var mended bytes.Buffer
	if _, err := marked.WriteTo(&mended); err != nil {
		t.Fatal(err)
	}
	s = c.sendFiles(c.desk("import")+"/upload", "blob", map[string]string{"recommended_by": "兰州市总工会"}, file{"推荐表-改.xlsx", mended.Bytes()})
	if strings.Count(s.Text, "按该单位上次的对应") != 6 {
		t.Errorf("remembered: %s", s.Text)
	}
	second := s.Path
	s = c.send(second+"/check", uses("name", "gender", "employer", "region", "deeds", "note", "leave"))
	if !s.says("检查无误，可以导入 3 人") {
		t.Fatalf("mended: %d %s", s.Status, s.Text)
	}
	look("import-good", second)
	if s := c.send(second+"/run", nil); s.Status != http.StatusOK {
		t.Fatalf("run: %d %s", s.Status, s.Text)
	}
	h.kill(t, all)
	h.start(t, all)
	testkit.Eventually(t, wait, func() error {
		if s := c.get(second); !s.says("已导入 3 人") {
			return fmt.Errorf("%d, refreshed after %q", s.Status, s.Header.Get("Refresh"))
		}
		return nil
	})
	look("import-done", second)
	if s := c.send(at+"/drop/confirm", nil); s.Status != http.StatusOK || !s.says("已放弃导入") {
		t.Errorf("dropped: %d %s", s.Status, s.Text)
	}

	entries := c.get(c.desk("entries") + "?q=" + url.QueryEscape("赵丽"))
	link := regexp.MustCompile(`href="(` + c.desk("entries") + `/[0-9a-f-]{36})"`).FindStringSubmatch(entries.Text)
	if link == nil || !entries.says("共 1 条") || entries.says("王强") {
		t.Fatalf("searched: %d %s", entries.Status, entries.Text)
	}
	told := strings.Join(strings.Fields(strings.ReplaceAll(hostile, "\u202E", "")), " ")
	if s := c.get(link[1]); !s.says("A-002") || !s.says(told) || strings.Contains(s.Text, "<script>alert") {
		t.Errorf("an entry: %s", s.Text)
	}
	h.photos(t, c, look)
	h.dragged(t, c, window)
	look("entries", c.desk("entries"))
	look("entries-nothing", c.desk("entries")+"?q=nobody&photo=with")
	look("entry", link[1])
	if s := c.send(link[1]+"/withdraw", url.Values{}); s.Status != http.StatusOK || !s.says("已撤回") {
		t.Errorf("withdrawn: %d %s", s.Status, s.Text)
	}
	look("imports", c.desk("import"))
	vetter := h.clerk(t, h.Input.With(identity.Vetter)[0].Email, "en")
	if s := vetter.get(link[1]); s.Status != http.StatusOK || s.says("A-002") || s.says("Withdraw this entry") {
		t.Errorf("a vetter sees %s", s.Text)
	}
	if s := vetter.get(c.desk("import")); s.Status != http.StatusForbidden {
		t.Errorf("a vetter imports: %d", s.Status)
	}
}

// photos sends photos, of which some find their entry and others are placed.
func (h *harness) photos(t *testing.T, c *clerk, look func(name, path string)) {
	t.Helper()
	send := func(by string, files ...file) shown {
		return c.sendFiles(c.desk("photos")+"/add", "files", map[string]string{"by": by}, files...)
	}
	s := send("name", file{"好.jpg", portrait(t, 300)}, file{"坏.zip", zipped(t, file{"../../etc/passwd", nil})})
	if s.Status != http.StatusUnprocessableEntity || !s.says("坏.zip: 里面有路径指向包外的文件：../../etc/passwd") {
		t.Errorf("a bad ZIP: %d %s", s.Status, s.Text)
	}
	if s := send("name"); s.Status != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", s.Status)
	}
	s = send("工号", file{"照片.zip", zipped(t, file{"照片/a-001.jpg", portrait(t, 301)}, file{"照片/<b>谁.jpg", portrait(t, 302)},
		file{"照片/说明.docx", []byte("x")})})
	if s.Status != http.StatusOK || !s.says("照片已收到") {
		t.Fatalf("sent: %d %s", s.Status, s.Text)
	}
	look("photos-waiting", c.desk("photos"))
	testkit.Eventually(t, wait, func() error {
		if s = c.get(c.desk("photos")); s.says("正在处理") || !s.says("<b>谁.jpg") {
			return errors.New("they wait")
		}
		return nil
	})
	if !s.says("已放入 1 张照片") || !s.says("没有对应的待审查报名") || strings.Contains(s.Text, "<b>谁") {
		t.Errorf("placed: %s", s.Text)
	}
	look("photos", c.desk("photos"))
	picture := regexp.MustCompile(`src="(` + c.desk("photos") + `/([0-9a-f-]{36})/image)"`).FindStringSubmatch(s.Text)
	entry := regexp.MustCompile(`<option value="([0-9a-f-]{36})">`).FindStringSubmatch(s.Text)
	if picture == nil || entry == nil {
		t.Fatalf("nothing to place: %s", s.Text)
	}
	if s := c.get(picture[1]); s.Status != http.StatusOK || s.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(s.Text, "\xff\xd8\xff") {
		t.Errorf("the picture: %d %v", s.Status, s.Header)
	}
	s = c.send(c.desk("photos")+"/place", url.Values{"picture": {picture[2]}, "entry": {entry[1]}})
	if s.Status != http.StatusOK || !s.says("已放入。") {
		t.Errorf("placed by hand: %d %s", s.Status, s.Text)
	}
	if s := c.get(c.desk("entries/" + entry[1] + "/photo")); s.Status != http.StatusOK || !strings.HasPrefix(s.Text, "\xff\xd8\xff") {
		t.Errorf("its entry's photo: %d", s.Status)
	}
}

// dragged places a photo by dragging it onto an entry.
func (h *harness) dragged(t *testing.T, c *clerk, window context.Context) { //nolint:revive // t comes first in tests
	t.Helper()
	c.sendFiles(c.desk("photos")+"/add", "files", map[string]string{"by": "name"}, file{"另一张.jpg", portrait(t, 303)})
	testkit.Eventually(t, wait, func() error {
		if s := c.get(c.desk("photos")); s.says("正在处理") || !s.says("另一张.jpg") {
			return errors.New("it waits")
		}
		return nil
	})
	browser.Run(t, window, "drag", chromedp.Navigate(c.base+c.desk("photos")+"?lang=en"), chromedp.WaitVisible(chromedp.CSS(".targets li")),
		chromedp.Evaluate[chromedp.Void](`(() => {
			const card = document.querySelector(".pictures li[draggable=true]"), entry = document.querySelector(".targets li");
			const data = new DataTransfer();
			const fire = (at, kind) => at.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
			fire(card, "dragstart");
			fire(entry, "dragover");
			fire(entry, "drop");
		})()`), chromedp.WaitVisible(chromedp.CSS("#note")))
	if said := browser.Read[string](t, window, `document.getElementById("note").innerText`); !strings.Contains(said, "另一张.jpg is placed.") {
		t.Errorf("dragged: %s", said)
	}
}

// looker looks at pages in a browser that has a clerk's session.
func (h *harness) looker(t *testing.T, c *clerk) (look func(name, path string), window context.Context) {
	t.Helper()
	ctx := browser.Open(t)
	at, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	cookies := c.http.Jar.Cookies(at)
	i := slices.IndexFunc(cookies, func(k *http.Cookie) bool { return k.Name == "laurel_session" })
	browser.Run(t, ctx, "session", chromedp.Navigate(c.base+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+cookies[i].Value+`; path=/"`))
	return func(name, path string) { browser.Look(t, ctx, name, c.base+path) }, ctx
}
