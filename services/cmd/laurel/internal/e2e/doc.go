// Package e2e tests Laurel as it is run: the binary's processes on a real
// PostgreSQL and NATS, spoken to over HTTP, killed, stopped and started again.
// It has tests alone.
package e2e
