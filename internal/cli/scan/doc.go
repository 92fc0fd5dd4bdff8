// Package scan lets two scanners that attackers use, wapiti and sqlmap, loose on the program as it is delivered: a demo city on this
// machine, answering encrypted. It holds tests alone, and must never reach for another machine.
package scan
