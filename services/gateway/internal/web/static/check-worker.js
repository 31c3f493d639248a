// Runs the verifier beside the page, so that the page stays at work. It is told where
// the program is and what to check, and tells how far it is and what it found.

onmessage = async ({ data }) => {
  try {
    importScripts(data.start);
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(fetch(data.program), go.importObject);
    go.run(instance);
    laurelVerify(data, (done, total) => postMessage({ done, total }), (outcome) => postMessage({ outcome: JSON.parse(outcome) }));
  } catch (e) {
    postMessage({ error: String(e) });
  }
};
