// A photo from this device's camera, with an outline to stand in and a level, told how the camera was held.
//
// A front camera is shown as a mirror would, but its stream is none: no photo from here is mirrored. Streams are upright
// on the screen, and so the tilt is told on the screen too, however it turns.

// The long side first, however the device is held: it is the sensor's own. Of 4:3 sensors it is all that they see.
const SIZE = { width: { ideal: 1920 }, height: { ideal: 1440 }, resizeMode: { ideal: "none" } };
const REAR = { facingMode: { ideal: "environment" } };
const FRONT = { facingMode: { ideal: "user" } };
const SECONDS = 10;
// In degrees: what counts as level, and beyond which pitch the worker takes none.
const LEVEL = 1;
const STEEPEST = 45;
// Of the diagonal: the focal length of ordinary phones, 26 mm on 24x36 mm of film, as in posture/camera.py.
const FOCAL = 26 / Math.hypot(24, 36);

// The texts for what getUserMedia throws; else it is `busy`.
const TROUBLES = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none" };

const SIGNS = { level: "\u2713", turnRight: "\u21bb", turnLeft: "\u21ba", looksUp: "\u2193", looksDown: "\u2191" };

/** The texts that `takePhoto` is given: strings, but for the first two, which are by view; `rules` are short lines. */
export const KEYS = [
  "title", "rules",
  // On buttons
  "close", "allowLevel", "timer", "shutter", "stop", "switch", "retake", "use",
  // What the picture is, for who does not see it
  "live", "still",
  // How the camera is held: `steep` is too much for a photo, with `noLevel` nobody tells
  "level", "turnRight", "turnLeft", "looksUp", "looksDown", "steep", "noLevel",
  // What goes on
  "starting", "counting", "taken",
  // Why there is no camera, and what to do
  "insecure", "unsupported", "denied", "none", "busy",
];

// Outlines in 300 units from crown to soles, their middle at 0: half of the front, and the side with its arm.
const HALF =
  "M0 0C8 0 14.5 4 14.5 17C18 19 17.5 26 14.5 27C13 36 8 40 8 42V47C14 52 28 53 36 59C43 66 44 95 45 115C48 130 50 142 51 " +
  "154C53 164 52 177 48 179C44 178 43 166 44 155C41 140 38 128 36 115C34 100 33 90 31 80C30 95 26 105 25 115C26 125 29 " +
  "135 30 146C32 165 30 190 27 215C25 240 22 262 19 281L23 294C23 299 8 299 7 294L9 281C6 262 6 240 7 222L1 158H0";
const PROFILE =
  "M4 0C14 0 19 7 19 14C19 16 18.5 17 19.5 19L24 25C24.5 26.5 22 27 20.5 27.5L20 33.5C20.5 38 17 40 13 39.5C10 39 8 38 8 " +
  "40L11 50C16 56 20 68 20 78C22 92 20 100 19 108C18 120 19 135 18 149C19 170 16 200 13 215C11 235 8 262 6 281C8 286 12 " +
  "289 20 292C25 294 27 297 25 299H-11C-12 293-11 287-8 281C-11 265-15 240-11 222C-13 200-20 178-23 160C-23 152-19 143-18 " +
  "138C-14 130-14 128-14 122C-14 112-20 102-22 86C-24 70-20 56-12 48L-9 32C-14 29-15 22-14 20C-14 6-6 0 4 0Z" +
  "M-8 62C-11 85-9 100-8 115C-6 130-2 142 1 154C0 164 1 176 5 179C10 178 11 166 9 155C8 140 7 128 5 115C7 95 9 75 6 62";
const OUTLINES = { front: [[HALF, ""], [HALF, "scale(-1 1)"]], side: [[PROFILE, ""]] };

