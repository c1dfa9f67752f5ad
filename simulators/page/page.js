// Every form presses a button of the control API: its fields become JSON, and the page is drawn anew.
"use strict";

const told = document.getElementById("told");

function tell(text, bad) {
  told.textContent = text;
  told.className = bad ? "bad" : "good";
  told.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { told.hidden = true; }, bad ? 8000 : 3000);
}

function fields(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.hasAttribute("data-actor")) body[field.name] = actor();
    else if (field.dataset.type === "boolean") body[field.name] = field.checked;
    else if (field.value === "") continue;
    else body[field.name] = field.dataset.type === "number" ? Number(field.value) : field.value;
  }
  return body;
}

// ---- the customer whose part is being played

function actor() {
  const select = document.getElementById("actor");
  return select ? select.value : "";
}

function dress() {
  const select = document.getElementById("actor");
  if (!select) return;
  const chosen = sessionStorage.getItem("actor");
  if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
  const phone = document.getElementById("actor-phone");
  if (phone) phone.href = "/_control/phone/" + encodeURIComponent(select.value);
}

// ---- drawing anew without losing the place

async function redraw() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  document.querySelector(".clock").textContent = fresh.querySelector(".clock").textContent;
  dress();
  document.body.dataset.drawn = Number(document.body.dataset.drawn || 0) + 1; // for whoever drives the page
}

async function press(form) {
  const options = { method: form.dataset.method || "POST" };
  if (options.method === "POST") {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(fields(form));
  }
  const answer = await fetch("/_control/" + form.dataset.post, options);
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = Array.isArray(said.detail) ? said.detail.map((one) => one.msg).join("; ") : said.detail;
    tell("没有成功：" + (detail || answer.status), true);
  } else {
    tell("好了", false);
  }
  await redraw();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.post) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  press(form).catch((error) => tell("模拟器没有回答：" + error.message, true));
});

document.addEventListener("change", (event) => {
  if (event.target.id === "actor") {
    sessionStorage.setItem("actor", event.target.value);
    dress();
  }
  if (event.target.id === "auto") sessionStorage.setItem("auto", event.target.checked ? "1" : "");
});

// Whoever is typing is not disturbed.
setInterval(() => {
  const typing = document.activeElement && document.activeElement.closest("form, select, details");
  if (document.getElementById("auto").checked && !typing && !document.hidden) redraw().catch(() => {});
}, 3000);

document.getElementById("auto").checked = sessionStorage.getItem("auto") === "1";
dress();
