/* Everything works without this file. With it: leaving leaves no trace in the history, the code can be copied
   and printed, and times are those of the reader's clock. */
"use strict";
document.addEventListener("click", (event) => {
  const element = event.target.closest("[data-exit], [data-copy], [data-print]");
  if (!element) return;
  if (element.hasAttribute("data-exit")) {
    event.preventDefault();
    document.documentElement.hidden = true;
    window.location.replace(element.href);
  } else if (element.hasAttribute("data-print")) {
    window.print();
  } else {
    const said = document.getElementById("copied");
    navigator.clipboard.writeText(element.dataset.copy).then(
      () => { said.textContent = element.dataset.done; },
      () => { said.textContent = element.dataset.failed; },
    );
  }
});
for (const element of document.querySelectorAll("[data-copy], [data-print]")) {
  element.hidden = element.hasAttribute("data-copy") && !navigator.clipboard;
}
const words = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  time.textContent = words.format(new Date(time.dateTime));
}
