package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"timebank/internal/identity"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	remove = http.MethodDelete
)

// tags are the chapters of the documentation, in its order.
var tags = []*huma.Tag{
	{Name: "sign-in", Description: "Proving who one is. Proofs are used up, so these operations take no Idempotency-Key."},
	{Name: "identity", Description: "Who acts: oneself, sessions, roles, and acts that need a second person."},
	{Name: "people", Description: "Persons, recipients and volunteers. What identifies a person never stands in an address: searches are sent as a body."},
	{Name: "kin", Description: "Relatives, delegates and heirs."},
	{Name: "calls", Description: "What was said on a station's telephone."},
	{Name: "teams", Description: "Companies, schools and teams whose members serve in their name."},
	{Name: "training", Description: "Courses, attendance, exams. Registered is not certified."},
	{Name: "catalogue", Description: "What a city lets people ask for. A published version never changes."},
	{Name: "orders", Description: "From the request to the hours."},
	{Name: "feedback", Description: "Ratings, follow-up visits and complaints."},
	{Name: "hours", Description: "Passbooks, and whatever moves hours besides service."},
	{Name: "paper", Description: "What leaves the system on paper and comes back by a code: printed passbooks, cards, and slips for a day without computers."},
	{Name: "rules", Description: "The policy: every rule a typed parameter with an owner."},
	{Name: "regions", Description: "The administrative divisions."},
	{Name: "log", Description: "The public record: signed heads, growth and receipts that anybody checks."},
	{Name: "oversight", Description: "The trail of acts, and figures with their definitions."},
}

