package notary

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"timebank/internal/errs"
)

// MaxStatement is the largest statement that is signed or read, in bytes (default, ours): what a QR code still holds.
const MaxStatement = 2048

// Sign signs a statement of several lines with the key of a name: a C2SP signed note whose first line is that key's origin. Nothing of it is
// stored or logged here, and equal statements under an equal key give equal bytes. The text ends with a line end. Errors: NotFound
// notary.log_unknown, Unavailable notary.key_absent, Invalid notary.statement_malformed.
func (s *Service) Sign(name, text string) ([]byte, error) {
	k, err := s.key(name)
	if err != nil {
		return nil, err
	}
	if k.signer == nil {
		return nil, errs.New(errs.Unavailable, "notary.key_absent")
	}
	text = k.Name() + "\n" + text
	if len(text) > MaxStatement || !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") || strings.Contains(text, "\n\n") {
		return nil, errs.Invalid("notary.statement_malformed")
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return nil, errs.New(errs.Internal, "notary.not_signed").With(err)
	}
	return signed, nil
}

// OpenStatement checks a statement offline with a verifier string alone and returns its lines without the origin. Its one signature is that of
// the verifier's key and its origin that key's name, so that no byte of it can be another. Errors: Invalid notary.verifier_malformed and
// notary.statement_malformed, Refused notary.signature_wrong.
func OpenStatement(signed []byte, verifier string) (string, error) {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return "", errs.Invalid("notary.verifier_malformed").With(err)
	}
	if len(signed) > MaxStatement+512 || !utf8.Valid(signed) {
		return "", errs.Invalid("notary.statement_malformed")
	}
	origin, _, _ := strings.Cut(string(signed), "\n")
	if origin != v.Name() {
		return "", errs.Invalid("notary.statement_malformed")
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return "", errs.New(errs.Refused, "notary.signature_wrong").By("notary.log", "nobody").With(err)
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) > 0 || !canonicalSignatures(n) || strings.Contains(n.Text, "\n\n") {
		return "", errs.Invalid("notary.statement_malformed")
	}
	return strings.TrimPrefix(n.Text, origin+"\n"), nil
}
