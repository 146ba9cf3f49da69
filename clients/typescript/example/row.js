// The row that shows one upload. File names are strangers' text: they are only ever set as text.

/** @typedef {"sending" | "waiting" | "interrupted" | "confirmed" | "failed"} Look */

const template = /** @type {HTMLTemplateElement} */ (document.querySelector("template"));
const list = /** @type {HTMLElement} */ (document.querySelector("#uploads"));

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** @param {number} bytes */
function sized(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const unitDisplay = power ? "short" : "long";
  const format = { style: "unit", unit: UNITS[power], unitDisplay, maximumFractionDigits: power > 1 ? 1 : 0 };
  return new Intl.NumberFormat("en", /** @type {Intl.NumberFormatOptions} */ (format)).format(bytes / 1000 ** power);
}

export class Row {
  /** @param {{ name: string, size: number }} file */
  constructor({ name, size }) {
    this.root = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    this.#find(".name").textContent = name;
    this.#find(".name").title = name;
    this.#find(".size").textContent = sized(size);
    this.bar = /** @type {HTMLProgressElement} */ (this.#find("progress"));
    this.bar.setAttribute("aria-label", name);
    list.prepend(this.root);
  }

  /** @param {import("@sluice/client").Progress} progress */
  progress({ phase, sent, total }) {
    this.bar.value = total ? sent / total : 1;
    const percent = Math.floor(this.bar.value * 100);
    if (phase === "sending") this.show("sending", `Sending: ${percent} %`);
    if (phase === "waiting") this.show("waiting", "All sent. Waiting for the verdict.");
  }

  /**
   * @param {Look} look
   * @param {string} text
   * @param {readonly string[]} reasons
   */
  show(look, text, reasons = []) {
    this.root.dataset.look = look;
    const status = this.#find(".status");
    // Screen readers say how it ends, not each percent.
    status.ariaLive = look === "sending" ? "off" : "polite";
    status.textContent = text;
    const items = reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason }));
    this.#find(".reasons").replaceChildren(...items);
  }

  /**
   * Offers a button, in place of the one that was there.
   *
   * @param {string} label
   * @param {(() => void) | undefined} act
   */
  offer(label, act) {
    const button = /** @type {HTMLButtonElement} */ (this.#find("button"));
    button.textContent = label;
    button.hidden = act === undefined;
    button.onclick = act ?? null;
  }

  remove() {
    this.root.remove();
  }

  /**
   * @param {string} selector
   * @returns {HTMLElement}
   */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }
}
