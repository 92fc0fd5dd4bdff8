package config

import (
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"timebank/internal/errs"
)

// Prefix begins the name of every environment variable of a setting.
const Prefix = "TIMEBANK_"

// notSettings are variables with our prefix that mean something else: the file's own name, and the server that tests share.
var notSettings = []string{Prefix + "CONFIG", Prefix + "TEST_POSTGRES"}

// Field documents one setting.
type Field struct {
	Key     string // "http.addr"
	Env     string // "TIMEBANK_HTTP_ADDR"
	Default string
	Doc     string
	Secret  bool // printed as set or unset only
	Value   string
}

// Default returns the settings of an installation that was told nothing.
func Default() Config {
	var c Config
	for _, s := range slots(&c) {
		if problem := s.set(s.tag.Get("default")); problem != "" {
			panic("config: the default of " + s.key + " is bad: " + problem)
		}
	}
	return c
}

// Load reads settings: the defaults, then the TOML text (nil for none), then the environment as os.Environ gives it, then flags by key,
// the later winning. The error is config.invalid and names every unknown name and every bad value at once.
func Load(file io.Reader, environ []string, flags map[string]string) (Config, error) {
	c := Default()
	var bad errs.Fields
	if file != nil {
		if err := fromTOML(&c, file, &bad); err != nil {
			return Config{}, err
		}
	}
	byKey, byEnv := map[string]slot{}, map[string]slot{}
	for _, s := range slots(&c) {
		byKey[s.key], byEnv[s.env()] = s, s
	}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, Prefix) || slices.Contains(notSettings, name) {
			continue
		}
		s, known := byEnv[name]
		if !known {
			bad.Add(name, "config.unknown")
			continue
		}
		s.setOr(&bad, name, value)
	}
	for _, key := range sortedKeys(flags) {
		s, known := byKey[key]
		if !known {
			bad.Add(key, "config.unknown")
			continue
		}
		s.setOr(&bad, key, flags[key])
	}
	if err := bad.Err("config.invalid"); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Fields lists every setting with its present value in c, a secret one masked, in the order of the struct.
func Fields(c Config) []Field {
	var out []Field
	for _, s := range slots(&c) {
		f := Field{Key: s.key, Env: s.env(), Default: s.tag.Get("default"), Doc: s.tag.Get("doc"), Secret: s.tag.Get("secret") != "", Value: s.text()}
		if f.Secret && f.Value != "" {
			f.Value = "(set)"
		}
		out = append(out, f)
	}
	return out
}

// fromTOML applies the text's values one by one, so that each bad one is named.
func fromTOML(c *Config, file io.Reader, bad *errs.Fields) error {
	text, err := io.ReadAll(file)
	if err != nil {
		return errs.New(errs.Unavailable, "config.unreadable").With(err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		if at, ok := err.(toml.ParseError); ok {
			return errs.Invalid("config.invalid", errs.Field{Path: "line " + strconv.Itoa(at.Position.Line), Code: "config.not_toml"}).With(err)
		}
		return errs.Invalid("config.invalid", errs.Field{Path: "file", Code: "config.not_toml"}).With(err)
	}
	values := map[string]string{}
	flatten(tree, "", values, bad)
	byKey := map[string]slot{}
	for _, s := range slots(c) {
		byKey[s.key] = s
	}
	for _, key := range sortedKeys(values) {
		s, known := byKey[key]
		if !known {
			bad.Add(key, "config.unknown")
			continue
		}
		s.setOr(bad, key, values[key])
	}
	return nil
}

func flatten(tree map[string]any, prefix string, into map[string]string, bad *errs.Fields) {
	for _, name := range sortedKeys(tree) {
		key := prefix + name
		switch v := tree[name].(type) {
		case map[string]any:
			flatten(v, key+".", into, bad)
		case string:
			into[key] = v
		case int64:
			into[key] = strconv.FormatInt(v, 10)
		case bool:
			into[key] = strconv.FormatBool(v)
		default:
			bad.Add(key, "config.bad_type")
		}
	}
}

// slot is one settable field of a Config.
type slot struct {
	key string
	val reflect.Value
	tag reflect.StructTag
}

func slots(c *Config) []slot { return slotsIn("", reflect.ValueOf(c).Elem()) }

func slotsIn(prefix string, v reflect.Value) []slot {
	var out []slot
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + f.Tag.Get("toml")
		if f.Type.Kind() == reflect.Struct {
			out = append(out, slotsIn(key+".", v.Field(i))...)
			continue
		}
		out = append(out, slot{key: key, val: v.Field(i), tag: f.Tag})
	}
	return out
}

func (s slot) env() string { return Prefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_")) }

func (s slot) setOr(bad *errs.Fields, path, text string) {
	if problem := s.set(text); problem != "" {
		bad.Add(path, problem)
	}
}

// set parses text into the field and returns the code of what is wrong with it, or "".
func (s slot) set(text string) string {
	switch s.val.Interface().(type) {
	case string:
		if allowed := strings.Fields(s.tag.Get("oneof")); len(allowed) > 0 && !slices.Contains(allowed, text) {
			return "config.bad_choice"
		}
		s.val.SetString(text)
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return "config.bad_duration"
		}
		s.val.SetInt(int64(d))
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return "config.bad_number"
		}
		if least, err := strconv.Atoi(s.tag.Get("least")); err == nil && n < least {
			return "config.too_small"
		}
		s.val.SetInt(int64(n))
	default:
		panic("config: " + s.key + " has a type that settings do not have")
	}
	return ""
}

func (s slot) text() string {
	switch v := s.val.Interface().(type) {
	case time.Duration:
		return v.String()
	case int:
		return strconv.Itoa(v)
	}
	return s.val.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
