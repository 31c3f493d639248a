package kept

import "hash/crc32"

// The CRC of two texts, one behind the other, is that of the first, multiplied by
// x^(8n) modulo the polynomial, plus that of the second, where n is the second's
// length in bytes. Bits are reflected: 1<<31 is 1, 1<<30 is x. It is what
// crc32_combine of zlib does.

const crcOne = uint32(1) << 31

// multiplied is the product of two polynomials modulo that of the CRC.
func multiplied(a, b uint32) (product uint32) {
	for bit := crcOne; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}

// shiftOf is x^(8n) modulo the polynomial.
func shiftOf(n int) uint32 {
	shift, power := crcOne, crcOne>>8 // x^8, x^16, x^32 … in turn
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			shift = multiplied(power, shift)
		}
		power = multiplied(power, power)
	}
	return shift
}
