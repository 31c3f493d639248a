package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// authenticator is a device with one passkey (WebAuthn Level 3, section 6).
type authenticator struct {
	key    *ecdsa.PrivateKey
	id     []byte
	user   []byte
	rp     string
	origin string
	count  uint32
	// verifies: it asks its holder for a PIN.
	verifies bool
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// asked is what WebAuthn's options have for a device.
type asked struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
}

func read(t *testing.T, options json.RawMessage) (a asked) {
	t.Helper()
	if err := json.Unmarshal(options, &a); err != nil || a.Challenge == "" {
		t.Fatalf("options %s: %v", options, err)
	}
	return a
}

func (d *authenticator) clientData(kind, challenge string) []byte {
	data, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	return data
}

// data is the authenticator's: of a new key with the key.
func (d *authenticator) data(more []byte) []byte {
	rp := sha256.Sum256([]byte(d.rp))
	flags := byte(1) // present
	if d.verifies {
		flags |= 4
	}
	if more != nil {
		flags |= 64
	}
	d.count++
	out := append(rp[:], flags)
	return append(binary.BigEndian.AppendUint32(out, d.count), more...)
}

// create makes a passkey for what was asked.
func (d *authenticator) create(t *testing.T, options json.RawMessage) json.RawMessage {
	t.Helper()
	a := read(t, options)
	var err error
	if d.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	d.id, d.rp = make([]byte, 16), a.RP.ID
	rand.Read(d.id)
	if d.user, err = base64.RawURLEncoding.DecodeString(a.User.ID); err != nil {
		t.Fatal(err)
	}
	public, err := d.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		t.Fatal(err)
	}
	made := append(make([]byte, 16), byte(len(d.id)>>8), byte(len(d.id)))
	made = append(append(made, d.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.data(made)})
	if err != nil {
		t.Fatal(err)
	}
	return d.response(t, map[string]any{"clientDataJSON": b64(d.clientData("webauthn.create", a.Challenge)), "attestationObject": b64(object)})
}

// get answers with the passkey.
func (d *authenticator) get(t *testing.T, options json.RawMessage) json.RawMessage {
	t.Helper()
	client, data := d.clientData("webauthn.get", read(t, options).Challenge), d.data(nil)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return d.response(t, map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(d.user),
	})
}

func (d *authenticator) response(t *testing.T, response map[string]any) json.RawMessage {
	t.Helper()
	out, err := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
