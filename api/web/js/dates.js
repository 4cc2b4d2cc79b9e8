// ISO dates in, dates as people write them out.

const DAY = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
const MONTH = { month: "long", year: "numeric", timeZone: "UTC" };
const LANGUAGE = "en-GB"; // of the page's own words

/** "2025-09-04" as "4 September 2025"; a month or a year stays one. Null for null. */
export function spokenDate(published) {
  if (!published || published.length <= 4) return published || null;
  const parsed = new Date(`${published.length === 7 ? `${published}-01` : published}T00:00:00Z`);
  return Number.isNaN(parsed.valueOf())
    ? published
    : parsed.toLocaleDateString(LANGUAGE, published.length === 7 ? MONTH : DAY);
}

/** When something was done: the time today, else the day. */
export function spokenTime(iso) {
  const moment = new Date(iso);
  if (Number.isNaN(moment.valueOf())) return "";
  if (moment.toDateString() === new Date().toDateString()) {
    return `today, ${moment.toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit" })}`;
  }
  return moment.toLocaleDateString(LANGUAGE, { day: "numeric", month: "long", year: "numeric" });
}
