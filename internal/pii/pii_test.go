package pii_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/pii"
)

func must[T any](t interface{ Fatalf(string, ...any) }, parse func(string) (T, error), s string) T {
	v, err := parse(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return v
}

func TestNothingRevealsButReveal(t *testing.T) {
	// The unexported field matters: fmt prints those of a struct without asking their methods.
	type person struct {
		Name    pii.Name
		hidden  pii.Name
		Phone   pii.Phone
		ID      pii.IDNumber
		idPlain pii.IDNumber
		Address pii.Address
		Pointer *pii.Name
	}
	n := must(t, pii.ParseName, "欧阳明珠")
	p := person{n, n, must(t, pii.ParsePhone, "13812345678"), must(t, pii.ParseIDNumber, "11010519491231002X"),
		must(t, pii.ParseIDNumber, "11010519491231002X"), must(t, pii.ParseAddress, "迈皋桥街道和燕路300号"), &n}
	secrets := []string{"明珠", "1381234", "12345678", "19491231", "10105194", "和燕路", fmt.Sprintf("%x", "明珠"), fmt.Sprintf("%X", "明珠"), `\u660e`}
	check := func(how, got string) {
		t.Helper()
		for _, s := range secrets {
			if strings.Contains(got, s) {
				t.Errorf("%s reveals %q: %s", how, s, got)
			}
		}
	}

	values := []any{p, &p, []person{p}, map[pii.Name]person{n: p}, n, &n, p.Phone, p.ID, p.Address}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%10.30s", "%w"} {
			check(verb, fmt.Sprintf(verb, v))
		}
		check("Sprint", fmt.Sprint(v))
		check("Errorf", fmt.Errorf("no %v", v).Error())
		if b, err := json.Marshal(v); err != nil {
			t.Errorf("%T: %v", v, err)
		} else {
			check("json", string(b))
		}
		for name, h := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(h(&b)).Info("x", "v", v, slog.Group("g", "v", v))
			check("slog "+name, b.String())
		}
	}
	if b, err := xml.Marshal(n); err != nil {
		t.Error(err)
	} else {
		check("xml", string(b))
	}
	if p.hidden != p.Name || p.idPlain.Reveal() != "11010519491231002X" || n.Reveal() != "欧阳明珠" {
		t.Error("Reveal does not give the text in clear")
	}
}

func TestDatabaseIsRefused(t *testing.T) {
	if v, err := must(t, pii.ParseName, "李明").Value(); v != nil || errs.CodeOf(err) != "pii.unsealed" {
		t.Errorf("got %v, %v, want pii.unsealed", v, err)
	}
}

func TestJSONIsTheMaskAndDoesNotComeBack(t *testing.T) {
	n := must(t, pii.ParseName, "O'Neil")
	b, err := json.Marshal(n)
	if err != nil || string(b) != `"O***"` {
		t.Errorf("got %s, %v", b, err)
	}
	if err := json.Unmarshal(b, &n); err == nil {
		t.Error("a mask was read as a name")
	}
}

