package page

import (
	"strings"
	"time"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/web/ui"
	"timebank/internal/why"
)

// ruleWords say in words what each rule that is no parameter of the policy is about; a parameter has its own sentence.
var ruleWords = map[string]string{
	"catalog.forbidden": "page.rule.catalog_forbidden", "catalog.offered": "page.rule.catalog_offered", "catalog.safety": "page.rule.catalog_safety",
	"consent.given": "page.rule.consent_given", "consent.hours": "page.rule.consent_hours", "consent.kin": "page.rule.consent_kin", "consent.messages": "page.rule.consent_messages",
	"feedback.sides":  "page.rule.feedback_sides",
	"identity.rights": "page.rule.identity_rights", "identity.session": "page.rule.identity_session", "identity.step_up": "page.rule.identity_step_up", "identity.two_persons": "page.rule.two_persons",
	"input.form": "page.rule.input_form", "ledger.available": "page.rule.ledger_available", "ledger.pattern": "page.rule.ledger_pattern",
	"limits.account": "page.rule.limits", "limits.address": "page.rule.limits", "member.admitted": "page.rule.member_admitted", "member.quiet_hours": "page.rule.quiet_hours",
	"notary.log": "page.rule.notary_log", "notify.again": "page.rule.notify_again", "notify.ways": "page.rule.notify_ways",
	"order.asked_once": "page.rule.order_asked_once", "order.places": "page.rule.order_places", "order.state": "page.rule.order_state", "order.two_persons": "page.rule.two_persons", "order.who": "page.rule.order_who",
	"site.origin": "page.rule.page_origin", "site.streams": "page.rule.page_streams", "paper.once": "page.rule.paper_once", "paper.station": "page.rule.paper_station", "policy": "page.rule.policy",
	"privacy.erasure": "page.rule.privacy_erasure", "privacy.merge": "page.rule.privacy_merge", "record.once": "page.rule.record_once", "record.one_person": "page.rule.one_person",
	"record.shown": "page.rule.record_shown", "record.state": "page.rule.record_state", "redeem.kin": "page.rule.redeem_kin",
	"signin.card": "page.rule.signin_card", "signin.encrypted": "page.rule.signin_encrypted", "team.member": "page.rule.team_member", "volunteer.certified": "page.rule.volunteer_certified",
}

// tries begins the names of the limits of signing in, of which there are many.
const tries = "signin."

// valueWords name what was compared, where that is no parameter either.
var valueWords = map[string]string{
	"account.balance": "page.value.balance", "age": "page.value.age", "allowance": "page.value.allowance", "at": "page.value.at", "available": "page.value.available", "balance": "page.value.balance", "campaign": "page.value.campaign",
	"cap": "page.value.cap", "children_near": "page.value.children_near", "code": "page.value.code", "day": "page.value.day", "disability": "page.value.disability",
	"distance_m": "page.value.distance", "early_minutes": "page.value.early", "factors": "page.value.factors", "from": "page.value.from", "given": "page.value.given", "hardship": "page.value.hardship",
	"issued": "page.value.issued", "late_minutes": "page.value.late", "level": "page.value.level", "lives_alone": "page.value.lives_alone", "longest": "page.value.longest", "month": "page.value.month", "most": "page.value.most",
	"moves": "page.value.moves", "needed": "page.value.needed", "no_shows": "page.value.no_shows", "order": "page.value.order", "part": "page.value.part", "proposal": "page.value.proposal", "reason": "page.value.reason",
	"region": "page.value.region", "retry_after": "page.value.retry_after", "reviews": "page.value.reviews", "right": "page.value.right", "risk": "page.value.risk", "role": "page.value.role",
	"rural_left_behind": "page.value.rural", "shortfall": "page.value.shortfall", "shortest": "page.value.shortest", "sources": "page.value.sources", "state": "page.value.state", "to": "page.value.to", "travel": "page.value.travel", "until": "page.value.until",
	"waits_for": "page.value.waits_for",
}

// settingWords say in words what a setting without a number can be.
var settingWords = map[string]string{"true": "page.setting.yes", "false": "page.setting.no", string(policy.RoundDown): "page.setting.round_down",
	string(policy.RoundUp): "page.setting.round_up", string(policy.RoundNearest): "page.setting.round_nearest"}

// WaitWords are what an order waits for.
var WaitWords = map[order.WaitsFor]string{order.ForReview: "page.wait.review", order.ForFunding: "page.wait.funding", order.ForVolunteer: "page.wait.volunteer",
	order.ForService: "page.wait.service", order.ForConfirmation: "page.wait.confirmation", order.ForFollowUp: "page.wait.follow_up",
	order.ForDecision: "page.wait.decision", order.ForProvider: "page.wait.provider", order.ForCredit: "page.wait.credit"}

