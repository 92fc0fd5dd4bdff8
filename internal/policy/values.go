package policy

import (
	"slices"
	"time"

	"timebank/internal/clock"
	"timebank/internal/hours"
)

// Values holds one typed field for each parameter of the registry, which documents the fields: Params and docs/policy.md. Fields named
// in days, months, years, metres or percent are whole numbers of those; permille fields are thousandths, 1000 being one.
type Values struct {
	BrandName string
	BrandUnit string

	GrantKeyElderMonthly hours.Minutes
	GrantCarryOverMonths int
	GrantNewMember       hours.Minutes
	KeyElderRule         Expr
	UnfilledFallback     Fallback

	FollowUpSamplePercent   int
	FollowUpFirstVisits     int
	FollowUpProxyAll        bool
	HomeReachM              int
	FamilyAsksPerDay        int
	FamilyMessagesPerDay    int
	ComplaintAnswerWithin   PerLevel
	WeightServicePermille   int
	WeightSkillPermille     int
	OrderReview             Review
	OrderRadiusM            int
	OrderClaimWindow        time.Duration
	OrderMaxMoves           int
	OrderMaxPhotos          int
	OrderCloseAfter         time.Duration
	OrderEscalateAfter      PerLevel
	OrderFunding            List[Funding]
	HoldExpiry              time.Duration
	CheckInMethods          List[Factor]
	CheckInMinFactors       int
	CheckInOverlap          Over
	CheckInOutside          Over
	CheckInMaxDistanceM     int
	CheckInEarlyWithin      time.Duration
	CheckInLateWithin       time.Duration
	LimitsOver              Over
	ConfirmAutoAfter        time.Duration
	ConfirmNeeds            List[Party]
	VolunteerMinAge         int
	VolunteerReviewLevels   int
	CertificateMaxPerDay    int
	TeamInvitesPerDay       int
	TeamInviteWithin        time.Duration
	PenaltyNoShowCount      int
	PenaltyWindowDays       int
	PenaltySuspendDays      int
	GroupUse                GroupUse
	VolunteerTrainingHours  int
	VolunteerExamPass       int
	HonourStarHours         Steps
	HonourNoticeDays        int
	RetentionRecordsYears   int
	RetentionEvidenceDays   int
	RetentionMessagesDays   int
	TimeStep                int // minutes
	TimeRounding            Rounding
	TimeExcludeTravel       bool
	TimeMaxPerOrder         hours.Minutes
	TimeMaxPerDay           hours.Minutes
	TimeMaxPerPairMonth     hours.Minutes
	WeightNightPermille     int
	WeightHolidayPermille   int
	TimeHolidays            Days
	CreditDelay             time.Duration
	UndoWindow              time.Duration
	AccountCap              hours.Minutes
	AccountOverCap          List[Surplus]
	AccountOnDeath          List[Estate]
	AccountEstateWait       time.Duration
	AccountOnLeaving        Leaving
	OverdraftLimit          hours.Minutes
	ExpiryMonths            int // 0: hours never expire
	RedeemMinAge            int
	RedeemMinAgeHardship    int
	RedeemRatioPermille     int // minutes of service for 1000 minutes saved
	RedeemMinSavedBefore    hours.Minutes
	RedeemBeneficiaries     List[Relation]
	RedeemBeneficiaryMinAge int
	TransferTo              List[Relation]
	TransferToMinAge        int
	TransferMaxPerYear      hours.Minutes
	TransferMaxCountPerYear int
	DonatePriority          List[Need]
}

// PerLevel holds one duration for each administrative level.
type PerLevel struct {
	Community, Street, District, City time.Duration
}

// At returns the duration for the level, and 0 for an unknown one.
func (p PerLevel) At(l Level) time.Duration {
	switch l {
	case Community:
		return p.Community
	case Street:
		return p.Street
	case District:
		return p.District
	case City:
		return p.City
	}
	return 0
}

// Days is an immutable list of rising civil days.
type Days struct{ days []clock.Day }

// DaysOf returns a list of the days, in their order and each once.
func DaysOf(days ...clock.Day) Days { return Days{slices.Compact(slices.Sorted(slices.Values(days)))} }

// Has reports whether the day is in the list.
func (d Days) Has(day clock.Day) bool {
	_, found := slices.BinarySearch(d.days, day)
	return found
}

// Steps is an immutable list of rising whole numbers.
type Steps struct{ n []int }

// Len returns the number of steps.
func (s Steps) Len() int { return len(s.n) }

// At returns step i, counted from 0.
func (s Steps) At(i int) int { return s.n[i] }

// Reached returns how many steps are at or below n.
func (s Steps) Reached(n int) int {
	reached := 0
	for _, step := range s.n {
		if n >= step {
			reached++
		}
	}
	return reached
}
