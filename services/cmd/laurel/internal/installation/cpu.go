package installation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc (USER_HZ, which is 100 on Linux).
const tick = time.Second / 100

// CPU is the processor time of a process.
type CPU struct {
	PID, Parent int
	Own         time.Duration
	Ended       time.Duration // of its children that have ended
}

// ReadCPU gives the processor time of all processes.
func ReadCPU() (all []CPU, err error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if p, err := parseCPU(string(text)); err == nil {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the system does not tell of the processor time of processes")
	}
	return all, nil
}

// parseCPU reads what proc(5) describes as /proc/PID/stat.
func parseCPU(stat string) (p CPU, err error) {
	before, after, ok := strings.Cut(stat, " (")
	end := strings.LastIndex(after, ") ")
	if !ok || end < 0 {
		return p, fmt.Errorf("stat %q", stat)
	}
	fields := strings.Fields(after[end+2:]) // from the third on
	if len(fields) < 15 {
		return p, fmt.Errorf("stat %q", stat)
	}
	var user, system, endedUser, endedSystem int64
	_, err = fmt.Sscan(strings.Join([]string{before, fields[1], fields[11], fields[12], fields[13], fields[14]}, " "),
		&p.PID, &p.Parent, &user, &system, &endedUser, &endedSystem)
	p.Own, p.Ended = time.Duration(user+system)*tick, time.Duration(endedUser+endedSystem)*tick
	return p, err
}

// CPU is the processor time that the process has had.
func (p *Process) CPU() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.process.Pid))
	if err != nil {
		return 0, err
	}
	cpu, err := parseCPU(string(text))
	return cpu.Own, err
}
