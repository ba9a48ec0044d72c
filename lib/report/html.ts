import { UNSEEN } from "../base/text/plain_text.ts";

/** A piece of HTML that can be put into a page unchanged. */
export class Html {
  constructor(readonly text: string) {}
}

/** A value in a template of {@link html}: everything except {@link Html} is escaped. */
type HtmlValue = string | number | Html | readonly Html[] | undefined;

/** A template of HTML: values are escaped, HTML and lists inserted, `undefined` is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((text, index) => text + render(values[index])).join(""));
}

function render(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string") return escape(value);
  return typeof value === "number" ? String(value) : value.map(({ text }) => text).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  // Invisible characters, which would become U+FFFD or are in no font, are shown as one character.
  const visible = text.replace(UNSEEN, "\ufffd");
  return visible.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
