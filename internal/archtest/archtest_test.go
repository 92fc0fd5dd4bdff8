package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// root is the folder of go.mod, seen from this package's tests.
const root = "../.."

func report(t *testing.T, offences []string) {
	t.Helper()
	for _, o := range offences {
		t.Error(o)
	}
}

// tree lists the module's packages once for all tests of this process. A package that does not compile is the compiler's to report (-e).
var tree = sync.OnceValues(func() ([]Package, error) {
	cmd := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,Imports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(stderr.String()))
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
})

func packages(t *testing.T) []Package {
	t.Helper()
	list, err := tree()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(list) == 0 {
		t.Fatal("go list found no package: got 0, want the whole module")
	}
	return list
}

func parse(t *testing.T, p Package) []File {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []File
	for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
		full := filepath.Join(p.Dir, name)
		syntax, err := parser.ParseFile(fset, full, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(top, full)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Path: filepath.ToSlash(rel), Package: p.ImportPath, Syntax: syntax, Fset: fset})
	}
	return files
}

func TestImportsGoOnlyDownwards(t *testing.T) {
	report(t, CheckImports(packages(t)))
}

func TestSourceKeepsTheHouseRules(t *testing.T) {
	for _, p := range packages(t) {
		files := parse(t, p)
		report(t, CheckComments(files))
		for _, f := range files {
			report(t, CheckSQL(f))
			report(t, CheckClock(f))
			report(t, CheckPatience(f))
			report(t, CheckHealth(f))
		}
	}
}

func TestFilesNameNoMachineAndNoRegistry(t *testing.T) {
	built := []string{".git", "bin", "data", "demo-data", "node_modules"}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && (slices.Contains(built, rel) || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		// In a second work tree .git is a file, which leads to the first.
		if !d.Type().IsRegular() || rel == ".git" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if utf8.Valid(content) && !bytes.ContainsRune(content, 0) {
			report(t, CheckText(filepath.ToSlash(rel), string(content)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// link matches a link of a document to a file of the tree.
var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	if len(documents) < 10 {
		t.Fatalf("found %d documents", len(documents))
	}
	for _, d := range documents {
		text, err := os.ReadFile(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(d), string(m[1]))); err != nil {
				t.Errorf("%s links to %s, which is not there", d, m[1])
			}
		}
	}
}

func TestEveryDependencyHasItsReason(t *testing.T) {
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	offences, err := CheckDependencies(gomod, string(document))
	if err != nil {
		t.Fatal(err)
	}
	report(t, offences)
}

// The picture in docs/architecture.md and the table here say the same.
func TestArchitectureNamesEveryRoom(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(string(text), func(r rune) bool { return !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z') })
	for _, r := range plan {
		for _, p := range r.packages {
			name := p[strings.LastIndex(p, "/")+1:]
			if r.name != "tools" && !slices.Contains(words, name) {
				t.Errorf("docs/architecture.md does not name %s of the room %s", name, r.name)
			}
		}
	}
}
