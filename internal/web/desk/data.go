package desk

import (
	"net/http"
	"strings"

	"timebank/internal/certificate"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// dataView is what the staff does about a person's record: what the person asks for, and what papers show. Each part stands there for who may.
type dataView struct {
	ui.Page
	Key, Action, Back, Name                           string
	Correct, Copy, Leave, Death, Erase, Merge, Revoke bool
	FullName, Number, Phone, Address, Reason          ui.Field
	LeftOn, LeftShows, DiedOn, DiedShows, Drop, Shows ui.Field
	Certificate, Wrong                                ui.Field
}

// Data is the page about a person's record.
func Data(r *page.Request) error {
	who := member.PersonID(r.Path("id"))
	v := dataView{Page: r.Shell(r.T("page.record.title")), Key: r.Key(), Action: personPath(who) + "/data", Back: personPath(who)}
	err := r.Read("web.desk_data", func(tx *store.Tx, tree *region.Tree) error {
		p, err := theirs(r, tx, tree, who)
		if err != nil {
			return err
		}
		names, err := r.Members.Names(tx, []member.PersonID{who})
		if err != nil {
			return err
		}
		may := func(right identity.Right) bool { return page.May(r.Actor, right, p.Region, tree) }
		takesPart, own := p.State == member.PersonActive, r.Actor.IsPerson(string(who))
		v.Name, v.Correct, v.Copy = names[who].String(), may(identity.MemberCorrectFor) && !own, may(identity.MemberExportFor)
		v.Leave, v.Death = takesPart && may(identity.MemberLeaveFor) && !own, p.State != member.PersonDead && may(identity.MemberRecordDeath) && !own
		v.Erase, v.Merge = !takesPart && may(identity.MemberErase), takesPart && may(identity.MemberMergePropose)
		v.Revoke = may(identity.CertificateRevokeFor) && !own
		return nil
	})
	if err != nil {
		return err
	}
	today := string(clock.DayOf(r.Now))
	line := func(name, label, value string, max int) ui.Field {
		return ui.Field{Name: name, Label: r.T(label), Value: value, Max: max}
	}
	v.FullName, v.Number = line("name", "page.record.name", "", 50), line("id_number", "page.record.id_number", r.Form("id_number"), 36)
	v.Phone, v.Address = line("phone", "page.record.phone", "", 40), line("address", "page.record.address", "", 200)
	v.Reason = line("reason", "page.record.reason", "", 200)
	v.Reason.Hint, v.Reason.Needed = r.T("page.record.reason_hint"), true
	v.LeftOn, v.LeftShows = line("left_on", "page.record.on", today, 10), line("left_document", "page.record.document", "", 100)
	v.DiedOn, v.DiedShows = line("died_on", "page.record.on", today, 10), line("died_document", "page.record.document", "", 100)
	v.Drop, v.Shows = line("drop", "page.record.drop", "", 26), line("merge_reason", "page.record.shows", "", 200)
	v.Drop.Hint, v.Shows.Hint = r.T("page.record.drop_hint", "id", string(who)), r.T("page.record.reason_hint")
	v.Certificate, v.Wrong = line("certificate", "page.record.certificate_number", "", 40), line("certificate_reason", "page.record.certificate_wrong", "", 200)
	v.Certificate.Needed, v.Wrong.Needed, v.Wrong.Hint = true, true, r.T("page.record.reason_hint")
	return r.Show(http.StatusOK, dataPage(v))
}

// theirs is a person of a place in which the reader may read people.
func theirs(r *page.Request, tx *store.Tx, tree *region.Tree, who member.PersonID) (member.Person, error) {
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return member.Person{}, err
	}
	p, ok := people[who]
	if !ok {
		return p, errs.New(errs.NotFound, "member.person_unknown")
	}
	return p, r.Actor.May(identity.MemberRead, p.Region, tree)
}

// CopyData prints everything that is stored about a person, to be handed to it.
func CopyData(r *page.Request) error {
	if _, err := r.Sent(); err != nil {
		return err
	}
	return page.SendCopy(r, member.PersonID(r.Path("id")), false)
}

// recorded carries out what was sent from the page about a record.
func recorded(r *page.Request, do func(who member.PersonID, key string) error, fields ...string) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	who := member.PersonID(r.Path("id"))
	if err := do(who, key); err != nil {
		return r.Redisplay(err, personPath(who)+"/data", Data, fields...)
	}
	return r.Go(personPath(who) + "/data?done=noted")
}

// CorrectData corrects what identifies a person, after the staff has seen what shows it.
func CorrectData(r *page.Request) error {
	return recorded(r, func(who member.PersonID, key string) error {
		_, err := page.One(r.Members.Correct(r.Context(), []member.CorrectCmd{{Actor: r.Actor, Key: key, Person: who, Name: r.Form("name"), IDNumber: r.Form("id_number"),
			Phone: r.Form("phone"), Address: r.Form("address"), Reason: r.Form("reason")}}))
		return err
	})
}

// EndData records that a person has left, or died.
func EndData(r *page.Request) error {
	prefix := "left_"
	if r.Form("how") == string(member.PersonDead) {
		prefix = "died_"
	}
	return recorded(r, func(who member.PersonID, key string) error {
		cmd := member.EndCmd{Actor: r.Actor, Key: key, Person: who, How: member.PersonLeft, On: clock.Day(r.Form(prefix + "on")), Document: r.Form(prefix + "document")}
		if prefix == "died_" {
			cmd.How = member.PersonDead
		}
		_, err := page.One(r.Members.End(r.Context(), []member.EndCmd{cmd}))
		return err
	}, "on", prefix+"on", "document", prefix+"document")
}

// EraseData destroys what identifies somebody who has left or died.
func EraseData(r *page.Request) error {
	return recorded(r, func(who member.PersonID, key string) error {
		_, err := page.One(r.Privacy.Erase(r.Context(), []privacy.EraseCmd{{Actor: r.Actor, Key: key, Person: who}}))
		return err
	})
}

// MergeData says that another record is the same person; a second person approves it at the office.
func MergeData(r *page.Request) error {
	return recorded(r, func(who member.PersonID, key string) error {
		_, err := r.Privacy.ProposeMerge(r.Context(), privacy.ProposeMergeCmd{Actor: r.Actor, Key: key, Keep: who, Drop: member.PersonID(r.Form("drop")), Reason: r.Form("merge_reason")})
		return err
	}, "reason", "merge_reason")
}

// RevokeCertificate takes back a certificate that says something wrong, by the number on it.
func RevokeCertificate(r *page.Request) error {
	return recorded(r, func(who member.PersonID, key string) error {
		var which certificate.ID
		err := r.Read("web.numbered", func(tx *store.Tx, tree *region.Tree) (err error) {
			if _, err = theirs(r, tx, tree, who); err == nil {
				which, err = certificate.Numbered(tx, strings.TrimSpace(r.Form("certificate")), who)
			}
			return err
		})
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Invalid("certificate.revoke_invalid", errs.Field{Path: "certificate", Code: errs.CodeOf(err)})
		}
		if err != nil {
			return err
		}
		_, err = page.One(r.Certificates.Revoke(r.Context(), []certificate.RevokeCmd{{Actor: r.Actor, Key: key, Certificate: which, Reason: r.Form("certificate_reason")}}))
		return err
	}, "reason", "certificate_reason")
}
