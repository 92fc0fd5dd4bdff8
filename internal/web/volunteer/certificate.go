package volunteer

import (
	"net/http"
	"strconv"

	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/print"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// namingWords are the codes of the words for how much of a name is shown.
var namingWords = map[certificate.Naming]string{certificate.FullName: "page.volunteer.cert_full", certificate.MaskedName: "page.volunteer.cert_masked",
	certificate.NoName: "page.volunteer.cert_nameless"}

// yearsBack is for how many calendar years a certificate can be had besides the whole time (default, ours).
const yearsBack = 3

// Certificates lists the reader's certificates and asks what a new one is for.
func Certificates(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	if err := r.Actor.MayOwn(identity.CertificateIssue, string(me)); err != nil {
		return err
	}
	v := certificatesView{Page: r.Shell(r.T("page.volunteer.certs")), Key: r.Key()}
	v.Purpose = ui.Field{Name: "purpose", Label: r.T("page.volunteer.cert_purpose"), Hint: r.T("page.volunteer.cert_purpose_hint")}
	for _, p := range certificate.Purposes {
		v.Purpose.Options = append(v.Purpose.Options, ui.Option{Value: string(p), Text: r.T(page.PurposeWords[p])})
	}
	v.Naming = ui.Field{Name: "naming", Label: r.T("page.volunteer.cert_naming")}
	for _, n := range certificate.Namings {
		v.Naming.Options = append(v.Naming.Options, ui.Option{Value: string(n), Text: r.T(namingWords[n])})
	}
	v.Months = ui.Field{Name: "months", Label: r.T("page.volunteer.cert_months"), Hint: r.T("page.volunteer.cert_months_hint")}
	for _, m := range certificate.Months {
		v.Months.Options = append(v.Months.Options, ui.Option{Value: strconv.Itoa(m), Text: r.T("page.volunteer.cert_month", "months", m)})
	}
	v.Span = ui.Field{Name: "span", Label: r.T("page.volunteer.cert_span"), Options: []ui.Option{{Text: r.T("page.volunteer.cert_all")}}}
	for n := range yearsBack {
		year := strconv.Itoa(r.Now.In(clock.Zone).Year() - n)
		v.Span.Options = append(v.Span.Options, ui.Option{Value: year, Text: r.T("page.volunteer.cert_year", "year", year)})
	}
	err = r.Read("web.certificates", func(tx *store.Tx, tree *region.Tree) error {
		disputed, err := order.DisputedOf(tx, me)
		if err != nil {
			return err
		}
		v.Disputed = ""
		if len(disputed) > 0 {
			v.Disputed = r.T("page.volunteer.cert_disputed", "count", len(disputed))
		}
		list, err := r.Certificates.Of(tx, tree, r.Actor, me, certificate.ID(r.Form("after")), pageLength+1)
		if len(list) > pageLength {
			list = list[:pageLength]
			v.More = "/volunteer/certificates?after=" + string(list[pageLength-1].ID)
		}
		for _, c := range list {
			one := certificateCard{Href: "/volunteer/certificates/" + string(c.ID), Name: r.T(page.PurposeWords[c.Purpose]),
				Days: r.T("page.volunteer.cert_days", "issued", r.FullDay(c.IssuedOn), "until", r.FullDay(c.Until))}
			one.State, one.Tone = r.CertificateState(c.StateOn(clock.DayOf(r.Now)))
			v.List = append(v.List, one)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, certificates(v))
}

// IssueCertificate takes out a certificate and shows it.
func IssueCertificate(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	cmd := certificate.IssueCmd{Actor: r.Actor, Key: key, Person: me, Purpose: certificate.Purpose(r.Form("purpose")), Naming: certificate.Naming(r.Form("naming")),
		Months: int(number(r.Form("months")))}
	if year := r.Form("span"); year != "" {
		cmd.From = clock.Day(year + "-01-01")
		if last := clock.Day(year + "-12-31"); last < clock.DayOf(r.Now) {
			cmd.To = last
		}
	}
	made, err := page.One(r.Certificates.Issue(r.Context(), []certificate.IssueCmd{cmd}))
	if err != nil {
		return r.Redisplay(err, "/volunteer/certificates", Certificates, "from", "span", "to", "span")
	}
	return r.Go("/volunteer/certificates/" + string(made) + "?done=certified")
}

// opened is the reader's own certificate with what it says.
func opened(r *page.Request) (c certificate.Certificate, signed []byte, said certificate.Statement, err error) {
	err = r.Read("web.certificate", func(tx *store.Tx, _ *region.Tree) error {
		c, signed, err = r.Certificates.Open(tx, r.Actor, certificate.ID(r.Path("id")))
		return err
	})
	if err != nil {
		return c, nil, said, err
	}
	key, err := r.Notary.Verifier(certificate.KeyName)
	if err != nil {
		return c, nil, said, err
	}
	said, err = certificate.Read(signed, key)
	return c, signed, said, err
}

// Certificate shows a certificate of the reader's own as a code that anybody can scan and check.
func Certificate(r *page.Request) error {
	c, signed, said, err := opened(r)
	if err != nil {
		return err
	}
	state := c.StateOn(clock.DayOf(r.Now))
	v := certificateView{Page: r.Shell(r.T("page.volunteer.cert_title")), Facts: r.Statement(said), Text: string(signed), Path: "/volunteer/certificates/" + string(c.ID)}
	v.State, v.Tone = r.CertificateState(state)
	if state == certificate.Valid {
		v.Key = r.Key()
	}
	return r.Show(http.StatusOK, certificateTempl(v))
}

// CertificateFile answers with the certificate as a file that is checked as it is.
func CertificateFile(r *page.Request) error {
	c, signed, _, err := opened(r)
	if err != nil {
		return err
	}
	return r.Send("certificate-"+c.Number+".txt", "text/plain; charset=utf-8", signed)
}

// The measures of a printed certificate, in points: the code has to be read by a telephone from paper.
const (
	sheetMargin = 56.0
	codeSide    = 160.0
)

// CertificatePDF answers with the certificate for paper: what it says, the code that proves it, and the same as text for whoever cannot scan.
// One that was taken back is not printed any more.
func CertificatePDF(r *page.Request) error {
	c, signed, said, err := opened(r)
	if err != nil {
		return err
	}
	if state := c.StateOn(clock.DayOf(r.Now)); state != certificate.Valid {
		return errs.New(errs.Conflict, "page.certificate_ended").By("record.state", "nobody")
	}
	title := r.T("page.volunteer.cert_title")
	d := print.New(print.A4, sheetMargin, title)
	d.Foot(r.T("page.volunteer.cert_foot", "number", said.Number))
	d.Write(print.Style{Size: print.Small, Align: print.Middle, Gray: true}, said.By)
	d.Write(print.Style{Size: print.Head, Align: print.Middle}, title)
	d.Gap(print.Small)
	t := print.Table{Columns: []print.Column{{Share: 0.3}, {Share: 0.7}}, Size: print.Text}
	for _, row := range r.Statement(said) {
		t.Rows = append(t.Rows, []string{row.Name, row.Value})
	}
	d.Table(t)
	d.Gap(print.Text)
	// The code and the text stand side by side, so that all of it is one sheet, whatever the language.
	beside := sheetMargin + codeSide + print.Text
	width := print.A4.Width - sheetMargin - beside
	parts := []struct {
		style print.Style
		text  string
	}{{print.Style{Size: print.Text}, r.T("page.volunteer.cert_how")}, {print.Style{Size: print.Small, Gray: true}, r.T("page.volunteer.cert_text")}, {print.Style{Size: print.Small}, string(signed)}}
	for _, address := range r.Official {
		parts[0].text += "\n" + address + "/public/check"
	}
	high := 0.0
	for _, p := range parts {
		high += d.HeightOf(p.style.Size, width, p.text)
	}
	d.Keep(max(codeSide, high))
	y := d.Y()
	d.QR(sheetMargin, y, codeSide, string(signed))
	for _, p := range parts {
		y += d.WriteAt(beside, y, width, p.style, p.text)
	}
	body, err := d.Bytes()
	if err != nil {
		return err
	}
	return r.Send("certificate-"+c.Number+".pdf", "application/pdf", body)
}

// RevokeCertificate takes a certificate of the reader's own back.
func RevokeCertificate(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	which := certificate.ID(r.Path("id"))
	if _, err := page.One(r.Certificates.Revoke(r.Context(), []certificate.RevokeCmd{{Actor: r.Actor, Key: key, Certificate: which}})); err != nil {
		return err
	}
	return r.Go("/volunteer/certificates/" + string(which) + "?done=revoked")
}
