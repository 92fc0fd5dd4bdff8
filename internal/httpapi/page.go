package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Cursor asks for the rows after those of the page before. A cursor is good for the list that gave it: it carries a mark of the operation, the address
// and the filters, so that one that was cut off, made up or taken from another list is refused and not read as some place or other. The mark
// keeps nobody away who wants to forge one; a place in a list gives no right.
type Cursor struct {
	After string `query:"after" maxLength:"200" doc:"Where the page before ended: its next"`
	// key is the row that the cursor names, list what the answer's cursor is marked with.
	key, list string
	resolved  bool
}

// Page asks for one page of a list.
type Page struct {
	Cursor
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Most rows of a page"`
}

// otherCursor is what a list says to a cursor that it has not given.
const otherCursor = "expected a cursor of this list"

// Resolve reads the cursor. The library calls it for the outer input too, which has it by embedding: once is enough.
func (c *Cursor) Resolve(ctx huma.Context) []error {
	if c.resolved {
		return nil
	}
	c.resolved = true
	at := ctx.URL()
	filters := at.Query()
	filters.Del("after")
	filters.Del("limit")
	c.list = strings.Join([]string{ctx.Operation().OperationID, at.Path, filters.Encode()}, "\n")
	if c.After == "" {
		return nil
	}
	end := strings.LastIndexByte(c.After, '.')
	if end < 1 || c.next(c.After[:end]) != c.After {
		return []error{&huma.ErrorDetail{Location: "query.after", Message: otherCursor}}
	}
	c.key = c.After[:end]
	return nil
}

// next is the cursor with which the list goes on after a row, "" after the last.
func (c *Cursor) next(key string) string {
	if key == "" {
		return ""
	}
	mark := sha256.Sum256([]byte(c.list + "\n" + key))
	return key + "." + hex.EncodeToString(mark[:6])
}

// cut cuts a list that was asked for with one row more than a page holds, and names where the next page begins.
func cut[T any](c *Cursor, list []T, limit int, key func(T) string) (page []T, next string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], c.next(key(list[limit-1]))
}
