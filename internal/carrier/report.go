package carrier

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"

	"timebank/internal/notify"
)

// ReportPaths are the addresses at which carriers report what became of a message, as patterns of net/http.
func ReportPaths() []string { return []string{"POST /carriers/{carrier}/reports"} }

// reportLimit is the longest report that is read: a carrier sends a few hundred at a time.
const reportLimit = 1 << 20

// ShortestToken is the length of the shortest token that cannot be guessed.
const ShortestToken = 24

// ReportHandler takes carriers' reports of delivery and gives them to take. Whoever reports shows the token of the settings; without one
// nobody is heard. A report that cannot be kept now is refused, so that the carrier sends it again; one of a message that nobody knows is taken
// and forgotten.
func ReportHandler(token string, take func(ctx context.Context, list []notify.Report) error) http.Handler {
	known := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := sha256.Sum256([]byte(r.URL.Query().Get("token")))
		if len(token) < ShortestToken || subtle.ConstantTimeCompare(known[:], shown[:]) != 1 {
			http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
			return
		}
		form, ok := reports[r.PathValue("carrier")]
		if !ok {
			http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
			return
		}
		list, err := form.read(json.NewDecoder(http.MaxBytesReader(w, r.Body, reportLimit)))
		if err != nil {
			http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
			return
		}
		if err := take(r.Context(), list); err != nil {
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// A carrier that hangs up has been heard all the same.
		_, _ = w.Write([]byte(form.thanks))
	})
}

// reportForm is how a carrier reports, and the answer that it wants.
type reportForm struct {
	read   func(*json.Decoder) ([]notify.Report, error)
	thanks string
}

// reports are the forms by carrier. What else a report holds, the number above all, is not read.
var reports = map[string]reportForm{
	Aliyun: {thanks: `{"code":0,"msg":"ok"}`, read: func(d *json.Decoder) (list []notify.Report, err error) {
		var all []struct {
			Success bool   `json:"success"`
			Code    string `json:"err_code"`
			Of      string `json:"biz_id"`
		}
		err = d.Decode(&all)
		for _, one := range all {
			list = append(list, notify.Report{Carrier: Aliyun, Reference: one.Of, Delivered: one.Success, Code: Code(one.Code)})
		}
		return list, err
	}},
	Tencent: {thanks: `{"result":0,"errmsg":"OK"}`, read: func(d *json.Decoder) (list []notify.Report, err error) {
		var all []struct {
			Status string `json:"report_status"`
			Code   string `json:"errmsg"`
			Of     string `json:"sid"`
		}
		err = d.Decode(&all)
		for _, one := range all {
			list = append(list, notify.Report{Carrier: Tencent, Reference: one.Of, Delivered: one.Status == "SUCCESS", Code: Code(one.Code)})
		}
		return list, err
	}},
	// A mini program has one address for all its events: whoever owns it passes on those of subscription messages.
	WeChat: {thanks: "success", read: func(d *json.Decoder) (list []notify.Report, err error) {
		type sent struct {
			Of   json.Number `json:"MsgID"`
			Code json.Number `json:"ErrorCode"`
		}
		var event struct {
			Event string          `json:"Event"`
			List  json.RawMessage `json:"List"`
		}
		if err = d.Decode(&event); err != nil || event.Event != "subscribe_msg_sent_event" {
			return nil, err
		}
		// One result comes as itself, several as a list.
		all := make([]sent, 1)
		if err = json.Unmarshal(event.List, &all[0]); err != nil {
			err = json.Unmarshal(event.List, &all)
		}
		for _, one := range all {
			list = append(list, notify.Report{Carrier: WeChat, Reference: one.Of.String(), Delivered: one.Code == "0", Code: Code(one.Code.String())})
		}
		return list, err
	}},
}
