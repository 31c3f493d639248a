package casting

import (
	"encoding/binary"
	"time"
)

// Numbers go to the database in its binary format for arrays of one dimension
// (array_send in PostgreSQL's arrayfuncs.c): it reads them as they are, while
// text takes longer than the ballots that it describes.
type (
	smallints []int16     // smallint[]
	ints      []int32     // int[]
	bigints   []int64     // bigint[]
	moments   []time.Time // timestamptz[], to the microsecond
)

// The types' object identifiers, in pg_type.
const (
	int2OID        = 21
	int4OID        = 23
	int8OID        = 20
	timestamptzOID = 1184
)

// epoch is what PostgreSQL counts its microseconds from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// BinaryValue is what lib/pq sends.
func (a smallints) BinaryValue() ([]byte, error) {
	b := arrayHead(int2OID, len(a), 4+2)
	for _, n := range a {
		b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(b, 2), uint16(n))
	}
	return b, nil
}

// BinaryValue is what lib/pq sends.
func (a ints) BinaryValue() ([]byte, error) {
	b := arrayHead(int4OID, len(a), 4+4)
	for _, n := range a {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, 4), uint32(n))
	}
	return b, nil
}

// BinaryValue is what lib/pq sends.
func (a bigints) BinaryValue() ([]byte, error) {
	b := arrayHead(int8OID, len(a), 4+8)
	for _, n := range a {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
	}
	return b, nil
}

// BinaryValue is what lib/pq sends.
func (a moments) BinaryValue() ([]byte, error) {
	b := arrayHead(timestamptzOID, len(a), 4+8)
	for _, t := range a {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(t.Sub(epoch).Microseconds()))
	}
	return b, nil
}

// arrayHead begins an array of n elements of so many bytes each: how many
// dimensions, whether there are nulls, of what, how many, from which index.
func arrayHead(oid uint32, n, size int) []byte {
	b := make([]byte, 0, 5*4+n*size)
	for _, v := range []uint32{1, 0, oid, uint32(n), 1} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}
