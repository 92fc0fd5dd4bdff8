package desk

import (
	"cmp"
	"net/http"
	"slices"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// RegisterForm is the form for somebody who is not known yet.
func RegisterForm(r *page.Request) error { return registerPage(r, http.StatusOK, nil, nil) }

// field is a field of the form: its name, the codes of its label and hint, how long it may be, and whether it is needed.
type field struct {
	name, label, hint string
	max               int
	need              bool
}

var registerFields = []field{{"name", "page.desk.new_name", "page.desk.new_name_hint", 50, true}, {"id_number", "page.desk.new_id_number", "page.desk.new_id_number_hint", 18, true},
	{"phone", "page.desk.new_phone", "page.desk.new_phone_hint", 20, false}, {"address", "page.desk.new_address", "page.desk.new_address_hint", 100, false}}

// registerPage shows the form with what is wrong with it, and the people whom a number belongs to already.
func registerPage(r *page.Request, status int, trouble error, known []foundView) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := registerView{Page: r.Shell(r.T("page.desk.register")), Key: r.Key(), Known: known, Asks: r.HTTP.Method == http.MethodGet || r.Form("asks") == "yes"}
	for _, f := range registerFields {
		v.Fields = append(v.Fields, ui.Field{Name: f.name, Label: r.T(f.label), Hint: r.T(f.hint), Value: r.Form(f.name), Max: f.max, Needed: f.need})
	}
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return err
	}
	home := ui.Field{Name: "region", Label: r.T("page.desk.new_region")}
	for _, c := range communitiesIn(tree, place) {
		home.Options = append(home.Options, ui.Option{Value: string(c), Text: tree.Name(c), Chosen: string(c) == r.Form("region")})
	}
	v.Fields = append(v.Fields, home)
	if trouble != nil {
		told := r.Tell(trouble)
		if v.Faults, v.Why = told.Faults, told.Why; len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
		for i := range v.Fields {
			for _, f := range v.Faults {
				if f.Field == v.Fields[i].Name {
					v.Fields[i].Error = f.Text
				}
			}
		}
	}
	return r.Show(status, register(v))
}

// communitiesIn are the communities of a place, the place itself if it is one.
func communitiesIn(tree *region.Tree, place region.ID) (list []region.ID) {
	for _, c := range tree.Communities() {
		if tree.Contains(place, c.ID) {
			list = append(list, c.ID)
		}
	}
	return list
}

// Register registers somebody who stands at the desk or calls, and asks for service for it at once if that is wanted. A number that belongs
// to somebody already leads there instead: one person, one record.
func Register(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	if r.Form("consent") != "yes" {
		return registerPage(r, http.StatusUnprocessableEntity, errs.Invalid("member.person_invalid", errs.Field{Path: "consent", Code: "page.desk_consent_missing"}), nil)
	}
	if r.Form("phone") != "" && r.Form("same_phone") != "yes" {
		if known, err := find(r, place, r.Form("phone"), member.LookUpRegister); err == nil && len(known) > 0 {
			return registerPage(r, http.StatusConflict, errs.New(errs.Conflict, "page.desk_phone_known").By("record.one_person", "law"), known)
		}
	}
	consents := []member.Purpose{member.PurposeIdentity}
	if r.Form("address") != "" {
		consents = append(consents, member.PurposeLocation)
	}
	made, err := page.One(r.Members.RegisterPersons(r.Context(), []member.RegisterCmd{{Actor: r.Actor, Key: key, Name: r.Form("name"), IDNumber: r.Form("id_number"),
		Phone: r.Form("phone"), Address: r.Form("address"), Region: region.ID(r.Form("region")), Consents: consents}}))
	switch kind := errs.KindOf(err); {
	case errs.CodeOf(err) == "member.identity_taken":
		known, lookErr := find(r, place, r.Form("id_number"), member.LookUpRegister)
		if lookErr != nil {
			return lookErr
		}
		return registerPage(r, http.StatusConflict, err, known)
	case kind == errs.KindInvalid || kind == errs.Refused:
		return registerPage(r, page.Status(kind), err, nil)
	case err != nil:
		return err
	}
	if r.Form("asks") == "yes" {
		if _, err := page.One(r.Members.ApplyRecipients(r.Context(), []member.ApplyRecipientCmd{{Actor: r.Actor, Key: key + "-apply", Person: made.Person}})); err != nil {
			return err
		}
	}
	return r.Go(personPath(made.Person) + "?done=registered")
}

// Apply lets a known person ask for service from now on; the review comes next.
func Apply(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	who := member.PersonID(r.Path("id"))
	if _, err := page.One(r.Members.ApplyRecipients(r.Context(), []member.ApplyRecipientCmd{{Actor: r.Actor, Key: key, Person: who}})); err != nil {
		return err
	}
	return r.Go(personPath(who) + "?done=applied_for")
}

