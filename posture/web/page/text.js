// All that is said, in the language that was chosen: /page/en.json and its like.

let texts = {};

/** Loads a language, and says in it whatever the document has `data-t` for. */
export async function speak(language) {
  const answer = await fetch(`/page/${language}.json`);
  if (!answer.ok) throw new Error(`no texts: ${answer.status}`);
  texts = await answer.json();
  document.documentElement.lang = language;
  document.title = t("title");
  say(document);
}

/** Says it in a part of the document; `data-t` names the text, `data-t-title` that of its title. */
export function say(part) {
  for (const element of part.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of part.querySelectorAll("[data-t-title]")) element.title = t(element.dataset.tTitle);
}

/** The text of a name such as "results.title", with {values} filled in; undefined where there is none. */
export function t(name, values = {}) {
  return fill(name.split(".").reduce((found, part) => found?.[part], texts), values);
}

const fill = (text, values) =>
  typeof text === "string" ? text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole) : text;

/** What is wrong, and what to do about it, by the code; where the page has no words for it, in the answer's own. */
export function ofCode(code, view, own) {
  const [problem, advice] = texts.codes[`${code}.${view}`] ?? texts.codes[code] ?? own;
  return { problem, advice };
}

/** The texts of a measure of a view: `name`, and `what` it is. */
export const ofMeasure = (view, name) => texts.measures[view][name];

/** What a value of an option or of an answer is called. */
export const named = (kind, value) => texts.words.named[kind]?.[value] ?? String(value);

/** A number as the language writes it, in tenths. */
export function number(value, signed = false) {
  const digits = Math.abs(value).toFixed(1);
  const sign = Number(digits) === 0 ? "" : value < 0 ? "\u2212" : signed ? "+" : "";
  return sign + digits.replace(".", texts.words.decimal_point);
}

/** A value with the sign of its unit. */
export const short = (unit, value, signed = false) =>
  fill(texts.words.units[unit].short, { number: number(value, signed) });

/** What is known of how the camera was held. */
export function ofCamera({ source, roll, pitch, mirrored, estimated_roll: seen }) {
  const words = texts.words.camera;
  const tilt = fill(words.tilt, { roll: number(roll, true), pitch: number(pitch, true) });
  let told = fill(words[source], { tilt });
  if (source === "unknown" && seen) {
    told += fill(words.estimated, { roll: number(seen.value, true), uncertainty: number(seen.uncertainty) });
  }
  return mirrored ? told + words.mirrored : told;
}
