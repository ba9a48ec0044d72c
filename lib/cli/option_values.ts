import type { CommonOption, OptionSpec, PositionalSpec, TaskSpec } from "./spec.ts";

/** `dry-run` as a property: `dryRun`. */
type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** The property that holds an option's value. */
export function camelCase<Name extends string>(name: Name): CamelCase<Name> {
  return name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()) as CamelCase<Name>;
}

/** One of the fixed choices; any text if choices are looked up, or if there are none. */
type Text<Spec> = Spec extends { choices: readonly (infer Choice extends string)[] } ? Choice
  : string;

type Item<Option extends OptionSpec> = Option extends { type: "boolean" } ? boolean
  : Option extends { type: "number" } ? number
  : Text<Option>;

/** An option that neither repeats nor has a default may be undefined, unless it is a flag. */
type Value<Option extends OptionSpec> = Option extends { repeat: true } ? readonly Item<Option>[]
  : Option extends { type: "boolean" } | { default: string | number } ? Item<Option>
  : Item<Option> | undefined;

/** The values of options, each by its name in camelCase, and of the type that its spec says. */
export type OptionValues<Options extends readonly OptionSpec[]> = {
  readonly [Option in Options[number] as CamelCase<Option["name"]>]: Value<Option>;
};

/** The values of positionals, in their order. */
type PositionalValues<Positionals extends readonly PositionalSpec[]> = Positionals extends
  readonly [
    infer First extends PositionalSpec,
    ...infer More extends readonly PositionalSpec[],
  ] ? First extends { repeat: true } ? readonly Text<First>[]
  : First extends { required: true; unless?: undefined }
    ? readonly [Text<First>, ...PositionalValues<More>]
  : readonly [Text<First>?, ...PositionalValues<More>]
  : Positionals extends readonly [] ? readonly []
  : readonly string[];

/** The values of a task's own options. */
export type OptionsOf<Spec extends TaskSpec> = Spec extends
  { options: infer Options extends readonly OptionSpec[] } ? OptionValues<Options>
  : unknown;

/** The values of a task's positionals. */
export type PositionalsOf<Spec extends TaskSpec> = Spec extends
  { positionals: infer Positionals extends readonly PositionalSpec[] }
  ? PositionalValues<Positionals>
  : readonly [];

/** The values of common options; a task may omit them. */
export type CommonValues = { readonly [Name in CommonOption as CamelCase<Name>]?: boolean };
