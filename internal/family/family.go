// Package family owns what passes between relatives besides the relation itself: a relative's wish to become kin of somebody, the yes of each
// side to messages, and the messages.
//
// Whoever asks is never told whether the bank knows the person asked for. The package must never show a message that one side has not agreed
// to or that was taken back, keep words in clear, or make a relation by itself: that is the member room's, and it takes both sides.
package family

import (
	"time"

	"timebank/internal/id"
	"timebank/internal/member"
	"timebank/internal/order"
)

// AskID identifies a wish to become kin.
type AskID = id.ID[Ask]

// AskState is where a wish stands.
type AskState string

// The states of a wish. Who asked sees a refused one as still waiting: an answer would say that the person is known here.
const (
	Waiting   AskState = "waiting"
	Agreed    AskState = "agreed"
	Refused   AskState = "refused"
	Withdrawn AskState = "withdrawn"
)

// Ask is the wish of a relative to become kin of somebody, as the person asked for or the asker may see it.
type Ask struct {
	ID       AskID
	Asker    member.PersonID
	Person   member.PersonID // "" in what the asker sees until the person has agreed, and when nobody has the number
	Relation member.Relation // what the person is to the asker
	Act      bool            // the asker would act for the person: order, confirm
	Message  bool            // the asker would send messages
	AskedAt  time.Time
	State    AskState
	askedBy  string // actor
}

// MessageID identifies a message.
type MessageID = id.ID[Message]

// Message is a few words of one relative to another.
type Message struct {
	ID       MessageID
	From, To member.PersonID
	Order    order.ID // the visit it is about, "" for none
	Words    string
	SentAt   time.Time
	SeenAt   time.Time // zero until the receiver has said that it read it
	sealed   []byte
	gone     bool
}

// LongestMessage is the most characters of a message (default, ours): it is shown large.
const LongestMessage = 60
