// Package e2e owns the stories that are told in a real browser: people of different doors in windows of their own, and the measuring of
// rendered pages.
//
// It holds tests alone and must never be imported.
package e2e
