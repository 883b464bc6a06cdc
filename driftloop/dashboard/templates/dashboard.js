"use strict";
// Without this script every page works the same; times are then in UTC.
for (const each of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(each.dateTime);
  if (Number.isNaN(moment.valueOf()) || each.title) continue;
  each.title = each.textContent + " UTC";
  const local = new Date(moment.valueOf() - moment.getTimezoneOffset() * 60000);
  each.textContent = local.toISOString().slice(0, 16).replace("T", " ");
}
document.addEventListener("keydown", (event) => {
  const search = document.getElementById("q");
  if (event.key !== "/" || !search || event.target.matches("input, textarea")) return;
  event.preventDefault();
  search.focus();
});