/** The tilt of the rear camera in a picture that is upright in portrait, as docs/CAMERA.md has it. */
export function cameraOf(beta, gamma) {
  const [b, g] = [beta, gamma].map((degrees) => (degrees * Math.PI) / 180);
  const [right, top, front] = [-Math.cos(b) * Math.sin(g), Math.sin(b), Math.cos(b) * Math.cos(g)];
  const degrees = (radians) => (radians * 180) / Math.PI;
  return { roll: degrees(Math.atan2(right, top)), pitch: degrees(Math.atan2(-front, Math.hypot(right, top))) };
}

/**
 * {roll, pitch} in degrees, as in a request's `camera`, of a picture that is upright on the screen and not mirrored.
 * `angle`: of the screen, as screen.orientation tells it; `isFront`: whether the front camera takes it.
 */
export function tiltOf({ beta, gamma }, angle, isFront) {
  const { roll, pitch } = cameraOf(beta, gamma);
  const onScreen = roll - angle - 360 * Math.round((roll - angle) / 360);
  return isFront ? { roll: -onScreen, pitch: -pitch } : { roll: onScreen, pitch };
}

/**
 * Lets the user take the photo of a view, "front" or "side"; where there is no camera, says why. Resolves to null when
 * it was closed without a photo, else to {blob, camera, mirrored}: a JPEG in the stream's own size, upright; {roll, pitch}
 * when it was taken, null where the device does not tell; false. `texts`: see KEYS.
 */
export async function takePhoto(view, texts) {
  await styled();
  return new Promise((resolve) => new Taking(view, texts, resolve).open());
}

class Taking {
  constructor(view, texts, done) {
    Object.assign(this, { texts, done, held: null, result: null });
    this.seen = (event) => this.hold(event);
    this.build(view);
  }

  build(view) {
    const { texts } = this;
    const button = (name, onClick, text = texts[name]) => {
      const made = make("button", { type: "button", class: name, "aria-label": texts[name] }, text);
      made.addEventListener("click", onClick);
      return made;
    };
    this.video = make("video", { "aria-label": texts.live, playsinline: "", autoplay: "" });
    this.video.muted = true;
    this.canvas = make("canvas", { "aria-label": texts.still, role: "img", hidden: "" });
    const outline = (name) => OUTLINES[view].map(([d, transform]) => draw("path", { class: name, d, transform }));
    this.outline = draw("g", { class: "outline" }, ...outline("casing"), ...outline("dashes"));
    this.line = draw("path", { class: "horizon" });
    this.marks = draw("path", { class: "marks" });
    this.overlay = draw("svg", { "aria-hidden": "true" }, this.outline, this.marks, this.line);
    this.count = make("p", { class: "count", "aria-hidden": "true" });
    this.status = make("span", { role: "status" });
    this.sign = make("span", { "aria-hidden": "true" });
    this.off = make("span", { "aria-hidden": "true" });
    this.allow = button("allowLevel", () => this.askForSensors());
    this.allow.hidden = true;
    this.timer = button("timer", () => this.setTimer(!this.isTimed));
    this.setTimer(false);
    this.shutter = button("shutter", () => this.press(), "");
    this.other = button("switch", () => this.switchCamera());
    this.still = [button("retake", () => this.set("live")), button("use", () => this.use())];
    this.dialog = make("dialog", { class: "camera", "aria-labelledby": "camera-title" },
      make("header", {}, make("h2", { id: "camera-title" }, texts.title[view]), button("close", () => this.dialog.close(), "\u00d7")),
      make("ul", {}, ...texts.rules[view].map((rule) => make("li", {}, rule))),
      make("div", { class: "stage" }, this.video, this.canvas, this.overlay, this.count),
      make("div", { class: "told" }, make("p", {}, this.sign, " ", this.status, " ", this.off), this.allow),
      make("div", { class: "bar" }, this.timer, this.shutter, this.other, ...this.still));
    this.dialog.addEventListener("close", () => this.end());
    for (const event of ["loadedmetadata", "resize"]) this.video.addEventListener(event, () => this.fit());
  }

