package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed static
var staticFiles embed.FS

// asset is a static file under a name that changes with its content, so that
// browsers may keep it for ever.
type asset struct {
	media string
	plain []byte // nil: it is kept packed alone
	gzip  []byte // nil where it gains nothing
	// policy is the content security policy of a worker, which has its own; empty: that
	// of pages.
	policy string
}

// assets are the static files: by hashed name, and the hashed name by plain one.
type assets struct {
	files map[string]asset
	names map[string]string
}

func loadAssets() assets {
	a := assets{files: map[string]asset{}, names: map[string]string{}}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(fmt.Sprintf("web: static files: %v", err)) // embedded: wrong in the build or never
	}
	sheet := func(name string) bool { return path.Ext(name) == ".css" }
	for _, sheets := range []bool{false, true} { // style sheets last: they name the others
		for _, entry := range entries {
			if sheet(entry.Name()) != sheets {
				continue
			}
			src, err := staticFiles.ReadFile("static/" + entry.Name())
			if err != nil {
				panic(fmt.Sprintf("web: static file: %v", err)) // as above
			}
			a.add(entry.Name(), src)
		}
	}
	a.addVerifier()
	return a
}

// add takes a file; its own references to others get their hashed names.
func (a assets) add(name string, src []byte) {
	for plain, hashed := range a.names {
		src = bytes.ReplaceAll(src, []byte(`url("`+plain+`")`), []byte(`url("`+hashed+`")`))
	}
	sum := sha256.Sum256(src)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.names[name] = hashed
	a.files[hashed] = asset{media: mime.TypeByExtension(ext), plain: src, gzip: squeeze(src)}
}

func squeeze(src []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(src)                                     // to memory
	_ = w.Close()
	if out.Len() >= len(src) {
		return nil
	}
	return out.Bytes()
}

// path is the address of a static file; an unknown one fails the template.
func (a assets) path(name string) (string, error) {
	hashed, ok := a.names[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return "/static/" + hashed, nil
}

func (s *Site) asset(c echo.Context) error {
	found, ok := s.assets.files[c.Param("file")]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
	if found.policy != "" {
		h.Set(echo.HeaderContentSecurityPolicy, found.policy)
	}
	body := found.plain
	if found.gzip != nil && strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		h.Set(echo.HeaderContentEncoding, "gzip")
		body = found.gzip
	}
	if body == nil {
		unpacked, err := gzip.NewReader(bytes.NewReader(found.gzip))
		if err != nil {
			return err
		}
		return c.Stream(http.StatusOK, found.media, unpacked)
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, found.media, body)
}
