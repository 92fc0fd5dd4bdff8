package web

import (
	"timebank/internal/web/admin"
	"timebank/internal/web/desk"
	"timebank/internal/web/elder"
	"timebank/internal/web/page"
	"timebank/internal/web/public"
	"timebank/internal/web/volunteer"
)

// route is one row of the table.
type route struct {
	pattern string
	door    *page.Door
	need    page.Need
	do      page.Handler
}

// routes is every page and every form.
func routes() []route {
	return []route{
		{"GET /{$}", public.Door, page.Anybody, public.Home},
		{"GET /public/{$}", public.Door, page.Anybody, public.Home},
		{"GET /public/join", public.Door, page.Anybody, public.Join},
		{"GET /public/check", public.Door, page.Anybody, public.CheckForm},
		{"POST /public/check", public.Door, page.Anybody, public.Check},
		{"GET /public/figures", public.Door, page.Anybody, public.Figures},
		{"GET /public/figures.csv", public.Door, page.Anybody, public.FiguresCSV},
		{"GET /public/points", public.Door, page.Anybody, public.Points},
		{"POST /public/points", public.Door, page.Anybody, public.Nearest},
		{"GET /public/official", public.Door, page.Anybody, public.Official},
		{"GET /public/help", public.Door, page.Anybody, public.Help},
		{"GET /public/privacy", public.Door, page.Anybody, public.Privacy},
		{"GET /sign-in", public.Door, page.Anybody, public.SignInForm},
		{"POST /sign-in", public.Door, page.Anybody, public.SignIn},
		{"POST /sign-out", public.Door, page.Anybody, public.SignOut},
		{"POST /settings", public.Door, page.Anybody, public.Settings},
		{"GET /live/{of}/{id}", public.Door, page.SignedIn, page.Stream},

		{"GET /elder/{$}", elder.Door, page.SignedIn, elder.Home},
		{"GET /elder/help", elder.Door, page.SignedIn, elder.Help},
		{"POST /elder/help", elder.Door, page.SignedIn, elder.Place},
		{"GET /elder/help/{item}", elder.Door, page.SignedIn, elder.When},
		{"GET /elder/help/{item}/confirm", elder.Door, page.SignedIn, elder.Check},
		{"GET /elder/visits", elder.Door, page.SignedIn, elder.Visits},
		{"GET /elder/visits/{id}", elder.Door, page.SignedIn, elder.Visit},
		{"POST /elder/visits/{id}/confirm", elder.Door, page.SignedIn, elder.Confirm},
		{"POST /elder/visits/{id}/undo", elder.Door, page.SignedIn, elder.Undo},
		{"POST /elder/visits/{id}/cancel", elder.Door, page.SignedIn, elder.Cancel},
		{"GET /elder/hours", elder.Door, page.SignedIn, elder.Hours},
		{"GET /elder/station", elder.Door, page.SignedIn, elder.Station},

		{"GET /volunteer/{$}", volunteer.Door, page.SignedIn, volunteer.Hall},
		{"POST /volunteer/orders/{id}/claim", volunteer.Door, page.SignedIn, volunteer.Claim},
		{"GET /volunteer/visits", volunteer.Door, page.SignedIn, volunteer.Visits},
		{"GET /volunteer/visits/{id}", volunteer.Door, page.SignedIn, volunteer.Visit},
		{"POST /volunteer/visits/{id}/answer", volunteer.Door, page.SignedIn, volunteer.Answer},
		{"POST /volunteer/visits/{id}/check-in", volunteer.Door, page.SignedIn, volunteer.CheckIn},
		{"POST /volunteer/visits/{id}/check-out", volunteer.Door, page.SignedIn, volunteer.CheckOut},
		{"POST /volunteer/visits/{id}/withdraw", volunteer.Door, page.SignedIn, volunteer.Withdraw},
		{"POST /volunteer/visits/{id}/rate", volunteer.Door, page.SignedIn, volunteer.Rate},
		{"POST /volunteer/visits/{id}/photos", volunteer.Door, page.SignedIn, volunteer.AddPhoto},
		{"GET /volunteer/visits/{id}/photos/{photo}", volunteer.Door, page.SignedIn, volunteer.Photo},
		{"POST /volunteer/visits/{id}/trouble", volunteer.Door, page.SignedIn, volunteer.Trouble},
		{"GET /volunteer/calendar", volunteer.Door, page.SignedIn, volunteer.Calendar},
		{"GET /volunteer/calendar.ics", volunteer.Door, page.SignedIn, volunteer.Ics},
		{"GET /volunteer/passbook", volunteer.Door, page.SignedIn, volunteer.Passbook},
		{"POST /volunteer/passbook/undo", volunteer.Door, page.SignedIn, volunteer.Undo},
		{"GET /volunteer/passbook/give", volunteer.Door, page.SignedIn, volunteer.GiveForm},
		{"POST /volunteer/passbook/give", volunteer.Door, page.SignedIn, volunteer.Give},
		{"GET /volunteer/passbook.csv", volunteer.Door, page.SignedIn, volunteer.Csv},
		{"GET /volunteer/passbook.xlsx", volunteer.Door, page.SignedIn, volunteer.Xlsx},
		{"GET /volunteer/receipts/{id}", volunteer.Door, page.SignedIn, volunteer.Receipt},
		{"GET /volunteer/receipts/{id}/file", volunteer.Door, page.SignedIn, volunteer.ReceiptFile},
		{"GET /volunteer/me", volunteer.Door, page.SignedIn, volunteer.Me},
		{"POST /volunteer/me/wishes", volunteer.Door, page.SignedIn, volunteer.Wish},
		{"GET /volunteer/me/portrait", volunteer.Door, page.SignedIn, volunteer.Face},
		{"POST /volunteer/me/portrait", volunteer.Door, page.SignedIn, volunteer.ShowFace},
		{"POST /volunteer/me/portrait/hide", volunteer.Door, page.SignedIn, volunteer.HideFace},
		{"POST /volunteer/me/heir", volunteer.Door, page.SignedIn, volunteer.Heir},
		{"GET /volunteer/join", volunteer.Door, page.SignedIn, volunteer.JoinForm},
		{"POST /volunteer/join", volunteer.Door, page.SignedIn, volunteer.Join},
		{"GET /volunteer/help", volunteer.Door, page.Anybody, volunteer.Help},
		{"GET /volunteer/manifest.webmanifest", volunteer.Door, page.Anybody, volunteer.Manifest},
		{"GET /volunteer/worker.js", volunteer.Door, page.Anybody, volunteer.Worker},
		{"GET /volunteer/offline", volunteer.Door, page.Anybody, volunteer.Offline},
		{"GET /volunteer/now", volunteer.Door, page.Anybody, volunteer.Now},

		{"GET /desk/{$}", desk.Door, page.SignedIn, desk.Board},
		{"POST /desk/orders/{id}/publish", desk.Door, page.SignedIn, desk.Publish},

		{"GET /office/{$}", admin.Door, page.SignedIn, admin.Home},
		{"GET /office/figure", admin.Door, page.SignedIn, admin.Figure},
		{"GET /office/map", admin.Door, page.SignedIn, admin.Map},
		{"GET /office/waiting", admin.Door, page.SignedIn, admin.Waiting},
		{"POST /office/orders/{id}/fund-claim", admin.Door, page.SignedIn, admin.FundClaim},
		{"POST /office/orders/{id}/decide", admin.Door, page.SignedIn, admin.Decide},
		{"GET /office/complaints/{id}", admin.Door, page.SignedIn, admin.Complaint},
		{"POST /office/complaints/{id}/decide", admin.Door, page.SignedIn, admin.DecideComplaint},
		{"GET /office/people", admin.Door, page.SignedIn, admin.People},
		{"POST /office/volunteers/{id}/review", admin.Door, page.SignedIn, admin.Review},
		{"POST /office/roles", admin.Door, page.SignedIn, admin.Grant},
		{"POST /office/roles/{id}/revoke", admin.Door, page.SignedIn, admin.Revoke},
		{"POST /office/actors/{id}/invite", admin.Door, page.SignedIn, admin.Invite},
		{"POST /office/points", admin.Door, page.SignedIn, admin.OpenPoint},
		{"POST /office/attendances", admin.Door, page.SignedIn, admin.Attendance},
		{"POST /office/exams", admin.Door, page.SignedIn, admin.Exam},
		{"GET /office/rules", admin.Door, page.SignedIn, admin.Rules},
		{"GET /office/rules/{key}", admin.Door, page.SignedIn, admin.Parameter},
		{"POST /office/rules/preview", admin.Door, page.SignedIn, admin.Preview},
		{"POST /office/rules/propose", admin.Door, page.SignedIn, admin.Propose},
		{"POST /office/rules/proposals/{id}/approve", admin.Door, page.SignedIn, admin.ApproveRules},
		{"POST /office/rules/proposals/{id}/reject", admin.Door, page.SignedIn, admin.RejectRules},
		{"GET /office/catalogue", admin.Door, page.SignedIn, admin.Catalogue},
		{"POST /office/catalogue", admin.Door, page.SignedIn, admin.PublishItem},
		{"POST /office/catalogue/{code}/withdraw", admin.Door, page.SignedIn, admin.WithdrawItem},
		{"GET /office/hours", admin.Door, page.SignedIn, admin.Hours},
		{"POST /office/acts", admin.Door, page.SignedIn, admin.ProposeAct},
		{"POST /office/proposals/{id}/approve", admin.Door, page.SignedIn, admin.ApproveAct},
		{"POST /office/proposals/{id}/refuse", admin.Door, page.SignedIn, admin.RefuseAct},
		{"GET /office/trail", admin.Door, page.SignedIn, admin.Trail},
		{"GET /office/help", admin.Door, page.SignedIn, admin.Help},
	}
}
