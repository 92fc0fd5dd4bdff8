package policy

import (
	"time"

	"timebank/internal/hours"
)

const day = 24 * time.Hour

// publishedKeyElder is Nanjing's definition: 80 or older and living alone with no child near; or 60 to 79, on minimum allowance, disabled
// or half disabled, and living alone. Rural left-behind elders were added later.
const publishedKeyElder = `(age >= 80 && lives_alone && !children_near)` +
	` || (age >= 60 && age < 80 && allowance && disability != "none" && lives_alone)` +
	` || (age >= 60 && rural_left_behind)`

var operationBook = []Param{
	{Key: "brand.name", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOnce, Origin: Ours,
		cell:     words(func(v *Values) *string { return &v.BrandName }, 40, "养老服务互助时间平台"),
		Variants: "regulators object to the word bank; Nanjing and Shanghai renamed",
		ZH:       "对外公布的平台名称。", EN: "The public name of the platform."},
	{Key: "brand.unit", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOnce, Origin: Ours,
		cell:     words(func(v *Values) *string { return &v.BrandUnit }, 10, "小时"),
		Variants: "时间币 in Beijing and Shanghai; 积分 in Guangzhou",
		ZH:       "界面上时间的计量名称，账本始终以分钟记账。", EN: "What a unit of time is called on pages; the book always counts minutes."},
	{Key: "grant.key_elder_monthly", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOrder, Unit: "minutes", Origin: Ours,
		cell:     mustMinutes(func(v *Values) *hours.Minutes { return &v.GrantKeyElderMonthly }, 44640),
		Variants: "periodic in Nansha",
		ZH:       "每月发放给每位重点老年人的时间，无默认值，上线前必须由市级设定。", EN: "What public funds grant to each key elder a month; no default, the city must set it before go-live."},
	{Key: "grant.carry_over_months", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOrder, Unit: "months", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.GrantCarryOverMonths }, 0, 120, 0),
		ZH:   "当月未用完的发放时间可结转的月数。", EN: "For how many months an unused grant stays usable after its own month."},
	{Key: "grant.new_member", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOnce, Unit: "minutes", Origin: Ours,
		cell:     minutes(func(v *Values) *hours.Minutes { return &v.GrantNewMember }, 6000, 0),
		Variants: "5 points in Hangzhou Xihu",
		ZH:       "新成员注册时赠送的时间。", EN: "What a new member is given on joining."},
	{Key: "key_elder.rule", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOrder, Origin: Published, Place: "Nanjing",
		cell: rule(func(v *Values) *Expr { return &v.KeyElderRule }, publishedKeyElder),
		ZH:   "认定重点老年人的条件表达式。", EN: "Who is a key elder, as a yes-or-no expression over a person's attributes."},
	{Key: "unfilled.fallback", Book: BookOperation, Owner: City, Narrow: Never, Ref: AtOrder, Origin: Published, Place: "Nanjing",
		cell:     choice(func(v *Values) *Fallback { return &v.UnfilledFallback }, FallbackFund, FallbackMarket, FallbackFund),
		Variants: "paid market in Gulou",
		ZH:       "逐级上报后仍无人接单时的兜底方式。", EN: "Who serves when an order stays unfilled after every level: the guarantee fund, or the paid market."},
}

var pointsBook = []Param{
	{Key: "follow_up.sample_percent", Book: BookPoints, Owner: City, Narrow: Higher, Ref: AtService, Unit: "percent", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.FollowUpSamplePercent }, 0, 100, 10),
		ZH:   "服务点抽样回访的比例。", EN: "The share of visits that the station follows up by sample."},
	{Key: "follow_up.first_visits", Book: BookPoints, Owner: City, Narrow: Higher, Ref: AtService, Unit: "visits", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.FollowUpFirstVisits }, 0, 100, 3),
		ZH:   "服务对象最初几次服务必须回访。", EN: "How many of a recipient's first visits are all followed up."},
	{Key: "follow_up.proxy_all", Book: BookPoints, Owner: City, Narrow: Higher, Ref: AtService, Origin: Ours,
		cell: yesNo(func(v *Values) *bool { return &v.FollowUpProxyAll }, true),
		ZH:   "代下单的服务是否全部回访。", EN: "Whether every visit of an order placed by proxy is followed up."},
	{Key: "complaint.answer_within.community", Book: BookPoints, Owner: City, Narrow: Lower, Ref: AtOnce, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.ComplaintAnswerWithin.Community }, time.Hour, 90*day, 2*day),
		ZH:   "投诉在社区的答复时限，逾期上报街道。", EN: "How long the community point has to decide a complaint before it goes up to the street."},
	{Key: "complaint.answer_within.street", Book: BookPoints, Owner: City, Narrow: Lower, Ref: AtOnce, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.ComplaintAnswerWithin.Street }, time.Hour, 90*day, 3*day),
		ZH:   "投诉在街道的答复时限，逾期上报区。", EN: "How long the street has to decide a complaint before it goes up to the district."},
	{Key: "complaint.answer_within.district", Book: BookPoints, Owner: City, Narrow: Lower, Ref: AtOnce, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.ComplaintAnswerWithin.District }, time.Hour, 90*day, 5*day),
		ZH:   "投诉在区的答复时限，逾期上报市。", EN: "How long the district has to decide a complaint before it goes up to the city."},
	{Key: "complaint.answer_within.city", Book: BookPoints, Owner: City, Narrow: Never, Ref: AtOnce, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.ComplaintAnswerWithin.City }, time.Hour, 90*day, 7*day),
		ZH:   "投诉在市级最终裁决的时限。", EN: "How long the city has for the last decision on a complaint."},
}

