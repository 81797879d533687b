// The readings of one view as a table: what they mean, their value and uncertainty, and what has changed.

import { named, number, ofMeasure, short, t } from "./text.js";

// Said once more, as browsers forget them of a table that a style lays out as blocks.
const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell" };
const OF_HEADS = { col: "columnheader", row: "rowheader" };

/** An element with text or other elements in it. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  const role = ROLES[name] ?? OF_HEADS[attributes.scope];
  if (role) element.setAttribute("role", role);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * The table of `readings` of a view, as they are now.
 *
 * `first`: those of the first visit by name, or null; `told`: what the server says of each by name, for each visit;
 * `isCore`: whether they are drawn, each in its color. `onUndo(name)`: takes back what was moved.
 */
export function table({ view, caption, readings, first, told, isCore, onUndo }) {
  const heads = first ? ["measure", "first", "now", "change"] : ["measure", "value"];
  const body = el("tbody");
  Object.entries(readings).forEach(([name, reading], index) => {
    const [before, now] = first ? told[name] ?? [] : [null, told[name]?.[0]];
    body.append(el("tr", { "data-reading": name },
      head(view, name, reading, now, isCore ? index : null, onUndo),
      ...(first
        ? [value(reading.unit, first[name], before), value(reading.unit, reading), change(reading, now)]
        : [value(reading.unit, reading)])));
  });
  // Where it does not fit, it is scrolled, by keyboard too.
  const scrolled = first ? { tabindex: "0", role: "group", "aria-label": caption } : {};
  return el("div", { class: "scroll", ...scrolled }, el("table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((key) => el("th", { scope: "col" }, t(`results.${key}`))))),
    body));
}

function head(view, name, reading, now, index, onUndo) {
  const words = ofMeasure(view, name);
  const cell = el("th", { scope: "row" });
  if (index !== null) cell.append(el("span", { class: `swatch c${index}`, "aria-hidden": "true" }));
  cell.append(el("b", {}, words.name));
  if (reading.edited) {
    const undo = el("button", { type: "button", class: "plain", "aria-label": t("results.undo_of", { name: words.name }) }, t("results.undo"));
    undo.addEventListener("click", () => onUndo(name));
    cell.append(" ", el("span", { class: "edited" }, t("results.edited")), " ", undo,
      el("small", {}, t("results.was", { value: short(reading.unit, reading.measured, true) })));
  } else {
    cell.append(el("div", { class: "sentence" }, now?.sentence ?? reading.sentence));
  }
  const source = reading.source ? `; ${t("results.read_from", { source: named("source", reading.source) })}` : "";
  cell.append(el("small", {}, `${words.what}${source}`));
  return cell;
}

function value(unit, reading, seen = null) {
  if (!reading) return el("td", {}, "\u2013");
  const trust = reading.trust ?? seen?.trust;
  const cell = el("td", {}, el("span", { class: "value" }, el("b", {}, short(unit, reading.value, true)),
    trust ? ` \u00b1 ${number(reading.uncertainty)}` : ""));
  if (reading.edited) cell.append(el("small", {}, t("results.edited")));
  else if (trust) cell.append(el("small", {}, t("results.trust_of", { trust: named("trust", trust) })));
  return cell;
}

function change({ unit }, seen) {
  if (!seen) return el("td", {}, "\u2013");
  const cell = el("td");
  if (seen.difference !== null) {
    cell.append(el("span", { class: seen.exceeds ? "value differs" : "value" }, short(unit, seen.difference, true)));
    const judged = seen.exceeds === null ? "not_judged" : seen.exceeds ? "differs" : "same";
    cell.append(el("small", {}, t(`results.${judged}`)));
    if (seen.limit !== null) cell.append(el("small", {}, t("results.limit", { limit: short(unit, seen.limit) })));
  }
  cell.append(...seen.remarks.map((remark) => el("small", {}, remark)));
  return cell;
}
