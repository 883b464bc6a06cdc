"use strict";
(() => {
  const form = document.getElementById("form");
  const outcome = document.getElementById("outcome");
  if (outcome) outcome.focus();
  const number = /^[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?$/;
  const mistakeOf = (input) => {
    const text = input.value.normalize("NFKC").trim().replace("\u2212", "-");
    if (!text || !input.dataset.number) return "";
    if (!number.test(text)) return /^[-+\d.,]+$/.test(text) ? input.dataset.comma : input.dataset.number;
    const value = Number(text);
    if (!Number.isFinite(value)) return input.dataset.number;
    if (input.dataset.low === undefined) return "";
    return value < Number(input.dataset.low) || value > Number(input.dataset.high) ? input.dataset.range : "";
  };
  const show = (input) => {
    const mistake = mistakeOf(input);
    document.getElementById(input.id + "-wrong").textContent = mistake;
    input.closest(".field").classList.toggle("wrong", Boolean(mistake));
    if (mistake) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return mistake;
  };
  const inputs = [...form.querySelectorAll("input[data-number], select")];
  for (const input of inputs) input.addEventListener("change", () => show(input));
  form.addEventListener("submit", (event) => {
    const wrong = inputs.filter((input) => show(input));
    if (wrong.length) {
      event.preventDefault();
      wrong[0].focus();
      return;
    }
    form.querySelector("button").disabled = true;
    document.getElementById("sending").textContent = form.dataset.sending;
  });
  // A page that comes back from the browser's memory must be usable again.
  addEventListener("pageshow", () => {
    form.querySelector("button").disabled = false;
    document.getElementById("sending").textContent = "";
  });
})();
