package privacy

// Word is the word of a value on paper, for tests that read it back.
func Word(lang, value string) (string, bool) {
	if lang != chinese {
		return "", false
	}
	word, ok := words[value]
	return word, ok
}
