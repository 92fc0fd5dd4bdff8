package store

import (
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// pageSize is the size of the embedded database's pages in bytes. A database keeps what it was made with.
const pageSize = 8192

// pageHeader is the most that SQLite keeps beside a page in memory.
const pageHeader = 512

// reserve gives SQLite one block of memory for the pages of all connections, of which the writer's take mib. The general allocator would take
// 21 KiB for each page of 8. It works before the process opens its first database; later it changes nothing.
var reserve = func() func(mib int) {
	var once sync.Once
	return func(mib int) {
		once.Do(func() {
			const spare = 8 << 20 / pageSize // for readers and for the tables of a statement
			slots := mib<<20/pageSize + spare
			tls := libc.NewTLS()
			defer tls.Close()
			block := libc.Xmalloc(tls, libc.Tsize_t(slots*(pageSize+pageHeader)))
			list := libc.Xmalloc(tls, 3*8)
			if block == 0 || list == 0 {
				return
			}
			defer libc.Xfree(tls, list)
			if sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_PAGECACHE, libc.VaList(list, block, int32(pageSize+pageHeader), int32(slots))) != sqlite3.SQLITE_OK {
				libc.Xfree(tls, block)
			}
		})
	}
}()
