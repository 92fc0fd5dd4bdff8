package privacy

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"timebank/internal/call"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/signin"
	"timebank/internal/training"
)

// TestEveryFieldHasItsLabel holds the labels of the printed copy to the fields that rooms contribute.
func TestEveryFieldHasItsLabel(t *testing.T) {
	var walk func(of reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range of.NumField() {
			f := of.Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if l := labels[tag]; l.zh == "" || l.en == "" {
				t.Errorf("%s.%s: no label for %q", of, f.Name, tag)
			}
			walk(f.Type)
		}
	}
	for _, part := range []any{member.Personal{}, identity.Personal{}, signin.Personal{}, training.Personal{}, order.Personal{}, feedback.Personal{}, call.Personal{}, notify.Personal{}, Passbook{}, Trail{}} {
		walk(reflect.TypeOf(part))
	}
	for _, part := range rooms(nil, nil) {
		if labels[part.Name].zh == "" {
			t.Errorf("the section %q has no label", part.Name)
		}
	}
}
