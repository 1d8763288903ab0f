package jsii

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// descendants returns the ids of the running processes that pid has started,
// those that they have started, and so on. There are none where the system does
// not tell.
func descendants(pid int) []int {
	children := map[int][]int{}
	for child, parent := range parents() {
		children[parent] = append(children[parent], child)
	}
	found := children[pid]
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

// parents returns the id of the parent of each process, without zombies, which
// have ended.
func parents() map[int]int {
	found := map[int]int{}
	add := func(pid, state, parent string) {
		child, err := strconv.Atoi(pid)
		if number, parentErr := strconv.Atoi(parent); err == nil && parentErr == nil && state[0] != 'Z' {
			found[child] = number
		}
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended.
		}
		// The second field is a name in parentheses, which may hold anything.
		text := string(content)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(fields) > 1 {
			add(filepath.Base(filepath.Dir(path)), fields[0], fields[1])
		}
	}
	if len(found) > 0 {
		return found
	}
	command := exec.Command("ps", "-A", "-o", "pid=,state=,ppid=")
	list, err := command.Output()
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			add(fields[0], fields[1], fields[2])
		}
	}
	delete(found, command.Process.Pid)
	return found
}
