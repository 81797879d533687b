// The page: photos are chosen, measured and shown, compared with an earlier visit, saved and reported.
//
// What is known is in `state`; everything that is shown is made from it. Nothing of it is stored.

import { Card, told as toldOf } from "./cards.js";
import { beside, loaded, painted } from "./drawing.js";
import { answerWith, moved, readBy } from "./edits.js";
import { base64, measure, post, server, Trouble } from "./endpoint.js";
import { Figure } from "./figure.js";
import { measureOf } from "./geometry.js";
import { el, table } from "./tables.js";
import { named, ofCamera, ofMeasure, short, speak, t } from "./text.js";

const VIEWS = ["front", "side"];
const $ = (id) => document.getElementById(id);
// Pixels of the longer side of a picture that is saved, and of one in a report or in a saved measurement.
const PICTURE = 2048;
const IN_ANSWER = 1024;

let settings;
let measures;
let cards;
let telling; // the timer of what is said once a point is left alone
const state = {
  chosen: {}, // of the settings, by name
  mirrored: {}, // by view: "", "true" or "false"
  running: null, // what cancels the measurement that is being made
  visit: null, // {answer, label, images, moved}: what was measured here
  first: null, // {answer, label}: an earlier visit
  told: null, // what the server says of both, beside each other
  refusal: null, // the answer's problems
  adjusted: false,
  figures: [],
};

const json = async (path) => (await fetch(path)).json();

async function start() {
  [settings, measures] = await Promise.all([json("/page/settings.json"), json("/page/measures.json")]);
  const known = Object.keys(settings.languages);
  const language = navigator.languages.map((name) => name.slice(0, 2)).find((name) => known.includes(name)) ?? known[0];
  await speak(language);
  state.chosen = { ...settings.defaults };
  for (const name of known) $("language").append(new Option(settings.languages[name], name, false, name === language));
  cards = Object.fromEntries(VIEWS.map((view) => [view, new Card(view, settings.drawings, changed, sayWhatNext)]));
  $("cards").append(...VIEWS.map((view) => cards[view].element));
  $("guide").open = matchMedia("(min-width: 56rem)").matches;
  $("label").maxLength = settings.longest_label;
  listen();
  show();
  document.documentElement.dataset.ready = "";
}

function listen() {
  const clicks = {
    measure: run, cancel: () => state.running?.abort(), exchange, adjust, undo: undoAll, keep, "first-drop": dropFirst,
    report: openReport, "save-png": savePicture, "save-json": saveMeasurement, "paper-close": () => $("paper").close(),
    "paper-print": () => $("paper-frame").contentWindow.print(),
  };
  for (const [id, act] of Object.entries(clicks)) $(id).addEventListener("click", () => guarded(act));
  $("language").addEventListener("change", () => guarded(async () => {
    await speak($("language").value);
    await compare();
    show();
  }));
  $("load").addEventListener("change", () => guarded(load));
  $("key").addEventListener("input", () => { server.key = $("key").value.trim(); });
  $("key").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    guarded(run);
  });
  $("label").addEventListener("input", () => { state.visit.label = $("label").value; });
  document.addEventListener("paste", pasted);
  // A photo that misses its card must not replace the page.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
}

/** Does it, and says what went wrong. */
async function guarded(act) {
  trouble();
  try {
    await act();
  } catch (error) {
    if (error instanceof Trouble) failed(error);
    else if (error.name !== "AbortError") {
      trouble(t("errors.defect"));
      throw error;
    }
  }
}

const say = (text) => { $("said").textContent = text; };
const sayWhatNext = (...before) => say([...before, t(isComplete() ? "progress.ready" : "progress.need")].join(" "));

function trouble(...texts) {
  $("trouble").replaceChildren(...texts.map((text) => el("p", {}, text)));
}

function failed(error) {
  if (error.kind === "key") {
    $("key-part").hidden = false;
    say(server.key ? t("key.wrong") : t("key.hint"));
    $("key").focus();
  } else {
    trouble(t(`errors.${error.kind}`, error.values));
  }
}

// Photos and settings

function changed() {
  trouble();
  state.refusal = null;
  controls();
}

const isComplete = () => VIEWS.every((view) => cards[view].photo);

