package privacy

const chinese = "zh-CN"

// label is how a field is called on paper.
func (p *printer) label(name string) string {
	l, ok := labels[name]
	if !ok {
		return name
	}
	if p.lang == chinese {
		return l.zh
	}
	return l.en
}

type label struct{ zh, en string }

// labels name the sections and fields of an export; a test holds them complete.
var labels = map[string]label{
	"export": {"我的全部个人信息", "All data about me"},
	"about":  {"本件由平台按您的要求打印，列出平台保存的与您有关的全部信息。", "Printed at your request: everything that the platform stores about you."},
	"none":   {"无", "none"}, "yes": {"是", "yes"}, "no": {"否", "no"},

	"member": {"基本信息", "Person"}, "identity": {"账号", "Account"}, "sign_in": {"登录方式", "Signing in"}, "login": {"登录名", "Login"}, "passkeys": {"通行密钥", "Passkeys"}, "cards": {"服务卡", "Cards"},
	"links": {"已关联的账号", "Linked accounts"}, "revoked_at": {"作废时间", "Revoked"}, "provider": {"登录平台", "Provider"}, "linked_at": {"关联时间", "Linked"},
	"located_by": {"谁定的位置", "Placed on the map by"}, "calls": {"来电记录", "Calls"}, "taken_at": {"接听时间", "Taken"},
	"campaign": {"动员", "Call-out"},
	"training": {"培训", "Training"}, "orders": {"服务", "Services"},
	"feedback": {"评价与投诉", "Ratings and complaints"}, "passbook": {"时间存折", "Passbook"}, "family": {"亲属往来", "Family"}, "trail": {"操作记录", "Trail of acts"},
	"certificate": {"志愿服务证明", "Certificates of service"}, "service_certificates": {"证明", "Certificates"}, "number": {"编号", "Number"}, "issued_on": {"开具日期", "Issued on"},
	"revoked": {"已作废", "Taken back"}, "text": {"内容", "Text"},

	"person": {"编号", "Id"}, "name": {"姓名", "Name"}, "id_number": {"身份证号", "Identity number"}, "phone": {"电话", "Phone"},
	"birth": {"出生日期", "Born on"}, "sex": {"性别", "Sex"}, "region": {"区划", "Region"}, "state": {"状态", "State"}, "ended_on": {"结束日期", "Ended on"},
	"heir": {"指定继承人", "Heir"}, "registered_at": {"登记时间", "Registered"}, "homes": {"住址", "Homes"}, "from": {"起", "From"}, "until": {"止", "Until"},
	"address": {"地址", "Address"}, "lat_e6": {"纬度（百万分之一度）", "Latitude, millionths of a degree"},
	"lon_e6": {"经度（百万分之一度）", "Longitude, millionths of a degree"}, "consents": {"同意", "Consents"}, "purpose": {"用途", "Purpose"},
	"granted_at": {"同意时间", "Given"}, "granted_by": {"经办账号", "Recorded by"}, "withdrawn_at": {"撤回时间", "Withdrawn"},
	"recipient": {"服务对象", "Recipient"}, "volunteer": {"志愿者", "Volunteer"}, "applied_at": {"申请时间", "Applied"}, "reviewed_at": {"审核时间", "Reviewed"},
	"reason": {"原因", "Reason"}, "lives_alone": {"独居", "Lives alone"}, "children_near": {"子女在附近", "Children near"},
	"allowance": {"低保", "Minimum living allowance"}, "disability": {"失能情况", "Disability"}, "rural_left_behind": {"农村留守", "Rural left-behind"},
	"hardship": {"困难", "Hardship"}, "key_elder": {"重点老年人", "Key elder"}, "policy_version": {"政策版本", "Version of the rules"},
	"guardian": {"监护人", "Guardian"}, "certified_at": {"上岗时间", "Certified"}, "suspended_until": {"暂停至", "Suspended until"},
	"suspended_for": {"暂停原因", "Suspended for"}, "no_shows": {"爽约", "No-shows"}, "wish": {"我的设置", "Wishes"},
	"quiet_from": {"免打扰起（点）", "Quiet from hour"}, "quiet_until": {"免打扰止（点）", "Quiet until hour"}, "over_cap": {"超过上限的时间", "Hours above the cap"}, "kin": {"亲属", "Kin"}, "relative": {"亲属编号", "Relative"},
	"relation": {"关系", "Relation"}, "delegate": {"可代办", "May act for me"}, "willing": {"愿意代办", "I will act for this relative"}, "teams": {"团体", "Teams"}, "team_invites": {"团体邀请", "Invitations to teams"}, "team": {"团体编号", "Team"},

	"asks": {"亲属申请", "Wishes to be kin"}, "asked_at": {"申请时间", "Asked"}, "message_lines": {"同意互发留言的亲属", "Relatives with whom messages pass"},
	"notices": {"通知", "News"}, "told_by": {"通知方式", "Told by"}, "contacts": {"联系方式", "Where I am reached"}, "told": {"通知记录", "What I was told"},
	"message": {"内容", "News of"}, "channel": {"方式", "By"}, "confirmed": {"已确认", "Confirmed"},
	"messages": {"留言", "Messages"}, "sent": {"我发出的", "Sent by me"}, "sent_at": {"发送时间", "Sent"},

	"actor": {"账号编号", "Account id"}, "roles": {"岗位", "Roles"}, "role": {"岗位名称", "Role"}, "point": {"服务点", "Service point"},
	"sessions": {"登录", "Sessions"}, "label": {"设备", "Device"}, "created_at": {"开始", "Began"}, "seen_at": {"最近使用", "Last used"},

	"attendance": {"参训", "Attendance"}, "exams": {"考试", "Exams"}, "certificates": {"证书", "Certificates"}, "course": {"课程", "Course"},
	"session": {"场次", "Session"}, "mode": {"方式", "Mode"}, "minutes": {"分钟", "Minutes"}, "occurred_at": {"发生时间", "When"}, "score": {"分数", "Score"},
	"issued_at": {"发证时间", "Issued"},

	"asked": {"我请求的服务", "What I asked for"}, "served": {"我提供的服务", "What I served"}, "order": {"订单", "Order"}, "item": {"项目", "Service"},
	"start": {"开始", "Start"}, "placed_as": {"下单方式", "Placed as"}, "urgency": {"紧急程度", "Urgency"}, "submitted_at": {"提交时间", "Submitted"},
	"confirmed_by": {"确认方", "Confirmed by"}, "outcome": {"结果", "Outcome"}, "visit": {"服务记录", "Visit"}, "evidence": {"服务凭证", "Evidence"},
	"in": {"签到", "Checked in"}, "out": {"签退", "Checked out"}, "credit": {"计入分钟", "Credited minutes"}, "grade": {"凭证等级", "Grade of evidence"},
	"flags": {"提示", "Flags"}, "photos": {"服务照片", "Pictures"}, "photo": {"照片编号", "Picture"}, "place": {"拍摄位置", "Taken"}, "portrait_at": {"展示照片", "Shows a picture since"},
	"moment": {"环节", "Moment"}, "methods": {"方式", "Methods"}, "distance": {"距离（米，-1 为未测）", "Metres away, -1 if not measured"},

	"said": {"我的评价", "What I said"}, "heard": {"对我的评价", "What was said about me"}, "stars": {"星", "Stars"}, "tags": {"标签", "Tags"},
	"words": {"原话", "Words"}, "rated_at": {"评价时间", "Rated"}, "complaints": {"投诉", "Complaints"}, "category": {"类别", "Category"}, "appeal": {"申诉", "Appeal"},
	"filed_at": {"提出时间", "Filed"}, "decision": {"决定", "Decision"}, "decided_at": {"决定时间", "Decided"}, "follow_ups": {"回访", "Follow-ups"},
	"cause": {"起因", "Cause"}, "result": {"结果", "Result"}, "opened_at": {"开始时间", "Opened"},

	"accounts": {"账户", "Accounts"}, "lines": {"明细", "Lines"}, "class": {"账户类别", "Class"}, "bucket": {"分户", "Bucket"}, "held": {"预扣分钟", "Minutes held"},
	"expires": {"到期", "Expires"}, "transaction": {"交易", "Transaction"}, "day": {"日期", "Day"}, "balance": {"余额分钟", "Balance in minutes"},
	"ref": {"关联编号", "About"}, "service": {"项目", "Service"}, "recorded_at": {"记账时间", "Recorded"},

	"own": {"我的操作", "What I did"}, "others": {"他人对我的信息的操作，含查看", "What others did with my record, looks included"}, "at": {"时间", "At"},
	"action": {"操作", "Act"}, "kind": {"对象", "Of"}, "before": {"之前", "Before"}, "after": {"之后", "After"},
}

