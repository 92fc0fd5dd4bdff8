package desk

import (
	"timebank/internal/call"
	"timebank/internal/paper"
)

// The codes of the words for what the services name by a key of their own.
var (
	askedBy = map[string]string{"self": "page.desk.asked_by_self", "kin": "page.desk.asked_by_kin", "station": "page.desk.asked_by_station"}

	placeWords = map[string]string{"offered": "page.desk.place_offered", "accepted": "page.desk.place_accepted", "checked_in": "page.desk.place_checked_in",
		"checked_out": "page.desk.place_checked_out", "settled": "page.desk.place_settled", "withdrawn": "page.desk.place_withdrawn", "called_off": "page.desk.place_called_off", "no_show": "page.desk.place_no_show",
		"void": "page.desk.place_void"}

	gradeWords = map[string]string{"both": "page.desk.grade_both", "station": "page.desk.grade_station", "one": "page.desk.grade_one", "paper": "page.desk.grade_paper"}

	categoryWords = map[string]string{"not_done": "page.desk.category_not_done", "cut_short": "page.desk.category_cut_short", "wrong_hours": "page.desk.category_wrong_hours",
		"poor": "page.desk.category_poor", "conduct": "page.desk.category_conduct", "asked_money": "page.desk.category_asked_money", "unsafe": "page.desk.category_unsafe",
		"privacy": "page.desk.category_privacy", "other": "page.desk.category_other"}

	causeWords = map[string]string{"one_sided": "page.desk.cause_one_sided", "proxy": "page.desk.cause_proxy", "first_visits": "page.desk.cause_first_visits", "sample": "page.desk.cause_sample"}

	didWords = map[string]string{"order.answer": "page.desk.did_answer", "order.offer_expired": "page.desk.did_offer_expired", "order.check_out": "page.desk.did_check_out",
		"order.undo_confirm": "page.desk.did_undo_confirm", "order.time_out": "page.desk.did_time_out", "order.ask": "page.desk.did_ask", "order.withdraw": "page.desk.did_withdraw",
		"order.no_show": "page.desk.did_no_show", "order.settle": "page.desk.did_settle",
		"order.reschedule": "page.desk.did_reschedule", "order.rehouse": "page.desk.did_rehouse", "order.ask_again": "page.desk.did_ask_again", "order.unfunded": "page.desk.did_unfunded",
		"order.fund": "page.desk.did_fund", "order.lapse": "page.desk.did_lapse", "order.to_market": "page.desk.did_to_market", "order.photo": "page.desk.did_photo",
		"order.photo_look": "page.desk.did_photo_look", "order.set_aside": "page.desk.did_set_aside", "order.take_back": "page.desk.did_take_back",
		"order.travel": "page.desk.did_travel", "order.undo_cancel": "page.desk.did_undo_cancel", "feedback.look": "page.desk.did_feedback_look",
		"call.note": "page.desk.did_call"}

	slipKinds = map[paper.Kind]string{paper.ForOrder: "print.slip_order", paper.ForVisit: "print.slip_visit"}

	slipStates = map[paper.State]string{paper.Open: "page.desk.slip_open", paper.Used: "page.desk.slip_used", paper.Void: "page.desk.slip_ended"}

	callWords = map[call.Reason]string{call.ForService: "page.desk.call_for_service", call.ForChange: "page.desk.call_for_change", call.ForVisit: "page.desk.call_for_visit",
		call.ForTrouble: "page.desk.call_for_trouble", call.ForHours: "page.desk.call_for_hours", call.ForNews: "page.desk.call_for_news",
		call.ForQuestion: "page.desk.call_for_question", call.ForOther: "page.desk.call_for_other"}

	levelWords = map[string]string{"community": "page.owner.community", "street": "page.owner.street", "district": "page.owner.district", "city": "page.owner.city"}
)

// attribute is one thing that a home visit ticks: its field and the code of its words.
type attribute struct{ name, code string }

var attributes = []attribute{{"lives_alone", "page.desk.found_lives_alone"}, {"children_near", "page.desk.found_children_near"}, {"allowance", "page.desk.found_allowance"},
	{"left_behind", "page.desk.found_left_behind"}, {"hardship", "page.desk.found_hardship"}}

// helps are the parts of the help page: the codes of its headings and of what stands below.
var helps = [][2]string{{"page.desk.help_call", "page.desk.help_call_text"}, {"page.desk.help_board", "page.desk.help_board_text"},
	{"page.desk.help_dispatch", "page.desk.help_dispatch_text"}, {"page.desk.help_confirm", "page.desk.help_confirm_text"}, {"page.desk.help_card", "page.desk.help_card_text"},
	{"page.desk.help_teams", "page.desk.help_teams_text"}, {"page.desk.help_slips", "page.desk.help_slips_text"}, {"page.desk.help_complaint", "page.desk.help_complaint_text"}, {"page.desk.help_look", "page.desk.help_look_text"}}
