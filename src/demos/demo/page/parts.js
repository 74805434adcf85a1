/** Small things that several parts of the page are made of. */

export function textOf(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/** @param isUnseen it was passed through, but nobody has seen it. */
export function chip(state, isUnseen = false) {
  const made = textOf("b", state ?? "?", "chip");
  made.dataset.state = state ?? "";
  if (isUnseen) {
    made.classList.add("unseen");
    made.title = "Too quick to be seen, or the kernel's alone";
  }
  return made;
}

export function bytesText(bytes) {
  if (bytes === undefined) return "–";
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${["", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

/** How old something is, in as few digits as say it. */
export function ageText(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Changes a text only if it is another: what is selected stays so. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
