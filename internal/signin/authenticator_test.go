package signin_test

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

	"timebank/internal/signin"
)

// authenticator is a security key in software with one discoverable credential, after WebAuthn level 2 with attestation "none".
type authenticator struct {
	t       testing.TB
	origin  string
	rp      string
	key     *ecdsa.PrivateKey
	id      []byte
	user    []byte
	counter uint32
	// unverified leaves out that the holder gave a PIN or a finger.
	unverified bool
}

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fine(t, err)
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &authenticator{t: t, origin: "http://localhost:8080", rp: "localhost", key: key, id: id}
}

var url64 = base64.RawURLEncoding

// options is what an authenticator reads of a ceremony.
type options struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
	}
}

func (a *authenticator) read(c signin.Ceremony) (o options) {
	a.t.Helper()
	fine(a.t, json.Unmarshal(c.Options, &o))
	return o
}

func (a *authenticator) client(kind, challenge string) []byte {
	a.t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	fine(a.t, err)
	return text
}

// data is the authenticator data: hash of the party, flags, counter, and the new key if there is one.
func (a *authenticator) data(flags byte, attested []byte) []byte {
	rp := sha256.Sum256([]byte(a.rp))
	if flags |= 1; !a.unverified {
		flags |= 4
	}
	a.counter++
	return append(binary.BigEndian.AppendUint32(append(rp[:], flags), a.counter), attested...)
}

// bytesOf writes a CBOR byte string of less than 65,536 bytes.
func bytesOf(b []byte) []byte {
	return append([]byte{0x59, byte(len(b) >> 8), byte(len(b))}, b...)
}

func textOf(s string) []byte { return append([]byte{0x60 | byte(len(s))}, s...) }

// create answers the making of a key.
func (a *authenticator) create(c signin.Ceremony) []byte {
	a.t.Helper()
	o := a.read(c)
	var err error
	a.user, err = url64.DecodeString(o.PublicKey.User.ID)
	fine(a.t, err)
	point, err := a.key.PublicKey.Bytes()
	fine(a.t, err)
	// COSE: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
	cose := bytes.Join([][]byte{{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, bytesOf(point[1:33]), {0x22}, bytesOf(point[33:])}, nil)
	attested := bytes.Join([][]byte{make([]byte, 16), {0, byte(len(a.id))}, a.id, cose}, nil)
	object := bytes.Join([][]byte{{0xa3}, textOf("fmt"), textOf("none"), textOf("attStmt"), {0xa0}, textOf("authData"), bytesOf(a.data(0x40, attested))}, nil)
	return a.answer(map[string]any{"clientDataJSON": url64.EncodeToString(a.client("webauthn.create", o.PublicKey.Challenge)),
		"attestationObject": url64.EncodeToString(object), "transports": []string{"internal"}})
}

// sign answers the use of a key.
func (a *authenticator) sign(c signin.Ceremony) []byte {
	a.t.Helper()
	client, data := a.client("webauthn.get", a.read(c).PublicKey.Challenge), a.data(0, nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	fine(a.t, err)
	return a.answer(map[string]any{"clientDataJSON": url64.EncodeToString(client), "authenticatorData": url64.EncodeToString(data),
		"signature": url64.EncodeToString(signature), "userHandle": url64.EncodeToString(a.user)})
}

func (a *authenticator) answer(response map[string]any) []byte {
	a.t.Helper()
	id := url64.EncodeToString(a.id)
	text, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	fine(a.t, err)
	return text
}