// words are values as people read them.
var words = map[string]string{
	"male": "男", "female": "女", "active": "正常", "left": "已离开", "dead": "已故", "applied": "已申请", "approved": "已通过", "rejected": "未通过",
	"reviewed": "已审核", "studying": "学习中", "certified": "已上岗", "suspended": "已暂停", "none": "无", "half": "半失能", "full": "失能", "spouse": "配偶",
	"parent": "父母", "child": "子女", "grandparent": "祖父母", "grandchild": "孙子女", "proposed": "待确认", "confirmed": "已确认", "health": "健康",
	"location": "位置", "honour": "荣誉", "online": "线上", "offline": "线下", "self": "本人", "station": "服务点", "saved": "储蓄", "grant": "发放",
	"donated": "受赠", "settled": "已结算", "closed": "已完成", "cancelled": "已取消", "called_off": "不用再去", "both": "双方", "one": "单方", "paper": "纸质", "check_in": "签到",
	"check_out": "签退", "confirm": "确认", "code": "服务码", "place": "定位", "call_back": "回电", "everyday": "日常", "within_day": "当天", "at_once": "立即",
	"waiting": "等待答复", "agreed": "已同意", "refused": "已拒绝", "withdrawn": "已撤回", "inside": "服务地点内", "outside": "服务地点外", "transfer": "转赠", "donate": "捐赠", "reverse": "冲正", "adjust": "调整",
	"work": "求职或单位", "school": "升学", "award": "评优", "myself": "本人留存",
}
