// The two photos: chosen, dropped, pasted or taken; and what is wrong with each.

import { ofCode, say, t } from "./text.js";

/**
 * The card of one view. `photo`: {blob, url} or null, with {camera, mirrored} where the page took it; `onChange` is called when it is another.
 *
 * `drawings`: which drawings there are by code (settings.json).
 */
export class Card {
  constructor(view, drawings, onChange, onSaid) {
    Object.assign(this, { view, drawings, onChange, onSaid, photo: null, shown: [] });
    this.element = document.getElementById("card").content.firstElementChild.cloneNode(true);
    const find = (name) => this.element.querySelector(name);
    this.parts = {
      title: find("h3"), drop: find(".drop"), file: find("input"), image: find("img"), camera: find(".camera"), remove: find(".remove"),
      problems: find(".problems"),
    };
    this.element.id = `card-${view}`;
    this.parts.title.id = `title-${view}`;
    this.element.setAttribute("aria-labelledby", `title-${view}`);
    this.listen();
  }

  listen() {
    const { drop, file, camera, remove, image } = this.parts;
    file.addEventListener("change", () => {
      if (file.files[0]) this.take(file.files[0]);
      file.value = "";
    });
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      const dropped = event.dataTransfer.files[0];
      if (dropped) this.take(dropped);
    });
    remove.addEventListener("click", () => {
      this.put(null);
      this.onSaid(t("card.removed", { view: t(`views.${this.view}`) }));
      file.focus();
    });
    camera.addEventListener("click", () => this.takePhoto());
    image.addEventListener("error", () => drop.classList.toggle("unseen", Boolean(this.photo)));
  }

  async takePhoto() {
    const { takePhoto } = await import("./camera.js");
    const taken = await takePhoto(this.view, t("camera"));
    if (taken) this.take(taken.blob, taken.camera ?? undefined, taken.mirrored);
    this.parts.camera.focus();
  }

  take(blob, camera, mirrored) {
    if (!blob.size) {
      this.onSaid(t("card.empty"));
      return;
    }
    this.put({ blob, camera, mirrored, url: URL.createObjectURL(blob) });
    this.onSaid(t("card.added", { view: t(`views.${this.view}`) }));
  }

  put(photo) {
    this.photo = photo;
    this.refused([]);
    this.show();
    this.onChange();
  }

  /** Says everything again, as after another language was chosen. */
  show() {
    const { title, drop, file, image, camera, remove } = this.parts;
    say(this.element);
    title.textContent = t(`views.${this.view}`);
    file.setAttribute("aria-label", t(`card.choose_${this.view}`));
    camera.setAttribute("aria-label", t(`card.camera_${this.view}`));
    remove.setAttribute("aria-label", t(`card.remove_${this.view}`));
    drop.classList.toggle("filled", Boolean(this.photo));
    drop.classList.remove("unseen");
    if (this.photo) drop.querySelector(".ask b").textContent = t("card.no_preview");
    image.alt = t(`card.${this.photo ? "preview" : "placeholder"}_${this.view}`);
    image.src = this.photo?.url ?? `/page/photos/${this.view}.svg`;
    remove.hidden = !this.photo;
    this.refused(this.shown);
  }

  /** Shows why the photo was refused: the answer's problems that are about it. */
  refused(problems) {
    this.shown = problems;
    this.parts.problems.replaceChildren(...problems.map((problem) => told(problem, this.view, this.drawings, "problem")));
    this.element.classList.toggle("refused", problems.length > 0);
  }
}

/** One thing that is wrong with a photo, in words and drawings. */
export function told({ code, problem: own, message, advice: ownAdvice }, view, drawings, kind) {
  const { problem, advice } = ofCode(code, view, [own ?? message ?? code, ownAdvice ?? ""]);
  const element = document.createElement("div");
  element.className = kind;
  element.dataset.code = code;
  const what = document.createElement("strong");
  what.textContent = problem;
  element.append(what, advice);
  // Where several drawings are for both views, each has its own.
  const names = (drawings[code] ?? []).filter((name, _, all) => !all.includes(view) || name === view);
  if (names.length) {
    const row = document.createElement("div");
    row.className = "drawings";
    for (const name of names) {
      const image = new Image();
      image.alt = "";
      image.src = `/page/photos/${name}.svg`;
      row.append(image);
    }
    element.append(row);
  }
  return element;
}
