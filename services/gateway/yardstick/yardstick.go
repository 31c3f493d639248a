// Package yardstick is the front without the rest: the same Echo, a handler
// that decodes a ballot and answers. `laurel bench` compares with it.
package yardstick

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Ballot is what is decoded.
type Ballot struct {
	Picks []int `json:"picks"`
}

// Handler answers POST /empty at once, and POST /naive after cast.
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
	return e
}
