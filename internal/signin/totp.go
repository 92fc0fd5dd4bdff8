package signin

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- RFC 6238's default, which every authenticator knows; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	// totpDrift is how many steps a watch may be wrong.
	totpDrift   = 1
	totpSecret  = 20
	totpModulus = 1_000_000
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// hotp is RFC 4226: six digits of a counter.
func hotp(secret []byte, counter int64) string {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(counter)) // #nosec G115 -- a count of half minutes since 1970
	mac := hmac.New(sha1.New, secret)
	mac.Write(message[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%0*d", totpDigits, (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%totpModulus)
}

func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

// totpMatch returns the step of RFC 6238 that a code belongs to; it must be newer than the last one used. All steps are looked at, so that
// the time it takes says nothing.
func totpMatch(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	for s := stepOf(now) - totpDrift; s <= stepOf(now)+totpDrift; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, s)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// totpURI is what an authenticator reads from a square code.
func totpURI(issuer, login, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+login) + "?" + q.Encode()
}
