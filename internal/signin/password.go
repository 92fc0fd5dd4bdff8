package signin

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"timebank/internal/errs"
)

// Argon are the costs of a password's digest. They stand in the digest, so that old ones are known and renewed at the next sign-in.
type Argon struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultArgon is what OWASP asks for at least: 19 MiB, two passes, one thread.
var DefaultArgon = Argon{Memory: 19 * 1024, Passes: 2, Threads: 1}

const (
	saltBytes   = 16
	digestBytes = 32
)

// digest derives what is stored of a password, in the usual form: $argon2id$v=19$m=…,t=…,p=…$salt$digest.
func (a Argon) digest(password string, salt []byte) string {
	sum := argon2.IDKey([]byte(password), salt, a.Passes, a.Memory, a.Threads, digestBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.Memory, a.Passes, a.Threads, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// matches compares a password with a stored digest in constant time and reports whether it was made at other costs than a.
func (a Argon) matches(password, stored string) (right, renew bool, err error) {
	var version int
	var was Argon
	var rest string
	if _, err := fmt.Sscanf(stored, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &was.Memory, &was.Passes, &was.Threads, &rest); err != nil || version != argon2.Version {
		return false, false, errs.New(errs.Internal, errs.CodeInternal)
	}
	b64 := base64.RawStdEncoding
	cut := b64.EncodedLen(saltBytes)
	if len(rest) != cut+1+b64.EncodedLen(digestBytes) || rest[cut] != '$' {
		return false, false, errs.New(errs.Internal, errs.CodeInternal)
	}
	salt, err := b64.DecodeString(rest[:cut])
	if err != nil {
		return false, false, errs.New(errs.Internal, errs.CodeInternal)
	}
	return subtle.ConstantTimeCompare([]byte(was.digest(password, salt)), []byte(stored)) == 1, was != a, nil
}
