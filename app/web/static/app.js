// A light touch: everything works without it.
"use strict";

const WAIT = 180; // ms after the last letter

function settled(input, act) {
  let timer;
  let latest = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++latest;
      await act(input.value.trim(), () => mine === latest).catch(() => {}); // the form still works
    }, WAIT);
  });
}

// Songs are found while one types: the page that the form would lead to is asked for, and its results are shown here.
for (const input of document.querySelectorAll("input[data-live]")) {
  settled(input, async (text, current) => {
    const url = `${input.form.action}?q=${encodeURIComponent(text)}`;
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!current()) return;
    const results = document.getElementById(input.dataset.live);
    results.replaceChildren(...document.adoptNode(page.getElementById(input.dataset.live)).childNodes);
    history.replaceState(null, "", url);
  });
}

// Ids that begin with the digits typed so far.
for (const input of document.querySelectorAll("input[data-ids]")) {
  settled(input, async (text, current) => {
    if (!/^[0-9]{1,19}$/.test(text)) return;
    const answer = await fetch(`/users?limit=8&prefix=${text}`);
    if (!answer.ok || !current()) return;
    // Read as text: ids go up to 2^63 - 1, and JSON.parse rounds those above 2^53.
    const ids = (await answer.text()).match(/"user_ids":\[([0-9,]*)\]/)[1].split(",").filter(Boolean);
    input.list.replaceChildren(...ids.map((id) => Object.assign(document.createElement("option"), { value: id })));
  });
}

// "/" goes to the search, as in many places.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  const input = document.querySelector("main input");
  if (input) {
    event.preventDefault();
    input.focus();
  }
});
