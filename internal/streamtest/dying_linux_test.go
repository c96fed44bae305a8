package streamtest

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child when the test dies, so that a killed test leaves nothing behind.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
