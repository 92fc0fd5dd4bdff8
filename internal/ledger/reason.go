package ledger

// Class says what may happen to the hours in an account.
type Class string

// The classes of accounts.
const (
	Saved      Class = "saved"      // earned by a volunteer, to be redeemed, given or donated
	Granted    Class = "grant"      // granted from public funds for a month
	Donated    Class = "donated"    // given by kin, to be spent by the owner
	Group      Class = "group"      // earned by a team; can only be donated
	Campaign   Class = "campaign"   // set aside for an emergency call-out
	Pool       Class = "pool"       // the public pool
	Fund       Class = "fund"       // the guarantee fund
	Issuer     Class = "issuer"     // where hours come from; negative by all that was issued
	Retired    Class = "retired"    // given up for honour, or paid out by the fund
	Recovery   Class = "recovery"   // a person's debt; zero or negative
	Adjustment Class = "adjustment" // differences between debits and credits
)

// Classes are all classes.
var Classes = []Class{Saved, Granted, Donated, Group, Campaign, Pool, Fund, Issuer, Retired, Recovery, Adjustment}

// mayOwe reports whether an account of the class may be below zero.
func (c Class) mayOwe() bool { return c == Issuer || c == Recovery }

// Reason says why a transfer was made. Each allows only certain pairs of classes.
type Reason string

// The reasons.
const (
	ForService     Reason = "service"      // a service was done: the payer's hours become the volunteer's
	ForOverCap     Reason = "over_cap"     // what a volunteer earned above the cap goes to the pool, or is given up for honour
	ForGrant       Reason = "grant"        // the pool gives a month's hours
	ForGrantExpire Reason = "grant_expire" // a grant that was not used goes back
	ForIssue       Reason = "issue"        // the city makes hours: two persons
	ForTransfer    Reason = "transfer"     // saved hours become a gift to kin
	ForDonation    Reason = "donate"       // hours go to the pool
	ForHonour      Reason = "honour"       // hours are given up
	ForFundClaim   Reason = "fund_claim"   // the guarantee fund bought the service
	ForAdjustment  Reason = "adjust"       // a weight, a rounding, or a correction by two persons
	ForReversal    Reason = "reverse"      // a transaction is taken back: two persons
	ForRepayment   Reason = "repay"        // a debt is repaid from what was earned
	ForHeir        Reason = "close_heir"   // a closed account goes to an heir
	ForClosing     Reason = "close_pool"   // a closed account goes to the pool
	ForRetirement  Reason = "retire"       // the city withdraws hours
)

type pair struct{ from, to Class }

// patterns is the whole table of what may move where, and why. ForReversal is not in it: its transfers swap a pair of the transaction
// that it names, or take what is missing from the recovery account of the destination's owner.
var patterns = func() map[Reason]map[pair]bool {
	table := map[Reason]map[pair]bool{}
	allow := func(r Reason, from, to []Class) {
		if table[r] == nil {
			table[r] = map[pair]bool{}
		}
		for _, f := range from {
			for _, t := range to {
				table[r][pair{f, t}] = true
			}
		}
	}
	of := func(c ...Class) []Class { return c }
	allow(ForService, of(Saved, Granted, Donated, Campaign, Pool, Fund), of(Saved, Group))
	allow(ForOverCap, of(Saved), of(Pool, Retired))
	allow(ForGrant, of(Pool), of(Granted))
	allow(ForGrantExpire, of(Granted), of(Pool))
	allow(ForIssue, of(Issuer), of(Pool, Fund, Campaign, Adjustment))
	allow(ForTransfer, of(Saved), of(Donated))
	allow(ForDonation, of(Saved, Group, Donated), of(Pool))
	allow(ForHonour, of(Saved), of(Retired))
	allow(ForFundClaim, of(Fund), of(Retired))
	allow(ForAdjustment, of(Issuer, Saved, Granted, Donated, Group, Campaign, Pool, Fund), of(Adjustment))
	allow(ForAdjustment, of(Adjustment), of(Saved, Granted, Donated, Group, Campaign, Pool, Fund))
	allow(ForRepayment, of(Saved, Group), of(Recovery))
	allow(ForHeir, of(Saved, Donated), of(Saved, Donated))
	allow(ForClosing, of(Saved, Granted, Donated, Group), of(Pool))
	allow(ForRetirement, of(Campaign, Pool, Fund, Adjustment), of(Retired))
	return table
}()

// Reasons are all reasons.
var Reasons = []Reason{ForService, ForOverCap, ForGrant, ForGrantExpire, ForIssue, ForTransfer, ForDonation, ForHonour, ForFundClaim,
	ForAdjustment, ForReversal, ForRepayment, ForHeir, ForClosing, ForRetirement}

// Allows reports whether the reason moves hours from one class to the other. It is false for [ForReversal], which depends on the
// transaction that is taken back.
func (r Reason) Allows(from, to Class) bool { return patterns[r][pair{from, to}] }
