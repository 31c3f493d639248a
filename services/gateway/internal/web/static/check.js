// Checks the bundle of a published result in this browser: it is downloaded, or taken
// from a file, and given to a worker with the verifier in it. A receipt's evidence is
// asked for; that it holds is found by the log in the bundle.

const form = document.querySelector("[data-bundle]");
const { bundle, program, start, worker, receipts } = form.dataset;
const [bar, stage, verdict] = [".check-bar", ".check-stage", ".check-verdict"].map((s) => document.querySelector(s));
const say = (key) => form.dataset[key];

function list(name, lines) {
  const section = document.querySelector(`.check-${name}`), items = section.querySelector("ul");
  items.replaceChildren(...lines.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
  section.hidden = lines.length === 0;
}

async function download() {
  const answer = await fetch(bundle, { cache: "no-cache" });
  if (!answer.ok) throw new Error(say("unfetched"));
  const total = Number(answer.headers.get("Content-Length")), parts = [], reader = answer.body.getReader();
  for (let read = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    read += value.length;
    if (total > 0) bar.value = read / total / 2;
  }
}

async function evidence(code) {
  const answer = await fetch(receipts + encodeURIComponent(code.replace(/[^0-9A-Za-z]/g, "")));
  if (!answer.ok) throw new Error(say("unknown"));
  return answer.text();
}

function check(file, given) {
  return new Promise((found, failed) => {
    const at = new Worker(worker);
    at.onerror = () => failed(new Error(say("cannot")));
    at.onmessage = ({ data }) => {
      if (data.total) bar.value = 0.5 + data.done / data.total / 2;
      if (data.error) failed(new Error(`${say("cannot")} ${data.error}`));
      if (data.outcome) found(data.outcome);
      if (data.error || data.outcome) at.terminate();
    };
    at.postMessage({ file, receipts: given, program, start, lang: document.documentElement.lang });
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button"), code = form.elements.receipt ? form.elements.receipt.value.trim() : "";
  button.disabled = true;
  bar.hidden = false;
  bar.value = 0;
  verdict.textContent = "";
  verdict.className = "check-verdict";
  list("passed", []);
  list("unchecked", []);
  try {
    stage.textContent = say("downloading");
    const given = code ? [await evidence(code)] : [], file = form.elements.file.files[0] || await download();
    stage.textContent = say("checking");
    const outcome = await check(file, given);
    list("passed", outcome.passed || []);
    list("unchecked", outcome.unchecked || []);
    const holds = !outcome.failure;
    verdict.textContent = holds ? say("holds") : `${outcome.broken ? say("broken") : say("fails")} ${outcome.failure}`;
    verdict.classList.add(holds ? "good" : "bad");
  } catch (e) {
    verdict.textContent = e.message;
    verdict.classList.add("bad");
  }
  stage.textContent = "";
  bar.hidden = true;
  button.disabled = false;
});
form.hidden = false;
