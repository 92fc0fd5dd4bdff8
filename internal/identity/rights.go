package identity

import (
	"slices"

	"timebank/internal/region"
)

// Right is leave to do one kind of act. A name is area.act, and the same name is its key in the i18n catalogues.
type Right string

// The rights on orders. Those that end in _for are used by staff for a person who asked for it; the person is named in the audit trail.
const (
	OrderPlace      Right = "order.place"
	OrderPlaceFor   Right = "order.place_for"
	OrderRead       Right = "order.read"     // orders of an area, without names and doors
	OrderSeeDoor    Right = "order.see_door" // the address of one order; each look is logged
	OrderReview     Right = "order.review"
	OrderClaim      Right = "order.claim"
	OrderDispatch   Right = "order.dispatch"
	OrderEscalate   Right = "order.escalate"
	OrderCancel     Right = "order.cancel"
	OrderCancelFor  Right = "order.cancel_for"
	OrderCheckIn    Right = "order.check_in"
	OrderWitness    Right = "order.witness" // the station's own evidence: a call-back, a witness, a paper afterwards
	OrderConfirm    Right = "order.confirm"
	OrderConfirmFor Right = "order.confirm_for"
	OrderDispute    Right = "order.dispute"
	OrderDecide     Right = "order.decide"
	OrderFundClaim  Right = "order.fund_claim"
)

// The rights on ratings, visits and complaints.
const (
	FeedbackRate        Right = "feedback.rate"
	FeedbackComplain    Right = "feedback.complain"
	FeedbackComplainFor Right = "feedback.complain_for"
	FeedbackFollowUp    Right = "feedback.follow_up"
	FeedbackAnswer      Right = "feedback.answer"
)

// The rights on members.
const (
	MemberRegisterFor     Right = "member.register_for"
	MemberApply           Right = "member.apply"
	MemberApplyFor        Right = "member.apply_for"
	MemberRead            Right = "member.read"
	MemberLookUp          Right = "member.look_up" // find a person by identity number or phone
	MemberReviewRecipient Right = "member.review_recipient"
	MemberReviewFirst     Right = "member.review_first"
	MemberReviewSecond    Right = "member.review_second"
	MemberAssess          Right = "member.assess" // what decides who is a key elder
	MemberCorrect         Right = "member.correct"
	MemberCorrectFor      Right = "member.correct_for"
	MemberMove            Right = "member.move"
	MemberMoveFor         Right = "member.move_for"
	MemberLeave           Right = "member.leave"
	MemberLeaveFor        Right = "member.leave_for"
	MemberRecordDeath     Right = "member.record_death"
	MemberSuspend         Right = "member.suspend"
	MemberKin             Right = "member.kin"
	MemberKinFor          Right = "member.kin_for"
	MemberConsent         Right = "member.consent"
	MemberConsentFor      Right = "member.consent_for"
	MemberTeam            Right = "member.team" // register a team, and manage it if one is its manager
	MemberTeamFor         Right = "member.team_for"
	MemberPoint           Right = "member.point" // register and change service points
	MemberExport          Right = "member.export"
	MemberExportFor       Right = "member.export_for" // print somebody's copy of all its data
	MemberErase           Right = "member.erase"
	MemberMergePropose    Right = "member.merge_propose" // two records are one person
	MemberMergeApprove    Right = "member.merge_approve"
)

// The rights on hours. Nobody moves or makes another's hours alone: propose and approve are two persons.
const (
	LedgerRead           Right = "ledger.read"
	LedgerReadFor        Right = "ledger.read_for"
	LedgerTransfer       Right = "ledger.transfer"
	LedgerTransferFor    Right = "ledger.transfer_for"
	LedgerDonate         Right = "ledger.donate"
	LedgerDonateFor      Right = "ledger.donate_for"
	LedgerIssuePropose   Right = "ledger.issue_propose"
	LedgerIssueApprove   Right = "ledger.issue_approve"
	LedgerReversePropose Right = "ledger.reverse_propose"
	LedgerReverseApprove Right = "ledger.reverse_approve"
	LedgerAdjustPropose  Right = "ledger.adjust_propose"
	LedgerAdjustApprove  Right = "ledger.adjust_approve"
	LedgerClose          Right = "ledger.close"
)

