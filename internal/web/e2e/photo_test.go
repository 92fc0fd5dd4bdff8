package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// picks puts a picture that the browser draws into the page's field of a file, or bytes that are none.
func (v *window) picks(drawn bool) {
	v.t.Helper()
	script := `(async () => {
const canvas = document.createElement("canvas"); canvas.width = canvas.height = 96; canvas.getContext("2d").fillRect(8, 8, 40, 40);
const bytes = %DRAWN% ? await new Promise((done) => canvas.toBlob(done, "image/jpeg")) : new Blob(["no picture"]);
const all = new DataTransfer(); all.items.add(new File([bytes], "visit.jpg", {type: "image/jpeg"}));
document.querySelector("input[type=file]").files = all.files; return true; })()`
	is := "false"
	if drawn {
		is = "true"
	}
	ask[bool](v, "choose a file", strings.Replace(script, "%DRAWN%", is, 1), chromedp.EvalAwaitPromise)
}

// status is how an address answers the one who is signed in at this window.
func (v *window) status(address string) int {
	v.t.Helper()
	return ask[int](v, "ask for "+address, `fetch("`+address+`").then((r) => r.status)`, chromedp.EvalAwaitPromise)
}

// Chen adds a picture to the visit where she is, and shows her face to whom she visits, once she has agreed to that. What is no picture is refused with
// its reason, strangers get neither, and when she takes her face back it is gone from the old man's page.
func TestPicturesOfAVisitAndTheFaceOfWhoComes(t *testing.T) {
	w := newTown(t)
	id := w.Place(w.elder.Actor, w.elder)
	w.Claim(w.helper, id)
	w.Clock.Set(w.Order(id).Start)
	code := w.Proof(id)[0].Value
	chen, li, stranger := w.open("zh-CN"), w.open("zh-CN"), w.open("zh-CN")
	visit := "/volunteer/visits/" + string(id)
	chen.signIn("陈晓燕")
	chen.near(w.point(id))
	chen.visit(visit)
	chen.fill("code", code)
	chen.located()
	chen.press("签到")
	chen.visit(visit)
	chen.picks(false)
	chen.press("上传")
	chen.sees("照片")
	chen.visit(visit)
	chen.picks(true)
	chen.press("上传")
	chen.sees("照片已收到")
	chen.becomes("the picture is shown", `(document.querySelector(".photos img")?.scrollIntoView(), document.querySelector(".photos img")?.naturalWidth > 0)`)
	photo := ask[string](chen, "the picture's address", `new URL(document.querySelector(".photos img").src).pathname`)

	chen.visit("/volunteer/me")
	chen.picks(true)
	chen.do("without agreeing", evaluate(`document.querySelector("input[name=agree]").required = false`))
	chen.press("上传")
	li.signIn("李国强")
	li.visit("/elder/visits/" + string(id))
	li.sees("陈晓燕")
	if shown := ask[int](li, "count faces", `document.querySelectorAll("img.portrait").length`); shown != 0 {
		t.Error("the face is shown though she has not agreed")
	}
	chen.visit("/volunteer/me")
	chen.tick("agree", "yes")
	chen.picks(true)
	chen.press("上传")
	chen.sees("照片已收到")
	li.visit("/elder/visits/" + string(id))
	li.becomes("her face is shown", `document.querySelector("img.portrait")?.naturalWidth > 0`)
	face := ask[string](li, "the face's address", `new URL(document.querySelector("img.portrait").src).pathname`)

	stranger.signIn("居民")
	for _, address := range []string{photo, face} {
		if got := stranger.status(address); got/100 != 4 {
			t.Errorf("a stranger asks for %s and gets %d", address, got)
		}
	}
	chen.press("撤回照片")
	if got := li.status(face); got != 404 {
		t.Errorf("her face after she took it back: got %d, want 404", got)
	}
	li.visit("/elder/visits/" + string(id))
	if shown := ask[int](li, "count faces", `document.querySelectorAll("img.portrait").length`); shown != 0 {
		t.Error("the face is shown though she took it back")
	}
}
