// Command timebank runs and looks after an installation of the time bank.
package main

import (
	"os"

	"timebank/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