// The rights on rules, catalogue, training, and on the system itself.
const (
	PolicyPropose         Right = "policy.propose"
	PolicyApprove         Right = "policy.approve"
	PolicyOverridePropose Right = "policy.override_propose"
	PolicyOverrideApprove Right = "policy.override_approve"
	RegionPropose         Right = "region.propose" // move, rename or merge regions of the city
	RegionApprove         Right = "region.approve"
	CatalogPublish        Right = "catalog.publish"
	TrainingStudy         Right = "training.study"
	TrainingManage        Right = "training.manage"
	TrainingRecord        Right = "training.record"
	CertificateIssue      Right = "certificate.issue"
	CertificateRevokeFor  Right = "certificate.revoke_for" // take back one that says something wrong
	ReportRead            Right = "report.read"
	AuditRead             Right = "audit.read"
	IdentityGrantRole     Right = "identity.grant_role"
	IdentityAppoint       Right = "identity.appoint" // approve a role that needs two
	IdentitySession       Right = "identity.session"
	IdentitySessionFor    Right = "identity.session_for"
	IdentityCard          Right = "identity.card" // print, revoke and take the cards of people without a phone
)

// levels is a set of levels, one letter each: c city, d district, s street, m community.
type levels string

const everyLevel levels = "cdsm"

func (l levels) has(level region.Level) bool {
	rank := level.Rank()
	return rank > 0 && slices.Contains([]byte(l), "cdsm"[rank-1])
}

// rule says who has a right: citizens for themselves, and the roles at some levels.
type rule struct {
	own   bool
	roles map[Role]levels
	// card lets a person use its own right at the desk, by card and day-word.
	card bool
	// guarded asks staff for a second factor shown lately: whatever moves hours, shows identity numbers, or says who may do so.
	guarded bool
	// second says that whoever has the right is the second person of what another proposed: see NeedsTwo.
	second bool
}

func (r rule) allows(role Role, at region.Level) bool { return r.roles[role].has(at) }

// with adds roles at levels to a rule.
func (r rule) with(at levels, roles ...Role) rule {
	all := map[Role]levels{}
	for role, l := range r.roles {
		all[role] = l
	}
	for _, role := range roles {
		all[role] = at
	}
	r.roles = all
	return r
}

func (r rule) guard() rule { r.guarded = true; return r }

// seconds is a guarded rule of whoever approves what another proposed.
func (r rule) seconds() rule { r.guarded, r.second = true, true; return r }

var (
	nobody = rule{}
	self   = rule{own: true}
	carded = rule{own: true, card: true}
	// A point serves a community or a street and its staff acts there.
	desk    = nobody.with("sm", PointStaff, PointManager)
	manager = nobody.with("sm", PointManager)
	offices = desk.with(everyLevel, Administrator, Reviewer, Dispatcher, Auditor)
	city    = nobody.with("c", Administrator)
	// The second person of the city's own acts may be one who reviews, who then holds no power to propose them.
	citySecond = city.with("c", Reviewer)
)

