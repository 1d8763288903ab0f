package script

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// The programs that back up and restore a database. They need a POSIX shell, and
// run in the image of the server or in that of rclone, in the directory that the
// variable SCRATCH names.
var (
	//go:embed data_common.sh
	commonScript string
	//go:embed data_tables.sh
	tablesScript string
	//go:embed dump.sh
	dumpScript string
	//go:embed remote.sh
	remoteScript string
	//go:embed store.sh
	storeScript string
	//go:embed fetch.sh
	fetchScript string
	//go:embed mark.sh
	markScript string
	//go:embed restore.sh
	restoreScript string
	//go:embed gate.sh
	gateScript string
	//go:embed drill_restore.sh
	drillRestoreScript string
	//go:embed drill_end.sh
	drillEndScript string
	//go:embed drill_server.sh
	drillServerScript string
	//go:embed drill_check.sh
	drillCheckScript string
)

// shell runs the parts of a program, one after the other. Its messages begin with
// name.
func shell(name string, parts ...string) []string {
	return []string{"sh", "-c", strings.Join(parts, ""), name}
}

// Dump returns the command that writes a dump of the database and its manifest.
// MEDIA_DIR and CREDENTIALS_DIR name directories that are part of it.
func Dump() []string { return shell("dump", commonScript, tablesScript, dumpScript) }

// Store returns the command that copies what [Dump] has made to STORE, and reads
// it back. Then it deletes complete backups that are older than keepDays days, but
// for the newest, and what is left of incomplete ones after abandoned seconds. With
// keep 0 it deletes nothing.
func Store(keep, keepDays, abandoned int) []string {
	return append(shell("store", commonScript, remoteScript, storeScript),
		fmt.Sprint(keep), fmt.Sprint(keepDays), fmt.Sprint(abandoned))
}

// Fetch returns the command that copies the given files of a backup from STORE: of
// the newest one unless it is named. Above maxAge hours, if that is not 0, it
// refuses it. everything compares the other files with their sums, too.
func Fetch(backup string, maxAge int, everything bool, files ...string) []string {
	all := "0"
	if everything {
		all = "1"
	}
	return slices.Concat(shell("fetch", commonScript, remoteScript, fetchScript),
		[]string{backup, fmt.Sprint(maxAge), all}, files)
}

// Restore returns the command that restores what [Fetch] has copied into an empty
// database, in one transaction, and marks it with the text in MARK. SCRUB is SQL
// that is part of the transaction.
func Restore() []string {
	return shell("restore", commonScript, tablesScript, markScript, restoreScript)
}

// Gate returns the command that waits for the mark of [Restore].
func Gate() []string { return shell("gate", commonScript, markScript, gateScript) }

// DrillRestore returns the command that restores into a server of the pod alone,
// and stops it.
func DrillRestore() []string {
	return shell("restore", commonScript, drillRestoreScript, tablesScript, markScript, restoreScript, drillEndScript)
}

// DrillServer returns the command that runs that server until the check is done.
func DrillServer() []string { return shell("server", commonScript, drillServerScript) }

// DrillCheck returns the command that runs another one as soon as the server is
// there, whose socket is in the given directory.
func DrillCheck(socket string, command ...string) []string {
	return slices.Concat(shell("check", drillCheckScript), []string{socket}, command)
}
