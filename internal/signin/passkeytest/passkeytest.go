// Package passkeytest is a passkey in software, for tests of whatever asks for one.
//
// It must never be imported by the program.
package passkeytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Passkey is a security key in software with one discoverable credential, after WebAuthn level 2 with attestation "none".
type Passkey struct {
	t testing.TB
	// Origin and RP are the site at which the key believes to be, and the party that it belongs to.
	Origin, RP string
	Key        *ecdsa.PrivateKey
	ID         []byte
	User       []byte
	Counter    uint32
	// Unverified leaves out that the holder gave a PIN or a finger.
	Unverified bool
}

// New is a key that belongs to nobody yet.
func New(t testing.TB) *Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fine(t, err)
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &Passkey{t: t, Origin: "http://localhost:8080", RP: "localhost", Key: key, ID: id}
}

func fine(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var url64 = base64.RawURLEncoding

// options is what an authenticator reads of a ceremony.
type options struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
	}
}

func (a *Passkey) read(ceremony []byte) (o options) {
	a.t.Helper()
	fine(a.t, json.Unmarshal(ceremony, &o))
	return o
}

func (a *Passkey) client(kind, challenge string) []byte {
	a.t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	fine(a.t, err)
	return text
}

// data is the authenticator data: hash of the party, flags, counter, and the new key if there is one.
func (a *Passkey) data(flags byte, attested []byte) []byte {
	rp := sha256.Sum256([]byte(a.RP))
	if flags |= 1; !a.Unverified {
		flags |= 4
	}
	a.Counter++
	return append(binary.BigEndian.AppendUint32(append(rp[:], flags), a.Counter), attested...)
}

// bytesOf writes a CBOR byte string of less than 65,536 bytes.
func bytesOf(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(b))), b...) // #nosec G115 -- less than 65,536
}

// textOf writes a CBOR text of less than 24 bytes.
func textOf(s string) []byte {
	return append([]byte{0x60 | byte(len(s))}, s...) // #nosec G115 -- less than 24
}

// Create answers the options of a ceremony that makes a key.
func (a *Passkey) Create(ceremony []byte) []byte {
	a.t.Helper()
	o := a.read(ceremony)
	var err error
	a.User, err = url64.DecodeString(o.PublicKey.User.ID)
	fine(a.t, err)
	point, err := a.Key.PublicKey.Bytes()
	fine(a.t, err)
	// COSE: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
	cose := bytes.Join([][]byte{{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, bytesOf(point[1:33]), {0x22}, bytesOf(point[33:])}, nil)
	length := binary.BigEndian.AppendUint16(nil, uint16(len(a.ID))) // #nosec G115 -- made by New, some bytes
	attested := bytes.Join([][]byte{make([]byte, 16), length, a.ID, cose}, nil)
	object := bytes.Join([][]byte{{0xa3}, textOf("fmt"), textOf("none"), textOf("attStmt"), {0xa0}, textOf("authData"), bytesOf(a.data(0x40, attested))}, nil)
	return a.answer(map[string]any{"clientDataJSON": url64.EncodeToString(a.client("webauthn.create", o.PublicKey.Challenge)),
		"attestationObject": url64.EncodeToString(object), "transports": []string{"internal"}})
}

// Sign answers the options of a ceremony that uses a key.
func (a *Passkey) Sign(ceremony []byte) []byte {
	a.t.Helper()
	client, data := a.client("webauthn.get", a.read(ceremony).PublicKey.Challenge), a.data(0, nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.Key, digest[:])
	fine(a.t, err)
	return a.answer(map[string]any{"clientDataJSON": url64.EncodeToString(client), "authenticatorData": url64.EncodeToString(data),
		"signature": url64.EncodeToString(signature), "userHandle": url64.EncodeToString(a.User)})
}

func (a *Passkey) answer(response map[string]any) []byte {
	a.t.Helper()
	id := url64.EncodeToString(a.ID)
	text, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	fine(a.t, err)
	return text
}
