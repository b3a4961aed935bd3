// Times: relative ones stay true while a page is open, and say the reader's own time on hover beside UTC.
const UNITS = [[604800, "week"], [86400, "day"], [3600, "hour"], [60, "minute"]];
const LONG_AGO = 5 * 604800;

export function keepTime() {
  tell();
  setInterval(tell, 20000);
}

function tell() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const then = new Date(time.dateTime);
    const seconds = (Date.now() - then) / 1000;
    if (Number.isNaN(seconds)) continue;
    const words = ago(seconds);
    if (words && time.textContent !== words) time.textContent = words;
    if (!time.dataset.local) {
      time.dataset.local = "yes";
      time.title = `${time.title} · ${then.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })} here`;
    }
  }
}

function ago(seconds) {
  if (seconds < 45) return "just now";
  if (seconds > LONG_AGO) return "";
  const [size, unit] = UNITS.find(([size]) => seconds >= size * 0.75);
  const count = Math.max(1, Math.round(seconds / size));
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
