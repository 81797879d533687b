// One photo with its lines, and its points to be moved, by pointer and by keyboard.

import { drawn, isRight, make, MARGIN } from "./drawing.js";
import { pointsOf } from "./edits.js";
import { t } from "./text.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const REACH = 16; // pixels of the screen around a point in which it can be taken
const RING = 7;
const GLASS = [132, 3]; // pixels of the screen across the magnifier, and how many times it enlarges

/** `details()`: of the view, with what was moved; `onMove(point, [x, y])` and `onMoved(point)`: while and after. */
export class Figure {
  constructor({ view, image, measures, details, isAdjusted, onMove, onMoved }) {
    Object.assign(this, { view, measures, details, isAdjusted, onMove, onMoved });
    const { width, height } = details().image;
    this.svg = make("svg", { viewBox: `0 0 ${width} ${height}` });
    this.lines = make("g");
    this.handles = make("g");
    this.svg.append(this.lines, this.handles);
    const photo = document.createElement("div");
    photo.className = "photo";
    this.glass = document.createElement("div");
    this.glass.className = "glass";
    this.glass.hidden = true;
    this.glass.style.backgroundImage = `url("${image.src}")`;
    photo.append(image, this.svg, this.glass);
    this.element = document.createElement("div");
    this.element.className = `stage ${isRight(details()) ? "behind-right" : "behind-left"}`;
    this.element.append(photo);
    // In the next frame: what is drawn may itself change a size.
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.element.isConnected && this.draw()));
    this.observer.observe(photo);
    this.svg.addEventListener("pointerdown", (event) => this.taken(event));
    this.handles.addEventListener("keydown", (event) => this.pressed(event));
    this.handles.addEventListener("focusin", (event) => this.magnify(event.target.dataset.point));
    this.handles.addEventListener("focusout", () => this.magnify(null));
  }

  get scale() {
    return this.details().image.width / (this.svg.clientWidth || 300);
  }

  /** Draws everything again: after a change of size, of language, or of whether points can be moved. */
  draw() {
    const isAdjusted = this.isAdjusted();
    this.element.classList.toggle("adjusted", isAdjusted);
    this.drawLines();
    const label = t("results.lines", { view: t(`views.${this.view}`) });
    this.svg.setAttribute("role", isAdjusted ? "group" : "img");
    this.svg.setAttribute("aria-label", label);
    const focused = document.activeElement?.dataset?.point;
    const had = this.handles.contains(document.activeElement);
    this.handles.replaceChildren();
    if (!isAdjusted) return;
    const scale = this.scale;
    for (const [name, [x, y]] of Object.entries(pointsOf(this.details(), this.measures, this.view))) {
      this.handles.append(make("g", {
        class: "handle", tabindex: 0, role: "button", transform: `translate(${x} ${y})`, "data-point": name,
        "aria-label": t("results.point", { point: t(`points.${name}`) ?? name }),
      },
      make("circle", { r: REACH * scale, fill: "transparent" }),
      make("circle", { class: "ring", r: RING * scale, fill: "rgb(255 255 255 / .25)", stroke: "#111", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }),
      make("circle", { r: 1.5 * scale, fill: "#111" })));
    }
    if (had) this.handle(focused)?.focus({ preventScroll: true });
  }

  /** Draws the lines again, and puts the points where they are. */
  drawLines() {
    // On a phone, the photo takes the labels' room while points are moved.
    const hasRoom = this.element.clientWidth - this.svg.clientWidth >= MARGIN / 2;
    this.lines.replaceChildren(drawn(this.details(), this.measures, this.view, this.scale, hasRoom ? "currentColor" : null));
    const points = pointsOf(this.details(), this.measures, this.view);
    for (const handle of this.handles.children) {
      const [x, y] = points[handle.dataset.point];
      handle.setAttribute("transform", `translate(${x} ${y})`);
    }
  }

  handle(point) {
    return this.handles.querySelector(`[data-point="${point}"]`);
  }

  /** Points lie close together: the nearest is taken. */
  taken(event) {
    if (event.button !== 0 || !event.target.closest(".handle")) return;
    const from = this.placeOf(event);
    const points = pointsOf(this.details(), this.measures, this.view);
    const away = (name) => Math.hypot(points[name][0] - from[0], points[name][1] - from[1]);
    const point = Object.keys(points).reduce((nearest, name) => (away(name) < away(nearest) ? name : nearest));
    const grip = [points[point][0] - from[0], points[point][1] - from[1]];
    event.preventDefault();
    this.handle(point).focus({ preventScroll: true });
    this.svg.setPointerCapture(event.pointerId);
    const moving = (moved) => {
      const [x, y] = this.placeOf(moved);
      this.to(point, [x + grip[0], y + grip[1]]);
    };
    const end = () => {
      for (const kind of ["pointermove", "pointerup", "pointercancel"]) this.svg.removeEventListener(kind, kind === "pointermove" ? moving : end);
      this.onMoved(this.view, point);
    };
    this.svg.addEventListener("pointermove", moving);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  pressed(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const point = event.target.dataset.point;
    const [x, y] = pointsOf(this.details(), this.measures, this.view)[point];
    const by = event.shiftKey ? 10 : 1;
    this.to(point, [x + by * step[0], y + by * step[1]]);
    this.onMoved(this.view, point);
  }

  to(point, [x, y]) {
    const { width, height } = this.details().image;
    this.onMove(this.view, point, [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)]);
    this.drawLines();
    this.magnify(point);
  }

  /** Shows the photo around a point enlarged, in the upper corner that is further from it; null for none. */
  magnify(point) {
    this.glass.hidden = !point;
    if (!point) return;
    const [x, y] = pointsOf(this.details(), this.measures, this.view)[point];
    const [across, times] = GLASS;
    const [right, down] = [x, y].map((at) => across / 2 - (times * at) / this.scale);
    Object.assign(this.glass.style, {
      backgroundSize: `${times * this.svg.clientWidth}px auto`, backgroundPosition: `${right}px ${down}px`,
    });
    this.glass.classList.toggle("left", x > this.details().image.width / 2);
  }

  placeOf({ clientX, clientY }) {
    const { left, top, width } = this.svg.getBoundingClientRect();
    const scale = this.details().image.width / width;
    return [(clientX - left) * scale, (clientY - top) * scale];
  }
}
