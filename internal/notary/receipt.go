package notary

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"timebank/internal/errs"
)

// MaxReceipt is the largest receipt that is read, in bytes (default, ours).
const MaxReceipt = 64 << 10

const (
	receiptHeader = "c2sp.org/tlog-proof@v1\n"
	maxProof      = 48 // a log of MaxSize leaves has no longer path
)

// Proof is what a checked receipt proves: the leaf stands under this number in the log that the checkpoint heads.
type Proof struct {
	Index      int64      // the leaf's number, from 0
	Leaf       Leaf       // what the receipt discloses, proven
	Digest     [32]byte   // the leaf's digest
	Checkpoint Checkpoint // the signed head it was proven against
}

// VerifyReceipt checks a receipt offline with the log's verifier string alone: the checkpoint is signed by that key for that
// log, and the leaf inside the receipt is in the tree. A receipt has one spelling; any other is refused. Errors: Invalid
// notary.verifier_malformed, notary.receipt_malformed, notary.checkpoint_malformed, notary.leaf_malformed and
// notary.leaf_version_unknown; Refused notary.signature_wrong and notary.not_in_log.
func VerifyReceipt(receipt []byte, verifierKey string) (Proof, error) {
	r, err := parseReceipt(receipt)
	if err != nil {
		return Proof{}, errs.Invalid("notary.receipt_malformed").With(err)
	}
	head, err := OpenCheckpoint(r.checkpoint, verifierKey)
	if err != nil {
		return Proof{}, err
	}
	leaf, err := ParseLeaf(r.leaf)
	if err != nil {
		return Proof{}, err
	}
	digest := leaf.Digest()
	if err := tlog.CheckRecord(r.path, head.Size, head.Root, r.index, recordHash(digest)); err != nil {
		return Proof{}, errs.New(errs.Refused, "notary.not_in_log").By("notary.log", "nobody").With(err)
	}
	return Proof{Index: r.index, Leaf: leaf, Digest: digest, Checkpoint: head}, nil
}

// formatReceipt writes the receipt: the leaf's bytes are its extra data.
func formatReceipt(index int64, leaf []byte, path tlog.RecordProof, checkpoint string) []byte {
	return torchwood.FormatProofWithExtraData(index, leaf, path, []byte(checkpoint))
}

type receipt struct {
	leaf       []byte
	index      int64
	path       tlog.RecordProof
	checkpoint []byte
}

// parseReceipt reads a receipt without trusting it. torchwood's own reader accepts several spellings of one receipt and any
// length; this one accepts the spelling that torchwood writes.
func parseReceipt(b []byte) (receipt, error) {
	var r receipt
	if len(b) > MaxReceipt {
		return r, errors.New("longer than a receipt may be")
	}
	rest, ok := bytes.CutPrefix(b, []byte(receiptHeader))
	if !ok {
		return r, errors.New("no tlog-proof header")
	}
	line, rest, ok := bytes.Cut(rest, []byte("\n"))
	if line, ok = cutPrefix(line, "extra ", ok); !ok {
		return r, errors.New("no extra line")
	}
	var err error
	if r.leaf, err = decodeBase64(line); err != nil {
		return r, err
	}
	line, rest, ok = bytes.Cut(rest, []byte("\n"))
	if line, ok = cutPrefix(line, "index ", ok); !ok {
		return r, errors.New("no index line")
	}
	if r.index, err = strconv.ParseInt(string(line), 10, 64); err != nil || r.index < 0 {
		return r, errors.New("index is not a number")
	}
	if strconv.FormatInt(r.index, 10) != string(line) {
		return r, errors.New("index is not in its shortest form")
	}
	for {
		if line, rest, ok = bytes.Cut(rest, []byte("\n")); !ok {
			return r, errors.New("no empty line after the path")
		}
		if len(line) == 0 {
			break
		}
		h, err := decodeBase64(line)
		if err != nil || len(h) != tlog.HashSize || len(r.path) == maxProof {
			return r, errors.New("a path line is not a hash, or the path is too long")
		}
		r.path = append(r.path, tlog.Hash(h))
	}
	r.checkpoint = rest
	return r, nil
}

func cutPrefix(line []byte, prefix string, ok bool) ([]byte, bool) {
	if !ok {
		return nil, false
	}
	return bytes.CutPrefix(line, []byte(prefix))
}

// decodeBase64 decodes padded base64 in its one spelling.
func decodeBase64(s []byte) ([]byte, error) {
	// Strict still skips line ends; a \n cannot be in a line, a \r is refused here.
	if bytes.ContainsRune(s, '\r') {
		return nil, errors.New("carriage return in base64")
	}
	return base64.StdEncoding.Strict().DecodeString(string(s))
}

func canonicalBase64(s string) bool {
	_, err := decodeBase64([]byte(s))
	return err == nil
}

// CheckGrowth checks that the log of the newer checkpoint begins with all leaves of the older one, unchanged: both are signed
// by the verifier's key, and the proof (Service.Growth) links them. Errors: those of OpenCheckpoint, and Refused
// notary.not_grown.
func CheckGrowth(older, newer []byte, proof tlog.TreeProof, verifier string) error {
	o, err := OpenCheckpoint(older, verifier)
	if err != nil {
		return err
	}
	n, err := OpenCheckpoint(newer, verifier)
	if err != nil {
		return err
	}
	if o.Size > n.Size || len(proof) > 2*maxProof {
		return errs.New(errs.Refused, "notary.not_grown").By("notary.log", "nobody")
	}
	if err := tlog.CheckTree(proof, n.Size, n.Root, o.Size, o.Root); err != nil {
		return errs.New(errs.Refused, "notary.not_grown").By("notary.log", "nobody").With(err)
	}
	return nil
}
