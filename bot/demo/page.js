"use strict";
const byId = (id) => document.getElementById(id);

// Channels: a search field that only exists where it works.
const search = byId("search");
search.hidden = false;
const rows = [...document.querySelectorAll("nav li")];
const groups = [...document.querySelectorAll("nav details")].map((box) => ({ box, open: box.open }));
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const row of rows) {
    row.hidden = !words.every((word) => row.dataset.name.includes(word));
    found += !row.hidden;
  }
  for (const { box, open } of groups) {
    const any = box.querySelector("li:not([hidden])") !== null;
    box.hidden = words.length > 0 && !any;
    box.open = words.length ? any : open;
  }
  byId("no-match").hidden = found > 0;
});

// The track: what a mark stands for is written below it, also for the keyboard.
const readout = byId("readout");
const say = (mark) => {
  readout.textContent = mark ? mark.getAttribute("aria-label") : readout.dataset.rest;
  readout.classList.toggle("live", Boolean(mark));
};
for (const mark of document.querySelectorAll(".mark")) {
  mark.addEventListener("mouseenter", () => say(mark));
  mark.addEventListener("mouseleave", () => say(null));
  mark.addEventListener("focus", () => say(mark));
  mark.addEventListener("blur", () => say(null));
}
const track = document.querySelector(".track");
track.scrollLeft = byId("pin").offsetLeft - track.clientWidth / 2;

// A journey: the clock follows it, and the page is drawn anew when it is over.
const underWay = byId("under-way");
const follow = async () => {
  try {
    const state = await (await fetch("/status")).json();
    if (!state.under_way) return location.assign("/");
    byId("now").textContent = state.now[0].toUpperCase() + state.now.slice(1);
    byId("pin").style.left = state.percent + "%";
    byId("elapsed").style.width = state.percent + "%";
  } catch { /* the page is closing: try again */ }
  setTimeout(follow, 500);
};
if (!underWay.hidden) follow();
for (const form of document.querySelectorAll('form[action="/travel"]')) {
  form.addEventListener("submit", () => { underWay.hidden = false; });
}
