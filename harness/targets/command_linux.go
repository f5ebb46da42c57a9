package targets

import "syscall"

// dieWithUs asks the system to kill the process when we are gone.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
