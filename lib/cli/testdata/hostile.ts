/** OSC 0 and 52, CSI, C1, a change of direction, lone surrogates, and commands to CI services. */
export const HOSTILE =
  "a\x1b]0;title\x07b\x1b]52;c;cm0=\x07c\x1b[2Jd\x9b31me\u202ef\ud800g\u200bh\rz\n" +
  "::error::x\n  ::stop-commands::x\n##[group]x\n##vso[task.setvariable]x";