var itemsBook = []Param{
	{Key: "weight.service", Book: BookItems, Owner: City, Narrow: Never, Ref: AtService, Unit: "permille", Origin: Ours,
		cell:     whole(func(v *Values) *int { return &v.WeightServicePermille }, 100, 10000, 1000),
		Variants: "coefficients in Suzhou",
		ZH:       "服务项目计时系数（千分数）。", EN: "The weight of a service's minutes in thousandths."},
	{Key: "weight.skill", Book: BookItems, Owner: City, Narrow: Never, Ref: AtService, Unit: "permille", Origin: Ours,
		cell:     whole(func(v *Values) *int { return &v.WeightSkillPermille }, 100, 10000, 1000),
		Variants: "coefficients in Suzhou",
		ZH:       "需专业技能的服务的计时系数（千分数）。", EN: "The weight of minutes that need a skill, in thousandths."},
}

var ordersBook = []Param{
	{Key: "order.review", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtOrder, Origin: Ours,
		cell:     choice(func(v *Values) *Review { return &v.OrderReview }, ReviewFirst, ReviewNever, ReviewFirst, ReviewAlways),
		Variants: "always in Beijing",
		ZH:       "发布前需审核的订单：不审、首单、全部。", EN: "Which orders the station reviews before they are published: none, a recipient's first, all."},
	{Key: "order.radius_m", Book: BookOrders, Owner: District, Narrow: Lower, Ref: AtOrder, Unit: "metres", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.OrderRadiusM }, 100, 100000, 3000),
		ZH:   "订单向多远范围内的志愿者展示。", EN: "How far from the place of service an order is shown to volunteers."},
	{Key: "order.claim_window", Book: BookOrders, Owner: City, Narrow: Lower, Ref: AtOrder, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.OrderClaimWindow }, time.Minute, 7*day, 30*time.Minute),
		ZH:   "志愿者答复派单的时限，过后另派。", EN: "How long a volunteer who was offered an order has to take it."},
	{Key: "order.close_after", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtOnce, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.OrderCloseAfter }, day, 366*day, 30*day),
		ZH:   "订单结算后可提出争议的期限，期满订单关闭。", EN: "How long after settlement an order can be disputed; then it is closed."},
	{Key: "order.escalate_after.community", Book: BookOrders, Owner: City, Narrow: Lower, Ref: AtOrder, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.OrderEscalateAfter.Community }, time.Minute, 30*day, 60*time.Minute),
		ZH:   "无人接单时由社区上报街道的时限。", EN: "After how long at the community an order nobody took goes up to the street."},
	{Key: "order.escalate_after.street", Book: BookOrders, Owner: City, Narrow: Lower, Ref: AtOrder, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.OrderEscalateAfter.Street }, time.Minute, 30*day, 120*time.Minute),
		ZH:   "无人接单时由街道上报区的时限。", EN: "After how long at the street an order nobody took goes up to the district."},
	{Key: "order.escalate_after.district", Book: BookOrders, Owner: City, Narrow: Lower, Ref: AtOrder, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.OrderEscalateAfter.District }, time.Minute, 30*day, 240*time.Minute),
		ZH:   "无人接单时由区上报市的时限。", EN: "After how long at the district an order nobody took goes up to the city."},
	{Key: "order.escalate_after.city", Book: BookOrders, Owner: City, Narrow: Never, Ref: AtOrder, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.OrderEscalateAfter.City }, time.Minute, 30*day, 480*time.Minute),
		ZH:   "市级仍无人接单时启用兜底的时限。", EN: "After how long at the city an order nobody took goes to the fallback."},
	{Key: "order.funding", Book: BookOrders, Owner: City, Narrow: Never, Ref: AtOrder, Origin: Ours,
		cell: list[Funding]{at: func(v *Values) *List[Funding] { return &v.OrderFunding }, least: 1,
			allowed: []Funding{FundGrant, FundSaved, FundGift, FundPool, FundFund},
			def:     []Funding{FundGrant, FundSaved, FundGift, FundPool, FundFund}},
		ZH: "订单时间来源的先后顺序。", EN: "The sources that pay for an order, in the order in which they are tried."},
	{Key: "hold.expiry", Book: BookOrders, Owner: City, Narrow: Lower, Ref: AtOrder, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.HoldExpiry }, day, 366*day, 60*day),
		ZH:   "预扣时间未结算时自动释放的期限。", EN: "After how long a hold that was neither captured nor released lapses."},
	{Key: "checkin.methods", Book: BookOrders, Owner: City, Narrow: Subset, Ref: AtService, Origin: Ours,
		cell: list[Factor]{at: func(v *Values) *List[Factor] { return &v.CheckInMethods }, least: 1,
			allowed: []Factor{FactorCode, FactorQR, FactorPlace, FactorCallBack, FactorFace},
			def:     []Factor{FactorCode, FactorQR, FactorPlace, FactorCallBack}},
		ZH: "允许的签到方式；人脸识别不得作为唯一方式。", EN: "The factors that may prove a visit; by law face recognition is never the only way."},
	{Key: "checkin.min_factors", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtService, Unit: "factors", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.CheckInMinFactors }, 1, 4, 2),
		ZH:   "一次服务至少需要的不同签到方式数。", EN: "How many different factors a visit needs."},
	{Key: "checkin.overlap", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtService, Origin: Ours,
		cell: choice(func(v *Values) *Over { return &v.CheckInOverlap }, Refuse, Flag, Refuse),
		ZH:   "同一人服务时间重叠时：标记或拒绝。", EN: "Whether a visit that overlaps another of the same person is flagged or refused."},
	{Key: "checkin.outside", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtService, Origin: Ours,
		cell: choice(func(v *Values) *Over { return &v.CheckInOutside }, Flag, Flag, Refuse),
		ZH:   "在服务地点之外签到时：标记或拒绝。", EN: "Whether checking in outside the place is flagged or refused."},
	{Key: "checkin.max_distance_m", Book: BookOrders, Owner: District, Narrow: Lower, Ref: AtService, Unit: "metres", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.CheckInMaxDistanceM }, 10, 10000, 300),
		ZH:   "签到位置与服务地点的最大距离。", EN: "How far from the place of service a check-in still counts as at the place."},
	{Key: "checkin.late_within", Book: BookOrders, Owner: City, Narrow: Lower, Ref: AtService, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.CheckInLateWithin }, 0, 7*day, 24*time.Hour),
		ZH:   "没有网络时在手机上记下的签到、签退，最迟多久内补传有效。", EN: "How late a check-in or check-out that a phone kept without a network may be sent."},
	{Key: "limits.over", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtService, Origin: Ours,
		cell: choice(func(v *Values) *Over { return &v.LimitsOver }, Refuse, Flag, Refuse),
		ZH:   "超过单次、单日、同一对象每月时长上限时：标记或拒绝。", EN: "Whether time above an order's, a day's or a pair's maximum is flagged or refused."},
	{Key: "confirm.auto_after", Book: BookOrders, Owner: City, Narrow: Higher, Ref: AtService, Origin: Ours,
		cell: span(func(v *Values) *time.Duration { return &v.ConfirmAutoAfter }, time.Hour, 30*day, 48*time.Hour),
		ZH:   "服务结束后无人确认时自动处理的期限。", EN: "How long after the visit an unconfirmed order times out."},
	{Key: "confirm.needs", Book: BookOrders, Owner: City, Narrow: Subset, Ref: AtService, Origin: Ours,
		cell: list[Party]{at: func(v *Values) *List[Party] { return &v.ConfirmNeeds }, least: 1,
			allowed: []Party{PartyRecipient, PartyFamily, PartyStation, PartyCallBack},
			def:     []Party{PartyRecipient, PartyFamily, PartyStation, PartyCallBack}},
		ZH: "超时自动确认必须有其中一方参与的签到或签退；否则转服务点回访。",
		EN: "A time-out confirms only if one of these took part in a check-in or check-out; otherwise the visit goes to the follow-up queue."},
}