function controls() {
  // Only that it is not done twice: a button that is disabled loses the focus.
  $("measure").setAttribute("aria-disabled", !isComplete() || Boolean(state.running));
  $("cancel").hidden = $("busy").hidden = !state.running;
  $("exchange").disabled = !VIEWS.some((view) => cards[view].photo) || Boolean(state.running);
}

function exchange() {
  const [front, side] = VIEWS.map((view) => cards[view].photo);
  cards.front.put(side);
  cards.side.put(front);
}

function pasted(event) {
  const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file || $("paper").open) return;
  event.preventDefault();
  const focused = VIEWS.find((view) => cards[view].element.contains(document.activeElement));
  const empty = VIEWS.find((view) => !cards[view].photo);
  cards[focused ?? empty ?? "front"].take(file);
}

function showOptions() {
  const choice = (label, values, chosen, choose) => {
    const select = el("select", {}, ...values.map(([value, text]) => new Option(text, value, false, value === chosen)));
    select.addEventListener("change", () => choose(select.value));
    return el("label", {}, label, select);
  };
  const worded = (name, value) => (typeof value === "boolean" ? t(`settings.${name}_${value}`) : named(name, value));
  $("options").replaceChildren(
    ...Object.entries(settings.options).map(([name, values]) =>
      choice(t(`settings.${name}`), values.map((value) => [String(value), worded(name, value)]), String(state.chosen[name]),
        (value) => { state.chosen[name] = values.find((one) => String(one) === value); })),
    ...VIEWS.map((view) =>
      choice(t("settings.mirrored", { view: t(`views.${view}`) }), ["", "true", "false"].map((value) => [value, t(`settings.mirrored_${value}`)]),
        state.mirrored[view] ?? "", (value) => { state.mirrored[view] = value; })),
  );
}

/** The `input` of a request. */
async function input() {
  const some = (of) => Object.fromEntries(VIEWS.filter((view) => of(view) !== undefined).map((view) => [view, of(view)]));
  const camera = some((view) => (state.chosen.level === "none" ? undefined : cards[view].photo.camera));
  const mirrored = some((view) => (state.mirrored[view] ? state.mirrored[view] === "true" : cards[view].photo.mirrored));
  const photos = {};
  for (const view of VIEWS) photos[view] = await base64(cards[view].photo.blob);
  return { ...photos, ...state.chosen, camera, mirrored, include: ["details", "landmarks", "measures"], language: $("language").value };
}

// Measuring

async function run() {
  if (!isComplete() || state.running) return;
  const sizes = VIEWS.map((view) => cards[view].photo.blob.size);
  if ((4 / 3) * (sizes[0] + sizes[1]) > settings.largest - 10_000) throw new Trouble("too_large");
  for (const view of VIEWS) cards[view].refused([]);
  state.refusal = null;
  state.running = new AbortController();
  const photos = Object.fromEntries(VIEWS.map((view) => [view, cards[view].photo]));
  controls();
  const began = Date.now();
  const clock = setInterval(() => { $("seconds").textContent = t("progress.seconds", { seconds: Math.round((Date.now() - began) / 1000) }); }, 1000);
  try {
    const onState = (name) => { if ($("said").textContent !== t(`progress.${name}`)) say(t(`progress.${name}`)); };
    const job = await measure(await input(), { onState, signal: state.running.signal });
    $("key-part").hidden = true;
    if (job.status === "COMPLETED") await succeeded(job.output, photos);
    else refused(job);
  } catch (error) {
    say(t(error.name === "AbortError" ? "progress.cancelled" : "progress.failed"));
    throw error;
  } finally {
    clearInterval(clock);
    $("seconds").textContent = "";
    state.running = null;
    controls();
    if (document.activeElement === document.body) $("measure").focus(); // it was at what is hidden now
  }
}

async function succeeded(answer, photos) {
  const images = {};
  for (const view of VIEWS) images[view] = await loaded(photos[view].url);
  state.visit = { answer, label: state.visit?.label ?? today(), images, moved: { front: {}, side: {} } };
  state.adjusted = false;
  await compare();
  showResult();
  say(t("progress.done"));
  $("result-title").focus();
  $("result").scrollIntoView({ block: "start" });
}

