"use strict";
// Draws the run. Hooks are [name, from, to, instructions, missed, memory, time in calls], calls are [name, endpoint, from,
// to, returned, errno, refused], messages are [from, to, reader's uid, sent, received, bytes]; times are microseconds.
const run = JSON.parse(document.getElementById("run").textContent);
const canvas = document.getElementById("timeline");
const tip = document.getElementById("tip");
const pen = canvas.getContext("2d");
const GUTTER = 150, AXIS = 26, TRACK = 118, STATE = 22, BARS = 30, MEMORY = 20;
const total = Math.max(run.end_us, 1);
// The picture begins shortly before the first container is there.
const begin = run.tracks.length ? Math.max(0, Math.min(...run.tracks.map((track) => track.loaded_us)) - total / 50) : 0;
const whole = total - begin;
let from = begin, to = total, hits = [];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
let colors = {};
const width = () => canvas.clientWidth - GUTTER - 8;
const x = (us) => GUTTER + ((us - from) / (to - from)) * width();
const seen = (a, b) => b >= from && a <= to;
const ms = (us) => us >= 1e6 ? (us / 1e6).toFixed(3) + " s" : us >= 1000 ? (us / 1000).toFixed(2) + " ms" : us + " µs";
const many = (n) => n.toLocaleString("en");

// A thing that can be pointed at.
const hit = (left, top, right, bottom, text) => hits.push([left, top, right, bottom, text]);

function box(left, top, right, bottom, fill) {
  const a = Math.max(left, GUTTER), b = Math.min(Math.max(right, left + 1), GUTTER + width());
  if (b <= a) return;
  pen.fillStyle = fill;
  pen.fillRect(a, top, b - a, bottom - top);
}

function text(words, left, top, fill, bold) {
  pen.fillStyle = fill;
  pen.font = (bold ? "600 " : "") + "12px system-ui, sans-serif";
  pen.fillText(words, left, top);
}

function axis(height) {
  const rough = (to - from) / Math.max(width() / 110, 1);
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  for (let us = Math.ceil(from / step) * step; us <= to; us += step) {
    pen.fillStyle = colors.line;
    pen.fillRect(Math.round(x(us)), AXIS - 6, 1, height - AXIS + 6);
    const label = step >= 1e6 ? us / 1e6 + " s" : step >= 1000 ? +(us / 1000).toFixed(3) + " ms" : us + " µs";
    pen.font = "12px system-ui, sans-serif";
    if (x(us) + 3 + pen.measureText(label).width < GUTTER + width()) text(label, x(us) + 3, 14, colors.soft);
  }
}

// From start to stop: [from, to, why, fault].
function lives(track) {
  const out = [];
  for (const state of track.states) {
    if (state.what === "started") out.push([state.at_us, null, "", false]);
    else if (out.length) out[out.length - 1].splice(1, 3, state.at_us, state.text, state.fault);
    else out.push([state.at_us, state.at_us, state.text, state.fault]);
  }
  return out;
}

function states(track, top) {
  const bottom = top + STATE, end = track.unloaded_us ?? total;
  box(x(track.loaded_us), top + 8, x(end), bottom - 8, colors.line);
  hit(x(track.loaded_us), top, x(end), bottom, track.uid + " is loaded");
  for (const [a, b, why, fault] of lives(track)) {
    box(x(a), top + 3, x(b ?? end), bottom - 3, colors.ready);
    hit(x(a), top, x(b ?? end), bottom, track.uid + " waits for its next loop (READY)");
    if (b !== null) {
      box(x(b) - 1, top - 2, x(b) + 2, bottom + 2, fault ? colors.fault : colors.stop);
      const words = "stopped: " + why;
      pen.font = "600 12px system-ui, sans-serif";
      const wide = pen.measureText(words).width;
      if (seen(b, b)) {
        const right = x(b) + 8 + wide < GUTTER + width();
        if (right || fault) text(words, right ? x(b) + 7 : x(b) - wide, right ? top + 15 : top - 4, fault ? colors.fault : colors.soft, true);
        hit(x(b) - 4, top - 2, right ? x(b) + 8 + wide : x(b) + 4, bottom, track.uid + " " + words + "\nat " + ms(b));
      }
    }
  }
}

