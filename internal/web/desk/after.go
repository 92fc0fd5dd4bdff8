package desk

import (
	"net/http"
	"slices"

	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

// What stands here is what comes after a visit: calls to make, complaints, decisions, appeals.

// said is what is known from follow-ups and complaints.
func said(r *page.Request, tree *region.Tree, v *orderView, o *order.View, about feedback.About) {
	if f := about.FollowUp; f != nil && !f.Done && page.May(r.Actor, identity.FeedbackFollowUp, o.Region, tree) {
		v.FollowUp = &followUpView{Key: r.Key(), Action: "/desk/follow-ups/" + string(o.ID), For: v.For, What: v.Name, When: r.When(o.Start),
			Cause: r.T(causeWords[string(f.Cause)]), Due: r.When(f.DueAt), Tries: f.Tries, Category: categoryField(r)}
	}
	for _, c := range about.Complaints {
		v.Complaints = append(v.Complaints, complaintOf(r, tree, c))
	}
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
	}, "note", "category")
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
		if c.AppealedAt.IsZero() && page.May(r.Actor, identity.FeedbackComplainFor, c.Region, tree) {
			v.Appeal = r.Key()
		}
		v.Clock, v.Tone = r.DecisionText(c.Decision), ui.Calm
		return v
	}
	v.Acts, v.Raised = r.T(levelWords[string(c.Level)]), c.RaisedReason
	v.Clock, v.Tone = r.T("page.desk.due", "long", r.Long(minutes(c.DueAt.Sub(r.Now)))), ui.Wait
	if c.DueAt.Before(r.Now) {
		v.Clock, v.Tone = r.T("page.desk.over"), ui.Bad
	}
	v.CanDecide = page.May(r.Actor, identity.OrderDecide, c.Region, tree)
	v.CanRead = page.May(r.Actor, identity.FeedbackAnswer, c.Region, tree)
	v.CanPassUp = c.Level != region.City
	return v
}

// Complaint shows what was said, which is a look in the trail.
func Complaint(r *page.Request) error {
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
	v := complaintPageView{Page: r.Shell(r.T("page.desk.complaint")), Said: words.Complaint, Appeal: words.Appeal,
		Release: r.DecisionText(feedback.Release), Reverse: r.DecisionText(feedback.Reverse)}
	i := slices.IndexFunc(open, func(c feedback.Complaint) bool { return c.ID == id })
	switch {
	case i >= 0:
		v.One = complaintOf(r, tree, open[i])
		if v.Facts, err = r.ComplaintFacts(open[i]); err != nil {
			return err
		}
	case v.Refused == nil:
		return errs.New(errs.NotFound, "feedback.complaint_unknown")
	}
	return r.Show(http.StatusOK, complaint(v))
}

func complaintPath(r *page.Request) string { return "/desk/complaints/" + r.Path("id") }

// DecideComplaint answers a complaint: the service stands, or its minutes are taken back.
func DecideComplaint(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	decided, err := page.One(r.Feedback.Decide(r.Context(), []feedback.DecideCmd{{Actor: r.Actor, Key: key, Complaint: feedback.ComplaintID(r.Path("id")),
		Decision: feedback.Decision(r.Form("decision")), Reason: r.Form("reason")}}))
	if err != nil {
		return r.Redisplay(err, complaintPath(r), Complaint)
	}
	return r.Go(orderPath(decided.Order) + "?done=decided")
}

// PassUp hands a complaint to the level above, with the reason that the level is told.
func PassUp(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if _, err := page.One(r.Feedback.PassUp(r.Context(), []feedback.PassUpCmd{{Actor: r.Actor, Key: key, Complaint: feedback.ComplaintID(r.Path("id")),
		Reason: r.Form("up-reason")}})); err != nil {
		return r.Redisplay(err, complaintPath(r), Complaint, "reason", "up-reason")
	}
	return r.Go("/desk/complaints?done=passed_up")
}

// Appeal brings a decision on a complaint before the level above, for the person who complained.
func Appeal(r *page.Request) error {
	return act(r, "appealed", func(c order.OrderCmd) error {
		_, err := page.One(r.Feedback.Appeal(r.Context(), []feedback.AppealCmd{{Actor: c.Actor, Key: c.Key, Complaint: feedback.ComplaintID(r.Form("complaint")), Words: r.Form("appeal-words")}}))
		return err
	})
}
