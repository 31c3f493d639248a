package bus

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// The headers of a request. An answer repeats the nonce: nobody else knows it.
const (
	actorHeader     = "Laurel-Actor"
	requestHeader   = "Laurel-Request"
	timeHeader      = "Laurel-Time" // Unix microseconds
	nonceHeader     = "Laurel-Nonce"
	signatureHeader = "Laurel-Signature"
)

// fresh is how far the time of a request may be from the room's.
const fresh = time.Minute

// refusals is registered once a process, like every metric.
var refusals = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_requests_refused_total",
	Help: "Requests that a service did not look at: unsigned, of a wrong signature, or of another time. A clock that is set makes one of those.",
}, []string{"service", "reason"})

// Why a room does not look at a request. Nothing has been done.
var (
	errUnproved = fault.NewUnavailable("request_unproved", "a part of the system does not know the sender of the request; nothing was done", time.Second)
	errStale    = fault.NewUnavailable("request_stale", "the request is too old, or from the future; nothing was done", time.Second)
)

// Signer signs requests: who acts, and what is asked. The gateway alone has it, so
// that what a room can check it cannot forge.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner makes a signer of a secret of 32 bytes.
func NewSigner(secret []byte) (Signer, error) {
	if len(secret) != ed25519.SeedSize {
		return Signer{}, fmt.Errorf("bus: a key has %d bytes, not %d", ed25519.SeedSize, len(secret))
	}
	return Signer{ed25519.NewKeyFromSeed(secret)}, nil
}

// Public is what rooms know the signer by, in hex.
func (s Signer) Public() string {
	return hex.EncodeToString(s.key[ed25519.SeedSize:])
}

// Trusted are the keys whose signature a room believes: one, and two while the
// gateway's key changes.
type Trusted []ed25519.PublicKey

// ParseTrusted reads keys as Public writes them.
func ParseTrusted(texts ...string) (Trusted, error) {
	var keys Trusted
	for _, text := range texts {
		key, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%q is not a public key: %d bytes in hex", text, ed25519.PublicKeySize)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Sign has the calls of this connection signed; before the first.
func (b *Bus) Sign(s Signer) { b.signer = &s }

// Trust has Serve believe the signatures of these keys, by the room's clock;
// before Serve.
func (b *Bus) Trust(keys Trusted, now func() time.Time) { b.trusted, b.now = keys, now }

// signed is what a signature is over. No part holds a line's end: headers and
// subjects cannot, and JSON does not.
func signed(subject string, h interface{ Get(string) string }, body []byte) []byte {
	sum := sha256.Sum256(body)
	return []byte(strings.Join([]string{
		"laurel request 1", subject, h.Get(actorHeader), h.Get(requestHeader), h.Get(timeHeader), h.Get(nonceHeader), hex.EncodeToString(sum[:]),
	}, "\n"))
}

// newRequest is a request in the name of ctx's actor, at the service's time as
// far as it is known.
func (b *Bus) newRequest(ctx context.Context, subject string, data []byte) (*nats.Msg, error) {
	who, err := json.Marshal(actor.From(ctx))
	if err != nil {
		return nil, fmt.Errorf("bus: actor: %w", err)
	}
	msg := nats.NewMsg(subject)
	msg.Data = data
	msg.Header.Set(actorHeader, string(who))
	msg.Header.Set(requestHeader, actor.Request(ctx))
	msg.Header.Set(timeHeader, strconv.FormatInt(time.Now().Add(b.ahead(subject)).UnixMicro(), 10))
	msg.Header.Set(nonceHeader, rand.Text())
	if b.signer != nil {
		signature := ed25519.Sign(b.signer.key, signed(subject, msg.Header, data))
		msg.Header.Set(signatureHeader, base64.RawStdEncoding.EncodeToString(signature))
	}
	return msg, nil
}

// prove gives a context in which the request's actor acts, or why the request is
// refused: it is not signed by a trusted key for this subject, body and minute.
func (b *Bus) prove(ctx context.Context, service, subject string, req micro.Request) (context.Context, error) {
	h := req.Headers()
	ctx = actor.WithRequest(ctx, h.Get(requestHeader))
	refuse := func(reason string, f *fault.Error, err error) (context.Context, error) {
		refusals.WithLabelValues(service, reason).Inc()
		b.log.WarnContext(ctx, "bus: request refused", "subject", subject, "reason", reason, "error", err)
		return ctx, f
	}
	if h.Get(signatureHeader) == "" {
		return refuse("unsigned", errUnproved, nil)
	}
	signature, err := base64.RawStdEncoding.DecodeString(h.Get(signatureHeader))
	text, known := signed(subject, h, req.Data()), false
	for _, key := range b.trusted {
		known = known || ed25519.Verify(key, text, signature)
	}
	if !known {
		return refuse("signature", errUnproved, err)
	}
	var who actor.Actor
	at, err := strconv.ParseInt(h.Get(timeHeader), 10, 64)
	if err = errors.Join(err, json.Unmarshal([]byte(h.Get(actorHeader)), &who)); err != nil {
		return refuse("signature", errUnproved, err)
	}
	if now := b.now(); now.Sub(time.UnixMicro(at)).Abs() > fresh {
		return refuse("stale", errStale.With("now", strconv.FormatInt(now.UnixMicro(), 10)), nil)
	}
	return actor.With(ctx, who), nil
}

// ahead is how far the clock of a subject's service is before ours.
func (b *Bus) ahead(subject string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.skew[serviceOf(subject)]
}

// learn takes a service's time from its refusal of a stale request, and tells
// whether that is what it was. A service can spoil the time of requests to itself
// and to nobody else.
func (b *Bus) learn(subject string, err error) bool {
	if !fault.HasCode(err, errStale.Code) {
		return false
	}
	now, parseErr := strconv.ParseInt(fault.From(err).Params["now"], 10, 64)
	if parseErr != nil {
		return false
	}
	skew := time.Until(time.UnixMicro(now))
	b.log.Warn("bus: a service has another time", "subject", subject, "ahead", skew)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.skew[serviceOf(subject)] = skew
	return true
}

func serviceOf(subject string) string { return strings.SplitN(subject, ".", 3)[1] }
