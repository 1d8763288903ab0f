//go:build linux || darwin

package early

import "syscall"

// needed is the free space that a run takes, with some to spare: 2.6 MB for the
// runtime, and a tarball of the largest assembly.
const needed = 8 << 20

func init() {
	if _, custom := syscall.Getenv("JSII_RUNTIME"); custom {
		return
	}
	dir, _ := syscall.Getenv("TMPDIR")
	if dir == "" {
		dir = "/tmp"
	}
	if err := check(dir, needed); err != nil {
		Problem = `TMPDIR: "` + dir + `": ` + err.Error() +
			": Node.js needs a directory for temporary files, with 8 MiB free"
		// With JSII_RUNTIME, jsii unpacks no runtime. This one prints the problem
		// in programs that do not read Problem.
		_ = syscall.Setenv("JSII_RUNTIME",
			`echo "TMPDIR: no temporary files can be made in ${TMPDIR:-/tmp}" >&2; exit 1`)
	}
}

// check returns why files of so many bytes cannot be made in dir.
func check(dir string, bytes uint64) error {
	// May be written to and searched.
	if err := syscall.Access(dir, 2|1); err != nil {
		return err
	}
	var s syscall.Stat_t
	if err := syscall.Stat(dir, &s); err != nil {
		return err
	}
	if s.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return syscall.ENOTDIR
	}
	var free syscall.Statfs_t
	if err := syscall.Statfs(dir, &free); err == nil && uint64(free.Bavail)*uint64(free.Bsize) < bytes {
		return syscall.ENOSPC
	}
	return nil
}
