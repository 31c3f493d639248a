// Package yardstick is the front without the rest: the same Echo, a handler
// that decodes a ballot and answers. `laurel bench` compares with it.
package yardstick

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/labstack/echo/v4"
)

// Ballot is what is decoded.
type Ballot struct {
	Picks []int `json:"picks"`
}

// Handler answers POST /empty at once, and POST /naive after cast. What was put at
// /like/NAME as a whole HTTP answer is answered there from then on, with its headers
// and as many bytes.
func Handler(cast func(ctx context.Context, picks []int) error) http.Handler {
	e := echo.New()
	answer := func(c echo.Context) error {
		return c.JSON(http.StatusCreated, map[string]string{"receipt": "0000000000000000000000000G"})
	}
	e.POST("/empty", func(c echo.Context) error {
		var b Ballot
		if err := c.Bind(&b); err != nil {
			return err
		}
		return answer(c)
	})
	e.POST("/naive", func(c echo.Context) error {
		var b Ballot
		if err := c.Bind(&b); err != nil {
			return err
		}
		if err := cast(c.Request().Context(), b.Picks); err != nil {
			return err
		}
		return answer(c)
	})
	like(e)
	return e
}

// likeness is an answer that is repeated.
type likeness struct {
	status int
	header http.Header
	body   []byte
}

func like(e *echo.Echo) {
	var known sync.Map // of likeness, by name
	e.PUT("/like/:name", func(c echo.Context) error {
		res, err := http.ReadResponse(bufio.NewReader(c.Request().Body), nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		one := likeness{status: res.StatusCode, header: res.Header}
		one.header.Del("Date") // the server's own
		if one.body, err = io.ReadAll(res.Body); err != nil {
			return err
		}
		one.header.Set("Content-Length", strconv.Itoa(len(one.body)))
		known.Store(c.Param("name"), one)
		return c.NoContent(http.StatusNoContent)
	})
	answer := func(c echo.Context) error {
		found, ok := known.Load(c.Param("name"))
		if !ok {
			return echo.ErrNotFound
		}
		one := found.(likeness)
		h := c.Response().Header()
		for name, values := range one.header {
			h[name] = values
		}
		c.Response().WriteHeader(one.status)
		_, err := c.Response().Write(one.body)
		return err
	}
	e.GET("/like/:name", answer)
	e.POST("/like/:name", answer)
}
