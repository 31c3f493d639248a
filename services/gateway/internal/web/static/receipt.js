// Checks in the browser what the page says of a receipt: that its line is in the
// log whose root is signed (RFC 6962, c2sp.org/signed-note), by the key that the
// log publishes. The picks are in the line; they are hashed and shown to nobody.

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (text) => Uint8Array.from(text.match(/../g) || [], (two) => parseInt(two, 16));
const join = (...parts) => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
};
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const sum = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const half = (n) => Math.floor(n / 2); // places may pass 31 bits

// rootOf is the root that a line leads to by the hashes in between.
async function rootOf(leaf, index, size, path) {
  let hash = await sum(Uint8Array.of(0), utf8(leaf)), at = index, last = size - 1;
  if (!(index >= 0 && index < size)) throw new Error("place");
  for (const next of path) {
    while (at % 2 === 0 && at === last) { // no neighbour on this level
      if (last === 0) throw new Error("path");
      at = half(at);
      last = half(last);
    }
    hash = at % 2 === 1 ? await sum(Uint8Array.of(1), next, hash) : await sum(Uint8Array.of(1), hash, next);
    at = half(at);
    last = half(last);
  }
  while (last > 0 && at === last && at % 2 === 0) { at = half(at); last = half(last); }
  if (last !== 0) throw new Error("path");
  return hash;
}

// verified tells whether a note is signed by one of the keys, each NAME+HASH+KEY.
async function verified(note, keys) {
  const cut = note.indexOf("\n\n");
  const text = utf8(note.slice(0, cut + 1)), signatures = note.slice(cut + 2).split("\n");
  for (const key of keys) {
    const [name, id, ...rest] = key.split("+"), body = bytes(rest.join("+"));
    if (body.length !== 33 || body[0] !== 1) continue; // not Ed25519
    const own = (await sum(utf8(name + "\n"), body)).slice(0, 4);
    if (!same(own, hex(id))) continue;
    for (const line of signatures) {
      const [dash, signer, value] = line.split(" ");
      if (dash !== "—" || signer !== name) continue;
      const signature = bytes(value);
      if (!same(signature.slice(0, 4), own)) continue;
      const made = await crypto.subtle.importKey("raw", body.slice(1), { name: "Ed25519" }, false, ["verify"]);
      if (await crypto.subtle.verify("Ed25519", made, signature.slice(4), text)) return true;
    }
  }
  return false;
}

// prove gives "yes", "no" or, where the browser lacks what it takes, "cannot".
export async function prove(recorded, keys, log) {
  if (!globalThis.crypto?.subtle) return "cannot"; // without https
  try {
    const { leaf, proof } = recorded.evidence, lines = proof.head.split("\n");
    const root = await rootOf(leaf, proof.index, Number(lines[1]), (proof.path || []).map(hex));
    if (lines[0] !== log || !same(root, bytes(lines[2]))) return "no";
    return await verified(proof.head, keys) ? "yes" : "no";
  } catch (error) {
    return error.name === "NotSupportedError" ? "cannot" : "no";
  }
}

// check fills in what came of it.
export async function check(element) {
  const { file, key, log } = element.dataset;
  let state = "cannot";
  try {
    const [recorded, keys] = await Promise.all([fetch(file).then((r) => r.json()), fetch(key).then((r) => r.text())]);
    state = await prove(recorded, keys.split("\n").filter((line) => line.includes("+") && !line.startsWith("—")), log);
  } catch { /* no connection: it cannot be said */ }
  element.dataset.state = { yes: "good", no: "bad", cannot: "open" }[state];
  element.textContent = element.dataset[state];
  const told = element.parentElement;
  told.hidden = told.previousElementSibling.hidden = false;
}