// table is the one place that says who may do what (default, after the four levels' published duties: the community point makes the first
// review, orders on behalf and confirms for those without a phone; the street checks and dispatches; the district reviews again, trains
// and claims on the fund; the city owns rules, grants and the last decision). A right that is not in it is nobody's.
var table = map[Right]rule{
	OrderPlace:      carded,
	OrderPlaceFor:   desk.with("sm", Dispatcher),
	OrderRead:       offices.with(everyLevel, ReadOnly),
	OrderSeeDoor:    desk.with(everyLevel, Dispatcher),
	OrderReview:     desk.with("sm", Reviewer),
	OrderClaim:      self,
	OrderDispatch:   desk.with(everyLevel, Dispatcher),
	OrderEscalate:   desk.with(everyLevel, Dispatcher),
	OrderCancel:     carded,
	OrderCancelFor:  desk.with(everyLevel, Dispatcher),
	OrderCheckIn:    self,
	OrderWitness:    desk,
	OrderConfirm:    carded,
	OrderConfirmFor: desk.guard(),
	OrderDispute:    carded,
	OrderDecide:     manager.with(everyLevel, Reviewer).guard(),
	OrderFundClaim:  nobody.with("cd", Administrator).guard(),

	FeedbackRate:        carded,
	FeedbackComplain:    carded,
	FeedbackComplainFor: desk,
	FeedbackFollowUp:    desk,
	FeedbackAnswer:      manager.with(everyLevel, Reviewer),

	MemberRegisterFor:     desk.with(everyLevel, Administrator),
	MemberApply:           self,
	MemberApplyFor:        desk.with(everyLevel, Administrator),
	MemberRead:            rule{own: true, card: true, roles: offices.roles},
	MemberLookUp:          desk.with(everyLevel, Administrator, Reviewer, Dispatcher),
	MemberReviewRecipient: manager.with("dsm", Reviewer),
	MemberReviewFirst:     manager.with("sm", Reviewer),
	MemberReviewSecond:    nobody.with("cd", Reviewer),
	MemberAssess:          desk.with("dsm", Reviewer),
	MemberCorrect:         self,
	MemberCorrectFor:      desk.with(everyLevel, Administrator).guard(),
	MemberMove:            self,
	MemberMoveFor:         desk.with(everyLevel, Administrator),
	MemberLeave:           self,
	MemberLeaveFor:        desk.with(everyLevel, Administrator),
	MemberRecordDeath:     manager.with(everyLevel, Administrator),
	MemberSuspend:         manager.with(everyLevel, Reviewer),
	MemberKin:             self,
	MemberKinFor:          desk.with("sm", Administrator),
	MemberConsent:         self,
	MemberConsentFor:      desk,
	MemberTeam:            self,
	MemberTeamFor:         manager.with(everyLevel, Administrator),
	MemberPoint:           nobody.with("cds", Administrator),
	MemberExport:          self,
	MemberExportFor:       manager.with("cd", Administrator).guard(),
	MemberErase:           nobody.with("cds", Administrator).guard(),
	MemberMergePropose:    nobody.with("cds", Administrator, Reviewer).guard(),
	MemberMergeApprove:    nobody.with("cd", Administrator, Reviewer).seconds(),

	LedgerRead:           carded,
	LedgerReadFor:        offices,
	LedgerTransfer:       self,
	LedgerTransferFor:    desk.guard(),
	LedgerDonate:         self,
	LedgerDonateFor:      desk.guard(),
	LedgerIssuePropose:   city.guard(),
	LedgerIssueApprove:   citySecond.seconds(),
	LedgerReversePropose: manager.with(everyLevel, Reviewer, Administrator).guard(),
	LedgerReverseApprove: nobody.with("cds", Reviewer, Administrator).seconds(),
	LedgerAdjustPropose:  city.guard(),
	LedgerAdjustApprove:  citySecond.seconds(),
	LedgerClose:          nobody.with("cds", Administrator).guard(),

	PolicyPropose:         city,
	PolicyApprove:         citySecond.seconds(),
	PolicyOverridePropose: nobody.with("dsm", Administrator),
	PolicyOverrideApprove: nobody.with("cds", Administrator, Reviewer).seconds(),
	RegionPropose:         city,
	RegionApprove:         citySecond.seconds(),
	CatalogPublish:        city,
	TrainingStudy:         self,
	TrainingManage:        nobody.with("cd", Administrator),
	TrainingRecord:        manager.with("cds", Administrator, Reviewer),
	CertificateIssue:      self,
	CertificateRevokeFor:  manager.with(everyLevel, Reviewer, Administrator).guard(),
	ReportRead:            offices.with(everyLevel, ReadOnly),
	AuditRead:             nobody.with(everyLevel, Auditor),
	IdentityGrantRole:     manager.with(everyLevel, Administrator).guard(),
	IdentityAppoint:       nobody.with("cd", Administrator, Reviewer).seconds(),
	IdentitySession:       self,
	IdentitySessionFor:    nobody.with(everyLevel, Administrator),
	IdentityCard:          desk,
}

// Rights lists every right of the table in alphabetical order.
func Rights() []Right {
	all := make([]Right, 0, len(table))
	for r := range table {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}
