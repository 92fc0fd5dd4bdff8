package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// strictJSON takes one JSON value and no doubts: no second value after it, no name twice in an object, no bytes that are not UTF-8, no
// nesting without end, no U+0000 in a text, which PostgreSQL does not keep. Unknown names are refused by the description's validation, which names all of them.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if err := unambiguous(data); err != nil {
			return err
		}
		return json.Unmarshal(data, v)
	},
}

// deepest is how deep a body may nest (default, ours; the deepest of our own has four levels).
const deepest = 32

var (
	errNotUTF8   = errors.New("not UTF-8")
	errTwice     = errors.New("a name stands twice in an object")
	errTooDeep   = errors.New("nested too deep")
	errMoreAfter = errors.New("more than one value")
	errNUL       = errors.New("a text has the character U+0000")
)

// unambiguous walks through the text once.
func unambiguous(data []byte) error {
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := value(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMoreAfter
	}
	return nil
}

func value(d *json.Decoder, depth int) error {
	if depth > deepest {
		return errTooDeep
	}
	t, err := d.Token()
	if err != nil {
		return err
	}
	if text, ok := t.(string); ok && !store.Keeps(text) {
		return errNUL
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	names := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			// The decoder matches names without regard to case, so that differing in it does not make two.
			key := strings.ToLower(name.(string))
			if !store.Keeps(key) {
				return errNUL
			}
			if names[key] {
				return errTwice
			}
			names[key] = true
		}
		if err := value(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// said is one message of the library: what stands before and after its one value, and what we call it.
type said struct {
	before, after string
	open          bool // a value stands between before and after
	code, param   string
}

// outOfYears is what the library says of a day or a moment outside of our years.
var outOfYears = fmt.Sprintf(validation.MsgExpectedBePattern, withinYears)

// sentences are the messages of the library that the descriptions in this package can cause.
var sentences = []said{
	{before: validation.MsgUnexpectedProperty, code: "api.field_unknown"},
	{before: "unknown query parameter", code: "api.field_unknown"},
	{before: "required path parameter is missing", code: "api.field_missing"},
	{before: "required query parameter is missing", code: "api.field_missing"},
	{before: "required header parameter is missing", code: "api.field_missing"},
	{before: "invalid integer", code: "api.not_an_integer"},
	{before: "invalid boolean", code: "api.not_a_boolean"},
	{before: validation.MsgExpectedBoolean, code: "api.not_a_boolean"},
	{before: validation.MsgExpectedInteger, code: "api.not_an_integer"},
	{before: validation.MsgExpectedNumber, code: "api.not_an_integer"},
	{before: validation.MsgExpectedString, code: "api.not_a_string"},
	{before: validation.MsgExpectedArray, code: "api.not_a_list"},
	{before: validation.MsgExpectedObject, code: "api.not_an_object"},
	{before: validation.MsgExpectedRFC3339DateTime, code: "api.not_a_time"},
	{before: validation.MsgExpectedRFC3339Date, code: "api.not_a_day"},
	{before: otherCursor, code: "api.cursor_unknown"},
	{before: outOfYears, code: clock.CodeOutOfRange},
	{before: validation.MsgExpectedArrayItemsUnique, code: "api.item_twice"},
	message(validation.MsgExpectedOneOf, "api.not_one_of", "choices"),
	message(validation.MsgExpectedMinimumNumber, "api.too_small", "least"),
	message(validation.MsgExpectedMaximumNumber, "api.too_large", "most"),
	message(validation.MsgExpectedMinLength, "api.too_short", "least"),
	message(validation.MsgExpectedMaxLength, "api.too_long", "most"),
	message(validation.MsgExpectedMinItems, "api.too_few", "least"),
	message(validation.MsgExpectedMaxItems, "api.too_many_items", "most"),
	requiredProperty,
}

var requiredProperty = message(validation.MsgExpectedRequiredProperty, "api.field_missing", "")

// message cuts a format of the library at its verb.
func message(format, code, param string) said {
	at := strings.IndexByte(format, '%')
	return said{before: format[:at], after: format[at+2:], open: true, code: code, param: param}
}

// meaning gives our code for a message of the library, the values that its sentence needs, and the property that it is about when the
// message and not the path names it. What is not in the list is a pattern or a format that was not met.
func meaning(text string) (code string, params []any, property string) {
	for _, s := range sentences {
		inner, ok := s.value(text)
		switch {
		case !ok:
		case s == requiredProperty:
			return s.code, nil, inner
		case s.param != "":
			return s.code, []any{s.param, inner}, ""
		default:
			return s.code, nil, ""
		}
	}
	return "api.malformed", nil, ""
}

func (s said) value(text string) (inner string, ok bool) {
	if !s.open {
		return "", text == s.before
	}
	if inner, ok = strings.CutPrefix(text, s.before); !ok {
		return "", false
	}
	return strings.CutSuffix(inner, s.after)
}
