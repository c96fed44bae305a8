// Command peers measures Kotomori against other people's programs that do the same, on the same inputs and in turns. It is a module of
// its own, so that the product does not carry their code.
//
//	peers write DIR            write the inputs
//	peers turn WHAT [FILES]    be one of those that are measured, see turn.go
//	peers compare DIR BUILT    measure all that were built and write the results
//
// The script run beside this file does all of it.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "write":
		return write(args[1])
	case len(args) >= 2 && args[0] == "turn":
		return turn(args[1], args[2:])
	case len(args) == 3 && args[0] == "compare":
		return compare(args[1], args[2])
	}
	return fmt.Errorf("cannot understand %q; see the comment in main.go", args)
}
