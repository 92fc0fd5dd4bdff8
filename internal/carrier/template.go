package carrier

import (
	"regexp"
	"strings"

	"timebank/internal/notify"
)

// template is the approved text of a carrier for one kind of message, and which of our values fill it.
type template struct {
	id     string
	params []param
}

// param is one place of a template: the carrier's name for it, which is ours unless the setting says otherwise, and ours.
type param struct{ theirs, ours string }

// templates are those of one carrier. What has no template is not carried.
type templates map[notify.Kind]template

var templateForm = regexp.MustCompile(`^([a-z_]+\.[a-z_]+)=([A-Za-z0-9_-]+)\(([A-Za-z0-9_,:]*)\)$`)

// parseTemplates reads a setting such as "signin.code=SMS_1(code) order.accepted=SMS_2(time:start,what:service)": for each kind the carrier's
// template and its places in their order, each with our value after the carrier's name where these differ.
func parseTemplates(text string) (templates, bool) {
	all := templates{}
	for _, entry := range strings.Fields(text) {
		m := templateForm.FindStringSubmatch(entry)
		if m == nil {
			return nil, false
		}
		t := template{id: m[2]}
		for _, p := range strings.FieldsFunc(m[3], func(c rune) bool { return c == ',' }) {
			theirs, ours, renamed := strings.Cut(p, ":")
			if !renamed {
				ours = theirs
			}
			t.params = append(t.params, param{theirs, ours})
		}
		all[notify.Kind(m[1])] = t
	}
	return all, true
}

func (t templates) carries(kind notify.Kind) bool {
	_, ok := t[kind]
	return ok
}
