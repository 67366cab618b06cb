// Loads the page again when something happened to what it shows. Nothing typed into a form is lost.
"use strict";
(() => {
  const shown = document.body.dataset.live;
  if (!shown) return;
  let due = 0;
  const typing = () => document.activeElement && document.activeElement.tagName === "INPUT";
  const again = () => {
    clearTimeout(due);
    due = setTimeout(() => (typing() ? again() : location.reload()), 700);
  };
  const feed = new EventSource("/api/v1/events");
  feed.addEventListener("timeline", (message) => {
    const event = JSON.parse(message.data);
    if (shown === "list" || event.incident_id === shown) again();
  });
})();
