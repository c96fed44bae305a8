package show

import (
	"os"

	"golang.org/x/sys/windows"
)

// ansi makes a console take escape sequences, which Windows asks for, and says whether it does.
func ansi(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(f.Fd()), &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(windows.Handle(f.Fd()), mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
