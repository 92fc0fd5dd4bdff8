package notary_test

import (
	"crypto/sha256"
	"encoding/base64"
)

// This file is a second implementation of RFC 6962, section 2.1, written from its text and sharing nothing with the package
// under test: the definition is recursive and hashes everything again each time.

func rfcLeaf(record []byte) []byte {
	h := sha256.Sum256(append([]byte{0x00}, record...))
	return h[:]
}

func rfcNode(left, right []byte) []byte {
	h := sha256.Sum256(append(append([]byte{0x01}, left...), right...))
	return h[:]
}

// rfcSplit is the largest power of two smaller than n.
func rfcSplit(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

// rfcRoot is MTH(D[n]).
func rfcRoot(records [][]byte) []byte {
	switch n := len(records); n {
	case 0:
		h := sha256.Sum256(nil)
		return h[:]
	case 1:
		return rfcLeaf(records[0])
	default:
		k := rfcSplit(n)
		return rfcNode(rfcRoot(records[:k]), rfcRoot(records[k:]))
	}
}

// rfcPath is PATH(m, D[n]).
func rfcPath(m int, records [][]byte) [][]byte {
	n := len(records)
	if n == 1 {
		return nil
	}
	k := rfcSplit(n)
	if m < k {
		return append(rfcPath(m, records[:k]), rfcRoot(records[k:]))
	}
	return append(rfcPath(m-k, records[k:]), rfcRoot(records[:k]))
}

func rfcBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
