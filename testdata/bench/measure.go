// Command measure runs a command several times and prints the wall time and CPU time, in
// seconds, and the peak memory, in MiB, of the run with the least CPU:
//
//	measure RUNS COMMAND ARGUMENT...
//
// CPU is user and system time. It fails if the command cannot do its work: exit code 1 is findings,
// and promtool has 3 for some of them.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("usage: measure RUNS COMMAND ARGUMENT..."))
	}
	runs, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fail(err)
	}
	var wall, cpu time.Duration
	var peak int64
	for i := range runs {
		command := exec.Command(os.Args[2], os.Args[3:]...)
		start := time.Now()
		err := command.Run()
		took := time.Since(start)
		if command.ProcessState == nil || !slices.Contains([]int{0, 1, 3}, command.ProcessState.ExitCode()) {
			fail(fmt.Errorf("%s %s: %w", os.Args[2], os.Args[3], err))
		}
		used := command.ProcessState.SystemTime() + command.ProcessState.UserTime()
		if i == 0 || used < cpu {
			wall, cpu = took, used
			// Linux counts in KiB.
			peak = command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024
		}
	}
	fmt.Printf("%.3f %.3f %d\n", wall.Seconds(), cpu.Seconds(), peak)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "measure:", err)
	os.Exit(1)
}
