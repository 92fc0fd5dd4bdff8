package cli

import (
	"encoding/json"
	"fmt"

	"timebank/internal/certificate"
	"timebank/internal/clock"
)

// certificateCmds check certificates.
type certificateCmds struct {
	Verify certificateVerifyCmd `cmd:"" help:"Check a volunteer's certificate offline with the city's public key alone; exit 1 when it is not genuine or has expired."`
}

// certificateVerifyCmd checks a certificate.
type certificateVerifyCmd struct {
	File string `arg:"" help:"Certificate, - for the standard input."`
	Key  string `required:"" help:"The verifier key of certificates, or a file that holds it." placeholder:"KEY"`
	Day  string `help:"The day on which it has to hold; today without it." placeholder:"YYYY-MM-DD"`
	JSON bool   `help:"Print what the certificate says as JSON." name:"json"`
}

// Run implements the command.
func (c *certificateVerifyCmd) Run(e *env) error {
	day := clock.DayOf(clock.System().Now())
	if c.Day != "" {
		var err error
		if day, err = clock.ParseDay(c.Day); err != nil {
			return err
		}
	}
	text, key, err := e.proof(c.File, c.Key)
	if err != nil {
		return err
	}
	s, err := certificate.Read(text, key)
	if err != nil {
		return e.notProven(err)
	}
	if c.JSON {
		err = json.NewEncoder(e.out).Encode(struct {
			Number    string    `json:"number"`
			IssuedOn  clock.Day `json:"issued_on"`
			Until     clock.Day `json:"until"`
			By        string    `json:"by"`
			Name      string    `json:"name,omitempty"`
			Purpose   string    `json:"purpose"`
			From      clock.Day `json:"from"`
			To        clock.Day `json:"to"`
			Visits    int64     `json:"visits"`
			Minutes   int64     `json:"minutes"`
			Certified clock.Day `json:"certified_on,omitempty"`
		}{s.Number, s.IssuedOn, s.Until, s.By, s.Name, string(s.Purpose), s.From, s.To, s.Visits, s.Minutes.Int64(), s.Certified})
	} else {
		_, err = fmt.Fprintf(e.out, "genuine: certificate %s of %s, issued %s, holds until %s\n%s served %d visits, %d minutes, from %s to %s\n"+
			"whether it was taken back since is told at the city's page for checking\n", s.Number, s.By, s.IssuedOn, s.Until, orNone(s.Name), s.Visits, s.Minutes.Int64(), s.From, s.To)
	}
	if err == nil && day > s.Until {
		return finding{say(language(e.environ), "certificate.expired") + " (certificate.expired)"}
	}
	return err
}