  async open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    window.addEventListener("deviceorientation", this.seen);
    this.shutter.focus();
    this.askForSensors();
    await this.start(REAR);
  }

  async start(which) {
    this.set("starting");
    if (!window.isSecureContext) return this.set("insecure");
    if (!navigator.mediaDevices?.getUserMedia) return this.set("unsupported");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...SIZE, ...which } });
      if (this.dialog.open) await this.watch(stream);
      else stopped(stream);
    } catch (error) {
      this.set(TROUBLES[error.name] ?? "busy");
    }
  }

  async watch(stream) {
    this.stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.set("busy"));
    this.settings = track.getSettings();
    this.isFront = this.settings.facingMode === "user";
    this.video.classList.toggle("mirror", this.isFront);
    this.video.srcObject = stream;
    await this.video.play();
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.cameras = devices.filter(({ kind }) => kind === "videoinput");
    this.set("live");
  }

  /** What goes on: "starting", "live", "counting", "taken", or why there is no camera. */
  set(state) {
    if (!this.dialog.open) return;
    this.dialog.dataset.state = this.state = state;
    const isTaken = state === "taken";
    this.isLive = state === "live" || state === "counting";
    for (const element of this.still) element.hidden = !isTaken;
    this.timer.hidden = state !== "live";
    this.other.hidden = state !== "live" || this.cameras.length < 2;
    this.shutter.hidden = !this.isLive && state !== "starting";
    this.dialog.toggleAttribute("data-off", this.shutter.hidden && !isTaken);
    if (!this.isLive && !isTaken) this.stop();
    // While the camera starts it has the focus.
    this.shutter.setAttribute("aria-disabled", !this.isLive);
    this.shutter.setAttribute("aria-label", this.texts[state === "counting" ? "stop" : "shutter"]);
    this.video.hidden = isTaken;
    this.canvas.hidden = !isTaken;
    this.tell();
    const focused = document.activeElement;
    if (this.dialog.contains(focused) && !focused.hidden) return;
    (isTaken ? this.still[1] : this.shutter.hidden ? this.dialog.querySelector(".close") : this.shutter).focus();
  }

  hold({ beta, gamma }) {
    if (beta === null || gamma === null) return; // a device without sensors says so once
    this.held = { beta, gamma };
    this.allow.hidden = true;
    this.tell();
  }

  /** Some browsers have to be asked, and some of these only upon a tap. */
  async askForSensors() {
    const needsTap = await window.DeviceOrientationEvent?.requestPermission?.().then(() => false, () => true);
    this.allow.hidden = !needsTap || this.held !== null;
    this.set(this.state);
  }

  /** Of a photo taken now; null where nobody can tell. */
  get tilt() {
    if (!this.held || !["environment", "user"].includes(this.settings?.facingMode)) return null;
    return tiltOf(this.held, screen.orientation?.angle ?? window.orientation ?? 0, this.isFront);
  }

  /** Says what goes on, and while it is live how the camera is held. */
  tell() {
    const tilt = this.isLive ? this.tilt : null;
    const hint = tilt ? hintOf(tilt, this.isFront) : "noLevel";
    this.dialog.dataset.hint = this.isLive ? hint : "";
    const text = this.texts[this.state === "live" ? hint : this.state];
    if (this.status.textContent !== text) this.status.textContent = text; // else it would be read out again
    const off = tilt && Math.max(Math.abs(tilt.roll), Math.abs(tilt.pitch));
    this.sign.textContent = (this.state === "live" && SIGNS[hint]) || "";
    this.off.textContent = off > LEVEL ? `${Math.round(off)}\u00b0` : "";
    this.overlay.toggleAttribute("hidden", !this.isLive);
    for (const part of [this.line, this.marks]) part.toggleAttribute("hidden", !tilt);
    if (tilt) this.turn(hint === "level" ? { roll: 0, pitch: 0 } : tilt);
  }

  fit() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return;
    const scale = (0.74 * height) / 300;
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.outline.setAttribute("transform", `translate(${width / 2} ${0.14 * height}) scale(${scale})`);
    const at = (share) => `${share * width} ${height / 2}`;
    this.marks.setAttribute("d", `M${at(0.03)}L${at(0.12)}M${at(0.88)}L${at(0.97)}`);
    this.line.setAttribute("d", `M${-0.38 * width} 0H${0.38 * width}`);
    this.tell();
  }

  /** Draws the horizon where ordinary phones show it, or at the edge. */
  turn({ roll, pitch }) {
    const { videoWidth: width, videoHeight: height } = this.video;
    const off = FOCAL * Math.hypot(width, height) * Math.tan((pitch * Math.PI) / 180);
    const down = Math.max(-0.45 * height, Math.min(0.45 * height, off));
    const turned = this.isFront ? -roll : roll;
    this.line.setAttribute("transform", `translate(${width / 2} ${height / 2}) rotate(${turned}) translate(0 ${down})`);
  }

  setTimer(isTimed) {
    this.isTimed = isTimed;
    this.timer.setAttribute("aria-pressed", isTimed);
  }

  press() {
    if (this.state === "counting") this.set(this.uncounted());
    else if (this.isLive && this.isTimed) this.countDown(SECONDS);
    else if (this.isLive) this.shoot();
  }

  countDown(seconds) {
    this.count.textContent = seconds;
    this.set("counting");
    this.counting = setTimeout(() => (seconds > 1 ? this.countDown(seconds - 1) : this.shoot()), 1000);
  }

  uncounted() {
    clearTimeout(this.counting);
    this.count.textContent = "";
    return "live";
  }

  shoot() {
    const camera = this.tilt;
    this.set(this.uncounted());
    if (camera && Math.abs(camera.pitch) > STEEPEST) return;
    const { videoWidth: width, videoHeight: height } = this.video;
    Object.assign(this.canvas, { width, height });
    this.canvas.getContext("2d").drawImage(this.video, 0, 0);
    this.photo = { camera, mirrored: false };
    this.set("taken");
  }

  use() {
    this.canvas.toBlob((blob) => {
      this.result = blob && { blob, ...this.photo };
      this.dialog.close();
    }, "image/jpeg", 0.92);
  }

  async switchCamera() {
    const { facingMode, deviceId } = this.settings;
    // Of a phone's rear cameras the usual one is wanted, whichever it is.
    const index = this.cameras.findIndex((camera) => camera.deviceId === deviceId);
    const next = this.cameras[(index + 1) % this.cameras.length];
    await this.start(facingMode ? (this.isFront ? REAR : FRONT) : { deviceId: { exact: next.deviceId } });
  }

  stop() {
    this.uncounted();
    if (this.stream) stopped(this.stream);
    this.stream = this.video.srcObject = null;
  }

  end() {
    this.stop();
    window.removeEventListener("deviceorientation", this.seen);
    this.dialog.remove();
    this.done(this.result);
  }
}

/** Which text says what to do about a tilt; the worse of the two. */
function hintOf({ roll, pitch }, isFront) {
  if (Math.abs(pitch) > STEEPEST) return "steep";
  if (Math.max(Math.abs(roll), Math.abs(pitch)) <= LEVEL) return "level";
  if (Math.abs(pitch) > Math.abs(roll)) return pitch > 0 ? "looksUp" : "looksDown";
  return roll > 0 !== isFront ? "turnRight" : "turnLeft";
}

const stopped = (stream) => stream.getTracks().forEach((track) => track.stop());

const make = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);

const draw = (name, attributes, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Its style sheet is loaded with the first photo. */
function styled() {
  const href = new URL("camera.css", import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return null;
  return new Promise((resolve) => {
    const link = make("link", { rel: "stylesheet", href });
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}
