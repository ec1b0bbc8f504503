// Pictures the map draws itself, at twice the size for sharp screens: no glyphs and no sprites are fetched.

const SCALE = 2;

function canvas(width, height) {
  const element = document.createElement("canvas");
  element.width = Math.ceil(width * SCALE);
  element.height = Math.ceil(height * SCALE);
  const pen = element.getContext("2d");
  pen.scale(SCALE, SCALE);
  return { pen, done: () => pen.getImageData(0, 0, element.width, element.height) };
}

/** A count as the list writes it: 3, 140, 1.2 k. */
export function shortCount(count) {
  if (count < 1000) return String(count);
  const [scaled, unit] = count < 999_500 ? [count / 1000, "k"] : [count / 1_000_000, "M"];
  return `${scaled < 10 ? scaled.toFixed(1).replace(/\.0$/, "") : Math.round(scaled)} ${unit}`;
}

/** White lines at 45 degrees, put over the colour of a zone. */
export function hatchImage() {
  const { pen, done } = canvas(8, 8);
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 2;
  for (const shift of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
    pen.stroke();
  }
  return done();
}

/** A territory's name, dark with a light edge, readable on each of the twelve colours. */
export function labelImage(text) {
  const font = '650 11px "Inter", sans-serif';
  const probe = canvas(1, 1).pen;
  probe.font = font;
  const { pen, done } = canvas(probe.measureText(text).width + 8, 18);
  pen.font = font;
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = "rgb(255 255 255 / 85%)";
  pen.strokeText(text, 4, 9.5);
  pen.fillStyle = "#14201b";
  pen.fillText(text, 4, 9.5);
  return done();
}

/** A quiet disc that grows with the count, the count in it. */
export function clusterImage(count, shades) {
  const text = shortCount(Number(count));
  const radius = Math.min(22, 8 + 1.1 * Math.log2(Number(count)));
  const size = radius * 2 + 4;
  const { pen, done } = canvas(size, size);
  pen.beginPath();
  pen.arc(size / 2, size / 2, radius, 0, Math.PI * 2);
  pen.globalAlpha = 0.92;
  pen.fillStyle = shades.surface;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 1.5;
  pen.strokeStyle = shades.accent;
  pen.stroke();
  pen.font = '600 11px "Inter", sans-serif';
  pen.fillStyle = shades.ink;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, size / 2, size / 2 + 0.5);
  return done();
}
