package page

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

const (
	// streamFor is how long a stream lasts (default, ours). The page opens the next one by itself, and whoever has lost a right or a session
	// meanwhile is refused then.
	streamFor = 10 * time.Minute
	// streamSign is how often a stream that has nothing to say shows that it is there, for whatever lies between.
	streamSign = 25 * time.Second
	// liveTopics is how many things a page may listen to: a family is smaller (default, ours).
	liveTopics = 16
	// streamPatience is how long a write may take before the reader counts as gone.
	streamPatience = 10 * time.Second
)

// Live makes the parts of a page that are marked with data-live renew themselves when something of the topic changes. Without a script,
// or without a stream, a way to look again stands in their place. Call it before what the page shows is read: a change that comes between
// is then told at once. Several topics are of one kind, besides the reader's own.
func (r *Request) Live(p *ui.Page, topics ...Topic) error {
	of, ids, own := "", []string{}, false
	for _, t := range topics {
		kind, id, _ := strings.Cut(string(t), "/")
		if kind == ownKind {
			own = true
			continue
		}
		of, ids = kind, append(ids, id)
	}
	if len(ids) == 0 {
		of, ids, own = ownKind, []string{ownKind}, false
	}
	also := ""
	if own {
		also = "&also=" + ownKind
	}
	return r.DB.Read(r.Context(), "web.live_since", func(tx *store.Tx) error {
		last, err := audit.Last(tx)
		p.Live = "/live/" + of + "/" + strings.Join(ids, ",") + "?since=" + strconv.FormatInt(last, 10) + also
		p.Scripts = append(p.Scripts, "live.js")
		return err
	})
}

// Stream says when something that a page shows has changed, as server-sent events without content. Who may not see the order or the place
// is not told of its changes either.
func Stream(r *Request) error {
	topics, err := r.ownTopics()
	if err != nil {
		return err
	}
	for _, id := range strings.SplitN(r.Path("id"), ",", liveTopics) {
		if r.Path("of") == ownKind {
			continue
		}
		if err := r.mayListen(r.Path("of"), id); err != nil {
			return err
		}
		topics = append(topics, Topic(r.Path("of")+"/"+id))
	}
	from := r.HTTP.Header.Get("Last-Event-ID")
	if from == "" {
		from = r.Form("since")
	}
	since, err := strconv.ParseInt(from, 10, 64)
	if err != nil || since < 0 {
		return errs.New(errs.KindInvalid, "page.form_incomplete")
	}
	l, err := r.Site.Live.join(topics, string(r.Actor.ID), since)
	if err != nil {
		return err
	}
	defer r.Site.Live.leave(l)
	h := r.out.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	r.stream(l)
	return nil
}

// ownTopics is the reader's own topic where the address asks for it.
func (r *Request) ownTopics() ([]Topic, error) {
	if r.Path("of") != ownKind && r.Form("also") != ownKind {
		return nil, nil
	}
	me, err := r.Me()
	if err == nil && r.Actor.ByCard {
		err = errs.New(errs.NotFound, "page.nothing_here")
	}
	return []Topic{OwnTopic(me)}, err
}

// stream writes until the reader has gone, is too slow, or its time is over. Its first line lets the page know that it stands.
func (r *Request) stream(l *listener) {
	out := http.NewResponseController(r.out)
	write := func(text string) bool {
		// The server's own limit is for answers that end; here each write has its own.
		if err := out.SetWriteDeadline(clock.System().Now().Add(streamPatience)); err != nil {
			return false
		}
		if _, err := fmt.Fprint(r.out, text); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !write("retry: 5000\n: here\n\n") {
		return
	}
	over, sign := time.NewTimer(streamFor), time.NewTicker(streamSign)
	defer over.Stop()
	defer sign.Stop()
	for {
		text := ": still here\n\n"
		select {
		case <-r.Context().Done():
			return
		case <-r.Site.Live.ended:
			return
		case <-over.C:
			return
		case <-sign.C:
		case last := <-l.changed:
			text = "id: " + strconv.FormatInt(last, 10) + "\nevent: changed\ndata:\n\n"
		}
		if !write(text) {
			return
		}
	}
}

// mayListen asks what the page itself asks. Error: NotFound page.nothing_here for a topic that is none.
func (r *Request) mayListen(of, id string) error {
	switch Topic(of + "/" + id) {
	case OrderTopic(id):
		v, err := r.Orders.Get(r.Context(), r.Actor, order.ID(id))
		if err == nil && v.Recipient == "" {
			// Who could take an order sees its area, and need not follow its life.
			err = errs.New(errs.NotFound, "order.not_found")
		}
		return err
	case PlaceTopic(region.ID(id)):
		return r.Read("web.live", func(_ *store.Tx, tree *region.Tree) error {
			return r.Actor.May(identity.OrderRead, region.ID(id), tree)
		})
	}
	if Topic(of+"/"+id) == PersonTopic(member.PersonID(id)) && r.Actor.Person != "" && !r.Actor.ByCard {
		return r.Read("web.live", func(tx *store.Tx, _ *region.Tree) error {
			if r.Actor.IsPerson(id) {
				return nil
			}
			sees, err := member.MaySee(tx, member.PersonID(id), member.PersonID(r.Actor.Person))
			if err == nil && !sees {
				err = errs.New(errs.NotFound, "page.nothing_here")
			}
			return err
		})
	}
	return errs.New(errs.NotFound, "page.nothing_here")
}
