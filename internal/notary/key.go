package notary

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"timebank/internal/errs"
)

// algEd25519 is the algorithm byte of an Ed25519 key in C2SP signed-note.
const algEd25519 = 1

// Key is the key of one log: a verifier that anyone may have and, where this process is the one that signs, the signer.
// Printing or logging a key shows the verifier only.
type Key struct {
	verifier     note.Verifier
	verifierText string
	signer       note.Signer // nil in a key made from a verifier string
	secret       string
}

// NewKey makes an Ed25519 key from 32 bytes of the source; the same bytes give the same key, and Ed25519 signs without
// randomness. The name is the log's origin (see Origin). Error: Invalid notary.key_name.
func NewKey(source interface{ Fill(b []byte) }, name string) (Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	source.Fill(seed)
	return keyFromSeed(seed, name)
}

// OpenKey reads a signer string as Key.Secret gave it. Error: Invalid notary.key_malformed.
func OpenKey(secret string) (Key, error) {
	// The parts are PRIVATE, KEY, name, hash and base64, which may itself hold a plus.
	parts := strings.SplitN(strings.TrimSpace(secret), "+", 5)
	if len(parts) != 5 || parts[0] != "PRIVATE" || parts[1] != "KEY" {
		return Key{}, errs.Invalid("notary.key_malformed")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != algEd25519 {
		return Key{}, errs.Invalid("notary.key_malformed")
	}
	k, err := keyFromSeed(raw[1:], parts[2])
	if err != nil {
		return Key{}, err
	}
	if k.secret != strings.TrimSpace(secret) {
		return Key{}, errs.Invalid("notary.key_malformed")
	}
	return k, nil
}

// OpenVerifier reads a verifier string as Key.Verifier gave it. A service with such a key checks everything and signs nothing.
// Error: Invalid notary.verifier_malformed.
func OpenVerifier(verifier string) (Key, error) {
	verifier = strings.TrimSpace(verifier)
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return Key{}, errs.Invalid("notary.verifier_malformed").With(err)
	}
	return Key{verifier: v, verifierText: verifier}, nil
}

func keyFromSeed(seed []byte, name string) (Key, error) {
	private := ed25519.NewKeyFromSeed(seed)
	text, err := note.NewEd25519VerifierKey(name, private.Public().(ed25519.PublicKey))
	if err != nil {
		return Key{}, errs.Invalid("notary.key_name").With(err)
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return Key{}, errs.Invalid("notary.key_name").With(err)
	}
	hash := strings.SplitN(text, "+", 3)[1]
	secret := "PRIVATE+KEY+" + name + "+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, seed...))
	s, err := note.NewSigner(secret)
	if err != nil {
		return Key{}, errs.Invalid("notary.key_name").With(err)
	}
	return Key{verifier: v, verifierText: text, signer: s, secret: secret}, nil
}

// Name returns the origin that the key signs for.
func (k Key) Name() string {
	if k.verifier == nil {
		return ""
	}
	return k.verifier.Name()
}

// Verifier returns the public verifier string, "name+hash+key" as in C2SP signed-note: all that a receipt's checker needs.
func (k Key) Verifier() string { return k.verifierText }

// Secret returns the signer string, to be kept where only the city's server reads it; it is empty in a key that only verifies.
func (k Key) Secret() string { return k.secret }

// String returns the verifier string, never the secret.
func (k Key) String() string { return k.verifierText }

// GoString returns the verifier string, never the secret.
func (k Key) GoString() string { return k.verifierText }
