package page

import (
	"fmt"
	"strconv"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/i18n"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

// PurposeWords are the codes of the words for what a certificate is for.
var PurposeWords = map[certificate.Purpose]string{certificate.ForWork: "page.public.cert_for_work", certificate.ForSchool: "page.public.cert_for_school",
	certificate.ForAward: "page.public.cert_for_award", certificate.ForMyself: "page.public.cert_for_myself"}

// stateWords are the codes of the words for where a certificate stands, with their tones.
var stateWords = map[certificate.State]struct {
	code string
	tone ui.Tone
}{certificate.Valid: {"page.public.cert_valid", ui.Good}, certificate.Expired: {"page.public.cert_expired", ui.Wait}, certificate.Revoked: {"page.public.cert_revoked", ui.Bad},
	certificate.Unknown: {"page.public.cert_unknown", ui.Bad}}

// CertificateState is where a certificate stands, in words.
func (r *Request) CertificateState(s certificate.State) (text string, tone ui.Tone) {
	w := stateWords[s]
	return r.T(w.code), w.tone
}

// Statement is what a certificate says, in words.
func (r *Request) Statement(s certificate.Statement) []ui.Row {
	row := func(code, value string) ui.Row { return ui.Row{Name: r.T(code), Value: value} }
	name, certified := s.Name, r.T("page.public.cert_no_exam")
	if name == "" {
		name = r.T("page.public.cert_no_name")
	}
	if s.Certified != "" {
		certified = r.FullDay(s.Certified)
	}
	return []ui.Row{row("page.public.cert_name", name), row("page.public.cert_minutes", r.Long(s.Minutes)), row("page.public.cert_visits", strconv.FormatInt(s.Visits, 10)),
		row("page.public.cert_span", r.FullDay(s.From)+" – "+r.FullDay(s.To)), row("page.public.cert_exam", certified), row("page.public.cert_purpose", r.T(PurposeWords[s.Purpose])), row("page.public.cert_by", s.By),
		row("page.public.cert_issued", r.FullDay(s.IssuedOn)), row("page.public.cert_until", r.FullDay(s.Until)), row("page.public.cert_number", s.Number)}
}

// FullDay is a day with its year.
func (r *Request) FullDay(d clock.Day) string {
	t := d.Start().In(clock.Zone)
	if r.Lang == i18n.English {
		return t.Format("2 January 2006")
	}
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

// StandingNow asks where a certificate stands, by its number.
func (r *Request) StandingNow(number string) (s certificate.State, ended time.Time, err error) {
	err = r.Read("web.certificate_standing", func(tx *store.Tx, _ *region.Tree) error {
		s, ended, err = certificate.Standing(tx, number)
		return err
	})
	return s, ended, err
}