// Reviews lists the applications that wait for an answer.
func Reviews(r *page.Request) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := reviewsView{Page: r.Shell(r.T("page.desk.reviews")), Key: r.Key()}
	asks, err := r.Members.ListRecipients(r.Context(), r.Actor, place, member.RecipientApplied, member.PersonID(r.Form("ask")), listLength)
	if err != nil {
		return err
	}
	// A full page may be the last one; a row more, to know it, would be a look at somebody who is not shown.
	if len(asks) == listLength {
		v.MoreAsk = "/desk/reviews?place=" + string(place) + "&ask=" + string(asks[listLength-1].Person.ID)
	}
	err = r.Read("web.desk_reviews", func(tx *store.Tx, tree *region.Tree) error {
		var serve []member.Volunteer
		for _, state := range []member.VolunteerState{member.VolunteerApplied, member.VolunteerReviewed} {
			some, err := member.VolunteersIn(tx, place, state, member.PersonID(r.Form("serve")), listLength+1)
			if err != nil {
				return err
			}
			serve = append(serve, some...)
		}
		slices.SortFunc(serve, func(a, b member.Volunteer) int { return cmp.Compare(a.Person.ID, b.Person.ID) })
		if len(serve) > listLength {
			serve = serve[:listLength]
			v.MoreServe = "/desk/reviews?place=" + string(place) + "&serve=" + string(serve[listLength-1].Person.ID)
		}
		ids := make([]member.PersonID, 0, len(asks)+len(serve))
		for _, a := range asks {
			ids = append(ids, a.Person.ID)
		}
		for _, s := range serve {
			ids = append(ids, s.Person.ID)
		}
		names, err := r.Members.Names(tx, ids)
		if err != nil {
			return err
		}
		for _, a := range asks {
			v.Recipients = append(v.Recipients, applicantOf(r, tree, a.Person, names[a.Person.ID].String(), page.May(r.Actor, identity.MemberReviewRecipient, a.Person.Region, tree)))
		}
		for _, s := range serve {
			right, level := identity.MemberReviewFirst, "page.desk.first_review"
			if s.State == member.VolunteerReviewed {
				right, level = identity.MemberReviewSecond, "page.desk.second_review"
			}
			one := applicantOf(r, tree, s.Person, names[s.Person.ID].String(), page.May(r.Actor, right, s.Person.Region, tree))
			one.Level = r.T(level)
			v.Volunteers = append(v.Volunteers, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, reviews(v))
}

func applicantOf(r *page.Request, tree *region.Tree, p member.Person, name string, may bool) applicantView {
	return applicantView{ID: string(p.ID), Name: name, Href: personPath(p.ID), Area: tree.FullName(p.Region), Age: r.T("page.desk.age", "age", p.AgeOn(clock.DayOf(r.Now))), May: may}
}

// attributesOf reads what a home visit found; suffix is what the names of the boxes end in.
func attributesOf(r *page.Request, suffix string) *member.Attributes {
	on := func(name string) bool { return r.Form(name+suffix) == "yes" }
	return &member.Attributes{LivesAlone: on("lives_alone"), ChildrenNear: on("children_near"), Allowance: on("allowance"), RuralLeftBehind: on("left_behind"), Hardship: on("hardship")}
}

// foundAtHome are the things that a home visit ticks, as they stand.
func foundAtHome(r *page.Request, now member.Attributes) (list []choiceView) {
	stands := map[string]bool{"lives_alone": now.LivesAlone, "children_near": now.ChildrenNear, "allowance": now.Allowance, "left_behind": now.RuralLeftBehind, "hardship": now.Hardship}
	for _, a := range attributes {
		list = append(list, choiceView{Value: a.name, Text: r.T(a.code), Chosen: stands[a.name]})
	}
	return list
}

// Assess keeps what a home visit found after a call; whether the person is a key elder is decided anew. What the form does not ask about
// stays as it is.
func Assess(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	who := member.PersonID(r.Path("id"))
	cmd := member.AssessCmd{Actor: r.Actor, Key: key, Person: who, Attributes: *attributesOf(r, ""), KeepDisability: true}
	if _, err := page.One(r.Members.Assess(r.Context(), []member.AssessCmd{cmd})); err != nil {
		return r.Redisplay(err, personPath(who), Person)
	}
	return r.Go(personPath(who) + "?done=assessed")
}

// Decide approves or refuses an application.
func Decide(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	who, approve := member.PersonID(r.Path("id")), r.Form("answer") == "yes"
	if r.Path("kind") == "volunteer" {
		_, err = page.One(r.Members.ReviewVolunteers(r.Context(), []member.ReviewVolunteerCmd{{Actor: r.Actor, Key: key, Person: who, Approve: approve, Reason: r.Form("reason-" + string(who))}}))
	} else {
		cmd := member.ReviewRecipientCmd{Actor: r.Actor, Key: key, Person: who, Approve: approve, Reason: r.Form("reason-" + string(who))}
		if approve {
			cmd.Assessed = attributesOf(r, "-"+string(who))
		}
		_, err = page.One(r.Members.ReviewRecipients(r.Context(), []member.ReviewRecipientCmd{cmd}))
	}
	if err != nil {
		return r.Redisplay(err, "/desk/reviews", Reviews, "reason", "reason-"+string(who))
	}
	return r.Go("/desk/reviews?done=reviewed")
}
