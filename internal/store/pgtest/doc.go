// Package pgtest starts a private PostgreSQL server for tests and benchmarks and hands out empty databases on it.
//
// It owns the life of that server: its folder, its socket, its end. It must never touch a server that somebody else runs, open a
// network port, or leave a process behind. It knows nothing of our tables; storetest puts those into the databases it gets here.
//
// A run of many packages shares one server: the command in cmd/pgtest starts it and names it in TIMEBANK_TEST_POSTGRES. Without
// that variable each test process starts its own on first use, and the server ends with the process.
package pgtest
