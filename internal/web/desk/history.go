package desk

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/call"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/web/page"
)

// What stands here says the trail of an order in words: the trail itself keeps codes.

// didCode names the words for an act of the trail: our own, or those of the right of the same name. A test finds every act that can stand there.
func didCode(action string) string {
	if code := didWords[action]; code != "" {
		return code
	}
	if slices.Contains(identity.Rights(), identity.Right(action)) {
		return action
	}
	return ""
}

// becomes says what an act led to: where the order stands, the time or the home to which the visit moved, who acts now, or what was said; nothing where
// the act says it all.
func becomes(r *page.Request, tree *region.Tree, h audit.Recorded) string {
	switch h.Action {
	case "order.rehouse":
		return tree.Name(region.ID(h.After))
	case "order.reschedule":
		if at, err := time.Parse(time.RFC3339, h.After); err == nil {
			return r.When(at)
		}
		return ""
	case "order.travel":
		if way, err := hours.Parse(h.After); err == nil {
			return r.Long(way)
		}
		return ""
	}
	state, places, _ := strings.Cut(h.After, ": ")
	for _, words := range []map[string]string{resultWords, momentWords, levelsOf(h.Action)} {
		if code := words[h.After]; code != "" {
			return r.T(code)
		}
	}
	if code := callWords[call.Reason(h.After)]; code != "" && h.Action == "call.note" {
		return r.T(code)
	}
	if !order.State(state).Known() {
		return ""
	}
	text, _ := r.Standing(&order.Order{State: order.State(state)})
	var filled []string
	for _, part := range strings.Split(places, ", ") {
		place, n, _ := strings.Cut(part, " ")
		if count, err := strconv.Atoi(n); err == nil && placeWords[place] != "" {
			filled = append(filled, r.T("page.desk.places_in", "state", r.T(placeWords[place]), "count", count))
		}
	}
	return strings.Join(append([]string{text}, filled...), " · ")
}

// levelsOf are the words for the level to which an act handed an order.
func levelsOf(action string) map[string]string {
	if action != "order.escalate" {
		return nil
	}
	words := make(map[string]string, len(levels))
	for level, code := range levels {
		words[string(level)] = code
	}
	return words
}

var (
	// resultWords say whom a rating was about, and what a return visit found.
	resultWords = map[string]string{string(feedback.OfVolunteer): "page.desk.rated_volunteer", string(feedback.OfRecipient): "page.desk.rated_recipient",
		string(feedback.ResultOK): "page.desk.result_ok", string(feedback.ResultProblem): "page.desk.result_problem",
		string(feedback.ResultUnreachable): "page.desk.result_unreachable"}

	// momentWords say what a picture shows.
	momentWords = map[string]string{string(order.AtCheckIn): "page.desk.at_check_in", string(order.AtCheckOut): "page.desk.at_check_out"}
)
