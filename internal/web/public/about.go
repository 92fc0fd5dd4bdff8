package public

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// Official says by what this site can be told from an imitation. A page can lie about itself, so it leads to the address bar and to the
// telephone.
func Official(r *page.Request) error {
	v := officialView{Page: r.Shell(r.T("page.public.official")), Addresses: r.Official, Here: r.HTTP.Host, Record: r.Record}
	v.Known = slices.ContainsFunc(r.Official, func(a string) bool { return strings.EqualFold(a, r.HTTP.Host) })
	return r.Show(http.StatusOK, official(v))
}

// Help answers what people ask at the counter, a chapter for each door.
func Help(r *page.Request) error {
	v := helpView{Page: r.Shell(r.T("page.public.help"))}
	texts := func(title string, codes ...string) {
		c := chapter{Title: r.T(title)}
		for _, code := range codes {
			c.Texts = append(c.Texts, r.T(code))
		}
		v.Chapters = append(v.Chapters, c)
	}
	texts("page.public.help_elder", "page.public.help_elder_1", "page.public.help_elder_2", "page.public.help_elder_3")
	texts("page.public.help_family", "page.public.help_family_1", "page.public.help_family_2")
	texts("page.public.help_volunteer", "page.public.help_volunteer_1", "page.public.help_volunteer_2", "page.public.help_volunteer_3", "page.public.help_volunteer_4")
	texts("page.public.help_points", "page.public.help_points_1", "page.public.help_points_2", "page.public.help_points_3")
	texts("page.public.help_wrong", "page.public.help_wrong_1", "page.public.help_wrong_2", "page.public.help_wrong_3")
	texts("page.public.help_use", "page.public.help_use_1", "page.public.help_use_2")
	return r.Show(http.StatusOK, chapters(v))
}

// Privacy says what is kept about a person, what for and how long. The years are those of the city's rules.
func Privacy(r *page.Request) error {
	var rules policy.Rules
	err := r.Read("web.privacy", func(tx *store.Tx, tree *region.Tree) (err error) {
		rules, err = r.Policies.Current(tx, r.Now, []string{string(tree.City())})
		return err
	})
	if err != nil {
		return err
	}
	v := helpView{Page: r.Shell(r.T("page.public.privacy"))}
	v.Chapters = []chapter{
		{r.T("page.public.privacy_what"), []string{r.T("page.public.privacy_what_1"), r.T("page.public.privacy_what_2")}},
		{r.T("page.public.privacy_who"), []string{r.T("page.public.privacy_who_1"), r.T("page.public.privacy_who_2")}},
		{r.T("page.public.privacy_long"), []string{r.T("page.public.privacy_long_1", "years", strconv.Itoa(rules.RetentionRecordsYears)),
			r.T("page.public.privacy_long_2", "days", strconv.Itoa(rules.RetentionEvidenceDays))}},
		{r.T("page.public.privacy_rights"), []string{r.T("page.public.privacy_rights_1"), r.T("page.public.privacy_rights_2")}},
	}
	if r.Tiles != nil {
		who := &v.Chapters[1].Texts
		*who = append(*who, r.T("page.public.privacy_tiles", "service", r.Tiles.Who()))
	}
	if r.Geocoder != "" {
		who := &v.Chapters[1].Texts
		*who = append(*who, r.T("page.public.privacy_places", "service", r.T(page.Geocoders[r.Geocoder])))
	}
	return r.Show(http.StatusOK, chapters(v))
}
