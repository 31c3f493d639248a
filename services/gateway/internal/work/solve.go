package work

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/altcha-org/altcha-lib-go"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// ErrWanted asks for work. Its parameters are a challenge (ChallengeOf), its
// RetryAfter is when a credential may be had without.
var ErrWanted = fault.New(fault.TooMany, "proof_of_work_wanted", "many ask for credentials: solve the challenge and send the solution as work, or wait")

// wanted is ErrWanted with a challenge.
func wanted(c altcha.Challenge) *fault.Error {
	return ErrWanted.With("algorithm", c.Algorithm).With("challenge", c.Challenge).
		With("maxNumber", strconv.FormatInt(c.MaxNumber, 10)).With("salt", c.Salt).With("signature", c.Signature)
}

// ChallengeOf gives the challenge that an ErrWanted carries.
func ChallengeOf(f *fault.Error) (altcha.Challenge, error) {
	n, err := strconv.ParseInt(f.Params["maxNumber"], 10, 64)
	if err != nil {
		return altcha.Challenge{}, fmt.Errorf("maxNumber: %w", err)
	}
	return altcha.Challenge{
		Algorithm: f.Params["algorithm"], Challenge: f.Params["challenge"], MaxNumber: n, Salt: f.Params["salt"], Signature: f.Params["signature"],
	}, nil
}

// Do gives the work that an ErrWanted asks for.
func Do(ctx context.Context, f *fault.Error) (string, error) {
	c, err := ChallengeOf(f)
	if err != nil {
		return "", err
	}
	return Solve(ctx, c)
}

// Solve gives the work for a challenge: base64 of altcha's payload.
func Solve(ctx context.Context, c altcha.Challenge) (string, error) {
	if c.MaxNumber < 0 || c.MaxNumber > hardest*MaxNumbers { // no server makes its clients compute for ever
		return "", fmt.Errorf("a challenge of %d numbers", c.MaxNumber)
	}
	solution, err := altcha.SolveChallenge(c.Challenge, c.Salt, altcha.Algorithm(c.Algorithm), int(c.MaxNumber), 0, ctx.Done())
	switch {
	case err != nil:
		return "", err
	case ctx.Err() != nil:
		return "", ctx.Err()
	case solution == nil:
		return "", errors.New("the challenge has no solution")
	}
	payload, err := json.Marshal(altcha.Payload{
		Algorithm: c.Algorithm, Challenge: c.Challenge, Number: int64(solution.Number), Salt: c.Salt, Signature: c.Signature,
	})
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(payload), nil
}