function refused(job) {
  const { output } = job;
  const problems = output?.problems ?? [{ view: output?.view ?? null, code: output?.code ?? "internal_error", problem: job.error, advice: output?.message }];
  for (const view of VIEWS) cards[view].refused(problems.filter((problem) => problem.view === view));
  state.refusal = problems.filter((problem) => !VIEWS.includes(problem.view));
  showRefusal();
  say(t("progress.refused"));
  const first = VIEWS.find((view) => problems.some((problem) => problem.view === view));
  if (first) cards[first].parts.problems.focus();
}

function showRefusal() {
  if (!state.refusal?.length) return;
  $("trouble").replaceChildren(...state.refusal.map((problem) => toldOf(problem, "", settings.drawings, "problem")));
  if (!state.refusal.some(({ code }) => code === "views_swapped")) return;
  const button = el("button", { type: "button" }, t("exchange"));
  button.addEventListener("click", () => guarded(() => { exchange(); $("measure").focus(); }));
  $("trouble").append(button);
}

function today() {
  const now = new Date();
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

// The result

/** The details of a view of what was measured here, with what was moved. */
function detailsOf(view) {
  const { answer, moved: points } = state.visit;
  return moved(answer.data.details[`${view}_view`], measures, view, points[view]);
}

/** The worker's answer with what was moved. */
const answerNow = () => answerWith(state.visit.answer, Object.fromEntries(VIEWS.map((view) => [view, detailsOf(view)])));

/** Says everything again. */
function show() {
  for (const view of VIEWS) cards[view].show();
  $("rules").replaceChildren(...t("guide.rules").map((rule) => el("li", {}, rule)));
  $("setup").alt = t("guide.drawing");
  $("privacy").textContent = t(settings.passes_on ? "privacy_passed" : "privacy");
  showOptions();
  showFirst();
  showResult();
  showRefusal();
  if (!state.running) sayWhatNext();
  controls();
}

function showFirst() {
  $("first-note").hidden = !state.first;
  if (state.first) $("first-name").textContent = t("visits.first", { label: state.first.label });
}

function showResult() {
  $("result").hidden = $("keep").hidden = !state.visit;
  for (const figure of state.figures) figure.observer.disconnect();
  state.figures = [];
  $("views").replaceChildren();
  clearTimeout(telling);
  if (!state.visit) return;
  $("label").value = state.visit.label;
  $("adjust").setAttribute("aria-pressed", state.adjusted);
  $("adjust-hint").hidden = !state.adjusted;
  $("views").append(...VIEWS.map(viewOf));
  showTables();
  const { mode, calibration, level, model, version } = state.visit.answer.data.details;
  $("how").textContent = t("results.how", {
    mode: named("mode", mode), calibration: named("calibration", calibration), level: named("level", level),
    model: model.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, "$1"), version,
  });
  $("legend-change").hidden = !state.first;
}

function viewOf(view) {
  const title = [t(`views.${view}`), nearSide(view)].filter(Boolean).join(", ");
  const figure = new Figure({
    view, image: state.visit.images[view], measures, details: () => detailsOf(view), isAdjusted: () => state.adjusted, onMove, onMoved,
  });
  state.visit.images[view].alt = "";
  state.figures.push(figure);
  const details = detailsOf(view);
  const caption = el("figcaption", {}, t("results.caption", { told: ofCamera(details.camera) }));
  const notes = el("div", { class: "notes" }, ...details.warnings.map((warning) => toldOf(warning, view, settings.drawings, "note")));
  const now = el("figure", {}, state.first ? el("p", { class: "of" }, state.visit.label) : null, figure.element, caption, notes);
  return el("div", { class: state.first ? "view two" : "view", "data-view": view },
    el("h3", {}, title), state.first ? earlier(view) : null, now, el("div", { class: "tables", id: `tables-${view}` }));
}

function nearSide(view) {
  const side = state.visit.answer.data.details[`${view}_view`].near_side;
  return side ? t(`words.report.near_side.${side}`) : "";
}

