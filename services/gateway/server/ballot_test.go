package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

const ballots = "/api/v1/selections/" + here + "/ballots"

func TestBallot_Cast(t *testing.T) {
	h := open(t)
	voter := h.voter("one voter", here, time.Hour)
	first := h.ask(t, http.MethodPost, ballots, voter, `{"picks":[1,2]}`, "Idempotency-Key", "k-1")
	var counted struct{ Receipt string }
	if err := json.Unmarshal([]byte(first.Body), &counted); err != nil || first.Status != http.StatusCreated || counted.Receipt == "" {
		t.Fatalf("%d %s", first.Status, first.Body)
	}
	again := h.ask(t, http.MethodPost, ballots, voter, `{"picks":[1,2]}`, "Idempotency-Key", "k-1")
	if again.Status != http.StatusOK || again.Body != first.Body {
		t.Errorf("the same key: %d %s, first %s", again.Status, again.Body, first.Body)
	}
	second := h.ask(t, http.MethodPost, ballots, voter, `{"picks":[3]}`, "Idempotency-Key", "k-2")
	if p := second.problem(t); p.Status != http.StatusConflict || p.Code != "ballot_duplicate" || p.Params["first"] != "2026-05-04T02:30:00Z" {
		t.Errorf("a second ballot: %s", second.Body)
	}
}

func TestBallot_credential(t *testing.T) {
	h := open(t)
	good := h.voter("one voter", here, time.Hour)
	for name, c := range map[string]struct {
		credential, code string
		status           int
	}{
		"missing": {"", "credential_missing", 401},
		"forged":  {good[:len(good)-4] + "AAAA", "credential_invalid", 401},
		"session": {organizer, "credential_invalid", 401},
		"long":    {strings.Repeat("x", 4000), "credential_invalid", 401},
		"expired": {h.voter("one voter", here, -time.Second), "credential_expired", 401},
		"foreign": {h.voter("one voter", "another-selection", time.Hour), "credential_foreign", 403},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.ask(t, http.MethodPost, ballots, c.credential, `{"picks":[1]}`)
			if p := a.problem(t); p.Status != c.status || p.Code != c.code {
				t.Errorf("%s", a.Body)
			}
		})
	}
	if n := len(h.voting.counted); n != 0 {
		t.Errorf("%d ballots were counted", n)
	}
}

func TestBallot_malformed(t *testing.T) {
	h := open(t)
	for name, c := range map[string]struct {
		body, media, key string
		status           int
		code, field      string
	}{
		"empty":        {" ", "application/json", "", 400, "ballot_malformed", "body"},
		"broken":       {`{"picks":[1`, "application/json", "", 400, "ballot_malformed", "body"},
		"two":          {`{"picks":[1]}{"picks":[2]}`, "application/json", "", 400, "ballot_malformed", "body"},
		"list":         {`[1]`, "application/json", "", 422, "ballot_invalid", "body"},
		"text":         {`{"picks":["1"]}`, "application/json", "", 422, "ballot_invalid", "picks[0]"},
		"fraction":     {`{"picks":[1,1.5]}`, "application/json", "", 422, "ballot_invalid", "picks[1]"},
		"huge":         {`{"picks":[99999999999999999999]}`, "application/json", "", 422, "ballot_invalid", "picks[0]"},
		"null":         {`{"picks":[1,2,null]}`, "application/json", "", 422, "ballot_invalid", "picks[2]"},
		"nested":       {`{"picks":[[1]]}`, "application/json", "", 422, "ballot_invalid", "picks[0]"},
		"no list":      {`{"picks":1}`, "application/json", "", 422, "ballot_invalid", "picks"},
		"no picks":     {`{}`, "application/json", "", 422, "ballot_invalid", "picks"},
		"twice":        {`{"picks":[1],"picks":[2]}`, "application/json", "", 422, "ballot_invalid", "picks"},
		"other case":   {`{"Picks":[1]}`, "application/json", "", 422, "ballot_invalid", "Picks"},
		"garbage":      {`{"picks":[1]}garbage`, "application/json", "", 400, "ballot_malformed", "body"},
		"deep":         {strings.Repeat(`{"picks":[`, 6000), "application/json", "", 422, "ballot_invalid", "picks[0]"},
		"a million":    {`{"picks":[` + strings.Repeat("1,", 1_000_000) + `1]}`, "application/json", "", 413, "body_too_large", "body"},
		"no type":      {`{"picks":[1]}`, "", "", 415, "media_type", "Content-Type"},
		"unknown":      {`{"picks":[1],"weight":2}`, "application/json", "", 422, "ballot_invalid", "weight"},
		"form":         {`picks=1`, "application/x-www-form-urlencoded", "", 415, "media_type", "Content-Type"},
		"key too long": {`{"picks":[1]}`, "application/json", strings.Repeat("k", 129), 422, "ballot_invalid", "Idempotency-Key"},
		"too large":    {`{"picks":[1]}` + strings.Repeat(" ", 64<<10), "application/json", "", 413, "body_too_large", "body"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.ask(t, http.MethodPost, ballots, h.voter(name, here, time.Hour), c.body, "Content-Type", c.media, "Idempotency-Key", c.key)
			if p := a.problem(t); p.Status != c.status || p.Code != c.code || strings.Join(p.fields(), ",") != c.field {
				t.Errorf("%s", a.Body)
			}
		})
	}
	if n := len(h.voting.counted); n != 0 {
		t.Errorf("%d ballots were counted", n)
	}
}

// TestBallot_unknownOutcome has the voting service fall over: the voter may
// try again, and reads nothing of the reason.
func TestBallot_unknownOutcome(t *testing.T) {
	h := open(t)
	a := h.ask(t, http.MethodPost, ballots, h.voter("one voter", here, time.Hour), `{"picks":[99]}`)
	if p := a.problem(t); p.Status != http.StatusServiceUnavailable || p.Code != "outcome_unknown" ||
		a.Header.Get("Retry-After") == "" || strings.Contains(a.Body, "hunter2") {
		t.Errorf("%d %s", a.Status, a.Body)
	} else if strings.Join(p.fields(), ",") != "Idempotency-Key" {
		t.Errorf("without a key no receipt comes: %s", a.Body)
	}
	a = h.ask(t, http.MethodPost, ballots, h.voter("one voter", here, time.Hour), `{"picks":[99]}`, "Idempotency-Key", "k")
	if p := a.problem(t); p.Code != "outcome_unknown" || len(p.fields()) != 0 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
