package main

import (
	"errors"
	"syscall"
)

const errorNoData = syscall.Errno(232) // ERROR_NO_DATA: the pipe is being closed

// closedPipe says whether whoever read our output has gone.
func closedPipe(err error) bool {
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, errorNoData) || errors.Is(err, syscall.EPIPE)
}
