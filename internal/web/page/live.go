package page

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
)

// The bounds of the hub (defaults, ours).
const (
	// lookEvery is how long a change may wait before the pages that show it are told.
	lookEvery = 2 * time.Second
	// liveMost is how many pages of one process may listen at once, and liveEach how many of one account.
	liveMost, liveEach = 2000, 12
	// lookMost is how many acts one look reads; behind more than these everybody is told.
	lookMost = 1000
	// lookAgain is for how many looks an act is read again: on PostgreSQL one with a lower number may be committed after one with a higher.
	lookAgain = 3
)

// Topic is what a page wants to know the changes of.
type Topic string

// OrderTopic is one order.
func OrderTopic(id string) Topic { return Topic("order/" + id) }

// PlaceTopic is all that is recorded in a place and below it.
func PlaceTopic(id region.ID) Topic { return Topic("place/" + string(id)) }

// PersonTopic is all visits to a person.
func PersonTopic(id member.PersonID) Topic { return Topic("person/" + string(id)) }

// OwnTopic is what concerns a person alone besides its visits: messages of its family and what is asked of it. Nobody but the person listens.
func OwnTopic(id member.PersonID) Topic { return Topic(ownKind + "/" + string(id)) }

// ownKind is the kind of such a topic. In an address it stands without the person: that is whoever is signed in.
const ownKind = "own"

// Hub tells open pages that something they show has changed, and never what: the page asks again and sees what its reader may see. It
// follows the trail, which every process on a database writes to, so it does not matter where the change was made.
type Hub struct {
	db      *store.DB
	regions *region.Service
	log     *slog.Logger

	mu      sync.Mutex
	clients map[*listener]bool
	each    map[string]int // listeners of an account
	start   sync.Once
	ended   chan struct{}
	end     sync.Once

	// What the looks remember: the row up to which the trail is done with, the rows above it that were told already, and the newest row of
	// the last looks.
	low    int64
	told   map[int64]bool
	newest []int64
}

// listener is one open page. Its channel holds at most one word, because any number of changes ask for the same: look again.
type listener struct {
	topics  []Topic
	account string
	since   int64 // the newest act that the page shows already
	joined  bool  // it has been looked for at least once
	changed chan int64
}

// NewHub makes a hub; its one goroutine begins with the first page that listens.
func NewHub(db *store.DB, regions *region.Service, log *slog.Logger) *Hub {
	return &Hub{db: db, regions: regions, log: log, clients: map[*listener]bool{}, each: map[string]int{}, ended: make(chan struct{}), told: map[int64]bool{}}
}

// Close ends every stream and the hub's goroutine; it can be called more than once.
func (h *Hub) Close() { h.end.Do(func() { close(h.ended) }) }

// join begins to listen; leave ends it. Error: TooMany page.too_many_live.
func (h *Hub) join(topics []Topic, account string, since int64) (*listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) >= liveMost || h.each[account] >= liveEach {
		return nil, errs.New(errs.TooMany, "page.too_many_live").By("site.streams", "nobody")
	}
	l := &listener{topics: topics, account: account, since: since, changed: make(chan int64, 1)}
	if len(h.clients) == 0 {
		// Nobody looked meanwhile, so what was remembered is old.
		h.low, h.told, h.newest = -1, map[int64]bool{}, nil
	}
	h.clients[l] = true
	h.each[account]++
	h.start.Do(func() { go h.run() })
	return l, nil
}

func (h *Hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, l)
	if h.each[l.account]--; h.each[l.account] <= 0 {
		delete(h.each, l.account)
	}
}

func (h *Hub) run() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-h.ended:
			return
		case <-tick.C:
		}
		err := h.Look(context.Background())
		if err != nil && !failing {
			// Said once, not every other second: pages go on by themselves.
			h.log.Error("open pages cannot be told of changes", slog.String("error", err.Error()))
		}
		failing = err != nil
	}
}

