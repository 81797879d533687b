// The lines of a photo's readings, as SVG over it: as posture/overlay.py draws them, colors and dashes and all.
//
// The SVG has the photo's own pixels for its units. Labels stand beside the photo, behind the person, so that nothing is
// led over a face; the SVG overflows there. Whatever is drawn has attributes and no style, so that it can be saved too.

import { measureOf } from "./geometry.js";
import { number, ofMeasure, short, named, t } from "./text.js";

/** By the order of a view's angles; page.css has the same for the table. */
export const COLORS = ["#0072b2", "#009e73", "#d55e00", "#cc79a7"];
const INK = "#111111";
const DASHES = { good: null, fair: [4, 2.5], poor: [0.8, 2.5] };
const PLUMB = [12, 4];
const PLUMB_NAME = "plumb_line";

// In pixels of the screen.
const WIDTH = 3;
const LETTERS = 13;
const LINE = 16;
const SPACE = 8;
const LONGEST = 16; // letters in a line of a label
/** The width of the labels beside the photo; page.css has the same. */
export const MARGIN = 152;

const NAMESPACE = "http://www.w3.org/2000/svg";

/** An element of SVG. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Whether labels stand on the right of the photo. */
export const isRight = (details) => (details.facing ?? "left") === "left";

/**
 * What is drawn over a photo, as a `g`: lines below, then what leads to the labels, then these.
 *
 * `details`: of the view; `scale`: pixels of the photo in one of the screen; `ink`: the color of labels, null for none.
 */
export function drawn(details, measures, view, scale, ink = "currentColor") {
  const group = make("g", { "data-drawn": view });
  const colored = Object.entries(details.angles).map(([name, reading], index) => ({
    name, reading, color: COLORS[index % COLORS.length],
  }));
  const plumb = plumbOf(details, measures, view);
  if (plumb) group.append(...stroke(plumb, INK, 0.4 * WIDTH * scale, scale, PLUMB, PLUMB_NAME));
  for (const { name, reading, color } of colored) {
    group.append(...stroke(reading.reference, color, 0.4 * WIDTH * scale, scale, null, `${name} reference`));
  }
  for (const { name, reading, color } of colored) {
    group.append(...stroke(reading.line, color, WIDTH * scale, scale, DASHES[reading.trust], name));
    for (const [x, y] of reading.line) {
      group.append(make("circle", { cx: x, cy: y, r: 1.2 * WIDTH * scale, fill: color, stroke: "#fff", "stroke-width": scale }));
    }
  }
  group.append(...sides(details, scale), ...(ink ? labels(details, view, colored, plumb, scale, ink) : []));
  return group;
}

function stroke(points, color, width, scale, dash, name) {
  const shape = {
    points: points.map((point) => point.join(",")).join(" "), fill: "none", "stroke-linejoin": "round",
    ...(dash && { "stroke-dasharray": dash.map((part) => part * width).join(" ") }),
  };
  return [
    make("polyline", { ...shape, stroke: "#fff", "stroke-width": width + 2 * scale, "stroke-opacity": 0.9 }),
    make("polyline", { ...shape, stroke: color, "stroke-width": width, "data-name": name }),
  ];
}

/** The plumb line through the ankles: the longest reference of an offset. */
function plumbOf(details, measures, view) {
  const length = ([[x, y], [otherX, otherY]]) => Math.hypot(x - otherX, y - otherY);
  return Object.entries(details.measures ?? {})
    .filter(([name, reading]) => measureOf(measures, view, name, reading).kind === "offset")
    .map(([, reading]) => reading.reference)
    .reduce((longest, line) => (longest && length(longest) >= length(line) ? longest : line), null);
}

/** R and L where the person's right and left are seen, as on an X-ray. */
function sides(details, scale) {
  if (details.near_side) return [];
  const [right, left] = details.angles.shoulder_tilt.line;
  const signs = right[0] < left[0] ? ["right", "left"] : ["left", "right"];
  const inset = 1.2 * LETTERS * scale;
  return [inset, details.image.width - inset].map((x, index) => make("text", {
    x, y: 1.6 * LETTERS * scale, "font-size": 1.2 * LETTERS * scale, "text-anchor": "middle", "font-weight": 700,
    "font-family": "system-ui, sans-serif", fill: INK, stroke: "#fff", "stroke-width": 3 * scale, "paint-order": "stroke",
  }, t(`results.${signs[index]}`)));
}

function labels(details, view, colored, plumb, scale, ink) {
  const right = isRight(details);
  const { width, height } = details.image;
  const told = colored.map(({ name, reading, color }) => ({
    name, color, lines: said(view, name, reading), bold: wrapped(ofMeasure(view, name).name).length, end: endOf(view, name, reading, right),
  }));
  if (plumb) {
    const isKnown = details.camera.source !== "unknown";
    told.push({ name: PLUMB_NAME, color: INK, lines: t(isKnown ? "results.plumb" : "results.vertical").split("|"), bold: 0, end: plumb[0] });
  }
  told.sort((one, other) => one.end[1] - other.end[1]);
  const tops = spread(told.map(({ end, lines }) => [end[1] / scale, lines.length * LINE]), height / scale);
  return told.flatMap((label, index) => {
    const end = [Math.min(Math.max(label.end[0], 0), width), Math.min(Math.max(label.end[1], 0), height)];
    return written(label, end, tops[index] * scale, right, width, scale, ink);
  });
}