function hooks(track, top) {
  const most = Math.max(1, ...track.hooks.map((hook) => hook[3]));
  const base = top + STATE + 22 + BARS;
  track.hooks.forEach((hook, number) => {
    const [name, a, b, instructions, missed, , calls] = hook;
    if (missed) {
      // The periods before this loop, in which there was none.
      const since = track.hooks[number - 1] ? track.hooks[number - 1][1] : a;
      if (seen(since, a)) {
        const left = Math.max(x(since), GUTTER), right = Math.min(x(a), GUTTER + width());
        pen.fillStyle = colors.missed;
        pen.fillRect(left, top - 5, Math.max(right - left, 3), 3);
        pen.beginPath();
        pen.moveTo(x(a) - 5, top - 9); pen.lineTo(x(a) + 5, top - 9); pen.lineTo(x(a), top - 1);
        if (x(a) >= GUTTER) pen.fill();
        hit(left - 2, top - 11, Math.max(right, left + 4) + 4, top, why(track, number));
      }
    }
    if (!seen(a, b)) return;
    box(x(a), top + 1, x(b), top + STATE - 1, colors[name]);
    hit(x(a) - 1, top, Math.max(x(b), x(a) + 2), top + STATE, track.uid + " " + name + "()\nfrom " + ms(a) + ", took " + ms(b - a)
      + (calls ? ", " + ms(calls) + " of it in calls" : "") + "\n" + many(instructions) + " instructions");
    const high = Math.max(2, (instructions / most) * BARS);
    box(x(a), base - high, Math.max(x(b), x(a) + 2), base, colors.instructions);
    hit(x(a) - 1, base - BARS, Math.max(x(b), x(a) + 2), base, track.uid + " " + name + "(): " + many(instructions) + " instructions\nthe most of its hooks: " + many(most));
  });
}

function why(track, number) {
  const [, a, , , missed] = track.hooks[number], before = track.hooks[number - 1];
  let words = track.uid + " missed " + missed + (missed === 1 ? " period" : " periods") + " of " + track.period_ms + " ms before " + ms(a);
  if (before) words += "\n" + before[0] + "() before it took " + ms(before[2] - before[1]) + ", " + ms(before[6]) + " of it in calls";
  return words;
}

function memory(track, top) {
  const base = top + STATE + 26 + BARS + MEMORY, limit = Math.max(track.memory_limit_bytes, 1);
  let last = null;
  pen.strokeStyle = colors.memory;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const [, , b, , , bytes] of track.hooks) {
    const high = base - Math.min(bytes / limit, 1) * MEMORY, at = Math.min(Math.max(x(b), GUTTER), GUTTER + width());
    if (last === null) pen.moveTo(at, high); else { pen.lineTo(at, last); pen.lineTo(at, high); }
    last = high;
  }
  pen.stroke();
  pen.fillStyle = colors.line;
  pen.fillRect(GUTTER, base, width(), 1);
  hit(GUTTER, base - MEMORY, GUTTER + width(), base, track.uid + ": memory in the interpreter, peak " + many(track.memory_peak_bytes)
    + " of " + many(limit) + " bytes");
}

const lane = (top) => top + STATE + 10;

function calls(track, top) {
  const middle = lane(top);
  for (const [name, endpoint, a, b, returned, errno, refused] of track.calls) {
    if (!seen(a, b)) continue;
    const known = track.endpoints.find((e) => e.id === endpoint);
    const on = endpoint === null ? "" : " on endpoint " + endpoint + (known ? " (" + known.peer + ", " + known.direction + ")" : "");
    if (refused === null) {
      box(x(a), middle - 4, x(b), middle + 4, errno === null ? colors.call : colors.errno);
    } else if (x(a) >= GUTTER) {
      pen.fillStyle = colors.refused;
      pen.beginPath();
      pen.arc(x(a), middle, 4.5, 0, 7);
      pen.fill();
    }
    const grow = refused === null ? 1 : 5;
    hit(x(a) - grow, middle - 5, Math.max(x(b), x(a)) + grow, middle + 5, track.uid + " " + name + on + "\nat " + ms(a) + ", took " + ms(b - a) + "\n"
      + (refused !== null ? "refused: " + refused : errno !== null ? "returned: " + errno : "returned " + returned));
  }
}

function messages(tops) {
  // Many at once are faint, so that what is below them can be seen.
  const faint = run.messages.filter((m) => seen(m[3], m[4] ?? m[3])).length > 60 ? 0.4 : 0.8;
  for (const [sender, reader, uid, sent, received, bytes] of run.messages) {
    if (!seen(sent, received ?? sent) || tops[sender] === undefined) continue;
    const a = x(sent), y = lane(tops[sender]);
    if (a < GUTTER) continue;
    pen.strokeStyle = pen.fillStyle = colors.message;
    pen.lineWidth = 1;
    if (received === null || tops[reader] === undefined) {
      pen.beginPath(); pen.moveTo(a, y); pen.lineTo(a, y + 8); pen.stroke();
      hit(a - 3, y + 5, a + 3, y + 9, bytes + " bytes to " + uid + ", not received");
      continue;
    }
    const b = Math.min(x(received), GUTTER + width()), z = lane(tops[reader]), down = z > y ? 1 : -1;
    pen.globalAlpha = faint;
    pen.beginPath(); pen.moveTo(a, y + 4 * down); pen.bezierCurveTo(a, y + 26 * down, b, z - 26 * down, b, z - 6 * down); pen.stroke();
    pen.beginPath(); pen.moveTo(b, z - 4 * down); pen.lineTo(b - 3, z - 11 * down); pen.lineTo(b + 3, z - 11 * down); pen.fill();
    pen.globalAlpha = 1;
    hit(b - 4, Math.min(z, z - 12 * down), b + 4, Math.max(z, z - 12 * down) - 5, bytes + " bytes from " + run.tracks[sender].uid + " to " + uid + "\nsent at " + ms(sent) + ", received " + ms(received - sent) + " later");
  }
}

