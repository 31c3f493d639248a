package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/voting"
)

// readBallot reads a request's picks; the service judges them.
func readBallot(w http.ResponseWriter, r *http.Request) ([]int, error) {
	if given := r.Header.Get(echo.HeaderContentType); given != echo.MIMEApplicationJSON {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != echo.MIMEApplicationJSON {
			return nil, problem.Status(http.StatusUnsupportedMediaType, "is application/json")
		}
	}
	body, err := readBody(w, r)
	if picks, ok := plainBallot(body); ok && err == nil {
		return picks, nil
	}
	var picks []int
	if err == nil {
		picks, err = decodeBallot(bytes.NewReader(body))
	}
	var (
		known    *fault.Error
		tooLarge *http.MaxBytesError
	)
	switch {
	case err == nil, errors.As(err, &known):
		return picks, err
	case errors.As(err, &tooLarge):
		return nil, problem.TooLarge(tooLarge.Limit)
	}
	return nil, fault.New(fault.Malformed, "ballot_malformed", "the ballot is not JSON",
		fault.Wrong("body", "ballot_no_object", "is not one JSON object")).Because(err)
}

// readBody reads at most maxBody bytes. A short body whose length is told, as
// nearly all are, takes no more room than it needs.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	const short = 1 << 10
	if r.ContentLength <= 0 || r.ContentLength > short {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// plainBallot reads {"picks":[1,2,3]} as programs write it, which nearly all
// ballots are. Whatever else there is, good or bad, is decodeBallot's.
func plainBallot(body []byte) (picks []int, ok bool) {
	list, ok := bytes.CutPrefix(body, []byte(`{"picks":[`))
	if !ok {
		return nil, false
	}
	picks = make([]int, 0, 1+bytes.Count(list, []byte{','}))
	number, digits := 0, 0
	for i, c := range list {
		switch {
		case c >= '0' && c <= '9' && digits < 9 && (digits == 0 || number > 0): // no leading zero
			number, digits = 10*number+int(c-'0'), digits+1
		case c == ',' && digits > 0:
			picks = append(picks, number)
			number, digits = 0, 0
		default:
			return append(picks, number), digits > 0 && string(list[i:]) == "]}"
		}
	}
	return nil, false
}

// decodeBallot reads {"picks": [NUMBER, …]} token by token: a name written
// twice or in other letters, and null for a number, which encoding/json lets
// pass, would be a ballot that its voter did not mean.
func decodeBallot(r io.Reader) ([]int, error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	start, err := d.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, invalidBallot("body", "ballot_no_object", `is no object; {"picks": [NUMBER, …]} is wanted`)
	}
	var picks []int
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch {
		case name != "picks":
			return nil, invalidBallot(fmt.Sprintf("%.40s", name), "ballot_field_unknown", "is not known; there is picks")
		case picks != nil:
			return nil, invalidBallot("picks", "field_repeated", "is there twice")
		}
		if picks, err = decodePicks(d); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil { // the object's end
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, errors.New("there is something behind the ballot"))
	}
	if picks == nil {
		return nil, invalidBallot("picks", "picks_missing", "is missing")
	}
	return picks, nil
}

func decodePicks(d *json.Decoder) ([]int, error) {
	start, err := d.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('[') {
		return nil, invalidBallot("picks", "picks_no_list", "is no list of candidate numbers")
	}
	picks := []int{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, ok := t.(json.Number)
		number, err := strconv.Atoi(string(text))
		if !ok || err != nil {
			return nil, invalidBallot(fmt.Sprintf("picks[%d]", len(picks)), "pick_no_number", "is no candidate number")
		}
		picks = append(picks, number)
	}
	_, err = d.Token() // the list's end
	return picks, err
}

func invalidBallot(field, code, message string) error {
	if field == "" { // a name may be empty
		field = "body"
	}
	return voting.ErrInvalid.At(fault.Wrong(field, code, message))
}
