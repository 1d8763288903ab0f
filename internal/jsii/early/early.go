// Package early looks at the directory for temporary files before jsii does.
// Every package of jsii bindings unpacks the runtime there as soon as it is
// imported, and panics when it cannot.
//
// The package must be initialised before those. Go initialises packages in the
// order of their import paths, as soon as their imports are. This one imports
// syscall alone, which jsii's own imports wait for, too: it comes first under
// every module path that sorts before "time". Under another one, jsii's panic
// shows; nothing else depends on the order.
package early

// Problem says in one line why no temporary files can be made; empty: they can.
var Problem string
