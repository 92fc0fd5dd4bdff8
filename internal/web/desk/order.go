package desk

import (
	"net/http"
	"slices"
	"time"

	"timebank/internal/audit"
	"timebank/internal/catalog"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

func orderPath(id order.ID) string { return "/desk/orders/" + string(id) }

// Order is one order at the desk: for whom it is, where it stands, who is to act, and what the desk can do about it now.
func Order(r *page.Request) error { return orderPage(r, http.StatusOK, nil) }

// orderPage shows an order, and why the last act on it was refused: somebody else was quicker, or a rule is against it.
func orderPage(r *page.Request, status int, trouble error) error {
	id := order.ID(r.Path("id"))
	v := orderView{Page: r.Shell(r.T("page.desk.order")), Action: orderPath(id)}
	v.Scripts = append(v.Scripts, "desk.js")
	if err := r.Live(&v.Page, page.OrderTopic(string(id))); err != nil {
		return err
	}
	v.Here = v.Action
	o, err := r.Orders.Get(r.Context(), r.Actor, id)
	if err == nil && !o.Near {
		err = errs.New(errs.NotFound, "order.not_found")
	}
	if err != nil {
		return err
	}
	about, err := r.Feedback.OfOrder(r.Context(), r.Actor, id)
	if err != nil {
		return err
	}
	var near []order.Candidate
	if o.State == order.Published || o.State == order.AtFund {
		near, err = r.Orders.Candidates(r.Context(), r.Actor, id)
		if err != nil && errs.KindOf(err) != errs.Forbidden {
			return err
		}
	}
	err = r.Read("web.desk_order", func(tx *store.Tx, tree *region.Tree) error {
		if err := r.Actor.May(identity.OrderRead, o.Region, tree); err != nil {
			return errs.New(errs.NotFound, "order.not_found").With(err)
		}
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		item, err := all.ByVersion(o.Item, o.ItemVersion)
		if err != nil {
			return err
		}
		return fillOrder(r, tx, tree, &v, &o, item, about, near)
	})
	if err != nil {
		return err
	}
	if trouble != nil {
		told := r.Tell(trouble)
		v.Refused = told.Why
		if v.Faults = told.Faults; len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
		for i, f := range v.Faults {
			if f.Field == "start" {
				v.Faults[i].Field, v.At.Error = "at", f.Text
			}
		}
		if errs.KindOf(trouble) == errs.Conflict {
			v.Faults = append(v.Faults, ui.Fault{Text: r.T("page.desk.somebody_was_quicker")})
		}
	}
	return r.Show(status, orderPageOf(v))
}

func fillOrder(r *page.Request, tx *store.Tx, tree *region.Tree, v *orderView, o *order.View, item *catalog.Item, about feedback.About, near []order.Candidate) error {
	told, err := notify.About(tx, string(o.ID), page.ToldMost)
	if err != nil {
		return err
	}
	ids := []member.PersonID{o.Recipient}
	for _, m := range told {
		ids = append(ids, m.Person)
	}
	for _, a := range o.Assignments {
		ids = append(ids, a.Volunteer)
	}
	for _, c := range near {
		ids = append(ids, c.Volunteer)
	}
	names, err := r.Members.Names(tx, ids)
	if err != nil {
		return err
	}
	v.Name, v.For, v.ForHref = item.Name(r.Lang), names[o.Recipient].String(), personPath(o.Recipient)
	v.Standing, v.Tone = r.Standing(&o.Order)
	v.Facts = []ui.Row{{Name: r.T("page.elder.fact_when"), Value: r.When(o.Start)}, {Name: r.T("page.elder.fact_long"), Value: r.Long(o.Minutes)},
		{Name: r.T("page.desk.fact_area"), Value: tree.FullName(o.Region)}, {Name: r.T("page.desk.fact_asked"), Value: r.T(askedBy[string(o.PlacedAs)], "when", r.When(o.SubmittedAt))}}
	if o.State.Open() {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.desk.who_acts"), Value: r.T(levels[o.Level]) + " · " + r.T("page.desk.since", "long", r.Long(minutes(r.Now.Sub(o.Since))))})
	}
	if o.Code != "" && (o.State == order.Accepted || o.State == order.InService) {
		v.Facts = append(v.Facts, ui.Row{Name: r.T("page.desk.fact_code"), Value: o.Code})
	}
	v.Why = ui.WhyOf(r.Lang, &o.Why)
	v.Frozen = o.State == order.Disputed
	v.Told, v.Missed = nil, false
	for _, m := range told {
		v.Told = append(v.Told, []string{r.When(m.Created), names[m.Person].String(), r.ToldWhat(m), r.ToldWay(m.Channel), r.ToldState(m)})
		v.Missed = v.Missed || m.Missed()
	}
	for _, h := range o.History {
		v.History = append(v.History, []string{r.When(h.At), did(r, h.Action), becomes(r, h)})
	}
	acts(r, tree, v, o, item)
	for _, a := range o.Assignments {
		v.Coming = append(v.Coming, comingOf(r, tree, o, a, names[a.Volunteer].String()))
	}
	for _, c := range near {
		one := candidateView{Key: r.Key(), ID: string(c.Volunteer), Name: names[c.Volunteer].String(), Area: tree.Name(c.Region), Far: r.Far(c.DistanceM)}
		if c.Refused != nil {
			told := r.Tell(c.Refused)
			one.Refused, one.Why = told.Text, told.Why
			v.Others = append(v.Others, one)
			continue
		}
		v.Candidates = append(v.Candidates, one)
	}
	if len(v.Candidates) > listLength {
		v.Candidates = v.Candidates[:listLength]
	}
	said(r, tree, v, o, about)
	return nil
}

// did says an act of the trail in words: our own, or those of the right of the same name.
func did(r *page.Request, action string) string {
	if code := didWords[action]; code != "" {
		return r.T(code)
	}
	if slices.Contains(identity.Rights(), identity.Right(action)) {
		return r.T(action)
	}
	return action
}

// becomes says the state that an act led to, or the time to which it moved the visit.
func becomes(r *page.Request, h audit.Recorded) string {
	if at, err := time.Parse(time.RFC3339, h.After); err == nil && h.Action == "order.reschedule" {
		return r.When(at)
	}
	switch s := order.State(h.After); s {
	case order.Submitted, order.Published, order.Accepted, order.InService, order.Awaiting, order.Confirmed, order.Settled, order.Closed, order.Cancelled, order.Disputed,
		order.Void, order.AtFund:
		text, _ := r.Standing(&order.Order{State: s})
		return text
	}
	return h.After
}

// acts are the forms that the state and the reader's rights allow. What is not allowed to this reader alone is said with its reason, so that
// it is clear who can do it instead.
func acts(r *page.Request, tree *region.Tree, v *orderView, o *order.View, item *catalog.Item) {
	may := func(right identity.Right) bool { return r.Actor.May(right, o.Region, tree) == nil }
	v.CanDispatch = (o.State == order.Published || o.State == order.AtFund) && may(identity.OrderDispatch)
	if o.State == order.Submitted && may(identity.OrderReview) {
		v.Publish = r.Key()
		v.Papers = papers(r, string(o.ID), item)
		v.Refuse = r.Key()
	}
	if (o.State == order.Submitted || o.State == order.Published) && o.Level != order.Fund && may(identity.OrderEscalate) {
		v.Escalate = r.Key()
	}
	if (o.State == order.Submitted || o.State == order.Published || o.State == order.Accepted) && may(identity.OrderCancelFor) {
		v.Cancel = r.Key()
	}
	if o.Movable() && may(identity.OrderPlaceFor) && !o.Serves(member.PersonID(r.Actor.Person)) {
		v.Move = r.Key()
		v.Day, v.At = r.OtherTimes(&o.Order, item)
	}
	if o.State == order.Awaiting {
		v.Duties = append(v.Duties, duty(r, o.PlacedBy == r.Actor.ID, "page.desk.duty_placed_you", "page.desk.duty_placed_other"),
			duty(r, o.Serves(member.PersonID(r.Actor.Person)), "page.desk.duty_served_you", "page.desk.duty_served_other"))
		if o.PlacedBy != r.Actor.ID && !o.Serves(member.PersonID(r.Actor.Person)) {
			v.Confirm = r.Key()
			for _, p := range item.Outcomes {
				v.Outcomes = append(v.Outcomes, choiceView{Value: p.Code, Text: p.Text(r.Lang)})
			}
		}
	}
	if o.State == order.Confirmed && o.ConfirmedBy == order.ByDesk {
		v.Undo = r.Key()
	}
	if o.State.Disputable() && may(identity.FeedbackComplainFor) {
		v.Complain = categoryField(r)
		v.Complain.Name = "complaint-category"
		v.ComplainKey = r.Key()
	}
}

// duty is a line of who may not say that a service was done.
func duty(r *page.Request, hit bool, codeHit, codeNot string) dutyView {
	if hit {
		return dutyView{Text: r.T(codeHit), Tone: ui.Bad, Badge: r.T("page.desk.duty_no")}
	}
	return dutyView{Text: r.T(codeNot), Tone: ui.Good, Badge: r.T("page.desk.duty_ok")}
}

func papers(r *page.Request, id string, item *catalog.Item) (fields []ui.Field) {
	if item.Insurance {
		fields = append(fields, ui.Field{Name: "insurance-" + id, Label: r.T("page.desk.insurance"), Max: 100, Needed: true})
	}
	if item.Agreement {
		fields = append(fields, ui.Field{Name: "agreement-" + id, Label: r.T("page.desk.agreement"), Hint: r.T("page.desk.agreement_hint"), Max: 100})
	}
	return fields
}

func categoryField(r *page.Request) ui.Field {
	f := ui.Field{Name: "category", Label: r.T("page.desk.about_what")}
	for _, c := range feedback.Categories() {
		f.Options = append(f.Options, ui.Option{Value: string(c), Text: r.T(categoryWords[string(c)])})
	}
	return f
}

// comingOf is one volunteer of an order with what the desk can witness.
func comingOf(r *page.Request, tree *region.Tree, o *order.View, a *order.Assignment, name string) comingView {
	c := comingView{Key: r.Key(), ID: string(a.Volunteer), Name: name, State: r.T(placeWords[string(a.State)]), Tone: ui.Calm}
	if a.Grade != "" {
		c.Grade = r.T(gradeWords[string(a.Grade)])
	}
	if !a.In.IsZero() {
		c.Times = r.When(a.In)
		if !a.Out.IsZero() {
			c.Times += " – " + r.When(a.Out)
		}
	}
	switch a.State {
	case order.Taken:
		c.Tone = ui.Good
		witness := r.Actor.May(identity.OrderWitness, o.Region, tree) == nil
		c.In = witness && !r.Now.Before(o.Start) && (o.State == order.Accepted || o.State == order.InService)
		c.NoShow = !r.Now.Before(o.Start) && r.Actor.May(identity.OrderDispatch, o.Region, tree) == nil
	case order.CheckedIn:
		c.Tone, c.Out = ui.Good, r.Actor.May(identity.OrderWitness, o.Region, tree) == nil
	case order.NoShow, order.VoidService:
		c.Tone = ui.Bad
	}
	return c
}

// said is what is known from follow-ups and complaints.
func said(r *page.Request, tree *region.Tree, v *orderView, o *order.View, about feedback.About) {
	if f := about.FollowUp; f != nil && !f.Done && r.Actor.May(identity.FeedbackFollowUp, o.Region, tree) == nil {
		v.FollowUp = &followUpView{Key: r.Key(), Action: "/desk/follow-ups/" + string(o.ID), For: v.For, What: v.Name, When: r.When(o.Start),
			Cause: r.T(causeWords[string(f.Cause)]), Due: r.When(f.DueAt), Tries: f.Tries, Category: categoryField(r)}
	}
	for _, c := range about.Complaints {
		v.Complaints = append(v.Complaints, complaintOf(r, tree, c))
	}
}

// act carries out a button of an order's page and comes back to it.
func act(r *page.Request, done string, do func(c order.OrderCmd) error) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	err = do(order.OrderCmd{Actor: r.Actor, Key: key, Order: order.ID(r.Path("id")), Reason: r.Form("reason")})
	switch kind := errs.KindOf(err); kind {
	case 0:
		return r.Go(orderPath(order.ID(r.Path("id"))) + "?done=" + done)
	case errs.Conflict, errs.Refused, errs.KindInvalid, errs.Forbidden:
		return orderPage(r, page.Status(kind), err)
	}
	return err
}

