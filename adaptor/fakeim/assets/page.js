"use strict";
const list = document.getElementById("messages");
const live = document.getElementById("live");
const made = document.getElementById("made");

// Messages come as HTML in which the server has escaped all that others have written. The policy
// of the page runs no script but this one.
const address = new URL("/-/events", location.href);
address.searchParams.set("after", list.dataset.last);
if (list.dataset.channel) address.searchParams.set("channel", list.dataset.channel);
const events = new EventSource(address);
events.onopen = () => show("live", "on", "new messages appear by themselves");
events.onerror = () => show("offline", "off", "the server does not answer; trying again");
events.onmessage = (event) => {
  const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 80;
  const parsed = document.createElement("template");
  parsed.innerHTML = event.data;
  list.append(parsed.content);
  while (list.children.length > Number(list.dataset.keep)) list.firstElementChild.remove();
  document.getElementById("empty").hidden = true;
  if (atEnd) scrollTo(0, document.body.scrollHeight);
};
events.addEventListener("counts", (event) => {
  const counts = JSON.parse(event.data);
  for (const count of document.querySelectorAll(".count")) count.textContent = counts[count.dataset.channel] ?? 0;
});
events.addEventListener("reset", () => location.reload());

function show(text, state, title) {
  live.textContent = text;
  live.className = "live " + state;
  live.title = title;
}

async function ask(method, path, body) {
  try {
    const answer = await fetch(path, { method, body });
    made.textContent = (await answer.text()).trim();
  } catch (error) {
    made.textContent = String(error);
  }
}

document.getElementById("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(event.target)) if (value.trim()) values.set(name, value.trim());
  ask("POST", "/-/fault", values);
});
document.getElementById("mend").addEventListener("click", () => ask("DELETE", "/-/fault"));
document.getElementById("clear").addEventListener("click", () => ask("DELETE", "/-/messages"));

if (!location.hash) scrollTo(0, document.body.scrollHeight);
