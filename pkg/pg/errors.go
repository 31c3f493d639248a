package pg

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// IsUnique tells whether the error is a violation of the named unique
// constraint or index; an empty name stands for any.
func IsUnique(err error, constraint string) bool {
	e := pq.As(err, pqerror.UniqueViolation)
	return e != nil && (constraint == "" || e.Constraint == constraint)
}

// IsData tells whether the input is at fault: a value that its type or a
// constraint does not take (SQLSTATE classes 22 and 23). The same statement
// fails again.
func IsData(err error) bool {
	e := pq.As(err)
	return e != nil && (e.Code.Class() == "22" || e.Code.Class() == "23")
}

// IsUnavailable tells whether the server, or the way to it, is at fault, so
// that a later try may succeed: refused and broken connections (08), a server
// that starts, stops or fails over (57P, 25006), resources used up (53:
// connections, disk, memory), and files that cannot be read or written (58; at
// the start of a session PostgreSQL says of a full disk but "internal error").
func IsUnavailable(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	e := pq.As(err)
	if e == nil {
		return false
	}
	switch e.Code.Class() {
	case "08", "53", "58":
		return true
	}
	switch e.Code {
	case pqerror.InternalError:
		return e.Fatal()
	case "57P01", "57P02", "57P03", "57P05", "25006", "25P03":
		return true
	}
	return false
}

// isConflict tells whether the transaction lost against a concurrent one and
// would do well to run again.
func isConflict(err error) bool {
	return pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}
