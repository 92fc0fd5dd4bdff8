package httpapi_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/httpapi"
)

var update = flag.Bool("update", false, "write the generated and golden files anew")

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read the golden file (write it with -update): %v", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (write it anew with -update):\n%s", path, diff)
	}
}

// TestOpenAPIFile holds api/openapi.json against what the program describes.
func TestOpenAPIFile(t *testing.T) {
	golden(t, filepath.Join("..", "..", "api", "openapi.json"), httpapi.OpenAPI())
}

// TestDescription holds the description to what a reader of it relies on.
func TestDescription(t *testing.T) {
	var doc struct {
		OpenAPI string
		Tags    []struct{ Name string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Tags        []string
			Parameters  []struct{ Name, In string }
			Responses   map[string]any
		}
	}
	if err := json.Unmarshal(httpapi.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi is %q, want 3.1", doc.OpenAPI)
	}
	known := map[string]bool{}
	for _, tag := range doc.Tags {
		known[tag.Name] = true
	}
	seen := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			name := method + " " + path
			if seen[o.OperationID] {
				t.Errorf("%s: operation id %s stands twice", name, o.OperationID)
			}
			seen[o.OperationID] = true
			if len(o.Tags) != 1 || !known[o.Tags[0]] {
				t.Errorf("%s: tags %v", name, o.Tags)
			}
			if _, ok := o.Responses["default"]; !ok {
				t.Errorf("%s: no problem among its responses", name)
			}
			for _, p := range o.Parameters {
				for _, personal := range []string{"phone", "name", "id_number", "address", "number"} {
					if p.Name == personal {
						t.Errorf("%s: %s in the %s", name, p.Name, p.In)
					}
				}
			}
		}
	}
}
