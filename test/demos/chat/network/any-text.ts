/** Text with anything in it: controls, all scripts, halves of characters. */
import fc from "fast-check";

/** Mostly ASCII, so that what has a meaning comes up, too. */
export function anyText(lengthMax: number): fc.Arbitrary<string> {
  const code = fc.oneof(
    { weight: 4, arbitrary: fc.nat(0x7f) },
    { weight: 1, arbitrary: fc.nat(0xffff) },
    { weight: 1, arbitrary: fc.nat(0x10ffff) },
  );
  return fc.array(code, { maxLength: lengthMax }).map((codes) => String.fromCodePoint(...codes));
}