// Refuse ends an order at its review, with the reason that its sides are told.
func Refuse(r *page.Request) error {
	return act(r, "refused", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Review(r.Context(), []order.ReviewCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Reason: c.Reason}}))
		return err
	})
}

// Dispatch offers the place to a volunteer, or gives it to one who has said yes on the telephone.
func Dispatch(r *page.Request) error {
	agreed := r.Form("agreed") == "yes"
	done := "offered"
	if agreed {
		done = "sent"
	}
	return act(r, done, func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Dispatch(r.Context(), []order.DispatchCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Volunteer: member.PersonID(r.Form("volunteer")), Agreed: agreed}}))
		return err
	})
}

// Escalate hands an order up before its clock does.
func Escalate(r *page.Request) error {
	return act(r, "escalated", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Escalate(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Cancel ends an order for the person it is for.
func Cancel(r *page.Request) error {
	return act(r, "cancelled", func(c order.OrderCmd) error {
		if c.Reason == "" {
			return errs.Invalid("order.invalid", errs.Field{Path: "reason", Code: "order.reason_missing"})
		}
		_, err := page.One(r.Orders.Cancel(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Move moves a visit to another time for the person; whoever was coming is asked again.
func Move(r *page.Request) error {
	return act(r, "moved", func(c order.OrderCmd) error { return r.Reschedule(c) })
}

// NoShow says that a volunteer did not come.
func NoShow(r *page.Request) error {
	return act(r, "no_show", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.NoShow(r.Context(), []order.NoShowCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Volunteer: member.PersonID(r.Form("volunteer"))}}))
		return err
	})
}

// Witness checks a volunteer in or out because the station has asked the person by telephone.
func Witness(r *page.Request) error {
	out := r.Form("moment") == "out"
	done := map[bool]string{false: "in", true: "out"}[out]
	return act(r, done, func(c order.OrderCmd) error {
		cmds := []order.CheckCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Volunteer: member.PersonID(r.Form("volunteer")), Factors: []order.Factor{{Method: order.ByCallBack}}}}
		do := r.Orders.CheckIn
		if out {
			do = r.Orders.CheckOut
		}
		_, err := page.One(do(r.Context(), cmds))
		return err
	})
}

// Confirm says for the person that the service was done.
func Confirm(r *page.Request) error {
	return act(r, "confirmed_for", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.Confirm(r.Context(), []order.ConfirmCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Outcomes: r.HTTP.Form["outcome"], CallBack: r.Form("call_back") == "yes"}}))
		return err
	})
}

