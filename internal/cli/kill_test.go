package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// command starts the program, which is this test binary under another name.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Args[0] = "timebank" // testscript gives the binary the program's behaviour by this name
	cmd.Env = append(os.Environ(), "LANG=en_GB.UTF-8")
	t.Cleanup(func() {
		if cmd.Process != nil && cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

// kill ends a process as a power cut would.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it says that it was killed
}

// verify runs the program's own check of a database.
func verify(t *testing.T, flags []string) {
	t.Helper()
	out, err := command(t, append([]string{"ledger", "verify"}, flags...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ledger verify: %v\n%s", err, out)
	}
}

// each runs a test with an empty database of each engine: the settings, and the flags that name it.
func each(t *testing.T, test func(t *testing.T, cfg config.Config, flags []string)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			where := storetest.Config(t, engine)
			cfg := config.Default()
			cfg.Data, cfg.Postgres = where.Dir, where.DSN
			flags := []string{"--data", where.Dir}
			if engine == store.Postgres {
				cfg.Data = t.TempDir()
				flags = []string{"--postgres", where.DSN, "--set", "data=" + cfg.Data}
			}
			test(t, cfg, flags)
		})
	}
}

// office founds a city and returns the token of somebody at a desk, and the community it serves.
func office(t *testing.T, cfg config.Config) (token string, home region.ID) {
	t.Helper()
	ctx := t.Context()
	a, err := app.Open(ctx, app.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	if err := a.Found(ctx, app.Nanjing()); err != nil {
		t.Fatal(err)
	}
	tree, err := a.Regions.Today(ctx)
	if err != nil {
		t.Fatal(err)
	}
	street, _ := tree.ByCode("320113004")
	home = tree.Children(region.Administrative, street.ID)[0]
	clerk, err := a.Members.RegisterPersons(ctx, []member.RegisterCmd{{Actor: identity.System, Key: "clerk", Name: "王小明", IDNumber: number(0),
		Region: home, Consents: []member.Purpose{member.PurposeIdentity}}})
	if err != nil || clerk[0].Err != nil {
		t.Fatal(err, clerk)
	}
	granted, err := a.Identity.GrantRoles(ctx, []identity.GrantRoleCmd{{Actor: identity.System, Key: "role", To: clerk[0].Value.Actor,
		Role: identity.Administrator, Region: home}})
	if err != nil || granted[0].Err != nil {
		t.Fatal(err, granted)
	}
	if token, err = a.Identity.IssueToken(ctx, clerk[0].Value.Actor, time.Hour, "test"); err != nil {
		t.Fatal(err)
	}
	return token, home
}

// number makes a valid identity number.
func number(n int) string {
	first := fmt.Sprintf("320102%s%03d", clock.Day("1950-01-01").Add(n/1000).Start().In(clock.Zone).Format("20060102"), n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(first[i]-'0') * w
	}
	return first + string("10X98765432"[sum%11])
}

// serving starts a server and returns its address once it answers.
func serving(t *testing.T, flags []string) (*exec.Cmd, string) {
	t.Helper()
	cmd := command(t, append([]string{"serve", "--addr", "127.0.0.1:0",
		// One account does a whole city's work here.
		"--set", "limits.account=0", "--set", "limits.address=0"}, flags...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not say where it is: %v\n%s", err, stderr.String())
	}
	return cmd, strings.TrimRight(strings.TrimSpace(line), "/")
}

// client registers people at a server.
type client struct {
	addr, token string
	home        region.ID
}

// register asks for one registration and returns the new person's id; the key names the attempt.
func (c client) register(n int) (id string, status int, err error) {
	body, err := json.Marshal(map[string]any{"name": "李明", "id_number": number(n), "region": c.home, "consents": []string{"identity"}})
	if err != nil {
		return "", 0, err
	}
	req, err := http.NewRequest(http.MethodPost, c.addr+"/api/v1/persons", bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("register-%d", n))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", 0, err
	}
	if res.StatusCode != http.StatusCreated {
		return "", res.StatusCode, fmt.Errorf("%d: %s", res.StatusCode, text)
	}
	var got struct{ Person string }
	err = json.Unmarshal(text, &got)
	return got.Person, res.StatusCode, err
}

func TestAServerKilledUnderLoadKeepsWhatItAcknowledged(t *testing.T) {
	each(t, func(t *testing.T, cfg config.Config, flags []string) {
		token, home := office(t, cfg)
		cmd, addr := serving(t, flags)
		c := client{addr, token, home}

		const clients, enough = 8, 200
		var next, done atomic.Int64
		var mu sync.Mutex
		acknowledged := map[int]string{}
		var wg sync.WaitGroup
		plenty := make(chan struct{})
		for range clients {
			wg.Go(func() {
				for {
					n := int(next.Add(1))
					id, status, err := c.register(n)
					if status != 0 && err != nil {
						t.Errorf("registration %d: %v", n, err)
						return
					}
					if err != nil {
						return // the server is gone
					}
					mu.Lock()
					acknowledged[n] = id
					mu.Unlock()
					if done.Add(1) == enough {
						close(plenty)
					}
				}
			})
		}
		select {
		case <-plenty:
		case <-time.After(time.Minute):
			t.Fatalf("only %d of %d registrations in a minute", done.Load(), enough)
		}
		kill(t, cmd)
		wg.Wait()
		verify(t, flags)

		// The same attempts again: who was acknowledged gets the same answer, who was not has the effect now, once.
		cmd, c.addr = serving(t, flags)
		for n := 1; n <= int(next.Load()); n++ {
			id, _, err := c.register(n)
			if err != nil {
				t.Fatalf("registration %d after the restart: %v", n, err)
			}
			if before, ok := acknowledged[n]; ok && id != before {
				t.Fatalf("registration %d: acknowledged as %s, after the restart %s", n, before, id)
			}
		}
		kill(t, cmd)
		verify(t, flags)
	})
}

func TestTwoServersShareOnePostgreSQL(t *testing.T) {
	where := storetest.Config(t, store.Postgres)
	cfg := config.Default()
	cfg.Data, cfg.Postgres = t.TempDir(), where.DSN
	flags := []string{"--postgres", where.DSN, "--set", "data=" + cfg.Data}
	token, home := office(t, cfg)
	var servers []client
	for range 2 {
		_, addr := serving(t, flags)
		servers = append(servers, client{addr, token, home})
	}
	const people = 50
	var ids [2][people]string
	var wg sync.WaitGroup
	for s, c := range servers {
		wg.Go(func() {
			for n := range people {
				var err error
				if ids[s][n], _, err = c.register(n + 1); err != nil {
					t.Errorf("server %d, registration %d: %v", s, n, err)
				}
			}
		})
	}
	wg.Wait()
	if ids[0] != ids[1] {
		t.Errorf("one key sent to both servers had two effects: %v and %v", ids[0], ids[1])
	}
	verify(t, flags)
}

func TestAReplayKilledHalfWayLeavesADatabaseThatVerifies(t *testing.T) {
	each(t, func(t *testing.T, _ config.Config, flags []string) {
		cmd := command(t, append([]string{"replay", "--scale", "0.004"}, flags[:2]...)...)
		progress, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(progress)
		half := false
		for lines.Scan() && !half {
			half = strings.Contains(lines.Text(), " 50%")
		}
		if !half {
			t.Fatal("the replay ended before it was half done")
		}
		kill(t, cmd)
		verify(t, flags)
		out, err := command(t, append([]string{"ledger", "verify"}, flags[:2]...)...).Output()
		if err != nil || strings.Contains(string(out), "numbered      0\n") {
			t.Errorf("nothing is left of half a year: %v\n%s", err, out)
		}
	})
}
