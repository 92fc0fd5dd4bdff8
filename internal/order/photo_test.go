package order_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// here is the head of a JPEG file with the place 32° 03' 36.5" north, 118° 46' 12" east.
const here = "/9j/4QCIRXhpZgAASUkqAAgAAAABACWIBAABAAAAGgAAAAAAAAAEAAEAAgACAAAATgAAAAIABQADAAAAUAAAAAMAAgACAAAARQAAAAQABQADAAAAaAAAAAAAAAAgAAAAAQAAAAMAAAABAAAAbQEAAAoAAAB2AAAAAQAAAC4AAAABAAAADAAAAAEAAAA="

// shot is a picture of one colour, taken at the place of here if located is set.
func shot(t *testing.T, gray byte, located bool) *bytes.Reader {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{Y: gray}.Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	if located {
		head, err := base64.StdEncoding.DecodeString(here)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(head, raw[2:]...)
	}
	return bytes.NewReader(raw)
}

func TestPicturesOfAVisit(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		c.Publish(`order.max_photos = 6`)
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		desk, stranger := c.Staff(identity.PointStaff, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		attach := func(by citytest.Person, key string, moment order.Moment, gray byte, located bool) (order.PhotoID, string) {
			t.Helper()
			p, err := c.Orders.AttachPhoto(ctx, order.PhotoCmd{Actor: by.Actor, Key: key, Order: id, Moment: moment, File: shot(t, gray, located)})
			return p, errs.CodeOf(err)
		}
		if _, code := attach(volunteer, c.Key(), order.AtCheckIn, 1, false); code != "identity.not_allowed" {
			t.Errorf("before the order is taken: %q", code)
		}
		if _, code := attach(desk, c.Key(), order.AtCheckIn, 1, false); code != "order.photo_not_now" {
			t.Errorf("the desk, before the order is taken: %q", code)
		}
		c.Claim(volunteer, id)
		key := c.Key()
		first, code := attach(volunteer, key, order.AtCheckIn, 10, true)
		if code != "" {
			t.Fatal(code)
		}
		if again, code := attach(volunteer, key, order.AtCheckIn, 10, true); again != first || code != "" {
			t.Errorf("sent twice: %s, %q, want %s", again, code, first)
		}
		if _, code := attach(volunteer, key, order.AtCheckIn, 11, true); code != "idempotency.key_reused" {
			t.Errorf("the same key with another picture: %q", code)
		}
		if _, code := attach(stranger, c.Key(), order.AtCheckIn, 1, false); code != "order.not_found" {
			t.Errorf("somebody else: %q", code)
		}
		if _, code := attach(elder, c.Key(), order.AtCheckIn, 1, false); code != "identity.not_allowed" {
			t.Errorf("the recipient: %q", code)
		}
		if _, code := attach(volunteer, c.Key(), order.AtConfirm, 1, false); code != "order.invalid" {
			t.Errorf("at a moment that has none: %q", code)
		}
		if _, err := c.Orders.AttachPhoto(ctx, order.PhotoCmd{Actor: volunteer.Actor, Key: c.Key(), Order: id, Moment: order.AtCheckIn,
			File: bytes.NewReader([]byte("<html>"))}); errs.CodeOf(err) != "photo.refused" {
			t.Errorf("a page: %v", err)
		}
		second, _ := attach(desk, c.Key(), order.AtCheckOut, 20, false)

		v := get(t, c, id)
		if len(v.Photos) != 2 || v.Photos[0].ID != first || v.Photos[0].Place != order.Outside || v.Photos[0].Moment != order.AtCheckIn ||
			v.Photos[0].Width != 40 || v.Photos[1].ID != second || v.Photos[1].Place != order.Nowhere || v.Photos[1].Actor != desk.Actor.ID {
			t.Errorf("the order shows %+v", v.Photos)
		}
		var rows []string
		storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
			rows, err = store.All(tx, func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) }, "SELECT place FROM visit_photo ORDER BY id")
			return err
		})
		if len(rows) != 2 || rows[0] != "outside" {
			t.Errorf("of the places is kept %q", rows)
		}

		// Who may look, and that it is written down.
		readonly, manager := c.Staff(identity.ReadOnly, c.Home()), c.Staff(identity.PointManager, c.Home())
		for name, one := range map[string]struct {
			by   citytest.Person
			code string
		}{"the recipient": {elder, ""}, "the volunteer": {volunteer, ""}, "the desk": {desk, ""}, "the manager": {manager, ""},
			"a reader of figures": {readonly, "identity.not_allowed"}, "a neighbour": {stranger, "order.not_found"}} {
			jpeg, err := c.Orders.Photo(ctx, one.by.Actor, id, first)
			if errs.CodeOf(err) != one.code || (err == nil) != bytes.HasPrefix(jpeg, []byte("\xff\xd8")) {
				t.Errorf("%s: %d bytes, %v, want %q", name, len(jpeg), err, one.code)
			}
		}
		var looks int
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			found, _, err := audit.Search(tx, audit.Filter{Ref: string(id)}, 0, 100)
			for _, e := range found {
				if e.Action == "order.photo_look" {
					looks++
				}
			}
			return err
		})
		if looks != 4 {
			t.Errorf("%d looks are in the trail, want 4", looks)
		}
		if _, err := c.Orders.Photo(ctx, elder.Actor, id, "01h2xcejqtf2nbrexx3vqjhp41"); errs.CodeOf(err) != "order.photo_unknown" {
			t.Errorf("a picture that is not there: %v", err)
		}

		// A sweep takes the picture that came with a used key, and leaves the others alone until retention takes their rows.
		c.Clock.Advance(2 * time.Hour)
		if n, err := c.SweepPhotos(ctx); n != 1 || err != nil {
			t.Errorf("swept %d pictures, %v, want 1", n, err)
		}
		for gray := range byte(4) {
			if _, code := attach(desk, c.Key(), order.AtCheckOut, 100+gray, false); code != "" {
				t.Fatal(code)
			}
		}
		if _, code := attach(desk, c.Key(), order.AtCheckOut, 200, false); code != "order.photos_enough" {
			t.Errorf("one too many: %q", code)
		}
		c.Pass(179 * 24 * time.Hour)
		if v := get(t, c, id); len(v.Photos) != 6 {
			t.Errorf("after 179 days %d pictures are left", len(v.Photos))
		}
		c.Pass(3 * 24 * time.Hour)
		if v := get(t, c, id); len(v.Photos) != 0 {
			t.Errorf("after 182 days %d pictures are left", len(v.Photos))
		}
		// Six that retention took, and one that was refused as one too many.
		if n, err := c.SweepPhotos(ctx); n != 7 || err != nil {
			t.Errorf("swept %d pictures, %v, want 7", n, err)
		}
	})
}

