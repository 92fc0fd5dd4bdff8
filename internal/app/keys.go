package app

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/notary"
	"timebank/internal/pii"
	"timebank/internal/privacy"
	"timebank/internal/store"
)

// The logs that an installation keeps, each with its own key, and the key that signs certificates, which go into no log.
const (
	LedgerLog      = "ledger"
	AuditLog       = "audit"
	CertificateKey = certificate.KeyName
)

// signing are the names of all keys that sign, in the order in which they are drawn.
var signing = []string{LedgerLog, AuditLog, CertificateKey}

// Keys are the secrets of an installation: what seals personal fields, and what signs each log.
type Keys struct {
	Ring pii.Ring
	// Signers are the keys of the logs, by the log's name. A key that only verifies is enough for whoever writes nothing.
	Signers map[string]notary.Key
}

// NewKeys draws the keys of a city from a source: the same seeded source gives the same keys.
func NewKeys(city string, source id.Source) (Keys, error) {
	k := Keys{Ring: pii.Ring{Active: 1, Random: source}, Signers: map[string]notary.Key{}}
	var sealing [32]byte
	source.Fill(sealing[:])
	source.Fill(k.Ring.Index[:])
	k.Ring.Keys = map[byte][32]byte{1: sealing}
	for _, log := range signing {
		key, err := notary.NewKey(source, notary.Origin(city, log))
		if err != nil {
			return Keys{}, err
		}
		k.Signers[log] = key
	}
	return k, nil
}

// sealingFile holds the ring, whose keys wrap those that seal; a log's signing key is in "<log>.key" and what verifies it in "<log>.pub".
const sealingFile = "sealing.key"

// OpenKeys reads the keys in a folder. What is missing is drawn from the source and written, readable by its owner alone.
func OpenKeys(folder, city string, source id.Source) (Keys, error) {
	fresh, err := NewKeys(city, source)
	if err != nil {
		return Keys{}, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Keys{}, errKeys.With(err)
	}
	text, err := keep(filepath.Join(folder, sealingFile), formatRing(fresh.Ring), 0o600)
	if err != nil {
		return Keys{}, err
	}
	k := Keys{Signers: map[string]notary.Key{}}
	if k.Ring, err = parseRing(text); err != nil {
		return Keys{}, err
	}
	k.Ring.Random = source
	for log, key := range fresh.Signers {
		secret, err := keep(filepath.Join(folder, log+".key"), key.Secret()+"\n", 0o600)
		if err != nil {
			return Keys{}, err
		}
		if key, err = notary.OpenKey(secret); err != nil {
			return Keys{}, err
		}
		if _, err := keep(filepath.Join(folder, log+".pub"), key.Verifier()+"\n", 0o644); err != nil {
			return Keys{}, err
		}
		k.Signers[log] = key
	}
	return k, nil
}

// Save writes keys that were drawn elsewhere into a folder that holds none or the same ones.
func (k Keys) Save(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return errKeys.With(err)
	}
	files := map[string]string{sealingFile: formatRing(k.Ring)}
	for log, key := range k.Signers {
		files[log+".key"], files[log+".pub"] = key.Secret()+"\n", key.Verifier()+"\n"
	}
	for name, want := range files {
		mode := fs.FileMode(0o600)
		if strings.HasSuffix(name, ".pub") {
			mode = 0o644
		}
		got, err := keep(filepath.Join(folder, name), want, mode)
		if err != nil {
			return err
		}
		if !hmac.Equal([]byte(got), []byte(want)) {
			return errs.New(errs.Conflict, "app.other_keys")
		}
	}
	return nil
}

var errKeys = errs.New(errs.Unavailable, "app.keys_unusable")

// keep returns a file's text, or writes it when there is none. A process that is killed in between leaves no half of a key.
func keep(path, text string, mode fs.FileMode) (string, error) {
	there, err := os.ReadFile(path)
	if err == nil {
		return string(there), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", errKeys.With(err)
	}
	return text, write(path, text, mode)
}

