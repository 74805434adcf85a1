/**
 * Where the states of RFC 9293 §3.3.2 and the ways between them are drawn: once for a wide screen,
 * once for a narrow one. A state is [x, y, width, height], a way is a path with a word at a place.
 */

const WIDE = {
  size: [1000, 372],
  states: {
    SYN_SENT: [8, 14, 150, 58],
    LISTEN: [8, 142, 150, 84],
    SYN_RECV: [8, 300, 150, 58],
    ESTABLISHED: [238, 106, 246, 156],
    FIN_WAIT1: [560, 14, 132, 84],
    FIN_WAIT2: [756, 14, 132, 84],
    CLOSING: [560, 150, 132, 66],
    TIME_WAIT: [756, 150, 132, 66],
    CLOSE_WAIT: [560, 274, 132, 84],
    LAST_ACK: [756, 274, 132, 84],
    CLOSED: [922, 142, 72, 84],
  },
  ways: [
    ["M83 226V300", "SYN", [92, 268]],
    ["M158 329H200V230H238", "ACK", [178, 318]],
    ["M158 43H200V138H238", "SYN+ACK", [166, 34]],
    ["M484 140H520V56H560", "we end", [472, 46]],
    ["M692 56H756", "ACK", [711, 48]],
    ["M626 98V150", "FIN", [634, 128]],
    ["M692 183H756", "ACK", [711, 175]],
    ["M822 98V150", "FIN", [830, 128]],
    ["M484 228H520V316H560", "peer ends", [452, 338]],
    ["M692 316H756", "we end", [702, 308]],
    ["M888 183H922", "", [0, 0]],
    ["M888 316H959V226", "ACK", [908, 308]],
  ],
};

const NARROW = {
  size: [360, 640],
  states: {
    SYN_SENT: [6, 8, 110, 46],
    LISTEN: [124, 8, 112, 62],
    SYN_RECV: [244, 8, 110, 46],
    ESTABLISHED: [56, 112, 248, 132],
    FIN_WAIT1: [6, 300, 148, 64],
    FIN_WAIT2: [6, 402, 108, 64],
    CLOSING: [126, 402, 78, 64],
    TIME_WAIT: [6, 504, 148, 56],
    CLOSE_WAIT: [214, 300, 140, 64],
    LAST_ACK: [214, 402, 140, 64],
    CLOSED: [100, 592, 160, 44],
  },
  ways: [
    ["M236 31H244", "", [0, 0]],
    ["M299 54V90H250V112", "ACK", [304, 86]],
    ["M61 54V90H110V112", "SYN+ACK", [6, 84]],
    ["M80 244V300", "we end", [88, 276]],
    ["M60 364V402", "ACK", [68, 388]],
    ["M140 364V402", "FIN", [146, 388]],
    ["M60 466V504", "FIN", [68, 490]],
    ["M140 466V504", "ACK", [146, 490]],
    ["M284 244V300", "peer ends", [214, 276]],
    ["M284 364V402", "we end", [234, 388]],
    ["M120 560V592", "", [0, 0]],
    ["M284 466V614H260", "ACK", [290, 540]],
  ],
};

/** What is to be said of a state that our sockets are not seen in. */
export const CAPTIONS = {
  SYN_SENT: "a client’s",
  SYN_RECV: "in the backlog",
  TIME_WAIT: "no descriptor",
};

/** @param isWide as the screen is. */
export function layoutOf(isWide) {
  return isWide ? WIDE : NARROW;
}
