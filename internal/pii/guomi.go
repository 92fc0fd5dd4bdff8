package pii

import (
	"crypto/cipher"
	"crypto/hmac"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// Guomi is the suite that Chinese government systems are asked for: SM4-GCM (GB/T 32907) and HMAC-SM3 (GB/T 32905).
var Guomi = Suite{
	AEAD: func(key []byte) (cipher.AEAD, error) {
		// SM4 takes 128 bits; the key that comes in is a digest, so that its first half is as good as any.
		block, err := sm4.NewCipher(key[:16])
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	},
	MAC: func(key, data []byte) []byte {
		h := hmac.New(sm3.New, key)
		h.Write(data)
		return h.Sum(nil)
	},
}

// SuiteOf returns the suite of a name in the configuration: "international", which is also "", or "guomi". A city keeps its suite: the blind indexes are made by it.
func SuiteOf(name string) (Suite, bool) {
	switch name {
	case "international", "":
		return International, true
	case "guomi":
		return Guomi, true
	}
	return Suite{}, false
}