// write puts a whole file in its place.
func write(path, text string, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return errKeys.With(err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errKeys.With(errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// TurnKey adds a key to the ring in a folder and makes it the active one, which it returns; a server takes it when it starts next, and wraps its data
// keys under it. No field is touched. The old keys stay, for backups. Error: Conflict app.ring_full.
func TurnKey(folder string, source id.Source) (active byte, err error) {
	path := filepath.Join(folder, sealingFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, errKeys.With(err)
	}
	ring, err := parseRing(string(text))
	if err != nil {
		return 0, err
	}
	if ring.Active == 255 {
		return 0, errs.New(errs.Conflict, "app.ring_full")
	}
	ring.Active++
	if _, taken := ring.Keys[ring.Active]; taken {
		return 0, errs.New(errs.Conflict, "app.ring_full")
	}
	var key [32]byte
	source.Fill(key[:])
	ring.Keys[ring.Active] = key
	return ring.Active, write(path, formatRing(ring), 0o600)
}

// HoldDataKeys looks for data keys that were drawn since it last did; the server's job does so every minute.
func (a *App) HoldDataKeys(ctx context.Context) error {
	return a.DB.Read(ctx, "app.data_keys", func(tx *store.Tx) error { return privacy.HoldDataKeys(tx, a.box) })
}

// lookForKeys is how often a server looks for data keys that another process drew: often enough within [privacy.Lead] that one look may fail.
const lookForKeys = time.Minute

// RenewDataKey draws another data key, under which fields are sealed from the time that it says; those that stand there are sealed anew in the night.
func (a *App) RenewDataKey(ctx context.Context) (key privacy.DataKey, err error) {
	err = a.DB.Write(ctx, "app.renew_data_key", func(tx *store.Tx) (err error) {
		key, err = privacy.RenewDataKey(tx, a.box)
		return err
	})
	return key, err
}

// renewOldDataKey draws another data key when the newest is as old as the settings say.
func (a *App) renewOldDataKey(ctx context.Context) error {
	if a.Config.Keys.Renew == 0 {
		return nil
	}
	return a.DB.Write(ctx, "app.renew_data_key", func(tx *store.Tx) error {
		_, err := privacy.RenewOldDataKey(tx, a.box, a.Config.Keys.Renew)
		return err
	})
}

// formatRing writes the ring as lines of words: "active 1", "key 1 <base64>", "index <base64>".
func formatRing(r pii.Ring) string {
	var b strings.Builder
	fmt.Fprintf(&b, "active %d\n", r.Active)
	for n := range 256 {
		if key, ok := r.Keys[byte(n)]; ok {
			fmt.Fprintf(&b, "key %d %s\n", n, base64.StdEncoding.EncodeToString(key[:]))
		}
	}
	fmt.Fprintf(&b, "index %s\n", base64.StdEncoding.EncodeToString(r.Index[:]))
	return b.String()
}

func parseRing(text string) (pii.Ring, error) {
	r := pii.Ring{Keys: map[byte][32]byte{}}
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		var err error
		switch {
		case len(words) == 2 && words[0] == "active":
			r.Active, err = keyID(words[1])
		case len(words) == 2 && words[0] == "index":
			r.Index, err = key32(words[1])
		case len(words) == 3 && words[0] == "key":
			var no byte
			if no, err = keyID(words[1]); err == nil {
				r.Keys[no], err = key32(words[2])
			}
		default:
			err = errors.New("not a line of a key file")
		}
		if err != nil {
			// Neither the line nor the decoder's words: they would be the key.
			return pii.Ring{}, errKeys.With(fmt.Errorf("%s, line %d is malformed", sealingFile, n+1))
		}
	}
	return r, nil
}

// keyID reads the id of a key. No key has 0, by which fields are told that a data key sealed.
func keyID(word string) (byte, error) {
	n, err := strconv.ParseUint(word, 10, 8)
	if err == nil && n == 0 {
		err = errors.New("no key is 0")
	}
	return byte(n), err
}

func key32(word string) (key [32]byte, err error) {
	b, err := base64.StdEncoding.DecodeString(word)
	if err == nil && copy(key[:], b) != len(key) {
		err = errors.New("not 32 bytes")
	}
	return key, err
}

// Names of settings in the database that tie it to its keys and its city.
const (
	settingCity     = "city.code"
	settingSealing  = "keys.sealing"
	settingVerifier = "notary.verifier." // and the log's name
)

// bind ties an empty database to the city and the keys, and refuses another city's or other keys for one that has data: sealing under a
// second key would split the city's people in two.
func bind(tx *store.Tx, city string, box *pii.Box, signers map[string]notary.Key) error {
	mark := base64.StdEncoding.EncodeToString(box.Index("installation", city))
	for _, s := range []struct{ name, value, code string }{
		{settingCity, city, "app.other_city"},
		{settingSealing, mark, "app.other_keys"},
	} {
		there, err := store.Setting(tx, s.name)
		if err != nil {
			return err
		}
		if there == "" {
			err = store.SetSetting(tx, s.name, s.value)
		} else if there != s.value {
			err = errs.New(errs.Conflict, s.code)
		}
		if err != nil {
			return err
		}
	}
	// A new signing key may follow a lost one: the verifier that stands here is that of the newest.
	for _, log := range signing {
		if key, ok := signers[log]; ok && key.Secret() != "" {
			if err := store.SetSetting(tx, settingVerifier+log, key.Verifier()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Verifiers reads the keys that check the logs of a database, for whoever has the database alone. Who does not trust the database brings
// the published keys instead.
func Verifiers(tx *store.Tx) (map[string]notary.Key, error) {
	keys := map[string]notary.Key{}
	for _, log := range signing {
		text, err := store.Setting(tx, settingVerifier+log)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue
		}
		if keys[log], err = notary.OpenVerifier(text); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