function earlier(view) {
  const overlay = state.first.answer.data.details?.[`${view}_view`].overlay;
  const label = t("results.earlier", { view: t(`views.${view}`), visit: state.first.label });
  const picture = overlay
    ? el("img", { class: "earlier", alt: label, src: `data:image/jpeg;base64,${overlay.data}` })
    : el("div", { class: "missing" }, t("results.no_picture"));
  return el("figure", {}, el("p", { class: "of" }, t("visits.first", { label: state.first.label })), picture);
}

function firstReadings(view) {
  if (!state.first) return null;
  const { details, ...plain } = state.first.answer.data;
  const of = details?.[`${view}_view`];
  if (of) return { ...of.angles, ...of.measures };
  return Object.fromEntries(Object.entries(plain[`${view}_view`] ?? {}).map(([name, value]) =>
    [name, { value, unit: measures.find((row) => row.view === view && row.name === name)?.unit }]));
}

function showTables() {
  const rows = state.told?.rows ?? [];
  for (const view of VIEWS) {
    const details = detailsOf(view);
    const told = Object.fromEntries(rows.filter((row) => row.view === view).map((row) => [row.name, row.visits]));
    const common = { view, first: firstReadings(view), told, onUndo: (name) => undo(view, name) };
    const place = $(`tables-${view}`);
    const isOpen = place.querySelector("details")?.open;
    const more = el("details", { class: "more" }, el("summary", {}, t("results.more")),
      table({ ...common, readings: details.measures, caption: t("results.more"), isCore: false }));
    more.open = Boolean(isOpen);
    place.replaceChildren(
      table({ ...common, readings: details.angles, caption: t("results.angles"), isCore: true }), more);
  }
  $("undo").hidden = !VIEWS.some((view) => Object.keys(state.visit.moved[view]).length);
  showChanged();
}

/** In one sentence, what has changed between two visits, and what is to be known of that. */
function showChanged() {
  $("changed").hidden = !state.first || !state.told;
  if ($("changed").hidden) return;
  const visit = state.told.visits.at(-1);
  const byView = VIEWS.flatMap((view) => (visit.by_view[view] ?? []).map((text) => `${t(`views.${view}`)}: ${text}.`));
  $("changed").replaceChildren(...[visit.told, ...visit.remarks].map((text) => `${text}.`).concat(byView).map((text) => el("div", { class: "sentence" }, text)));
}

/** Has the server put the visits beside each other, and word what was read. */
async function compare() {
  if (!state.visit) return;
  const visits = [state.first, { label: state.visit.label, answer: answerNow() }].filter(Boolean);
  const told = await post("/page/compare", {
    visits: visits.map(({ label, answer }) => ({ label, answer: withoutPictures(answer) })), language: $("language").value,
  });
  state.told = await told.json();
}

function withoutPictures(answer) {
  if (!answer.data?.details) return answer;
  return answerWithout(answer, ["overlay", "landmarks"]);
}

function answerWithout(answer, names) {
  const details = { ...answer.data.details };
  for (const view of VIEWS) {
    details[`${view}_view`] = Object.fromEntries(Object.entries(details[`${view}_view`] ?? {}).filter(([name]) => !names.includes(name)));
  }
  return { ...answer, data: { ...answer.data, details } };
}

// Points that are moved

function adjust() {
  state.adjusted = !state.adjusted;
  $("adjust").setAttribute("aria-pressed", state.adjusted);
  $("adjust-hint").hidden = !state.adjusted;
  for (const figure of state.figures) figure.draw();
}

function onMove(view, point, place) {
  state.visit.moved[view] = { ...state.visit.moved[view], [point]: place.map((at) => Math.round(at * 100) / 100) };
  showTables();
}

/** Says what the point's readings are now, and has them compared once nothing is moved any more. */
function onMoved(view, point) {
  const details = detailsOf(view);
  const names = readBy(details, measures, view, point);
  const core = names.filter((name) => details.angles[name]);
  const readings = (core.length ? core : names).map((name) => {
    const reading = details.angles[name] ?? details.measures[name];
    return `${ofMeasure(view, name).name} ${short(reading.unit, reading.value)}`;
  });
  clearTimeout(telling);
  telling = setTimeout(() => guarded(async () => {
    say(readings.join(", "));
    if (!state.first) return;
    await compare();
    showTables();
  }), 400);
}

