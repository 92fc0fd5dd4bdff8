package httpapi

import (
	"context"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// NewCertificate asks for a certificate of one's own service.
type NewCertificate struct {
	Purpose string `json:"purpose" enum:"work,school,award,myself"`
	Naming  string `json:"naming" enum:"full,masked,none" doc:"How much of the name it shows"`
	Months  int    `json:"months" enum:"3,6,12" doc:"For how long it holds"`
	From    Day    `json:"from,omitempty" doc:"First day of service that it counts; all since the beginning without it"`
	To      Day    `json:"to,omitempty" doc:"Last day of service that it counts; today without it"`
}

func (a *api) issueCertificate(ctx context.Context, in *With[NewCertificate]) (Made, error) {
	b := in.Body
	made, err := first(a.Certificates.Issue(ctx, []certificate.IssueCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Purpose: certificate.Purpose(b.Purpose),
		Naming: certificate.Naming(b.Naming), Months: b.Months, From: clock.Day(b.From), To: clock.Day(b.To)}}))
	return Made{ID(made)}, err
}

// ServiceCertificates are a person's certificates, newest first.
type ServiceCertificates struct {
	Certificates []ServiceCertificate `json:"certificates"`
	Next         string               `json:"next,omitempty"`
}

// ServiceCertificate is a certificate without what it says.
type ServiceCertificate struct {
	ID       ID     `json:"id"`
	Number   string `json:"number"`
	Purpose  string `json:"purpose" enum:"work,school,award,myself"`
	IssuedOn Day    `json:"issued_on"`
	Until    Day    `json:"until" doc:"Last day on which it holds"`
	State    string `json:"state" enum:"valid,expired,revoked"`
}

// CertificateQuery asks for a page of a person's certificates.
type CertificateQuery struct {
	ID ID `path:"id"`
	Cursor
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (a *api) listServiceCertificates(ctx context.Context, in *CertificateQuery) (out ServiceCertificates, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		list, err := a.Certificates.Of(tx, tree, actor(ctx), member.PersonID(in.ID), certificate.ID(in.key), in.Limit+1)
		list, out.Next = cut(&in.Cursor, list, in.Limit, func(c certificate.Certificate) string { return string(c.ID) })
		out.Certificates = each(list, func(c certificate.Certificate) ServiceCertificate {
			return ServiceCertificate{ID(c.ID), c.Number, string(c.Purpose), Day(c.IssuedOn), Day(c.Until), string(c.StateOn(clock.DayOf(tx.Now())))}
		})
		return err
	})
	return out, err
}

func (a *api) getCertificate(ctx context.Context, in *OneID) (out download, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		c, text, err := a.Certificates.Open(tx, actor(ctx), certificate.ID(in.ID))
		out = download{ContentType: "text/plain; charset=utf-8", Disposition: `attachment; filename="certificate-` + c.Number + `.txt"`, Body: text}
		return err
	})
	return out, err
}

func (a *api) revokeCertificate(ctx context.Context, in *With[Reason]) error {
	return done(a.Certificates.Revoke(ctx, []certificate.RevokeCmd{{Actor: actor(ctx), Key: in.Key, Certificate: certificate.ID(in.ID), Reason: in.Body.Reason}}))
}

// CertificateNumber names a certificate by what stands on it.
type CertificateNumber struct {
	Code string `path:"code" minLength:"2" maxLength:"40" example:"n4xket9dvgxtm" doc:"As it stands on the certificate; spaces and hyphens do not matter"`
}

// CertificateStanding says whether a certificate still holds.
type CertificateStanding struct {
	State    string     `json:"state" enum:"valid,expired,revoked,unknown"`
	EndedAt  *time.Time `json:"ended_at,omitempty" doc:"When it was taken back"`
	Verifier string     `json:"verifier" doc:"Key that checks the signature of certificates"`
}

func (a *api) certificateStanding(ctx context.Context, in *CertificateNumber) (out CertificateStanding, err error) {
	number, err := id.ParseCode(in.Code)
	if err != nil {
		return out, errs.New(errs.NotFound, "certificate.unknown")
	}
	if out.Verifier, err = a.Notary.Verifier(certificate.KeyName); err != nil {
		return out, err
	}
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		state, ended, err := certificate.Standing(tx, number)
		out.State, out.EndedAt = string(state), timeOf(ended)
		return err
	})
	return out, err
}