// Undo takes the desk's confirmation back.
func Undo(r *page.Request) error {
	return act(r, "undone", func(c order.OrderCmd) error {
		_, err := page.One(r.Orders.UndoConfirm(r.Context(), []order.OrderCmd{c}))
		return err
	})
}

// Complain writes a complaint down for the person; its minutes are frozen from then on.
func Complain(r *page.Request) error {
	return act(r, "complained", func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Complain(r.Context(), []feedback.ComplainCmd{{Actor: c.Actor, Key: c.Key, Order: c.Order, Category: feedback.Category(r.Form("complaint-category")), Words: r.Form("complaint-words")}}))
		return err
	})
}

// FollowUps lists the visits that the station still has to ask about.
func FollowUps(r *page.Request) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := followUpsView{Page: r.Shell(r.T("page.desk.follow_ups"))}
	if err := r.Live(&v.Page, page.PlaceTopic(place)); err != nil {
		return err
	}
	list, err := r.Feedback.OpenFollowUps(r.Context(), r.Actor, place)
	if err != nil {
		return err
	}
	more := page.After(&list, r.Form("after"), listLength, func(f feedback.FollowUp) string { return string(f.Order) })
	if more != "" {
		v.More = "/desk/follow-ups?after=" + more
	}
	err = r.Read("web.desk_follow_ups", func(tx *store.Tx, tree *region.Tree) error {
		var who []member.PersonID
		for _, f := range list {
			who = append(who, f.Recipient)
		}
		names, err := r.Members.Names(tx, who)
		for _, f := range list {
			one := followUpView{Href: orderPath(f.Order), For: names[f.Recipient].String(), Area: tree.Name(f.Region), Cause: r.T(causeWords[string(f.Cause)]), Due: r.When(f.DueAt), Tries: f.Tries}
			if f.DueAt.Before(r.Now) {
				one.Tone, one.Clock = ui.Bad, r.T("page.desk.over")
			}
			v.List = append(v.List, one)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, followUps(v))
}

// RecordFollowUp keeps what a call found.
func RecordFollowUp(r *page.Request) error {
	return act(r, "asked", func(c order.OrderCmd) error {
		cmd := feedback.RecordCmd{Actor: c.Actor, Key: c.Key, Order: c.Order, Result: feedback.Result(r.Form("result"))}
		if cmd.Result == feedback.ResultProblem {
			cmd.Note, cmd.Words = feedback.Category(r.Form("category")), r.Form("words")
		}
		_, err := page.One(r.Feedback.RecordFollowUp(r.Context(), []feedback.RecordCmd{cmd}))
		return err
	})
}

// Complaints lists the complaints that wait for a decision.
func Complaints(r *page.Request) error {
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	v := complaintsView{Page: r.Shell(r.T("page.desk.complaints"))}
	if err := r.Live(&v.Page, page.PlaceTopic(place)); err != nil {
		return err
	}
	list, err := r.Feedback.OpenComplaints(r.Context(), r.Actor, place)
	if err != nil {
		return err
	}
	if more := page.After(&list, r.Form("after"), listLength, func(c feedback.Complaint) string { return string(c.ID) }); more != "" {
		v.More = "/desk/complaints?after=" + more
	}
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return err
	}
	for _, c := range list {
		v.List = append(v.List, complaintOf(r, tree, c))
	}
	return r.Show(http.StatusOK, complaints(v))
}

