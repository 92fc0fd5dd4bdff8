package volunteer

import (
	"timebank/internal/catalog"
	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/web/ui"
)

// The words of what the rooms behind the pages name by a code of their own.
var (
	categoryWords = map[catalog.Category]string{catalog.Meals: "page.category.meals", catalog.Bathing: "page.category.bathing", catalog.Cleaning: "page.category.cleaning",
		catalog.UrgentHelp: "page.category.urgent_help", catalog.Medical: "page.category.medical_errands", catalog.Smartphone: "page.category.smartphone",
		catalog.Errands: "page.category.errands", catalog.Comfort: "page.category.comfort", catalog.GoingOut: "page.category.going_out",
		catalog.LifeStory: "page.category.life_story", catalog.LegalAdvice: "page.category.legal_advice", catalog.AntiFraud: "page.category.anti_fraud_talks"}
	urgencyWords = map[catalog.Urgency]string{catalog.WithinDay: "page.volunteer.urgent", catalog.AtOnce: "page.volunteer.at_once"}
	urgencyTones = map[catalog.Urgency]ui.Tone{catalog.WithinDay: ui.Wait, catalog.AtOnce: ui.Bad}
	tagWords     = map[feedback.Tag]string{feedback.TagFriendly: "page.tag.friendly", feedback.TagClearRequest: "page.tag.clear_request", feedback.TagPrepared: "page.tag.prepared",
		feedback.TagNotAtHome: "page.tag.not_at_home", feedback.TagOtherRequest: "page.tag.other_request", feedback.TagFeltUnsafe: "page.tag.felt_unsafe"}
	complaintWords = map[feedback.Category]string{feedback.NotDone: "page.complaint.not_done", feedback.CutShort: "page.complaint.cut_short",
		feedback.WrongHours: "page.complaint.wrong_hours", feedback.Poor: "page.complaint.poor", feedback.Conduct: "page.complaint.conduct",
		feedback.AskedMoney: "page.complaint.asked_money", feedback.Unsafe: "page.complaint.unsafe", feedback.Privacy: "page.complaint.privacy",
		feedback.OtherCause: "page.complaint.other"}
	relationWords = map[member.Relation]string{member.Spouse: "page.relation.spouse", member.Parent: "page.relation.parent", member.Child: "page.relation.child",
		member.Grandparent: "page.relation.grandparent", member.Grandchild: "page.relation.grandchild"}
	surplusWords = map[policy.Surplus]string{policy.SurplusDonate: "page.volunteer.over_donate", policy.SurplusHonour: "page.volunteer.over_honour"}
	weekdayWords = [7]string{"page.volunteer.weekday_0", "page.volunteer.weekday_1", "page.volunteer.weekday_2", "page.volunteer.weekday_3",
		"page.volunteer.weekday_4", "page.volunteer.weekday_5", "page.volunteer.weekday_6"}
	starWords = [6]string{1: "page.volunteer.stars_1", 2: "page.volunteer.stars_2", 3: "page.volunteer.stars_3", 4: "page.volunteer.stars_4", 5: "page.volunteer.stars_5"}
	hideWords = map[string]string{"what": "page.volunteer.hidden_what", "day": "page.volunteer.hidden_day", "far": "page.volunteer.hidden_far",
		"long": "page.volunteer.hidden_long"}
	helpWords = [][2]string{{"page.volunteer.help_find", "page.volunteer.help_find_text"}, {"page.volunteer.help_visit", "page.volunteer.help_visit_text"},
		{"page.volunteer.help_offline", "page.volunteer.help_offline_text"}, {"page.volunteer.help_hours", "page.volunteer.help_hours_text"},
		{"page.volunteer.help_quiet", "page.volunteer.help_quiet_text"}, {"page.volunteer.help_install", "page.volunteer.help_install_text"}}
)
