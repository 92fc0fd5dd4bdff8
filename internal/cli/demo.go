package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/id"
	"timebank/internal/replay"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// demoCmd runs a demo city.
type demoCmd struct {
	Data  string  `help:"Data folder; a new one is filled with a city, an old one is kept as it is." default:"./data/demo" placeholder:"DIR"`
	Addr  string  `help:"Address to listen on; a free port when the usual one is taken." placeholder:"HOST:PORT"`
	Scale float64 `help:"Size of a new city, 1 being the published one." default:"0.005"`
}

// demoSeed makes the same people in every demo.
const demoSeed = 1

// demoSession is how long a demo token is good for; each start prints new ones.
const demoSession = 30 * 24 * time.Hour

// Run implements the command.
func (c *demoCmd) Run(e *env) error {
	if !(c.Scale > 0 && c.Scale <= 1) { // not a number is neither
		return errs.Invalid("cli.demo_invalid", errs.Field{Path: "--scale", Code: "cli.scale_out_of_range"})
	}
	cfg, err := e.settings(map[string]string{"data": c.Data, "http.addr": c.Addr, "signin.inbox": "open"})
	if err != nil {
		return err
	}
	cfg.Postgres, cfg.Keys.Folder = "", ""
	if _, err := os.Stat(filepath.Join(cfg.Data, store.FileName)); errors.Is(err, fs.ErrNotExist) {
		if err := c.fill(e, cfg); err != nil {
			return err
		}
	}
	a, err := e.open(cfg)
	if err != nil {
		return err
	}
	var entries []entry
	people, err := readDemo(cfg.Data)
	if err == nil {
		a.Demo = doors(people)
		entries, err = issueTokens(e.ctx, a, people)
	}
	if err == nil && c.Addr == "" && taken(cfg.HTTP.Addr) {
		host, _, _ := net.SplitHostPort(cfg.HTTP.Addr) // config let it pass
		a.Config.HTTP.Addr = net.JoinHostPort(host, "0")
	}
	if err != nil {
		return errors.Join(err, a.Close())
	}
	return serve(e, a, func(url string) error { return printDemo(e, cfg, strings.TrimSuffix(url, "/"), entries) })
}

// taken reports whether somebody else listens on the address.
func taken(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return true
	}
	return l.Close() != nil
}

// fill makes the city beside the folder and moves it there when it is complete, so that a demo that was interrupted begins anew.
func (c *demoCmd) fill(e *env, cfg config.Config) (err error) {
	whole := cfg.Data
	cfg.Data = filepath.Clean(whole) + ".new"
	if err := os.RemoveAll(cfg.Data); err != nil {
		return errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	fmt.Fprintln(e.err, "Making a city of invented people; this takes a few seconds.")
	// Its own keys, not those of the seed: a demo's folder is nobody's business either.
	keys, err := app.OpenKeys(cfg.KeyFolder(), cfg.City, id.System())
	if err != nil {
		return err
	}
	now := clock.System().Now()
	a, err := app.Open(e.ctx, app.Options{Config: cfg, Clock: clock.NewFake(now), IDs: id.Streams(demoSeed), Keys: &keys})
	if err != nil {
		return err
	}
	people, refused, err := replay.Demo(e.ctx, replay.Config{App: a, Scale: c.Scale, Seed: demoSeed, Progress: progress(e.err)}, now)
	for _, r := range refused {
		fmt.Fprintln(e.err, "refused:", r)
	}
	if err == nil {
		err = writeDemo(cfg.Data, people)
	}
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(whole)), 0o700); err != nil {
		return errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	// An empty folder may be in the way; one with other files is not ours to replace.
	if err := os.Remove(whole); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.Conflict, "cli.folder_not_empty").With(err)
	}
	if err := os.Rename(cfg.Data, whole); err != nil {
		return errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	return nil
}

// writeDemo keeps whom the demo can act as, beside the database.
func writeDemo(folder string, people []replay.Account) error {
	text, err := json.MarshalIndent(people, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, app.DemoFile), append(text, '\n'), 0o600)
	}
	return err
}

func readDemo(folder string) (people []replay.Account, err error) {
	text, err := os.ReadFile(filepath.Join(folder, app.DemoFile))
	if err != nil {
		return nil, errs.New(errs.Conflict, "cli.no_demo").With(err)
	}
	return people, json.Unmarshal(text, &people)
}

// entry is an account with its token.
type entry struct {
	replay.Account
	token string
}