func TestTheFaceOfWhoComes(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer, neighbour := c.Recipient(83, c.Home()), c.Volunteer(c.Home()), c.Recipient(81, c.Home())
		id := c.Place(elder.Actor, elder)
		show := func(by citytest.Person) error {
			return c.Members.ShowPortrait(ctx, member.ShowPortraitCmd{Actor: by.Actor, Key: c.Key(), Person: volunteer.ID, File: shot(t, 50, true)})
		}
		if err := show(neighbour); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("somebody else's face: %v", err)
		}
		if err := c.Members.ShowPortrait(ctx, member.ShowPortraitCmd{Actor: neighbour.Actor, Key: c.Key(), Person: neighbour.ID, File: shot(t, 50, true)}); errs.CodeOf(err) != "member.volunteer_unknown" {
			t.Errorf("the face of one who visits nobody: %v", err)
		}
		if err := show(volunteer); err != nil {
			t.Fatal(err)
		}
		face := func(by citytest.Person) string {
			jpeg, err := c.Orders.Portrait(ctx, by.Actor, id, volunteer.ID)
			if err == nil && !bytes.HasPrefix(jpeg, []byte("\xff\xd8")) {
				t.Errorf("%d bytes that are no picture", len(jpeg))
			}
			return errs.CodeOf(err)
		}
		if got := face(elder); got != "order.not_found" {
			t.Errorf("before the volunteer comes: %q", got)
		}
		c.Claim(volunteer, id)
		if got := face(elder); got != "" {
			t.Errorf("the one who is visited: %q", got)
		}
		if got := face(neighbour); got != "order.not_found" {
			t.Errorf("a neighbour: %q", got)
		}
		// Withdrawing the consent takes the picture away, and a sweep the file.
		got, err := c.Members.Consent(ctx, []member.ConsentCmd{{Actor: volunteer.Actor, Key: c.Key(), Person: volunteer.ID, Purpose: member.PurposePortrait, Withdraw: true}})
		citytest.Must(t, got, err)
		if got := face(elder); got != "member.no_portrait" {
			t.Errorf("without consent: %q", got)
		}
		c.Clock.Advance(2 * time.Hour)
		if n, err := c.SweepPhotos(ctx); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if err := show(volunteer); err != nil {
			t.Fatal(err)
		}
		hidden, err := c.Members.HidePortraits(ctx, []member.HidePortraitCmd{{Actor: volunteer.Actor, Key: c.Key(), Person: volunteer.ID}})
		citytest.Must(t, hidden, err)
		if _, err := c.Members.Portrait(ctx, volunteer.Actor, volunteer.ID); errs.CodeOf(err) != "member.no_portrait" {
			t.Errorf("after it was taken away: %v", err)
		}
	})
}