// routes is the whole surface under /api/v1.
func (a *api) routes() []route {
	return []route{
		op(post, "/sign-in/codes", "ask-code", "sign-in", "Ask for a code by text message", public, a.askCode).
			says("The answer is the same whether anybody has registered with the number or not."),
		op(post, "/sign-in/codes/check", "check-code", "sign-in", "Sign in by a code", public, a.checkCode).
			says("Where several people share the number the answer is a choice. A new number gets an account that may register."),
		op(post, "/sign-in/choice", "choose-person", "sign-in", "Say who of several signs in", public, a.choosePerson),
		op(post, "/sign-in/staff", "staff-sign-in", "sign-in", "Sign in as staff by password and second factor", public, a.staffSignIn),
		op(post, "/sign-in/invitations/accept", "accept-invitation", "sign-in", "Choose a password", public, a.acceptInvitation),
		op(post, "/sign-in/enrolments/confirm", "confirm-enrolment", "sign-in", "Confirm the authenticator", public, a.confirmEnrolment),
		op(post, "/sign-in/passkeys/ask", "ask-passkey", "sign-in", "Ask for a passkey", public, a.askPasskey),
		op(post, "/sign-in/passkeys", "passkey-sign-in", "sign-in", "Sign in by a passkey", public, a.passkeySignIn),
		op(post, "/sign-in/providers/depart", "depart", "sign-in", "Go to the city's own sign-in", public, a.depart),
		op(post, "/sign-in/providers/return", "return", "sign-in", "Come back from the city's own sign-in", public, a.returned),
		op(post, "/actors/{id}/invitation", "invite-staff", "sign-in", "Let staff set its password and second factor", may(identity.IdentityGrantRole), a.inviteStaff).
			says("Whoever takes it up also gives a code that goes to the invited person's own telephone, so that nobody becomes two persons."),
		op(post, "/me/step-up", "step-up", "sign-in", "Show a second factor again", signedIn, a.stepUp).
			says("What moves hours, shows identity numbers or says who may do so asks staff for it."),
		op(get, "/me/passkeys", "list-passkeys", "sign-in", "One's own passkeys", signedIn, a.listPasskeys),
		op(post, "/me/passkeys/ask", "begin-passkey", "sign-in", "Begin to add a passkey", signedIn, a.beginPasskey),
		created(op(post, "/me/passkeys", "add-passkey", "sign-in", "Add a passkey", signedIn, a.addPasskey)),
		act(post, "/me/passkeys/remove", "remove-passkey", "sign-in", "Remove a passkey", signedIn, a.removePasskey),
		created(op(post, "/persons/{id}/card", "print-card", "sign-in", "Print a card for somebody without a telephone", may(identity.IdentityCard), a.printCard)),
		op(post, "/persons/{id}/card/sheet", "print-sheet", "sign-in", "Print the words of the days to come", may(identity.IdentityCard), a.printSheet),
		act(remove, "/persons/{id}/card", "revoke-card", "sign-in", "End a card that was lost", signedIn, a.revokeCard),
		op(post, "/cards/use", "use-card", "sign-in", "Act for the holder of a card at the desk", may(identity.IdentityCard), a.useCard),
		op(get, "/inbox", "inbox", "sign-in", "The messages of a demo", public, a.inbox).
			says("Closed unless the installation opens it: codes can be read there."),

		op(get, "/me", "me", "identity", "Who am I", signedIn, a.me),
		op(get, "/actors/{id}/sessions", "list-sessions", "identity", "List sessions", may(identity.IdentitySession, identity.IdentitySessionFor), a.listSessions),
		created(op(post, "/actors/{id}/tokens", "issue-token", "identity", "Open a session", may(identity.IdentitySession, identity.IdentitySessionFor), a.issueToken)).
			says("Every request opens a session of its own: a token is never stored, so that it cannot be given twice."),
		act(remove, "/actors/{id}/sessions", "end-sessions", "identity", "End all sessions", may(identity.IdentitySession, identity.IdentitySessionFor), a.endSessions),
		act(remove, "/actors/{id}/sessions/{session}", "end-session", "identity", "End a session", may(identity.IdentitySession, identity.IdentitySessionFor), a.endSession),
		created(op(post, "/actors/{id}/roles", "grant-role", "identity", "Grant a role", may(identity.IdentityGrantRole), a.grantRole)).
			says("A role by which one may approve what others propose needs two: propose it as an appointment."),
		created(op(post, "/actors/{id}/appointments", "appoint", "identity", "Propose a role that a second person approves", may(identity.IdentityGrantRole), a.appoint)),
		act(post, "/roles/{id}/revoke", "revoke-role", "identity", "Revoke a granted role", may(identity.IdentityGrantRole), a.revokeRole),
		op(get, "/regions/{id}/roles", "list-roles", "identity", "Who holds a role in a region", may(identity.IdentityGrantRole), a.listHolders),
		op(get, "/proposals", "list-proposals", "identity", "Acts that wait for a second person", signedIn, a.listProposals),
		op(get, "/proposals/{id}", "get-proposal", "identity", "An act that waits for a second person", signedIn, a.getProposal),
		op(post, "/proposals/{id}/approve", "approve-proposal", "identity", "Approve as the second person",
			may(identity.LedgerIssueApprove, identity.LedgerAdjustApprove, identity.LedgerReverseApprove, identity.MemberMergeApprove, identity.RegionApprove, identity.IdentityAppoint), a.approveProposal),
		op(post, "/proposals/{id}/refuse", "refuse-proposal", "identity", "Refuse a proposal, or withdraw one's own", signedIn, a.refuseProposal),

		created(op(post, "/persons", "register-person", "people", "Register a person", signedIn, a.registerPerson)).
			says("Staff registers whoever asks at the desk; somebody who has signed in and is nobody yet registers itself."),
		op(post, "/persons/search", "look-up", "people", "Find people by identity number or phone", may(identity.MemberLookUp), a.lookUp).
			says("In one's own place; for a reason in the whole city, and then masked, with district and station alone. Every look is in the audit trail with its reason."),
		op(post, "/persons/type", "search-people", "people", "Find people while typing", may(identity.MemberLookUp), a.searchPeople).
			says("Shows ten at most, masked. Every search is in the audit trail with whom it showed, never with what was typed."),
		op(get, "/persons/{id}", "get-person", "people", "A person", may(identity.MemberRead), a.getPerson).says("A look by staff is in the audit trail."),
		act(post, "/persons/{id}/correct", "correct-person", "people", "Correct what identifies a person", may(identity.MemberCorrect, identity.MemberCorrectFor), a.correctPerson),
		act(post, "/persons/{id}/move", "move-person", "people", "Move house", may(identity.MemberMove, identity.MemberMoveFor), a.movePerson).
			says("The region of record changes; the book stays."),
		act(put, "/persons/{id}/place", "pin-home", "people", "Put a home on the map", may(identity.MemberMove, identity.MemberMoveFor), a.pinHome).
			says("Also for a relative who may act for the person and see its visits. The trail says that it was done, and not where."),
		act(post, "/persons/{id}/consent", "consent", "people", "Give or withdraw a consent", may(identity.MemberConsent, identity.MemberConsentFor), a.consent).
			says("Withdrawing ends the use at once: what was told for the purpose is destroyed."),
		op(get, "/persons/{id}/consents", "list-consents", "people", "What a person has agreed to", may(identity.MemberConsent, identity.MemberConsentFor), a.listConsents),
		op(get, "/persons/{id}/notices", "list-notices", "people", "What one was told, and what became of it", may(identity.MemberCorrect), a.listNotices).
			says("For the person alone, newest first, for a month. Neither the words nor the number are kept."),
		op(get, "/persons/{id}/contacts", "get-contacts", "people", "How one is told what happens", may(identity.MemberCorrect), a.getReach).
			says("For the person alone; addresses are masked."),
		act(put, "/persons/{id}/contacts/way", "choose-way", "people", "Choose how one is told", may(identity.MemberCorrect), a.chooseWay),
		act(post, "/persons/{id}/contacts/email", "ask-email", "people", "Give a mail address", may(identity.MemberCorrect), a.askEmail).
			says("A code goes there; the address counts once it has come back."),
		act(post, "/persons/{id}/contacts/email/confirm", "confirm-email", "people", "Give back the code that came to a mail address", may(identity.MemberCorrect), a.confirmEmail),
		act(remove, "/persons/{id}/contacts/{channel}", "drop-contact", "people", "Take a mail address, or one's place in WeChat, back", may(identity.MemberCorrect), a.dropContact).
			says("It is destroyed. A place in WeChat is not kept again before one allows it."),
		act(post, "/persons/{id}/contacts/{channel}/allow", "allow-contact", "people", "Let the next sign-in from the city's app tell one's place in WeChat again", may(identity.MemberCorrect), a.allowContact),
		file(post, "/persons/{id}/copy", "export-person", "people", "A copy of everything that is stored about a person", may(identity.MemberExport, identity.MemberExportFor),
			[]string{"application/json", typePDF}, a.exportPerson).says("For the person alone, or printed for it by the manager of its station. Every copy is in the audit trail."),
		act(post, "/persons/{id}/erase", "erase-person", "people", "Destroy what identifies somebody who left or died", may(identity.MemberErase), a.erasePerson).
			says("The record of hours stays under a pseudonym for the years of the law."),
		created(op(post, "/merges", "propose-merge", "people", "Propose to make one record of two", may(identity.MemberMergePropose), a.proposeMerge)).
			says("Another person approves it with approve-proposal."),
		act(post, "/persons/{id}/end", "end-person", "people", "Record a death or a departure", may(identity.MemberLeave, identity.MemberLeaveFor, identity.MemberRecordDeath), a.endPerson),
		act(post, "/persons/{id}/recipient", "apply-recipient", "people", "Apply to be a recipient", may(identity.MemberApply, identity.MemberApplyFor), a.applyRecipient),
		op(post, "/persons/{id}/recipient/review", "review-recipient", "people", "Decide a recipient's application", may(identity.MemberReviewRecipient), a.reviewRecipient),
		op(post, "/persons/{id}/recipient/assess", "assess-recipient", "people", "Record what a home visit found", may(identity.MemberAssess), a.assess),
		act(post, "/persons/{id}/volunteer", "apply-volunteer", "people", "Apply to be a volunteer", may(identity.MemberApply, identity.MemberApplyFor), a.applyVolunteer),
		op(post, "/persons/{id}/volunteer/review", "review-volunteer", "people", "Review a volunteer", may(identity.MemberReviewFirst, identity.MemberReviewSecond), a.reviewVolunteer).
			says("As many levels as the policy asks for, never twice by one person."),
		act(post, "/persons/{id}/volunteer/suspend", "suspend-volunteer", "people", "Suspend a volunteer", may(identity.MemberSuspend), a.suspend),
		picture(act(put, "/persons/{id}/portrait", "show-portrait", "people", "Show one's face to whom one visits", may(identity.MemberConsent, identity.MemberConsentFor), a.showPortrait)).
			says("It is the consent at the same time."),
		act(remove, "/persons/{id}/portrait", "hide-portrait", "people", "Take the picture away", may(identity.MemberConsent, identity.MemberConsentFor), a.hidePortrait),
		file(get, "/persons/{id}/portrait", "get-portrait", "people", "The picture of a volunteer", may(identity.MemberRead), []string{typeJPEG}, a.getPortrait),
		op(get, "/regions/{id}/recipients", "list-recipients", "people", "Recipients of a region by state", may(identity.MemberRead), a.listRecipients),
		op(get, "/regions/{id}/volunteers", "list-volunteers", "people", "Volunteers of a region by state", may(identity.MemberRead), a.listVolunteers),
		op(get, "/regions/{id}/points", "list-points", "people", "Service points of a region", public, a.listPoints),
		created(op(post, "/points", "register-point", "people", "Open a service point", may(identity.MemberPoint), a.registerPoint)),
		act(put, "/points/{id}", "change-point", "people", "Change, move, close or open a service point", may(identity.MemberPoint), a.changePoint).
			says("All of it is written, not only what differs."),

		op(get, "/persons/{id}/kin", "list-kin", "kin", "A person's kin", may(identity.MemberRead), a.listKin),
		created(op(post, "/persons/{id}/kin", "add-kin", "kin", "Propose a relation", may(identity.MemberKin, identity.MemberKinFor), a.addKin)),
		act(post, "/persons/{id}/kin/{relative}/confirm", "confirm-kin", "kin", "Confirm a relation", may(identity.MemberKin, identity.MemberKinFor), a.confirmKin),
		act(put, "/persons/{id}/kin/{relative}/delegate", "delegate", "kin", "Let a relative act for a person", may(identity.MemberKin, identity.MemberKinFor), a.delegate).
			says("It acts once it has said that it will."),
		act(put, "/persons/{id}/kin/{relative}/acting", "act-for", "kin", "Say that one will act for a relative", may(identity.MemberKin, identity.MemberKinFor), a.actFor),
		act(remove, "/persons/{id}/kin/{relative}", "end-kin", "kin", "End a relation, or refuse a proposed one", may(identity.MemberKin, identity.MemberKinFor), a.endKin).
			says("One side is enough. The delegation ends with it."),
		created(op(post, "/persons/{id}/kin-asks", "ask-kin", "kin", "Ask to become somebody's kin", may(identity.MemberKin, identity.MemberKinFor), a.askKin)).
			says("The answer is the same whether or not somebody has the number."),
		op(get, "/persons/{id}/kin-asks", "list-kin-asks", "kin", "Who waits for a person's yes", may(identity.MemberKin, identity.MemberKinFor), a.listKinAsks),
		act(post, "/kin-asks/{id}/answer", "answer-kin-ask", "kin", "Say yes or no to a relative", may(identity.MemberKin, identity.MemberKinFor), a.answerKinAsk),
		act(put, "/persons/{id}/kin/{relative}/messages", "message-line", "kin", "Agree to messages with a relative, or no longer", may(identity.MemberKin, identity.MemberKinFor), a.messageLine).
			says("Messages pass while both sides agree."),
		created(op(post, "/persons/{id}/messages", "send-message", "kin", "Tell a relative something", may(identity.MemberKin), a.sendMessage)),
		op(get, "/persons/{id}/messages", "list-messages", "kin", "What relatives told each other", may(identity.MemberKin), a.listMessages),
		act(post, "/messages/{id}/seen", "seen-message", "kin", "Say that a message was read", may(identity.MemberKin), a.seenMessage),
		act(remove, "/messages/{id}", "take-back-message", "kin", "Take a message back", may(identity.MemberKin), a.takeBackMessage).
			says("Its words are destroyed."),
		act(put, "/persons/{id}/heir", "name-heir", "kin", "Name an heir", may(identity.MemberKin, identity.MemberKinFor), a.nameHeir),

		created(op(post, "/persons/{id}/calls", "note-call", "calls", "Write down a call", may(identity.OrderPlaceFor), a.noteCall)).
			says("What was said is sealed, and destroyed when evidence is."),
		op(get, "/persons/{id}/calls", "list-calls", "calls", "Calls about a person", may(identity.OrderPlaceFor), a.listCalls),
		op(get, "/calls/{id}/words", "call-words", "calls", "What was said in a call", may(identity.OrderPlaceFor), a.callWords).
			says("The look is in the audit trail."),

		created(op(post, "/teams", "register-team", "teams", "Register a team", may(identity.MemberTeam, identity.MemberTeamFor), a.registerTeam)),
		op(get, "/teams/{id}", "get-team", "teams", "A team", may(identity.MemberTeam, identity.MemberTeamFor), a.getTeam),
		act(put, "/teams/{id}/members/{person}", "join-team", "teams", "Take a volunteer into a team", may(identity.MemberTeamFor), a.joinTeam).
			says("For the desk, which hears the volunteer's yes. The team's manager invites."),
		created(op(post, "/teams/{id}/invites", "invite-to-team", "teams", "Invite a volunteer into a team", may(identity.MemberTeam), a.inviteToTeam)).
			says("By a telephone number, or with a code to print. The answer is the same whether or not somebody has the number."),
		op(get, "/teams/{id}/invites", "list-team-codes", "teams", "Codes of a team that nobody has used yet", may(identity.MemberTeam), a.listTeamCodes),
		op(get, "/persons/{id}/team-invites", "list-team-invites", "teams", "Teams that would like to have a volunteer", may(identity.MemberTeam), a.listTeamInvites),
		act(post, "/team-invites/{id}/answer", "answer-team-invite", "teams", "Say yes or no to a team", may(identity.MemberTeam), a.answerTeamInvite),
		act(post, "/team-codes", "join-team-by-code", "teams", "Join a team by its code", may(identity.MemberTeam), a.joinTeamByCode),
		act(remove, "/teams/{id}/members/{person}", "leave-team", "teams", "Let a volunteer leave a team", may(identity.MemberTeam, identity.MemberTeamFor), a.leaveTeam),

		op(get, "/courses", "list-courses", "training", "List courses", public, a.listCourses),
		act(post, "/courses", "define-courses", "training", "Add or change courses", may(identity.TrainingManage), a.defineCourses),
		op(post, "/attendances", "record-attendance", "training", "Record attendance", may(identity.TrainingRecord), a.recordAttendance),
		op(post, "/exams", "record-exam", "training", "Record an exam", may(identity.TrainingRecord), a.recordExam),
		op(get, "/persons/{id}/certificates", "list-certificates", "training", "A volunteer's certificates", may(identity.TrainingStudy, identity.MemberRead), a.listCertificates),

		op(get, "/catalogue", "list-items", "catalogue", "What can be ordered now", public, a.listItems),
		op(get, "/catalogue/{code}/versions", "item-versions", "catalogue", "All versions of a service", public, a.itemVersions),
		created(op(post, "/catalogue", "publish-item", "catalogue", "Publish a version of a service", may(identity.CatalogPublish), a.publishItem)),
		op(post, "/catalogue/{code}/withdraw", "withdraw-item", "catalogue", "End a service", may(identity.CatalogPublish), a.withdrawItem).
			says("Orders placed before keep their version."),

		created(op(post, "/orders", "place-order", "orders", "Place an order", may(identity.OrderPlace, identity.OrderPlaceFor), a.placeOrder)).
			says("For oneself, for a relative whose delegate one is, or as the station for whoever asks. Without a source of hours the order goes to the station with the reason."),
		op(get, "/orders/{id}", "get-order", "orders", "An order with its timeline and why", signedIn, a.getOrder),
		op(get, "/persons/{id}/orders", "list-orders", "orders", "A person's orders", signedIn, a.listOrders),
		op(post, "/orders/near", "neighbourhood", "orders", "What can be taken nearby", may(identity.OrderClaim), a.neighbourhood),
		op(get, "/regions/{id}/board", "board", "orders", "The morning board of an office", may(identity.OrderRead), a.board),
		op(post, "/orders/{id}/review", "review-order", "orders", "Review an order", may(identity.OrderReview), a.reviewOrder),
		op(post, "/orders/{id}/claim", "claim-order", "orders", "Take an order", may(identity.OrderClaim), a.claimOrder),
		op(post, "/orders/{id}/dispatch", "dispatch-order", "orders", "Offer an order to a volunteer", may(identity.OrderDispatch), a.dispatchOrder),
		op(post, "/orders/{id}/answer", "answer-order", "orders", "Answer an offered order", may(identity.OrderClaim), a.answerOrder),
		op(post, "/orders/{id}/withdraw", "withdraw-from-order", "orders", "Give a place back", may(identity.OrderClaim), a.withdrawFromOrder),
		op(post, "/orders/{id}/check-in", "check-in", "orders", "Begin a service", may(identity.OrderCheckIn, identity.OrderWitness), a.checkIn),
		op(post, "/orders/{id}/check-out", "check-out", "orders", "End a service", may(identity.OrderCheckIn, identity.OrderWitness), a.checkOut),
		picture(created(op(post, "/orders/{id}/photos", "add-photo", "orders", "Add a picture of the visit", may(identity.OrderCheckIn, identity.OrderWitness), a.addPhoto))).
			says("The picture is encoded anew: whatever the file says besides is gone, and of the place where the camera stood only inside or outside is kept."),
		file(get, "/orders/{id}/photos/{photo}", "get-photo", "orders", "A picture of the visit", signedIn, []string{typeJPEG}, a.getPhoto).
			says("The look is in the audit trail."),
		file(get, "/orders/{id}/volunteers/{person}/portrait", "volunteer-portrait", "orders", "The face of who comes", signedIn, []string{typeJPEG}, a.volunteerPortrait).
			says("As long as the volunteer agrees to show it."),
		op(post, "/orders/{id}/confirm", "confirm-order", "orders", "Confirm a service", may(identity.OrderConfirm, identity.OrderConfirmFor), a.confirmOrder),
		op(post, "/orders/{id}/undo", "undo-confirm", "orders", "Take a confirmation back", may(identity.OrderConfirm, identity.OrderConfirmFor), a.undoConfirm).
			says("Within the undo window."),
		op(post, "/orders/{id}/reschedule", "reschedule-order", "orders", "Move an order to another time", may(identity.OrderPlace, identity.OrderPlaceFor), a.rescheduleOrder).
			says("Before anybody has checked in. Whoever was coming is asked again and keeps the place by saying yes in time."),
		op(post, "/orders/{id}/cancel", "cancel-order", "orders", "Cancel an order", may(identity.OrderCancel, identity.OrderCancelFor), a.cancelOrder),
		op(post, "/orders/{id}/undo-cancel", "undo-cancel", "orders", "Take a cancellation back", may(identity.OrderCancel, identity.OrderCancelFor), a.undoCancel).
			says("Within the undo window, by whoever cancelled."),
		op(post, "/orders/{id}/no-show", "no-show", "orders", "Report that a volunteer did not come", may(identity.OrderConfirm, identity.OrderConfirmFor), a.noShow),
		op(post, "/orders/{id}/escalate", "escalate-order", "orders", "Hand an order up", may(identity.OrderEscalate), a.escalateOrder),
		op(post, "/orders/{id}/dispute", "dispute-order", "orders", "Dispute an order", may(identity.OrderDispute, identity.OrderConfirmFor), a.disputeOrder).
			says("Its minutes freeze until somebody decides."),
		op(post, "/orders/{id}/decide", "decide-order", "orders", "Decide a dispute", may(identity.OrderDecide), a.decideOrder),
		op(post, "/orders/{id}/fund-claim", "fund-claim", "orders", "Claim on the guarantee fund", may(identity.OrderFundClaim), a.fundClaim).
			says("Records who did the service, how long, and the document: never an amount of money."),

		op(get, "/orders/{id}/feedback", "order-feedback", "feedback", "All feedback on an order", signedIn, a.orderFeedback),
		op(get, "/orders/{id}/place", "order-place", "orders", "Where exactly an order is served", signedIn, a.orderPlace).
			says("A look by staff is in the audit trail; who serves or is served sees the place with the order."),
		op(get, "/orders/{id}/messages", "order-messages", "orders", "Who was told of an order", may(identity.OrderRead), a.orderMessages),
		act(post, "/orders/{id}/ratings", "rate", "feedback", "Rate the other side", may(identity.FeedbackRate), a.rate),
		op(post, "/orders/{id}/follow-up", "follow-up", "feedback", "Record a follow-up", may(identity.FeedbackFollowUp), a.followUp),
		created(op(post, "/orders/{id}/complaints", "complain", "feedback", "Complain", may(identity.FeedbackComplain, identity.FeedbackComplainFor), a.complain)),
		op(get, "/regions/{id}/follow-ups", "list-follow-ups", "feedback", "Visits to ask about", may(identity.FeedbackFollowUp), a.listFollowUps),
		op(get, "/regions/{id}/complaints", "list-complaints", "feedback", "Complaints that wait", may(identity.OrderRead), a.listComplaints),
		op(get, "/complaints/{id}/words", "complaint-words", "feedback", "What was said in a complaint", may(identity.FeedbackComplain, identity.FeedbackAnswer), a.complaintWords).
			says("The look is in the audit trail."),
		op(post, "/complaints/{id}/decide", "decide-complaint", "feedback", "Decide a complaint", may(identity.FeedbackAnswer), a.decideComplaint),
		op(post, "/complaints/{id}/pass-up", "pass-up", "feedback", "Hand a complaint up", may(identity.FeedbackAnswer, identity.OrderEscalate), a.passUp).
			says("The level above decides, with a clock of its own; the minutes stay frozen."),
		op(post, "/complaints/{id}/appeal", "appeal", "feedback", "Appeal against a decision", may(identity.FeedbackComplain, identity.FeedbackComplainFor), a.appeal),

		op(get, "/accounts/{id}", "balances", "hours", "What stands in a person's or team's accounts", may(identity.LedgerRead, identity.LedgerReadFor), a.balances),
		op(get, "/accounts/{id}/passbook", "passbook", "hours", "A page of a passbook", may(identity.LedgerRead, identity.LedgerReadFor), a.passbook),
		file(get, "/accounts/{id}/passbook.csv", "passbook-csv", "hours", "A passbook as CSV", may(identity.LedgerRead, identity.LedgerReadFor), []string{typeCSV}, a.passbookCSV),
		file(get, "/accounts/{id}/passbook.xlsx", "passbook-xlsx", "hours", "A passbook as a workbook", may(identity.LedgerRead, identity.LedgerReadFor), []string{typeXLSX}, a.passbookXLSX),
		created(op(post, "/accounts/{id}/transfers", "transfer", "hours", "Give saved hours to kin", may(identity.LedgerTransfer, identity.LedgerTransferFor), a.transfer)).
			says("They are held at once and posted when the time to undo is over."),
		created(op(post, "/accounts/{id}/donations", "donate", "hours", "Donate hours to the public pool", may(identity.LedgerDonate, identity.LedgerDonateFor), a.donate)).
			says("They are held at once and posted when the time to undo is over. A team's hours are donated by its manager."),
		act(post, "/pending/{id}/undo", "undo", "hours", "Take a transfer or donation back", may(identity.LedgerTransfer, identity.LedgerTransferFor), a.undo),
		created(op(post, "/hours/issue", "propose-issue", "hours", "Propose to issue hours", may(identity.LedgerIssuePropose), a.proposeIssue)).says("Two persons make hours."),
		created(op(post, "/hours/adjust", "propose-adjustment", "hours", "Propose to correct an account", may(identity.LedgerAdjustPropose), a.proposeAdjustment)),
		created(op(post, "/transactions/{id}/reverse", "propose-reversal", "hours", "Propose to take a transaction back", may(identity.LedgerReversePropose), a.proposeReversal)),
		act(post, "/accounts/{id}/close", "close-account", "hours", "Close the account of who died or left", may(identity.LedgerClose), a.closeAccount).
			says("The heir named in life is asked for first by itself; this is the family's answer, or the wish of who left."),
		op(get, "/clearing", "clearing", "hours", "Who served whom, district by district", may(identity.ReportRead), a.clearing),

		file(post, "/accounts/{id}/passbook.pdf", "print-passbook", "paper", "A passbook on paper", may(identity.LedgerRead, identity.IdentityCard), []string{typePDF}, a.printPassbook).
			says("Each line has a code that anybody can check. Every printing is in the audit trail."),
		file(post, "/persons/{id}/card.pdf", "print-door-card", "paper", "A card to hang beside the telephone", may(identity.IdentityCard), []string{typePDF}, a.printDoorCard).
			says("A new card ends the one before. The words of the days stand on a sheet of their own."),
		op(get, "/proofs/{code}", "check-proof", "paper", "Is a printed line true?", public, a.checkProof).
			says("Says true or false, the day and the minutes, and nothing about whose they are."),
		created(op(post, "/points/{id}/slips", "print-slips", "paper", "Draw the codes of blank slips", may(identity.OrderWitness), a.printSlips)),
		file(post, "/slip-batches/{id}/sheet", "draw-slips", "paper", "Blank slips on paper", may(identity.OrderWitness), []string{typePDF}, a.drawSlips).
			says("Slips that were keyed in or are void are left out. Every printing is in the audit trail."),
		op(get, "/regions/{id}/slip-batches", "list-slip-batches", "paper", "Printed batches of slips", may(identity.OrderRead), a.listBatches),
		op(get, "/slip-batches/{id}", "get-slip-batch", "paper", "A batch with its slips", may(identity.OrderRead), a.getBatch),
		created(op(post, "/slips/{code}/key-in", "key-in-slip", "paper", "Key in what a slip says", may(identity.OrderWitness), a.keyIn)).
			says("A request becomes an order; a visit becomes an order that was served, with the evidence grade paper, and waits for another person to confirm it. Each slip is good once."),
		act(post, "/slips/{code}/void", "void-slip", "paper", "End a slip that is spoilt or lost", may(identity.OrderWitness), a.voidSlip),

		op(get, "/policy", "current-policy", "rules", "The rules in force, with what they mean", public, a.currentPolicy),
		op(get, "/policy/history", "policy-history", "rules", "Published versions", public, a.policyHistory),
		op(get, "/policy/go-live", "go-live", "rules", "What the city must set before it goes live", signedIn, a.goLive),
		op(get, "/policy/proposals", "list-policy-proposals", "rules", "Proposed rules",
			may(identity.PolicyPropose, identity.PolicyApprove, identity.PolicyOverridePropose, identity.PolicyOverrideApprove), a.listPolicyProposals),
		created(op(post, "/policy/proposals", "propose-policy", "rules", "Propose rules", may(identity.PolicyPropose, identity.PolicyOverridePropose), a.proposePolicy)).
			says("For the city a whole snapshot, for a region what is stricter there."),
		op(post, "/policy/proposals/{id}/approve", "approve-policy", "rules", "Approve proposed rules", may(identity.PolicyApprove, identity.PolicyOverrideApprove), a.approvePolicy).
			says("By another person than the proposer."),
		op(post, "/policy/proposals/{id}/reject", "reject-policy", "rules", "Reject or withdraw proposed rules",
			may(identity.PolicyPropose, identity.PolicyApprove, identity.PolicyOverridePropose, identity.PolicyOverrideApprove), a.rejectPolicy),

		op(get, "/regions", "get-city", "regions", "The city and its districts", public, a.getCity),
		op(get, "/region-changes", "list-region-changes", "regions", "What of the divisions changes on which day to come", public, a.listRegionChanges),
		created(op(post, "/regions/{id}/move", "propose-region-move", "regions", "Propose that a region stands under another one", may(identity.RegionPropose), a.proposeMove)).
			says("With all that stands below it. Another person approves it with approve-proposal before its first day."),
		created(op(post, "/regions/{id}/recode", "propose-region-recode", "regions", "Propose another code or name of a region", may(identity.RegionPropose), a.proposeRecode)).
			says("The region stays the same one, with everything that refers to it. Another person approves it with approve-proposal before its first day."),
		created(op(post, "/regions/{id}/merge", "propose-region-merge", "regions", "Propose that a street or community takes others over", may(identity.RegionPropose), a.proposeRegionMerge)).
			says("Their people and places belong to it from the first day on, and whoever works in it may act for them. Another person approves it with approve-proposal before that day."),
		op(get, "/regions/{id}/merge", "preview-region-merge", "regions", "Which rules of their own would end in a merger", public, a.previewRegionMerge).
			says("From its day on the rules of the region that goes on hold for everybody. A proposal that waits says the same of itself."),
		op(get, "/regions/{id}", "get-region", "regions", "A region, what stands above it, and its parts", public, a.getRegion),

		op(get, "/log/{log}/checkpoint", "checkpoint", "log", "The signed head of a log", public, a.checkpoint),
		op(get, "/log/{log}/growth", "growth", "log", "The proof that a log only grew", public, a.growth),
		file(get, "/receipts/{id}", "receipt", "log", "A receipt of a transaction", signedIn, []string{"text/plain"}, a.receipt).
			says("A C2SP tlog-proof that anybody checks offline with the log's key alone. It names nobody."),

		created(op(post, "/persons/{id}/service-certificates", "issue-certificate", "log", "Take out a certificate of one's own service", may(identity.CertificateIssue), a.issueCertificate)).
			says("A C2SP signed note that anybody checks offline with the key of certificates alone. It shows as much of the name as its holder chose."),
		op(get, "/persons/{id}/service-certificates", "list-service-certificates", "log", "A person's certificates of service", may(identity.CertificateIssue, identity.CertificateRevokeFor), a.listServiceCertificates).
			says("Numbers and days. What one says is for its holder alone."),
		file(get, "/service-certificates/{id}", "get-certificate", "log", "A certificate of service", may(identity.CertificateIssue), []string{"text/plain"}, a.getCertificate),
		act(post, "/service-certificates/{id}/revoke", "revoke-certificate", "log", "Take a certificate back", may(identity.CertificateIssue, identity.CertificateRevokeFor), a.revokeCertificate).
			says("The station says what it says that is wrong; the holder need not give a reason."),
		op(get, "/certificate-numbers/{code}", "certificate-standing", "log", "Whether a certificate still holds", public, a.certificateStanding).
			says("Says nothing about its holder. Check the signature first: the key stands here too."),

		op(get, "/regions/{id}/figures", "figures", "oversight", "Figures of a region, each with its definition", may(identity.ReportRead), a.figures),
		op(get, "/audit", "audit", "oversight", "Search the trail of acts", may(identity.AuditRead), a.trail),
	}
}
