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
	Service     Reason = "service"      // a service was done: the payer's hours become the volunteer's
	OverCap     Reason = "over_cap"     // what a volunteer earned above the cap goes to the pool, or is given up for honour
	Grant       Reason = "grant"        // the pool gives a month's hours
	GrantExpire Reason = "grant_expire" // a grant that was not used goes back
	Issue       Reason = "issue"        // the city makes hours: two persons
	GiveKin     Reason = "transfer"     // saved hours become a gift to kin
	Donate      Reason = "donate"       // hours go to the pool
	Honour      Reason = "honour"       // hours are given up
	FundClaim   Reason = "fund_claim"   // the guarantee fund bought the service
	Adjust      Reason = "adjust"       // a weight, a rounding, or a correction by two persons
	Reverse     Reason = "reverse"      // a transaction is taken back: two persons
	Repay       Reason = "repay"        // a debt is repaid from what was earned
	CloseHeir   Reason = "close_heir"   // a closed account goes to an heir
	ClosePool   Reason = "close_pool"   // a closed account goes to the pool
	Retire      Reason = "retire"       // the city withdraws hours
)

type pair struct{ from, to Class }

// patterns is the whole table of what may move where, and why. Reverse is not in it: its transfers swap a pair of the transaction
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
	allow(Service, of(Saved, Granted, Donated, Campaign, Pool, Fund), of(Saved, Group))
	allow(OverCap, of(Saved), of(Pool, Retired))
	allow(Grant, of(Pool), of(Granted))
	allow(GrantExpire, of(Granted), of(Pool))
	allow(Issue, of(Issuer), of(Pool, Fund, Campaign, Adjustment))
	allow(GiveKin, of(Saved), of(Donated))
	allow(Donate, of(Saved, Group, Donated), of(Pool))
	allow(Honour, of(Saved), of(Retired))
	allow(FundClaim, of(Fund), of(Retired))
	allow(Adjust, of(Issuer, Saved, Granted, Donated, Group, Campaign, Pool, Fund), of(Adjustment))
	allow(Adjust, of(Adjustment), of(Saved, Granted, Donated, Group, Campaign, Pool, Fund))
	allow(Repay, of(Saved, Group), of(Recovery))
	allow(CloseHeir, of(Saved, Donated), of(Saved, Donated))
	allow(ClosePool, of(Saved, Granted, Donated, Group), of(Pool))
	allow(Retire, of(Campaign, Pool, Fund, Adjustment), of(Retired))
	return table
}()

// Reasons are all reasons.
var Reasons = []Reason{Service, OverCap, Grant, GrantExpire, Issue, GiveKin, Donate, Honour, FundClaim, Adjust, Reverse, Repay,
	CloseHeir, ClosePool, Retire}

// Allows reports whether the reason moves hours from one class to the other. It is false for [Reverse], which depends on the
// transaction that is taken back.
func (r Reason) Allows(from, to Class) bool { return patterns[r][pair{from, to}] }
