package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed static icon script
var files embed.FS

// marks are the beginnings of the files' digests: an address with its mark may be kept for ever.
var marks = func() map[string]string {
	all := map[string]string{}
	entries, err := files.ReadDir("static")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		b, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(b)
		all[e.Name()] = hex.EncodeToString(sum[:6])
	}
	return all
}()

// AssetPath is where [Assets] is mounted.
const AssetPath = "/static/"

// Asset is the address of one of our files.
func Asset(name string) string { return AssetPath + name + "?v=" + marks[name] }

// Script is the text of one of our scripts, for an address of its own.
func Script(name string) ([]byte, error) { return files.ReadFile("script/" + name) }

// Assets serves the style sheet and the scripts.
func Assets() http.Handler {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err)
	}
	serve := http.StripPrefix(AssetPath, http.FileServerFS(static))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, AssetPath)
		if mark, ok := marks[name]; ok && r.URL.Query().Get("v") == mark {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else if !ok {
			http.NotFound(w, r)
			return
		}
		serve.ServeHTTP(w, r)
	})
}

// picture is the drawing of an icon, "" when there is none of that name.
func picture(name string) string {
	b, err := files.ReadFile("icon/" + name + ".svg")
	if err != nil {
		return ""
	}
	return string(b)
}
