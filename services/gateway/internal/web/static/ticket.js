// Draws a receipt as a picture, so that it can be kept among one's photos.
export function save({ title, time, code, name }, symbol) {
  const wide = 720, margin = 48, side = 420, canvas = document.createElement("canvas"), ink = canvas.getContext("2d");
  const font = getComputedStyle(document.body).fontFamily;
  const lines = (text, size) => {
    ink.font = "600 " + size + "px " + font;
    const out = [""];
    for (const piece of text.match(/[\u2e80-\uffef]|\S+\s*|\s/gu) || []) {
      const last = out[out.length - 1];
      if (last && ink.measureText(last + piece).width > wide - 2 * margin) out.push(piece); else out[out.length - 1] = last + piece;
    }
    return out.slice(0, 4);
  };
  const heading = lines(title, 34);
  canvas.width = wide;
  canvas.height = 2 * margin + heading.length * 46 + side + 150;
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.fillStyle = "#14573a";
  ink.fillRect(0, 0, canvas.width, 12);
  ink.textAlign = "center";
  ink.font = "600 34px " + font;
  let y = margin + 34;
  for (const line of heading) { ink.fillText(line, wide / 2, y); y += 46; }
  ink.fillStyle = "#000";
  ink.save();
  ink.translate((wide - side) / 2, y - 20);
  const units = symbol.viewBox.baseVal.width;
  ink.scale(side / units, side / units);
  ink.fill(new Path2D(symbol.querySelector("path").getAttribute("d")));
  ink.restore();
  y += side + 20;
  ink.font = "600 30px ui-monospace, Menlo, Consolas, monospace";
  ink.fillText(code, wide / 2, y, wide - 2 * margin);
  ink.font = "24px " + font;
  ink.fillText(time, wide / 2, y + 48);
  return new Promise((done) => {
    canvas.toBlob((body) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(body);
      link.download = name;
      link.click();
      setTimeout(() => { URL.revokeObjectURL(link.href); done(); }, 1000);
    }, "image/png");
  });
}