function draw() {
  for (const name of ["ink", "soft", "line", "ready", "start", "loop", "stop", "fault", "missed", "call", "errno", "refused", "message", "instructions", "memory", "card"])
    colors[name] = color(name);
  const height = AXIS + Math.max(run.tracks.length, 1) * TRACK, scale = window.devicePixelRatio || 1;
  canvas.style.height = height + "px";
  canvas.width = Math.round(canvas.clientWidth * scale);
  canvas.height = Math.round(height * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  hits = [];
  axis(height);
  const tops = run.tracks.map((_, number) => AXIS + 16 + number * TRACK);
  run.tracks.forEach((track, number) => {
    const top = tops[number];
    pen.fillStyle = colors.line;
    if (number) pen.fillRect(0, top - 16, canvas.clientWidth, 1);
    pen.save();
    pen.beginPath(); pen.rect(0, top - 14, GUTTER - 10, TRACK); pen.clip();
    text(track.uid, 0, top + 14, colors.ink, true);
    text(track.event_driven ? "woken by messages" : "every " + track.period_ms + " ms", 0, top + 29, colors.soft);
    text("calls", 0, top + STATE + 24, colors.soft);
    text("instructions", 0, top + STATE + 44, colors.soft);
    text("memory", 0, top + STATE + 72, colors.soft);
    pen.restore();
    states(track, top);
    memory(track, top);
    hooks(track, top);
    calls(track, top);
  });
  messages(tops);
  canvas.dataset.drawn = hits.length;
}

function zoom(factor, around) {
  const span = Math.min(Math.max((to - from) * factor, 50), whole);
  const share = (around - from) / (to - from);
  from = Math.min(Math.max(around - span * share, begin), total - span);
  to = from + span;
  draw();
}

function show(at) {
  const span = Math.min(whole, Math.max(whole / 40, 2e5));
  from = Math.min(Math.max(at - span / 2, begin), total - span);
  to = from + span;
  draw();
  document.getElementById("picture").scrollIntoView({ block: "nearest" });
}

const middle = () => (from + to) / 2;
document.getElementById("in").onclick = () => zoom(0.5, middle());
document.getElementById("out").onclick = () => zoom(2, middle());
document.getElementById("all").onclick = () => { from = begin; to = total; draw(); };
for (const button of document.querySelectorAll("[data-finding]"))
  button.onclick = () => show(run.findings[button.dataset.finding].at_us);
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const left = event.clientX - canvas.getBoundingClientRect().left;
  zoom(event.deltaY < 0 ? 0.8 : 1.25, from + Math.max(left - GUTTER, 0) / width() * (to - from));
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const step = (to - from) / 5;
  if (event.key === "+") zoom(0.5, middle());
  else if (event.key === "-") zoom(2, middle());
  else if (event.key === "0") { from = begin; to = total; draw(); }
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") move(event.key === "ArrowLeft" ? -step : step);
  else return;
  event.preventDefault();
});
function move(by) {
  const span = to - from;
  from = Math.min(Math.max(from + by, begin), total - span);
  to = from + span;
  draw();
}
let held = null;
canvas.addEventListener("pointerdown", (event) => { held = event.clientX; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointerup", () => { held = null; });
canvas.addEventListener("pointermove", (event) => {
  if (held !== null) {
    move((held - event.clientX) / width() * (to - from));
    held = event.clientX;
  }
  const area = canvas.getBoundingClientRect(), left = event.clientX - area.left, top = event.clientY - area.top;
  const found = left < GUTTER ? undefined : hits.findLast(([a, b, c, d]) => left >= a && left <= c && top >= b && top <= d);
  tip.style.display = found ? "block" : "none";
  if (found) {
    tip.textContent = found[4];
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 10) + "px";
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 10) + "px";
  }
});
canvas.addEventListener("pointerleave", () => { tip.style.display = "none"; });
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

const logs = document.getElementById("logs");
for (const track of run.tracks) {
  const details = document.createElement("details"), summary = document.createElement("summary"), pre = document.createElement("pre");
  summary.textContent = track.uid + " (version " + track.version + "): " + many(track.lines.length + track.lines_not_kept) + " lines";
  pre.textContent = track.lines.map((line) => (line.at_us / 1e6).toFixed(3).padStart(9) + "  " + line.text).join("\n")
    + (track.lines_not_kept ? "\n… and " + many(track.lines_not_kept) + " lines more" : "");
  details.append(summary, pre);
  logs.append(details);
}
draw();
