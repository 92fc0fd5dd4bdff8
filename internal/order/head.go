package order

import (
	"strings"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
)

// The heads say who gives a command and what it asks for, so that a key that comes again with another wish is found out.

func headPlace(c *PlaceCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Recipient)).Str(c.Item).Time(c.Start).Int(c.Minutes.Int64()).Str(string(c.Urgency)).Bool(c.OfferOwnHours).Bool(c.FamilyPresent).Bool(c.Paper)
	if c.Again {
		w.Bool(true)
	}
	return c.Actor, c.Key
}

func headReview(c *ReviewCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Bool(c.Approve).Str(c.Reason).Str(c.Insurance).Str(c.Agreement)
	return c.Actor, c.Key
}

func headClaim(c *ClaimCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(string(c.Team))
	return c.Actor, c.Key
}

func headDispatch(c *DispatchCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(string(c.Volunteer)).Str(string(c.Team)).Bool(c.Agreed)
	return c.Actor, c.Key
}

func headAnswer(c *AnswerCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Bool(c.Accept)
	return c.Actor, c.Key
}

func headCheck(c *CheckCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(string(c.Volunteer)).List(len(c.Factors))
	for _, f := range c.Factors {
		w.Str(string(f.Method)).Str(f.Value).Int(f.Point.LatE6).Int(f.Point.LonE6)
	}
	if c.OccurredAt.IsZero() {
		w.None()
	} else {
		w.Int(clock.Micros(c.OccurredAt))
	}
	if len(c.Outcomes) > 0 {
		w.Strs(c.Outcomes)
	}
	if !c.Travel.IsZero() {
		w.Int(c.Travel.Int64())
	}
	return c.Actor, c.Key
}

func headConfirm(c *ConfirmCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Strs(c.Outcomes).Bool(c.CallBack)
	return c.Actor, c.Key
}

func headOrder(c *OrderCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(c.Reason)
	return c.Actor, c.Key
}

func orderOf(c *OrderCmd) ID { return c.Order }

func headReschedule(c *RescheduleCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Time(c.Start)
	return c.Actor, c.Key
}

func headNoShow(c *NoShowCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(string(c.Volunteer))
	return c.Actor, c.Key
}

func headFund(c *FundCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Str(c.Provider).Str(c.Document).Int(c.Minutes.Int64())
	return c.Actor, c.Key
}

func headDecide(c *DecideCmd, w *canon.Writer) (identity.Actor, string) {
	w.Str(string(c.Order)).Bool(c.Uphold).Str(c.Reason)
	return c.Actor, c.Key
}

// What is kept with a key is "id state waits".

func encodeChanged(c Changed) string {
	return string(c.ID) + " " + string(c.State) + " " + string(c.WaitsFor)
}

func decodeChanged(s string) (Changed, error) {
	part := strings.Split(s, " ")
	if len(part) != 3 {
		return Changed{}, errs.New(errs.Internal, errs.CodeInternal)
	}
	return Changed{ID: ID(part[0]), State: State(part[1]), WaitsFor: WaitsFor(part[2])}, nil
}

func encodePlaced(p Placed) string { return encodeChanged(Changed(p)) }

func decodePlaced(s string) (Placed, error) {
	c, err := decodeChanged(s)
	return Placed(c), err
}
