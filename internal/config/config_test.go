package config

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/errs"
)

func TestTheLaterSourceWins(t *testing.T) {
	file := "data = \"from file\"\ncity = \"310100\"\n[http]\naddr = \"127.0.0.1:1\"\n[jobs]\ntimers = \"3s\"\n[db]\nwriters = 2\n"
	got, err := Load(strings.NewReader(file), []string{"PATH=x", "TIMEBANK_HTTP_ADDR=127.0.0.1:2", "TIMEBANK_CITY=110100", "TIMEBANK_CONFIG=ignored"},
		map[string]string{"http.addr": "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Data, want.City, want.HTTP.Addr, want.Jobs.Timers, want.DB.Writers = "from file", "110100", "127.0.0.1:3", 3*time.Second, 2
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings, want - got +:\n%s", diff)
	}
}

func TestEveryBadSettingIsNamed(t *testing.T) {
	file := "colour = \"red\"\n[http]\nport = 1\nread = \"-1s\"\n[log]\nlevel = \"loud\"\n[db]\nwriters = 0\nreaders = [1]\n"
	_, err := Load(strings.NewReader(file), []string{"TIMEBANK_PORT=1", "TIMEBANK_DB_CACHE=much"}, map[string]string{"http.adr": "x"})
	var e *errs.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a config.invalid", err)
	}
	got := map[string]string{}
	for _, f := range e.Fields {
		got[f.Path] = f.Code
	}
	want := map[string]string{"colour": "config.unknown", "http.port": "config.unknown", "http.read": "config.bad_duration", "log.level": "config.bad_choice",
		"db.writers": "config.too_small", "db.readers": "config.bad_type", "TIMEBANK_PORT": "config.unknown", "TIMEBANK_DB_CACHE": "config.bad_number",
		"http.adr": "config.unknown"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bad fields, want - got +:\n%s", diff)
	}
}

func TestTextThatIsNoTOMLNamesTheLine(t *testing.T) {
	_, err := Load(strings.NewReader("data = \"x\"\nhttp.addr = \n"), nil, nil)
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Path != "line 2" {
		t.Fatalf("got %v, want line 2 named", err)
	}
}

func TestEveryFieldIsDocumentedAndSecretsAreMasked(t *testing.T) {
	c := Default()
	c.Postgres = "postgres://somebody:secret@localhost/x"
	for _, f := range Fields(c) {
		if f.Doc == "" {
			t.Errorf("%s has no line that documents it", f.Key)
		}
		if strings.Contains(f.Value, "secret") {
			t.Errorf("%s is printed in clear: %s", f.Key, f.Value)
		}
	}
}