var volunteersBook = []Param{
	{Key: "volunteer.min_age", Book: BookVolunteers, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "years", Origin: Published, Place: "Beijing",
		cell: whole(func(v *Values) *int { return &v.VolunteerMinAge }, 14, 60, 18),
		ZH:   "志愿者注册的最低年龄。", EN: "The youngest age at which a volunteer registers without a guardian."},
	{Key: "volunteer.review_levels", Book: BookVolunteers, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "levels", Origin: Published, Place: "a district of Nanjing",
		cell: whole(func(v *Values) *int { return &v.VolunteerReviewLevels }, 1, 4, 2),
		ZH:   "志愿者资格审核的级数。", EN: "How many levels review a volunteer's eligibility."},
	{Key: "penalty.no_show_count", Book: BookVolunteers, Owner: City, Narrow: Lower, Ref: AtOnce, Unit: "no-shows", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.PenaltyNoShowCount }, 1, 100, 3),
		ZH:   "触发暂停接单的爽约次数。", EN: "How many no-shows within the window suspend a volunteer."},
	{Key: "penalty.window_days", Book: BookVolunteers, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "days", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.PenaltyWindowDays }, 1, 3660, 90),
		ZH:   "统计爽约次数的天数。", EN: "Over how many days no-shows are counted."},
	{Key: "penalty.suspend_days", Book: BookVolunteers, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "days", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.PenaltySuspendDays }, 0, 3660, 30),
		ZH:   "因爽约暂停接单的天数。", EN: "For how many days a volunteer is suspended after too many no-shows."},
	{Key: "group.use", Book: BookVolunteers, Owner: City, Narrow: Higher, Ref: AtCredit, Origin: Published, Place: "Nanjing",
		cell: choice(func(v *Values) *GroupUse { return &v.GroupUse }, GroupDonate, GroupRedeem, GroupDonate),
		ZH:   "团体志愿者时间的用途：只能捐赠，或由提供服务的成员兑换。", EN: "What a group's hours may be used for: donated only, or redeemed by the members who served."},
}

