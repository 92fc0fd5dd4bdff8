package print_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"timebank/internal/print"
	"timebank/internal/print/printtest"
)

// sample uses everything that a document can hold.
func sample(t *testing.T) []byte {
	t.Helper()
	d := print.New(print.A5, 40, "时间存折")
	d.Foot("演示市")
	d.Write(print.Style{Size: print.Head, Align: print.Middle}, "时间存折")
	d.Write(print.Style{}, "Words are cut at spaces and never inside one, while 中文可以在任何两个字之间换行，但是逗号不在行首。")
	d.Rule()
	rows := make([][]string, 60)
	for i := range rows {
		rows[i] = []string{fmt.Sprintf("2026-11-%02d", i%30+1), "学用智能手机", fmt.Sprint(i, " 分钟")}
	}
	d.Table(print.Table{Columns: []print.Column{{Head: "日期", Share: 0.3}, {Head: "服务", Share: 0.5}, {Head: "时间", Share: 0.2, Align: print.End}}, Rows: rows})
	d.Keep(120)
	d.QR(40, d.Y(), 100, "https://example.test/c/0123456789")
	d.Gap(100)
	d.Blank(40, d.Y(), 200, "签名", print.Text)
	d.Gap(30)
	d.Cut(d.Y())
	d.Box(100, 100, 40, 40, 2)
	out, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestADocumentSaysWhatWasWrittenOnNumberedPages(t *testing.T) {
	text := printtest.Text(t, sample(t))
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	if len(pages) != 3 {
		t.Fatalf("%d pages, want 3:\n%s", len(pages), text)
	}
	for i, p := range pages {
		if want := fmt.Sprintf("%d/%d", i+1, len(pages)); !strings.Contains(strings.ReplaceAll(p, " ", ""), want) || !strings.Contains(p, "演示市") {
			t.Errorf("page %d has no %q or no foot:\n%s", i+1, want, p)
		}
		if i < 2 && strings.Count(p, "日期") != 1 {
			t.Errorf("page %d does not repeat the head of the table:\n%s", i+1, p)
		}
	}
	if n := strings.Count(text, "学用智能手机"); n != 60 {
		t.Errorf("%d rows of the table, want 60", n)
	}
	if !strings.Contains(text, "签名") {
		t.Error("the line to sign on has no name")
	}
}

func TestEqualCallsGiveEqualBytes(t *testing.T) {
	if !bytes.Equal(sample(t), sample(t)) {
		t.Error("two equal documents have other bytes")
	}
}

func TestLinesEndAtWordsAndACharacterWeLackIsSeen(t *testing.T) {
	d := print.New(print.A5, 150, "")
	d.Write(print.Style{}, "every single word stays whole")
	d.Write(print.Style{}, "一二三四五六七八九，十")
	d.Write(print.Style{}, "王\U00020BB7")
	out, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := printtest.Text(t, out)
	for _, word := range strings.Fields("every single word stays whole 王〓") {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not whole in:\n%s", word, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "，") {
			t.Errorf("a comma begins a line:\n%s", text)
		}
	}
}

func TestATextThatNoCodeHoldsIsToldAtTheEnd(t *testing.T) {
	d := print.New(print.A4, 40, "")
	d.QR(0, 0, 100, strings.Repeat("x", 5000))
	if _, err := d.Bytes(); err == nil {
		t.Error("no error for a text that no QR code can hold")
	}
}