func TestZeroValues(t *testing.T) {
	var n pii.Name
	var p pii.Phone
	var i pii.IDNumber
	if !n.IsZero() || n.Reveal() != "" || n.String() != "" || p.IsMobile() || i.Birth() != "" || i.Sex() != "" {
		t.Error("a zero value says something")
	}
	if fmt.Sprintf("%#v", n) != `""` {
		t.Errorf("got %#v", n)
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct{ in, clear, mask string }{
		{"李明", "李明", "李*"}, {" 李小明 ", "李小明", "李**"}, {"欧阳明珠", "欧阳明珠", "欧阳**"}, {"欧阳娜", "欧阳娜", "欧阳*"}, {"欧阳", "欧阳", "欧*"},
		{"李", "李", "*"}, {"John  Smith", "John Smith", "J***"}, {"阿卜杜拉•买买提", "阿卜杜拉·买买提", "阿***"}, {"𠮷田", "𠮷田", "𠮷*"}, {"Жанна", "Жанна", "Ж***"},
		{"J", "J", "J***"}, {"José O’Neil-Śmith Jr.", "José O’Neil-Śmith Jr.", "J***"},
	} {
		n := must(t, pii.ParseName, c.in)
		if n.Reveal() != c.clear || n.String() != c.mask {
			t.Errorf("%q: got %q masked %q, want %q masked %q", c.in, n.Reveal(), n, c.clear, c.mask)
		}
	}
	for _, s := range []string{"", " ", "李*", "李1", "-李", "·", "李\x00明", "李\u202e明", "李\xff", "🙂", "李，明", strings.Repeat("李", 51)} {
		if n, err := pii.ParseName(s); errs.CodeOf(err) != "pii.name_malformed" || !n.IsZero() {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestPhone(t *testing.T) {
	for _, c := range []struct {
		in, clear, mask string
		mobile          bool
	}{
		{"13812345678", "13812345678", "138****5678", true}, {"+86 138-1234-5678", "13812345678", "138****5678", true}, {"008613812345678", "13812345678", "138****5678", true},
		{"１３８１２３４５６７８", "13812345678", "138****5678", true}, {"19912345678", "19912345678", "199****5678", true},
		{"025-83638888", "025-83638888", "025-****8888", false}, {"(025) 8363 8888", "025-83638888", "025-****8888", false}, {"+86 25 8363 8888", "025-83638888", "025-****8888", false},
		{"01065551234", "010-65551234", "010-****1234", false}, {"0512-6555123", "0512-6555123", "0512-***5123", false}, {"051265551234", "0512-65551234", "0512-****1234", false},
		{"（025）83638888", "025-83638888", "025-****8888", false},
	} {
		p := must(t, pii.ParsePhone, c.in)
		if p.Reveal() != c.clear || p.String() != c.mask || p.IsMobile() != c.mobile {
			t.Errorf("%q: got %q masked %q mobile %v", c.in, p.Reveal(), p, p.IsMobile())
		}
		if again := must(t, pii.ParsePhone, p.Reveal()); again != p {
			t.Errorf("%q: its own text is another number", c.in)
		}
	}
	for _, s := range []string{"", "+86", "0", "00", "12012345678", "1381234567", "138123456789", "83638888", "02583638", "025836388881", "025-13638888", "025-03638888", "0000-83638888", "01165551234",
		"+1 138 1234 5678", "138****5678", "13812345678a", "0512-655512345", "110"} {
		if p, err := pii.ParsePhone(s); errs.CodeOf(err) != "pii.phone_malformed" || !p.IsZero() {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestIDNumber(t *testing.T) {
	for _, c := range []struct {
		in, mask string
		birth    clock.Day
		sex      pii.Sex
	}{
		{"11010519491231002X", "110*************2X", "1949-12-31", pii.Female},
		{" 11010519491231002x ", "110*************2X", "1949-12-31", pii.Female},
		{"１１０１０５１９４９１２３１００２Ｘ", "110*************2X", "1949-12-31", pii.Female},
		{"440524188001010014", "440*************14", "1880-01-01", pii.Male},
	} {
		n := must(t, pii.ParseIDNumber, c.in)
		if n.String() != c.mask || n.Birth() != c.birth || n.Sex() != c.sex {
			t.Errorf("%q: got %v %s %s", c.in, n, n.Birth(), n.Sex())
		}
	}
	for _, s := range []string{"", "110105194912310021", "11010519491231002", "110105491231002", "11010519490231002X", "X1010519491231002X", "11010519491231X02X", "01010519491231002X", "110*************2X"} {
		if n, err := pii.ParseIDNumber(s); errs.CodeOf(err) != "pii.id_number_malformed" || !n.IsZero() {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestOneWrongDigitOfAnIDNumberIsFound(t *testing.T) {
	const good = "11010519491231002X"
	for i := range 17 {
		for d := byte('0'); d <= '9'; d++ {
			if wrong := good[:i] + string(d) + good[i+1:]; wrong != good {
				if _, err := pii.ParseIDNumber(wrong); err == nil {
					t.Errorf("%s was accepted", wrong)
				}
			}
		}
	}
}

func TestAddress(t *testing.T) {
	a := must(t, pii.ParseAddress, " 栖霞区 和燕路\t300号 ")
	if a.Reveal() != "栖霞区 和燕路 300号" || a.String() != "＊＊" {
		t.Errorf("got %q masked %q", a.Reveal(), a)
	}
	for _, s := range []string{"", "\n", "和燕路\x07", "\xff", strings.Repeat("路", 201)} {
		if _, err := pii.ParseAddress(s); errs.CodeOf(err) != "pii.address_malformed" {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestABuildingIsAnAddressWithoutItsDoor(t *testing.T) {
	for address, want := range map[string]string{
		"栖霞区迈皋桥街道和平路12号3幢502室": "栖霞区迈皋桥街道和平路12号3幢", "和平路12号-3-502": "和平路12号", "和平路12号502": "和平路12号", "和平路12号": "和平路12号",
		"中山路1号院3号楼2单元": "中山路1号院3号楼", "幸福苑3栋2单元501室": "幸福苑3栋", "幸福苑3幢502号": "幸福苑3幢", "幸福苑A座9层": "幸福苑A座", "幸福苑3-501": "幸福苑",
		"幸福苑二单元三楼": "幸福苑", "五塘村3组": "五塘村3组", "12 Heping Road, Room 502": "12 Heping Road", "501室": "501室"} {
		got := must(t, pii.ParseAddress, address).Building()
		if got.Reveal() != want || got.String() != "＊＊" {
			t.Errorf("%s: got %s shown as %s, want %s", address, got.Reveal(), got, want)
		}
	}
}

func TestAnythingParsedIsMasked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, err := pii.ParseName(rapid.StringOfN(rapid.RuneFrom([]rune("李王欧阳明小aZé·- '")), 0, 12, -1).Draw(t, "name"))
		if err != nil {
			return
		}
		if again := must(t, pii.ParseName, n.Reveal()); again != n {
			t.Fatalf("%q is another name the second time", n.Reveal())
		}
		if n.String() == n.Reveal() || !utf8.ValidString(n.String()) || !strings.Contains(n.String(), "*") {
			t.Fatalf("%q is masked as %q", n.Reveal(), n)
		}
	})
}

// The number's own rules (GB 11643): a day that there was, a check digit, and a small x read as a capital one.
func TestIDNumberHasADayThatThereWas(t *testing.T) {
	// made gives a number with its right check digit for any eight digits of a day.
	made := func(day string) string {
		first := "110105" + day + "002"
		sum := 0
		for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
			sum += int(first[i]-'0') * w
		}
		return first + string("10X98765432"[sum%11])
	}
	for day, want := range map[string]bool{"19491231": true, "20000229": true, "19960229": true, "19000229": false, "20010229": false, "19490230": false, "19491301": false,
		"19490001": false, "19490100": false, "19490431": false, "18491231": false, "18500101": true, "21000101": false} {
		n, err := pii.ParseIDNumber(made(day))
		if (err == nil) != want || err != nil && errs.CodeOf(err) != "pii.id_number_malformed" || want && strings.ReplaceAll(string(n.Birth()), "-", "") != day {
			t.Errorf("%s: got %v born %s, want it read: %v", day, err, n.Birth(), want)
		}
	}
	small, capital := must(t, pii.ParseIDNumber, "11010519491231002x"), must(t, pii.ParseIDNumber, "11010519491231002X")
	if small != capital || small.Reveal() != "11010519491231002X" {
		t.Error("a small x makes another number")
	}
}
