// The page's half of the workbench: it calls the hooks as an EHR would and puts the explained answer into the page.
"use strict";

(() => {
  const at = (id) => document.getElementById(id);
  const bench = at("bench");
  if (!bench) return;

  let state = null;
  let drafts = [];
  let unpicked = new Set();
  let flips = {};
  let last = null; // the last call: {service, request, answer}
  let turn = 0; // of the calls, so that a late answer does not overwrite a newer one
  const MAX_EXCHANGES = 12;

  const uuid = () => {
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    const hex = [...b].map((each) => each.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
  const say = (words) => {
    at("say").textContent = words;
  };
  const post = (url, body) =>
    fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const diagnostics = (outcome) =>
    outcome && Array.isArray(outcome.issue) ? outcome.issue.map((issue) => issue.diagnostics).join(" ") : "";

  async function read(response) {
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  async function fault(response) {
    return diagnostics(await read(response)) || `The service answered ${response.status}.`;
  }
  const unreachable = "The service could not be reached. Is it still running?";
  function showFault(id, words) {
    const place = at(id);
    place.textContent = words;
    place.hidden = !words;
  }

  // ------------------------------------------------------------------ opening a record

  function open() {
    const stored = at("state");
    if (!stored) return;
    state = JSON.parse(stored.textContent);
    drafts = [];
    unpicked = new Set();
    flips = {};
    last = null;
    shapeOrderForm();
    fire();
  }

  async function openFrom(url, body, faultId) {
    showFault(faultId, "");
    try {
      const response = await post(url, body);
      if (!response.ok) {
        showFault(faultId, await fault(response));
        return;
      }
      bench.innerHTML = await response.text();
      window.scrollTo(0, 0);
      open();
      at("subject-title").focus();
    } catch {
      showFault(faultId, unreachable);
    }
  }

  async function loadFile(input) {
    const file = input.files[0];
    if (!file) return;
    const limit = Number(at("bundle").dataset.limit);
    if (file.size > limit) {
      showFault("own-fault", `The file is larger than ${limit} bytes.`);
      return;
    }
    at("bundle").value = await file.text();
    say("The file is in the text field.");
  }

  function submitOwn(form) {
    const text = at("bundle").value.trim();
    const limit = Number(at("bundle").dataset.limit);
    if (!text) showFault("own-fault", "Paste a Bundle or choose a file first.");
    else if (new Blob([text]).size > limit) showFault("own-fault", `The text is larger than ${limit} bytes.`);
    else openFrom(form.action, text, "own-fault");
  }

  function submitServer(form) {
    const body = { fhirServer: at("fhir-base").value, patientId: at("fhir-patient").value };
    openFrom(form.action, JSON.stringify(body), "server-fault");
  }

  // ------------------------------------------------------------------ the hook call

  const hook = () => bench.querySelector("input[name=hook]:checked").value;
  function setHook(name) {
    bench.querySelector(`input[name=hook][value="${name}"]`).checked = true;
  }
  const referenceOf = (resource) => `${resource.resourceType}/${resource.id}`;

  function request() {
    const name = hook();
    const context = { userId: state.user, patientId: state.patientId };
    if (name !== "patient-view") {
      context.draftOrders = {
        resourceType: "Bundle",
        type: "collection",
        entry: drafts.map((resource) => ({ resource })),
      };
      if (name === "order-select") {
        context.selections = drafts.map(referenceOf).filter((reference) => !unpicked.has(reference));
      }
    }
    const body = { hook: name, hookInstance: uuid(), context };
    if (state.fhirServer) body.fhirServer = state.fhirServer;
    if (state.prefetch) body.prefetch = state.prefetch;
    return body;
  }

  async function fire(remark) {
    const mine = ++turn;
    const body = request();
    const url = state.calls[body.hook];
    at("cards").setAttribute("aria-busy", "true");
    showFault("outcome", "");
    flips = {};
    const began = performance.now();
    let response;
    let answer;
    try {
      response = await post(url, JSON.stringify(body));
      answer = await read(response);
    } catch {
      if (mine === turn) fail(unreachable);
      return;
    }
    const took = Math.round(performance.now() - began);
    record(url, body, response.status, answer, took);
    if (mine !== turn) return;
    last = { url, request: body, answer: response.ok ? answer : null };
    at("answered").textContent = `${body.hook}, ${response.status} in ${took} ms`;
    const refused = response.ok ? "" : diagnostics(answer) || `The service answered ${response.status}.`;
    await explain(mine, refused);
    const count = response.ok && Array.isArray(answer.cards) ? answer.cards.length : 0;
    say(`${remark ? `${remark} ` : ""}${refused || `${body.hook}: ${count} card${count === 1 ? "" : "s"}.`}`);
    if (remark) showFault("outcome", remark);
  }

  function fail(words) {
    const cards = at("cards");
    cards.removeAttribute("aria-busy");
    cards.classList.remove("waiting");
    const note = document.createElement("p");
    note.className = "fault";
    note.textContent = words;
    cards.replaceChildren(note);
    at("changes").replaceChildren();
    say(words);
  }

  async function explain(mine, refused) {
    const body = JSON.stringify({ request: last.request, answer: last.answer, drafts, flips });
    let view;
    try {
      const response = await post(state.view, body);
      if (mine !== turn) return;
      if (!response.ok) {
        fail(refused || (await fault(response)));
        return;
      }
      view = await response.json();
    } catch {
      if (mine === turn) fail(unreachable);
      return;
    }
    if (mine !== turn) return;
    const focused = document.activeElement ? document.activeElement.id : "";
    const opened = [...bench.querySelectorAll("details[id][open]")].map((each) => each.id);
    for (const [name, html] of Object.entries(view)) {
      const place = at(name);
      place.innerHTML = html;
      place.classList.remove("waiting");
    }
    at("cards").removeAttribute("aria-busy");
    if (refused) fail(refused);
    for (const id of opened) if (at(id)) at(id).open = true;
    if (focused && at(focused) && at(focused) !== document.activeElement) at(focused).focus();
  }

  // ------------------------------------------------------------------ drafts

  function shapeOrderForm() {
    const kind = at("kind").selectedOptions[0].dataset;
    bench.querySelector("[data-when=drug]").hidden = kind.drug !== "1";
    bench.querySelector("[data-when=pelvic]").hidden = kind.pelvic !== "1";
    at("dose").value = kind.dose;
    at("unit").value = kind.unit || "mg";
  }

  async function addDraft(form) {
    const wish = Object.fromEntries(new FormData(form));
    const kind = at("kind").selectedOptions[0].dataset;
    if (kind.drug !== "1") wish.dose = wish.unit = "";
    if (kind.pelvic !== "1") wish.intent = "";
    const body = { ...wish, patientId: state.patientId, taken: drafts.map((each) => each.id) };
    showFault("order-fault", "");
    try {
      const response = await post(state.draft, JSON.stringify(body));
      if (!response.ok) {
        showFault("order-fault", await fault(response));
        return;
      }
      drafts.push(await response.json());
    } catch {
      showFault("order-fault", unreachable);
      return;
    }
    if (hook() === "patient-view") setHook("order-select");
    fire();
  }

  function tryOut(trial) {
    setHook(trial.hook);
    drafts = structuredClone(trial.drafts);
    unpicked = new Set();
    fire();
  }

  // ------------------------------------------------------------------ suggestions and overrides

  function apply(action) {
    const { type, resource, resourceId } = action;
    if (type === "delete") {
      drafts = drafts.filter((each) => referenceOf(each) !== resourceId);
    } else if (type === "update") {
      drafts = drafts.map((each) => (referenceOf(each) === referenceOf(resource) ? resource : each));
    } else if (type === "create") {
      const taken = new Set(drafts.map((each) => each.id));
      let number = drafts.length + 1;
      while (taken.has(`accepted-${number}`)) number += 1;
      drafts.push({ ...resource, id: resource.id || `accepted-${number}` });
    }
  }

  async function send(item) {
    const url = `${last.url}/feedback`;
    const body = { feedback: [{ ...item, outcomeTimestamp: new Date().toISOString() }] };
    try {
      const response = await post(url, JSON.stringify(body));
      record(url, body, response.status, await read(response), null);
      return response.ok
        ? "Feedback sent and taken."
        : `Feedback sent; the service answered ${response.status}.`;
    } catch {
      return "Feedback could not be sent.";
    }
  }

  async function accept(place) {
    const [cardIndex, index] = place.split(".").map(Number);
    const card = last.answer.cards[cardIndex];
    const suggestion = card.suggestions[index];
    const said = card.uuid
      ? await send({ card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] })
      : "";
    (suggestion.actions || []).forEach(apply);
    await fire(`Accepted: ${suggestion.label}. ${said}`);
    at("cards-title").focus();
  }

  async function override(form) {
    const card = last.answer.cards[Number(form.dataset.override)];
    const reason = card.overrideReasons[Number(new FormData(form).get("reason"))];
    const comment = form.elements.comment.value.trim();
    const overrideReason = { reason };
    if (comment) overrideReason.userComment = comment;
    const said = await send({ card: card.uuid, outcome: "overridden", overrideReason });
    const article = form.closest("article");
    const note = document.createElement("p");
    note.className = "overridden";
    note.tabIndex = -1;
    note.textContent = `Overridden: ${reason.display || reason.code}. ${said}`;
    article.classList.add("done");
    article.querySelectorAll(".accept").forEach((button) => {
      button.disabled = true;
    });
    form.closest("details").replaceWith(note);
    note.focus();
    say(note.textContent);
  }

  // ------------------------------------------------------------------ what if

  function flip(control) {
    const name = control.dataset.flip;
    const unit = control.dataset.unit || "";
    const recorded = control.dataset.recorded.replace(new RegExp(` ?${unit.replace(/[^\w]/g, "\\$&")}$`), "");
    const value = control.value.trim();
    if (value === recorded || (!value && recorded === "unknown")) delete flips[name];
    else flips[name] = value;
    suppose();
  }

  async function suppose() {
    const mine = ++turn;
    await explain(mine, "");
    const title = at("changes-title");
    const count = bench.querySelectorAll("#changes li").length;
    say(title ? `${title.textContent}. ${count} code${count === 1 ? "" : "s"} change.` : "Back to the record.");
  }

  // ------------------------------------------------------------------ the wire

  const curl = (url, body) =>
    `curl -s -H 'Content-Type: application/json' -d '${JSON.stringify(body).replaceAll("'", "'\\''")}' ${new URL(url, location.href)}`;

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function copier(label, text) {
    const button = element("button", { type: "button", className: "quiet small", textContent: label });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text());
        say(`${label}: done.`);
        button.textContent = "Copied";
      } catch {
        say("The browser did not allow copying.");
        button.textContent = "Not allowed; select the text below";
      }
      setTimeout(() => {
        button.textContent = label;
      }, 2500);
    });
    return button;
  }

  function block(title, body) {
    const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
    const pre = element("pre", { tabIndex: 0, textContent: text });
    pre.setAttribute("role", "region");
    pre.setAttribute("aria-label", title);
    return element("div", {}, element("h4", { textContent: title }), pre);
  }

  function record(url, body, status, answer, took) {
    const summary = element(
      "summary",
      {},
      element("code", { textContent: `POST ${url}` }),
      element("span", { className: status < 400 ? "ok" : "bad", textContent: `${status}${took === null ? "" : `, ${took} ms`}` }),
    );
    const details = element("details", { className: "drawer" }, summary);
    details.addEventListener(
      "toggle",
      () => {
        const tools = element(
          "p",
          { className: "row" },
          copier("Copy as curl", () => curl(url, body)),
          copier("Copy the response", () => (typeof answer === "string" ? answer : JSON.stringify(answer, null, 2))),
        );
        details.append(tools, block("Request", body), block("Response", answer || "(no body)"), block("As curl", curl(url, body)));
      },
      { once: true },
    );
    const list = at("wire");
    list.prepend(element("li", {}, details));
    while (list.children.length > MAX_EXCHANGES) list.lastElementChild.remove();
  }

  // ------------------------------------------------------------------ events, delegated

  bench.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.id === "own") submitOwn(form);
    else if (form.id === "server") submitServer(form);
    else if (form.id === "order-form") addDraft(form);
    else if (form.dataset.override) override(form);
  });

  bench.addEventListener("change", (event) => {
    const control = event.target;
    if (control.id === "file") loadFile(control);
    else if (control.id === "kind") shapeOrderForm();
    else if (control.name === "hook") fire();
    else if (control.dataset.flip) flip(control);
    else if (control.dataset.pick) {
      const reference = referenceOf(drafts[Number(control.dataset.pick)]);
      if (control.checked) unpicked.delete(reference);
      else unpicked.add(reference);
      fire();
    }
  });

  bench.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { trial, remove, suggestion, unflip } = button.dataset;
    if (trial !== undefined) tryOut(state.trials[Number(trial)]);
    else if (remove !== undefined) {
      drafts.splice(Number(remove), 1);
      fire("The draft was removed.");
    } else if (suggestion !== undefined) accept(suggestion);
    else if (unflip !== undefined) {
      delete flips[unflip];
      suppose();
    } else if ("reset" in button.dataset) {
      flips = {};
      suppose();
    } else if (button.id === "again") fire();
  });

  open();
})();
