//go:build !windows

package main

import (
	"errors"
	"syscall"
)

// closedPipe says whether whoever read our output has gone. (A write to a closed standard output ends the program by
// SIGPIPE before that.)
func closedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
