package certificate

import (
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
)

// Personal is everything this package stores about a person, in clear: for the person's own copy and for nobody else.
type Personal struct {
	Certificates []PersonalCertificate `json:"service_certificates"`
}

// PersonalCertificate is a certificate with the words that the city signed.
type PersonalCertificate struct {
	Number   string    `json:"number"`
	Purpose  Purpose   `json:"purpose"`
	IssuedOn clock.Day `json:"issued_on"`
	Until    clock.Day `json:"until"`
	Revoked  bool      `json:"revoked"`
	Text     string    `json:"text,omitempty"`
}

// PersonalData gathers what is stored about a person. It checks no right; the use-case that hands it out does.
func (s *Service) PersonalData(tx *store.Tx, who member.PersonID) (p Personal, err error) {
	rows, err := all(tx, who)
	for _, c := range rows {
		one := PersonalCertificate{Number: c.Number, Purpose: c.Purpose, IssuedOn: c.IssuedOn, Until: c.Until, Revoked: !c.EndedAt.IsZero()}
		if c.sealed != nil {
			if one.Text, err = s.box.Open(fieldStatement, c.sealed); err != nil {
				return p, errs.New(errs.Internal, errs.CodeInternal).With(err)
			}
		}
		p.Certificates = append(p.Certificates, one)
	}
	return p, err
}

// Erase takes back a person's certificates and destroys what they say. It checks no right; the use-case that asks for it does.
func (s *Service) Erase(tx *store.Tx, who member.PersonID) error { return erase(tx, who) }

// Merge hands the certificates of the record that goes to the one that stays: what they say was served by the same person, who keeps the paper and
// must be able to take it back. It checks no right; the use-case that asks for it does.
func (s *Service) Merge(tx *store.Tx, keep, drop member.PersonID) error { return merge(tx, keep, drop) }

// Retain destroys what retention ends: what a certificate says once it has been over, expired or taken back, for retention.evidence_days, and that
// there was one after retention.records_years, as long as the law keeps the records that it was made from.
func (s *Service) Retain(tx *store.Tx, rules policy.Rules) error {
	today := clock.DayOf(tx.Now())
	years := clock.DayOf(today.Start().In(clock.Zone).AddDate(-rules.RetentionRecordsYears, 0, 0))
	return forget(tx, today.Add(-rules.RetentionEvidenceDays), years)
}

// Reseal seals anew, under the active key, what up to max certificates after the given one say. It returns the last it has looked at, "" when
// there is none, and how many rows it changed.
func (s *Service) Reseal(tx *store.Tx, from string, max int) (last string, changed int, err error) {
	rows, err := after(tx, from, max)
	if err != nil {
		return "", 0, err
	}
	for _, c := range rows {
		last = string(c.ID)
		if !s.box.Stale(c.sealed) {
			continue
		}
		sealed, err := s.box.Reseal(fieldStatement, c.sealed)
		if err == nil {
			err = saveStatement(tx, c.ID, sealed)
		}
		if err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}
