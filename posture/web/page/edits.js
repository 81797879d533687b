// Points that were moved by hand: the lines of a view's readings, and the readings that follow.
//
// What is moved is a point of the person, as "left_hip", and every reading that is read from it follows. The body's
// size, by which offsets are divided, stays as it was measured.

import { apply, contextOf, inverse, measureOf, reference, value } from "./geometry.js";

const hundredths = (number) => Math.round(number * 100) / 100 + 0;
const readingsOf = (details) => Object.entries({ ...details.angles, ...details.measures });

/** The points of the person that the lines of a view are drawn between, by name, in pixels of the photo. */
export function pointsOf(details, measures, view) {
  const points = {};
  for (const [name, reading] of readingsOf(details)) {
    measureOf(measures, view, name, reading).points.forEach((names, index) => {
      if (names.length === 1) points[names[0]] = reading.line[index];
    });
  }
  return points;
}

/** The names of the readings that a point takes part in. */
export function readBy(details, measures, view, point) {
  return readingsOf(details)
    .filter(([name, reading]) => measureOf(measures, view, name, reading).points.flat().includes(point))
    .map(([name]) => name);
}

/**
 * The details of a view with some points moved, `{name: [x, y]}`: new lines and values, marked as edited.
 *
 * They are the hand's: nothing is known of their uncertainty, and so of their trust. `measured` is the model's value.
 */
export function moved(details, measures, view, points) {
  if (!Object.keys(points).length) return details;
  const context = contextOf(details, measures, view);
  const all = { ...pointsOf(details, measures, view), ...points };
  const again = (readings) => Object.fromEntries(
    Object.entries(readings).map(([name, reading]) => {
      const measure = measureOf(measures, view, name, reading);
      const isMoved = measure.points.flat().some((point) => point in points);
      return [name, isMoved ? reread(reading, measure, all, context) : reading];
    }),
  );
  return { ...details, angles: again(details.angles), ...(details.measures && { measures: again(details.measures) }) };
}

function reread(reading, measure, points, context) {
  const exact = measure.points.map((names) => middle(names.map((name) => points[name]), context.homography));
  const rounded = (line) => line.map((point) => point.map(hundredths));
  return {
    ...reading,
    value: hundredths(value(measure, exact, context)),
    uncalibrated: null,
    uncertainty: null,
    repeatability_limit: null,
    validity: null,
    trust: null,
    sentence: null,
    edited: true,
    measured: reading.value,
    line: rounded(exact),
    reference: rounded(reference(measure, exact, context)),
  };
}

/** The middle of points, formed where angles are read: in the level picture. */
function middle(points, homography) {
  if (points.length === 1) return points[0];
  const level = points.map((point) => apply(homography, point));
  const mean = [0, 1].map((axis) => level.reduce((sum, point) => sum + point[axis], 0) / level.length);
  return apply(inverse(homography), mean);
}

/** The worker's answer with the details of each view replaced, and with them the plain angles. */
export function answerWith(answer, byView) {
  const data = { ...answer.data, details: { ...answer.data.details } };
  for (const [view, details] of Object.entries(byView)) {
    data.details[`${view}_view`] = details;
    data[`${view}_view`] = Object.fromEntries(Object.entries(details.angles).map(([name, of]) => [name, of.value]));
  }
  return { ...answer, data };
}