async function undo(view, name) {
  const reading = detailsOf(view).angles[name] ?? detailsOf(view).measures[name];
  const own = measureOf(measures, view, name, reading).points.flat();
  state.visit.moved[view] = Object.fromEntries(Object.entries(state.visit.moved[view]).filter(([point]) => !own.includes(point)));
  await undone(t("results.undone", { name: ofMeasure(view, name).name }));
}

async function undoAll() {
  state.visit.moved = { front: {}, side: {} };
  await undone(t("results.undone_all"));
}

async function undone(text) {
  for (const figure of state.figures) figure.drawLines();
  showTables();
  say(text);
  $("adjust").focus();
  await compare();
  showTables();
}

// Visits

async function keep() {
  state.first = { label: state.visit.label, answer: await withPictures() };
  state.visit = null;
  state.told = null;
  for (const view of VIEWS) cards[view].put(null);
  show();
  $("visits-said").textContent = "";
  say(t("visits.kept"));
  cards.front.parts.file.focus();
}

async function load() {
  const file = $("load").files[0];
  $("load").value = "";
  if (!file) return;
  const said = (text) => { $("visits-said").textContent = text; };
  let first;
  try {
    if (file.size > settings.largest) throw new SyntaxError("too large");
    const read = JSON.parse(await file.text());
    const answer = read.output ?? read;
    const name = String(read.label ?? file.name.replace(/^posture-|\.json$/g, ""));
    first = { answer, label: name.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "").slice(0, settings.longest_label) };
    await post("/page/compare", { visits: [{ label: first.label, answer: withoutPictures(answer) }] });
  } catch (error) {
    if (error instanceof Trouble && error.kind !== "status") throw error;
    said(t("errors.file"));
    return;
  }
  state.first = first;
  await compare();
  showFirst();
  showResult();
  said(t("visits.loaded", { label: first.label }));
}

async function dropFirst() {
  state.first = null;
  await compare();
  showFirst();
  showResult();
  say(t("visits.dropped"));
  cards.front.parts.file.focus();
}

// Keeping the result

/** The pictures of what was measured here, with their lines, as canvases by view. */
async function pictures(size) {
  const found = {};
  for (const view of VIEWS) found[view] = await painted(state.visit.images[view], detailsOf(view), measures, view, size);
  return found;
}

/** The answer with its pictures, as the worker would draw them for `include`: ["overlay"]. */
async function withPictures() {
  const canvases = await pictures(IN_ANSWER);
  const byView = {};
  for (const view of VIEWS) {
    const { width, height } = canvases[view];
    const data = await base64(await blobOf(canvases[view], "image/jpeg"));
    byView[view] = { ...detailsOf(view), overlay: { media_type: "image/jpeg", width, height, data } };
  }
  return answerWith(state.visit.answer, byView);
}

const blobOf = (canvas, type) => new Promise((resolve) => { canvas.toBlob(resolve, type, 0.85); });

function save(blob, ending) {
  const label = state.visit.label.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 40);
  const link = el("a", { download: `posture-${label || "visit"}.${ending}`, href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(t("save.done", { name: link.download }));
}

async function saveMeasurement() {
  const answer = $("with-pictures").checked ? await withPictures() : answerNow();
  save(new Blob([JSON.stringify({ label: state.visit.label, ...answer }, null, 1)], { type: "application/json" }), "json");
}

async function savePicture() {
  const canvases = await pictures(PICTURE);
  save(await blobOf(beside(VIEWS.map((view) => canvases[view]), t("results.picture", { label: state.visit.label })), "image/png"), "png");
}

async function openReport() {
  const visits = [state.first, { label: state.visit.label, answer: await withPictures() }].filter(Boolean)
    .map(({ label, answer }) => ({ label, answer: answer.data.details ? answerWithout(answer, ["landmarks"]) : answer }));
  const html = await post("/page/report", { visits, language: $("language").value }).then((answer) => answer.text());
  const frame = $("paper-frame").contentDocument;
  frame.open();
  frame.write(html);
  frame.close();
  $("paper-save").onclick = () => save(new Blob([html], { type: "text/html" }), "html");
  $("paper").showModal();
}

start().catch((error) => {
  trouble("This page could not be loaded. Is its server still running?"); // there are no texts yet
  throw error;
});
