// Puts the state of now in place of what is shown, every other second while somebody looks. What was opened or
// selected stays; when the relay does not answer, the page says since when.
"use strict";

const PERIOD = 2000;
const status = document.getElementById("status");
const live = document.getElementById("live");
let failing = null;

async function refresh() {
  if (document.hidden || hasSelection()) return;
  const address = new URL(location.href);
  address.searchParams.set("fragment", "");
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`the relay answers ${answer.status}`);
    status.innerHTML = await answer.text();
    document.title = `Flagstaff · ${status.querySelector("header .pill").textContent}`;
    failing = null;
    say("Live", "good");
  } catch (error) {
    failing ??= new Date();
    say(`Not reached since ${failing.toLocaleTimeString()}`, "bad");
  }
  status.classList.toggle("old", failing !== null);
}

// replacing what somebody is about to copy would be rude
function hasSelection() {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && status.contains(selection.anchorNode);
}

function say(text, condition) {
  live.textContent = text;
  live.className = `pill ${condition}`;
}

say("Live", "good");
setInterval(refresh, PERIOD);
document.addEventListener("visibilitychange", refresh);