var trainingBook = []Param{
	{Key: "volunteer.training_hours", Book: BookTraining, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "hours", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.VolunteerTrainingHours }, 0, 200, 4),
		ZH:   "上岗前须完成的培训学时。", EN: "How many hours of training come before the first service."},
	{Key: "volunteer.exam_pass", Book: BookTraining, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "points of 100", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.VolunteerExamPass }, 0, 100, 80),
		ZH:   "上岗考试的合格分数。", EN: "The score that passes the exam before service."},
}

var honoursBook = []Param{
	{Key: "honour.star_hours", Book: BookHonours, Owner: City, Narrow: Never, Ref: AtOnce, Unit: "hours", Origin: Published, Place: "national rules",
		cell: rising(func(v *Values) *Steps { return &v.HonourStarHours }, 100, 300, 600, 1000, 1500),
		ZH:   "一至五星级志愿者的累计时数。", EN: "The hours of service that earn each star."},
	{Key: "honour.notice_days", Book: BookHonours, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "working days", Origin: Published, Place: "national rules",
		cell: whole(func(v *Values) *int { return &v.HonourNoticeDays }, 0, 60, 5),
		ZH:   "表彰前的公示工作日数。", EN: "For how many working days an award is announced before it is made."},
}

var securityBook = []Param{
	{Key: "retention.records_years", Book: BookSecurity, Owner: City, Narrow: Higher, Ref: AtOnce, Unit: "years", Origin: Law, Place: "volunteer service records",
		cell: whole(func(v *Values) *int { return &v.RetentionRecordsYears }, 10, 200, 10),
		ZH:   "志愿服务记录保存年限，不少于十年。", EN: "For how many years service records are kept; the law says at least ten."},
	{Key: "retention.evidence_days", Book: BookSecurity, Owner: City, Narrow: Lower, Ref: AtOnce, Unit: "days", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.RetentionEvidenceDays }, 1, 3660, 180),
		ZH:   "服务凭证（位置、照片等）保存天数。", EN: "For how many days evidence such as positions and pictures is kept."},
	{Key: "retention.face_days", Book: BookSecurity, Owner: City, Narrow: Lower, Ref: AtOnce, Unit: "days", Origin: Ours,
		cell: whole(func(v *Values) *int { return &v.RetentionFaceDays }, 0, 30, 0),
		ZH:   "人脸信息保存天数，0 为不保存。", EN: "For how many days face data is kept; 0 keeps none."},
}
