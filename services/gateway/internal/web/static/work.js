// A worker that solves a challenge of altcha: the number from 0 to max whose
// SHA-256 behind the salt, both as ASCII, is the challenge. The digest is written
// out (FIPS 180-4), for crypto.subtle is there on https alone, and its promise
// takes longer than the digest of one block.
"use strict";

const K = new Int32Array(64), START = new Uint32Array(8);
for (let p = 2, n = 0; n < 64; p++) {
  let prime = true;
  for (let d = 2; d * d <= p; d++) prime = prime && p % d !== 0;
  if (!prime) continue;
  if (n < 8) START[n] = (Math.sqrt(p) % 1) * 2 ** 32; // the first bits of the fraction
  K[n++] = (Math.cbrt(p) % 1) * 2 ** 32;
}

const W = new Int32Array(64);

// block takes the 64 bytes at from into a state.
function block(state, bytes, from) {
  for (let i = 0, j = from; i < 16; i++, j += 4) W[i] = bytes[j] << 24 | bytes[j + 1] << 16 | bytes[j + 2] << 8 | bytes[j + 3];
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    W[i] = (W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const t = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i]) | 0;
    const u = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c)) | 0;
    h = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

// solve gives the number, or undefined; tell hears of the part that is done.
function solve(salt, challenge, max, tell) {
  const goal = Uint32Array.from({ length: 8 }, (_, i) => parseInt(challenge.slice(8 * i, 8 * i + 8), 16));
  const text = Uint8Array.from(salt, (c) => c.charCodeAt(0)), whole = text.length & ~63;
  const before = START.slice(); // the state after the salt's whole blocks
  for (let i = 0; i < whole; i += 64) block(before, text, i);
  const rest = text.subarray(whole), bytes = new Uint8Array(128), state = new Uint32Array(8);
  bytes.set(rest);
  for (let n = 0; n <= max; n++) {
    const digits = String(n), length = rest.length + digits.length;
    for (let i = 0; i < digits.length; i++) bytes[rest.length + i] = digits.charCodeAt(i);
    const end = length + 9 > 64 ? 128 : 64, bits = 8 * (whole + length);
    bytes.fill(0, length, end);
    bytes[length] = 0x80;
    bytes[end - 2] = bits >>> 8;
    bytes[end - 1] = bits;
    state.set(before);
    for (let i = 0; i < end; i += 64) block(state, bytes, i);
    if (state[0] === goal[0] && state.every((word, i) => word === goal[i])) return n;
    if (n % 8192 === 8191) tell(n / max);
  }
}

onmessage = ({ data: { salt, challenge, max } }) => {
  postMessage({ number: solve(salt, challenge, max, (part) => postMessage({ part })) });
};