// WhyOf puts an answer to "why?" into the reader's language: the rule in words beside its key, whose version, what was compared, and who can
// change it. It is nil when there is none.
func (r *Request) WhyOf(w *why.Why) *ui.Why {
	if w == nil || w.Rule == "" {
		return nil
	}
	out := &ui.Why{Words: r.ruleWords(w.Rule), Rule: w.Rule, Version: w.Version, Owner: ui.OwnerText(r.Lang, w.Owner)}
	if p, ok := policy.ParamOf(w.Rule); ok && out.Owner == "" {
		out.Owner = ui.OwnerText(r.Lang, string(p.Owner))
	}
	for _, v := range w.Values {
		out.Values = append(out.Values, ui.Row{Name: r.valueWords(w.Rule, v.Name), Value: r.value(v)})
	}
	return out
}

// FigureWhy is why a figure is what it is: its definition, of which place and days it is, and when it was counted. The city decides what is counted.
func (r *Request) FigureWhy(code, means string, at time.Time, rows ...ui.Row) *ui.Why {
	return &ui.Why{Words: means, Rule: code, Owner: ui.OwnerText(r.Lang, "city"), Values: append(rows, ui.Row{Name: r.T("page.why.counted"), Value: r.When(at)})}
}

func (r *Request) ruleWords(rule string) string {
	if p, ok := policy.ParamOf(rule); ok {
		return r.Pick(p.ZH, p.EN)
	}
	if code := ruleWords[rule]; code != "" {
		return r.T(code)
	}
	if strings.HasPrefix(rule, tries) {
		return r.T("page.rule.limits")
	}
	return ""
}

// valueWords name a value; the one with the rule's own name is how the rule is set.
func (r *Request) valueWords(rule, name string) string {
	if name == rule {
		return r.T("page.value.set")
	}
	if p, ok := policy.ParamOf(name); ok {
		return r.Pick(p.ZH, p.EN)
	}
	if code := valueWords[name]; code != "" {
		return r.T(code)
	}
	return name
}

// value says moments, lengths of time, places, sources of hours, rights and settings as people do, and leaves the rest as the rule wrote it.
func (r *Request) value(v why.Value) string {
	switch v.Name {
	case "order.funding", "sources":
		return r.sources(v.Value)
	case "waits_for":
		if code := WaitWords[order.WaitsFor(v.Value)]; code != "" {
			return r.T(code)
		}
	case "region":
		if tree, err := r.Regions.Today(r.Context()); err == nil {
			return tree.FullName(region.ID(v.Value))
		}
	case "right":
		if i18n.Has(v.Value) {
			return r.T(v.Value)
		}
	}
	if code := settingWords[v.Value]; code != "" {
		return r.T(code)
	}
	if at, err := time.Parse(time.RFC3339, v.Value); err == nil {
		return r.When(at)
	}
	if span, err := time.ParseDuration(v.Value); err == nil && span != 0 {
		return r.Long(hours.Of(int64(span.Minutes())))
	}
	return v.Value
}

// Pick is the text in the reader's language.
func (r *Request) Pick(zh, en string) string {
	if r.Lang == i18n.English {
		return en
	}
	return zh
}

// FormWhy is why a form that a page reads by itself was not taken as it was.
func (r *Request) FormWhy() *ui.Why { return r.WhyOf(kindWhy(errs.KindInvalid)) }

// kindWhy answers where the refusal itself names no rule, because the same holds for all of its kind. A fault of ours and what is away for now
// are no refusals.
func kindWhy(k errs.Kind) *why.Why {
	rule, owner := "", "nobody"
	switch k {
	case errs.KindInvalid:
		rule = "input.form"
	case errs.Unauthenticated:
		rule, owner = "identity.session", "law"
	case errs.NotFound:
		rule, owner = "record.shown", "law"
	default:
		return nil
	}
	w := why.Rule(rule, "", owner)
	return &w
}

// CountWhy answers why so many minutes were counted for a visit: the step, how what lies between is rounded, and whether the way counts.
func CountWhy(rules policy.Rules) why.Why {
	return rules.Why("time.step_minutes", of(rules, "time.rounding"), of(rules, "time.exclude_travel"), of(rules, "time.max_per_order"))
}

// WaitWhy answers why hours wait before they arrive: so long can what was done be taken back, and a visit be found wrong.
func WaitWhy(rules policy.Rules) why.Why {
	return rules.Why("credit.delay", of(rules, "undo.window"))
}

// HoldWhy answers why hours are set aside: for each visit that is asked for, the longest that it may take, from the first source that has them.
func HoldWhy(rules policy.Rules) why.Why {
	return rules.Why("time.max_per_order", of(rules, "order.funding"))
}

func of(rules policy.Rules, key string) why.Value {
	return why.Value{Name: key, Value: rules.Text(key)}
}