// complaintOf is a complaint with who has to decide, since when, and what this reader can do.
func complaintOf(r *page.Request, tree *region.Tree, c feedback.Complaint) complaintView {
	v := complaintView{ID: string(c.ID), Key: r.Key(), Action: "/desk/complaints/" + string(c.ID), Href: orderPath(c.Order), Category: r.T(categoryWords[string(c.Category)]), Area: tree.Name(c.Region),
		Filed: r.When(c.FiledAt), Open: c.Open, Reason: c.Reason}
	if !c.Open {
		if c.AppealedAt.IsZero() && r.Actor.May(identity.FeedbackComplainFor, c.Region, tree) == nil {
			v.Appeal = r.Key()
		}
		v.Clock, v.Tone = r.T(decisionWords[string(c.Decision)]), ui.Calm
		return v
	}
	v.Acts = r.T(levelWords[string(c.Level)])
	v.Clock, v.Tone = r.T("page.desk.due", "long", r.Long(minutes(c.DueAt.Sub(r.Now)))), ui.Wait
	if c.DueAt.Before(r.Now) {
		v.Clock, v.Tone = r.T("page.desk.over"), ui.Bad
	}
	v.CanDecide = r.Actor.May(identity.OrderDecide, c.Region, tree) == nil
	v.CanRead = r.Actor.May(identity.FeedbackAnswer, c.Region, tree) == nil
	return v
}

