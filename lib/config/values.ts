import { z } from "zod";
import { parsePlace } from "./place.ts";

/** A string with something in it; `wanted` says what, in a fault. */
export const text = (wanted: string) => z.string({ error: wanted }).min(1, { error: wanted });

/** A path that stays inside the directory that it is relative to. */
export const path = (wanted: string) =>
  text(wanted).refine((path) => path === "" || parsePlace(path, "project") !== undefined, {
    error: wanted,
  });

export const whole = (least: number, most: number, what: string) => {
  const error = `${what}, a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

export const words = (what: string) => z.array(text("a string"), { error: `a list of ${what}` });

export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;