func issueTokens(ctx context.Context, a *app.App, people []replay.Account) ([]entry, error) {
	entries := make([]entry, len(people))
	for i, p := range people {
		token, err := a.Identity.IssueToken(ctx, p.Actor, demoSession, "demo")
		if err != nil {
			return nil, err
		}
		entries[i] = entry{p, token}
	}
	return entries, nil
}

// doors are the accounts that the pages offer: those of people who have a door of their own.
func doors(people []replay.Account) (list []page.Account) {
	for _, p := range people {
		door, role := "", ""
		switch {
		case p.Role == "recipient":
			door, role = "/elder/", "服务对象"
		case strings.HasPrefix(p.Role, "kin"):
			door, role = "/family/", "亲属"
		case strings.HasPrefix(p.Role, "volunteer"):
			door, role = "/volunteer/", "志愿者"
		case strings.HasPrefix(p.Role, "point "), p.Role == "street dispatcher":
			door, role = "/desk/", "服务点和街道的工作人员"
		case strings.HasPrefix(p.Role, "city "), strings.HasPrefix(p.Role, "district "):
			door, role = "/office/", "市、区的管理部门"
		default:
			continue
		}
		who := map[string]string{i18n.Chinese: p.Name, i18n.English: p.Name}
		if p.Name == "" {
			// The desk's people have no name in the stories.
			who = map[string]string{i18n.Chinese: map[string]string{"point manager": "服务点负责人"}[p.Role], i18n.English: p.Role}
			who[i18n.Chinese] = cmp.Or(who[i18n.Chinese], "服务点工作人员")
		}
		list = append(list, page.Account{Actor: p.Actor, Door: door, Who: who,
			Does: map[string]string{i18n.Chinese: cmp.Or(aboutZH[p.About], role), i18n.English: p.About}})
	}
	return list
}

// aboutZH says in Chinese what [replay.Account] says of the demo's people in English.
var aboutZH = map[string]string{
	"the desk of Mr Li's community, orders on behalf":                     "李爷爷家社区的服务台，代老人下单",
	"the same point, confirms for those without a phone":                  "同一个服务点，替没有手机的老人确认",
	"the same point, first review":                                        "同一个服务点的负责人，做第一级审核",
	"Mr Li: learnt to use a smartphone, asks for company to the hospital": "李爷爷：学会了用智能手机，想请人陪着去医院",
	"Mrs Cao, his wife": "曹奶奶，李爷爷的老伴",
	"their daughter, works in Shanghai, orders and follows from afar": "他们的女儿，在上海工作，从远处下单、看着",
	"Chen, who came to teach": "小陈，上门来教的志愿者",
	"Tian Hua: saved 60 hours in Getang, moved to Gulou, spends them for her mother": "田华：在葛塘存了60小时，搬到鼓楼，给母亲兑换",
	"Tian Hua's mother in Gulou":                   "田华的母亲，住鼓楼",
	"opens the morning board of Maigaoqiao street": "打开迈皋桥街道早晨的看板",
	"reads everything that was done":               "看得到做过的每一件事",
	"reads figures":                                "看统计",
	"proposes rules, grants and corrections":       "提出规则、发放和更正",
	"the second person":                            "第二个人，负责同意",
	"approves, decides last":                       "复审，最后裁决",
	"Qixia":                                        "栖霞区",
	"Qixia: second review, disputes":               "栖霞区：第二级审核、争议",
}

// stories are the headings of the product's three stories.
var stories = []string{"Other accounts", "1. Mr Li, Mrs Cao and the video call", "2. Tian Hua saves sixty hours and spends them in another district",
	"3. The officer's morning board"}

func printDemo(e *env, cfg config.Config, url string, people []entry) error {
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s/\n\n", url)
	fmt.Fprintf(w, "Documentation\t%s/docs\nData\t%s (kept; delete the folder to begin anew)\n", url, cfg.Data)
	fmt.Fprintf(w, "Try\tcurl -H 'Authorization: Bearer TOKEN' %s/api/v1/me\n", url)
	for _, story := range []int{1, 2, 3, 0} {
		fmt.Fprintf(w, "\n%s\n", stories[story])
		for _, p := range people {
			if p.Story == story {
				fmt.Fprintf(w, "  %s\t%s\t%s\n", p.Role, p.token, strings.TrimSpace(p.Name+"  "+p.About))
			}
		}
	}
	fmt.Fprintln(w, "\nEverybody in this city is invented. Ctrl-C stops.")
	return w.Flush()
}