// Complaint shows what was said, which is a look in the trail.
func Complaint(r *page.Request) error { return complaintPage(r, http.StatusOK, nil) }

func complaintPage(r *page.Request, status int, trouble error) error {
	id := feedback.ComplaintID(r.Path("id"))
	words, err := r.Feedback.Words(r.Context(), r.Actor, id)
	if err != nil {
		return err
	}
	place, err := placeOf(r)
	if err != nil {
		return err
	}
	open, err := r.Feedback.OpenComplaints(r.Context(), r.Actor, place)
	if err != nil {
		return err
	}
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(open, func(c feedback.Complaint) bool { return c.ID == id })
	if i < 0 && trouble == nil {
		return errs.New(errs.NotFound, "feedback.complaint_unknown")
	}
	v := complaintPageView{Page: r.Shell(r.T("page.desk.complaint")), Said: words.Complaint, Appeal: words.Appeal}
	if i >= 0 {
		v.One = complaintOf(r, tree, open[i])
	}
	if trouble != nil {
		told := r.Tell(trouble)
		v.Refused = told.Why
		if v.Faults = told.Faults; len(v.Faults) == 0 {
			v.Faults = []ui.Fault{{Text: told.Text}}
		}
	}
	return r.Show(status, complaint(v))
}

// DecideComplaint answers a complaint: the service stands, or its minutes are taken back.
func DecideComplaint(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	decided, err := page.One(r.Feedback.Decide(r.Context(), []feedback.DecideCmd{{Actor: r.Actor, Key: key, Complaint: feedback.ComplaintID(r.Path("id")),
		Decision: feedback.Decision(r.Form("decision")), Reason: r.Form("reason")}}))
	switch kind := errs.KindOf(err); kind {
	case 0:
		return r.Go(orderPath(decided.Order) + "?done=decided")
	case errs.Conflict, errs.Refused, errs.KindInvalid, errs.Forbidden:
		return complaintPage(r, page.Status(kind), err)
	}
	return err
}

// Appeal brings a decision on a complaint before the level above, for the person who complained.
func Appeal(r *page.Request) error {
	return act(r, "appealed", func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Appeal(r.Context(), []feedback.AppealCmd{{Actor: c.Actor, Key: c.Key, Complaint: feedback.ComplaintID(r.Form("complaint")), Words: r.Form("appeal-words")}}))
		return err
	})
}