// Look reads what the trail has gained and tells the pages that show it. The hub does so by itself every two seconds.
func (h *Hub) Look(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.clients) == 0 {
		return nil
	}
	concerned := map[Topic][]*listener{}
	for l := range h.clients {
		for _, t := range l.topics {
			concerned[t] = append(concerned[t], l)
		}
	}
	var last int64
	var acts []audit.Recorded
	var visited map[order.ID]member.PersonID
	var own map[string][]member.PersonID
	err := h.db.Read(ctx, "web.live", func(tx *store.Tx) (err error) {
		if last, err = audit.Last(tx); err == nil {
			acts, err = audit.After(tx, h.from(last), lookMost)
		}
		if err == nil && slices.ContainsFunc(slices.Collect(maps.Keys(concerned)), Topic.ofPerson) {
			visited, err = order.RecipientsOf(tx, ordersOf(acts))
		}
		if err == nil && slices.ContainsFunc(slices.Collect(maps.Keys(concerned)), Topic.own) {
			own, err = family.Concerned(tx, acts)
		}
		return err
	})
	if err != nil {
		return err
	}
	tree, err := h.regions.Today(ctx)
	if err != nil {
		return err
	}
	if len(acts) == lookMost {
		for l := range h.clients {
			l.tell(last)
		}
	}
	for l := range h.clients {
		if l.since < last-lookMost {
			l.tell(last)
		}
	}
	for _, a := range acts {
		topics := topicsOf(&a, tree, visited)
		for _, who := range own[a.Ref] {
			topics = append(topics, OwnTopic(who))
		}
		for _, t := range topics {
			for _, l := range concerned[t] {
				if !h.told[a.Seq] && l.joined || !l.joined && a.Seq > l.since {
					l.tell(last)
				}
			}
		}
	}
	h.remember(last, acts)
	return nil
}

// from is the row after which the next look reads: what was told is read again for a while, and for whoever has just come from where its
// page ends, unless that is too long ago.
func (h *Hub) from(last int64) int64 {
	from := h.low
	if from < 0 {
		from = last
	}
	for l := range h.clients {
		if !l.joined {
			from = min(from, l.since)
		}
	}
	return max(from, last-lookMost, 0)
}

func (h *Hub) remember(last int64, acts []audit.Recorded) {
	for l := range h.clients {
		l.joined = true
	}
	h.newest = append(h.newest, last)
	if len(h.newest) > lookAgain {
		h.newest = h.newest[1:]
	}
	h.low = h.newest[0]
	for seq := range h.told {
		if seq <= h.low {
			delete(h.told, seq)
		}
	}
	for _, a := range acts {
		if a.Seq > h.low {
			h.told[a.Seq] = true
		}
	}
}

// tell leaves word unless one waits already.
func (l *listener) tell(last int64) {
	select {
	case l.changed <- last:
	default:
	}
}

// ofPerson reports whether the topic is a person's visits.
func (t Topic) ofPerson() bool { return strings.HasPrefix(string(t), "person/") }

// own reports whether the topic is what concerns a person alone.
func (t Topic) own() bool { return strings.HasPrefix(string(t), ownKind+"/") }

// ordersOf are the orders that acts are about.
func ordersOf(acts []audit.Recorded) (ids []order.ID) {
	for _, a := range acts {
		if a.Kind == "order" {
			ids = append(ids, order.ID(a.Ref))
		}
	}
	return ids
}

// topicsOf are the topics that an act is a change of; visited says whom orders are for. Looking at something changes nothing.
func topicsOf(a *audit.Recorded, tree *region.Tree, visited map[order.ID]member.PersonID) (topics []Topic) {
	if strings.HasSuffix(a.Action, "look") || strings.HasSuffix(a.Action, ".search") || a.Action == string(identity.OrderSeeDoor) {
		return nil
	}
	if a.Kind == "order" {
		topics = append(topics, OrderTopic(a.Ref), PersonTopic(visited[order.ID(a.Ref)]))
	}
	// Both trees lead to the city; a topic that is named twice is told once.
	for _, in := range []region.TreeName{region.Administrative, region.Reporting} {
		for _, id := range tree.PathIn(in, region.ID(a.Region)) {
			topics = append(topics, PlaceTopic(id))
		}
	}
	return topics
}
