// Package catalog owns the service catalogue: what a city lets people ask for, under which conditions, and since when.
//
// A service item is published in versions. A version is immutable and kept for ever; a newer one supersedes it from its own effective
// time, and an order keeps the version that it was placed under. Withdrawing an item is a version too, one that offers nothing.
//
// The package must never edit a published version, never publish what the safety rules forbid, and never know an order or a price:
// hours buy service, and a service item holds no money.
package catalog

import (
	"slices"
	"time"

	"timebank/internal/hours"
)

// Category is the kind of service that an item belongs to. The set is closed, because reports and pages count by it.
type Category string

// The categories: the first six were published by Nanjing, the others elsewhere.
const (
	Meals       Category = "meals"            // 助餐
	Bathing     Category = "bathing"          // 助浴
	Cleaning    Category = "cleaning"         // 助洁
	UrgentHelp  Category = "urgent_help"      // 助急
	Medical     Category = "medical_errands"  // 助医
	Smartphone  Category = "smartphone"       // 学用智能手机
	Errands     Category = "errands"          // 代办
	Comfort     Category = "comfort"          // 精神慰藉
	GoingOut    Category = "going_out"        // 陪伴出行
	LifeStory   Category = "life_story"       // 生命故事
	LegalAdvice Category = "legal_advice"     // 法律咨询
	AntiFraud   Category = "anti_fraud_talks" // 防骗讲座
)

// Categories lists every category in the order in which pages show them.
func Categories() []Category {
	return []Category{Meals, Bathing, Cleaning, UrgentHelp, Medical, Smartphone, Errands, Comfort, GoingOut, LifeStory, LegalAdvice, AntiFraud}
}

// Class says which side of life a request belongs to; an order takes it from its item (default: nobody published a list).
type Class string

// The classes of requests.
const (
	ClassLiving   Class = "living"   // 日常生活
	ClassHealth   Class = "health"   // 就医健康
	ClassCompany  Class = "company"  // 精神陪伴
	ClassLearning Class = "learning" // 学习
	ClassRights   Class = "rights"   // 权益保障
)

// Classes lists every class.
func Classes() []Class {
	return []Class{ClassLiving, ClassHealth, ClassCompany, ClassLearning, ClassRights}
}

// Urgency says how soon a request needs somebody.
type Urgency string

// The urgencies, from the calmest.
const (
	Everyday  Urgency = "everyday"   // 平常
	WithinDay Urgency = "within_day" // 一天之内
	AtOnce    Urgency = "at_once"    // 马上
)

// Urgencies lists every urgency, from the calmest.
func Urgencies() []Urgency { return []Urgency{Everyday, WithinDay, AtOnce} }

// Compare orders urgencies from the calmest.
func (u Urgency) Compare(other Urgency) int {
	return slices.Index(Urgencies(), u) - slices.Index(Urgencies(), other)
}

// Risk is how much can go wrong during a visit. What a level of risk asks for is in the safety rules.
type Risk string

// The levels of risk.
const (
	RiskLow    Risk = "low"
	RiskMedium Risk = "medium"
	RiskHigh   Risk = "high"
)

// Risks lists every level of risk, lowest first.
func Risks() []Risk { return []Risk{RiskLow, RiskMedium, RiskHigh} }

// State says whether a version can be ordered.
type State string

// The states of a version. A withdrawn version ends the item until a newer version is published.
const (
	Published State = "published"
	Withdrawn State = "withdrawn"
)

// Point is a step of a service or an outcome that is ticked at its end, with a code that stays the same from version to version.
type Point struct {
	Code string `json:"code" toml:"code"`
	ZH   string `json:"zh" toml:"zh"`
	EN   string `json:"en" toml:"en"`
}

// Spec is what a city decides about a service item: the content of one version. Texts are for people; rules use the other fields.
type Spec struct {
	Code          string
	Category      Category
	Class         Class
	Urgencies     []Urgency // with which an order of this item may be placed
	NameZH        string
	NameEN        string
	DescriptionZH string
	DescriptionEN string
	// NeverZH and NeverEN tell people what the volunteer does not do; they are the one text in which a forbidden word may stand.
	NeverZH string
	NeverEN string
	Risk    Risk
	// Volunteers is how many volunteers one visit needs.
	Volunteers int
	// Course is the code of the course whose certificate each volunteer needs, "" when none.
	Course         string
	FamilyPresence bool // somebody of the family is there during the visit
	Agreement      bool // the recipient has signed an agreement about this service
	Insurance      bool // the visit is insured before it begins
	// Shortest, Usual and Longest bound one visit, per volunteer.
	Shortest, Usual, Longest hours.Minutes
	// From and Until are whole hours of the civil day between which a visit lies: From <= start, end <= Until, 0 to 24.
	From, Until int
	Steps       []Point
	Outcomes    []Point
}

// Item is one version of a service item. It is immutable: callers must not change its slices.
type Item struct {
	Spec
	Version int
	State   State
	// EffectiveFrom is when this version supersedes the ones before it.
	EffectiveFrom time.Time
	PublishedAt   time.Time
	// PublishedBy is the id of the actor who published it.
	PublishedBy string
}

// Name returns the item's name in English for languages that begin with "en" and in Chinese for all others.
func (s Spec) Name(lang string) string { return pick(lang, s.NameZH, s.NameEN) }

// Description returns the item's description in the language, as Name does.
func (s Spec) Description(lang string) string { return pick(lang, s.DescriptionZH, s.DescriptionEN) }

// Never returns what the volunteer does not do, in the language, as Name does.
func (s Spec) Never(lang string) string { return pick(lang, s.NeverZH, s.NeverEN) }

// Text returns the point's text in the language, as Name does.
func (p Point) Text(lang string) string { return pick(lang, p.ZH, p.EN) }

func pick(lang, zh, en string) string {
	if len(lang) >= 2 && lang[:2] == "en" {
		return en
	}
	return zh
}

// Allows reports whether an order of the item may be placed with the urgency.
func (s Spec) Allows(u Urgency) bool { return has(s.Urgencies, u) }

// Outcome returns the outcome with the code.
func (s Spec) Outcome(code string) (Point, bool) {
	for _, p := range s.Outcomes {
		if p.Code == code {
			return p, true
		}
	}
	return Point{}, false
}

func has[T comparable](list []T, one T) bool {
	for _, x := range list {
		if x == one {
			return true
		}
	}
	return false
}
