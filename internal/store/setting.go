package store

import "errors"

// Setting reads a named value of the installation, "" when it was never set.
func Setting(tx *Tx, name string) (string, error) {
	var value string
	err := tx.QueryRow("SELECT value FROM setting WHERE name = $1", name).Scan(&value)
	if errors.Is(err, ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetSetting writes a named value of the installation.
func SetSetting(tx *Tx, name, value string) error {
	_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}