function written({ name, color, lines, bold }, end, top, right, width, scale, ink) {
  const tall = lines.length * LINE * scale;
  const bar = right ? width + 14 * scale : -17 * scale;
  const near = right ? bar : bar + 3 * scale;
  const text = make("text", {
    "font-size": LETTERS * scale, "font-family": "system-ui, sans-serif", "text-anchor": right ? "start" : "end", fill: ink, "data-label": name,
  });
  lines.forEach((line, index) => text.append(make("tspan", {
    x: bar + (right ? 9 : -6) * scale, y: top + (index * LINE + LETTERS - 1) * scale, "font-weight": index < bold ? 600 : 400,
  }, line)));
  // What is black on paper is the ink's color beside the photo.
  const beside = color === INK ? ink : color;
  return [
    make("line", { x1: end[0], y1: end[1], x2: near, y2: top + tall / 2, stroke: color === INK ? "#777" : color, "stroke-width": 0.75 * scale }),
    make("rect", { x: bar, y: top, width: 3 * scale, height: tall, fill: beside }),
    text,
  ];
}

/** What a label says: what it is, the value with its uncertainty, and how far to trust it if not altogether. */
function said(view, name, reading) {
  const value = short(reading.unit, reading.value, true);
  const lines = wrapped(ofMeasure(view, name).name);
  if (reading.edited) return [...lines, value, t("results.edited")];
  lines.push(`${value} \u00b1 ${number(reading.uncertainty)}`);
  if (reading.trust !== "good") lines.push(t("results.trust_of", { trust: named("trust", reading.trust) }));
  return lines;
}

/** The lines of a name; its words are shorter than a line. */
function wrapped(name) {
  return name.split(" ").reduce((lines, word) => {
    const longer = [...lines.slice(-1), word].join(" ");
    return longer.length > LONGEST ? [...lines, word] : [...lines.slice(0, -1), longer];
  }, []);
}

/** Where a label is led to: the middle of an upright line, the nearer end of a level one. */
function endOf(view, name, reading, right) {
  const [first, last] = [reading.line[0], reading.line.at(-1)];
  const isLevel = Math.abs(reading.reference[1][0] - reading.reference[0][0]) > Math.abs(reading.reference[1][1] - reading.reference[0][1]);
  if (isLevel) return (first[0] > last[0]) === right ? first : last;
  return [(first[0] + last[0]) / 2, (first[1] + last[1]) / 2];
}

/** The tops of labels, `[middle, height]` each from above to below, none over another. */
function spread(wanted, most) {
  let least = 0;
  const tops = wanted.map(([middle, height]) => {
    const top = Math.max(least, middle - height / 2);
    least = top + height + SPACE;
    return top;
  });
  for (let index = tops.length - 1, low = most; index >= 0; index -= 1) {
    tops[index] = Math.min(tops[index], low - wanted[index][1]);
    low = tops[index] - SPACE;
  }
  return tops;
}

/**
 * A photo with its lines and labels as a canvas, on white.
 *
 * `image`: the loaded photo; `size`: its longer side in the canvas, in pixels, at most.
 */
export async function painted(image, details, measures, view, size) {
  const { width, height } = details.image;
  const reduce = Math.min(1, size / Math.max(width, height));
  const [wide, tall] = [Math.round(width * reduce), Math.round(height * reduce)];
  // Letters as on a screen on which the photo is this high.
  const scale = height / Math.min(tall, 560);
  // Nothing overflows there, so letters that are wide need some more.
  const margin = Math.round((1.2 * MARGIN * scale * tall) / height);
  const left = isRight(details) ? 0 : margin;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide + margin, tall];
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, left, 0, wide, tall);
  const units = (pixels) => (pixels * width) / wide;
  const svg = make("svg", {
    xmlns: NAMESPACE, width: canvas.width, height: canvas.height,
    viewBox: `${-units(left)} 0 ${units(canvas.width)} ${units(canvas.height)}`,
  }, drawn(details, measures, view, scale, INK));
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
  try {
    context.drawImage(await loaded(address), 0, 0);
  } finally {
    URL.revokeObjectURL(address);
  }
  return canvas;
}

/** The image at an address, once it is there. */
export function loaded(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("no image"));
    image.src = address;
  });
}

/** Canvases beside each other as one, with a line of text below. */
export function beside(canvases, text) {
  const canvas = document.createElement("canvas");
  canvas.width = canvases.reduce((sum, { width }) => sum + width, 0) + 24 * (canvases.length - 1);
  const tall = Math.max(...canvases.map(({ height }) => height));
  const letters = Math.round(tall / 50);
  canvas.height = tall + 2.5 * letters;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  let left = 0;
  for (const one of canvases) {
    context.drawImage(one, left, 0);
    left += one.width + 24;
  }
  context.fillStyle = INK;
  context.font = `${letters}px system-ui, sans-serif`;
  context.fillText(text, letters / 2, tall + 1.6 * letters, canvas.width - letters);
  return canvas;
}
