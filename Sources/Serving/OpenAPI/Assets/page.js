"use strict";

// Draws /openapi.json: every operation by tag, its schemas, and a form that sends the example.
// Everything from the document is set as text, never as markup.

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  for (const child of children) node.append(child);
  return node;
}

function pretty(value) {
  return element("pre", {}, JSON.stringify(value, null, 2));
}

function responses(operation) {
  const table = element("table", {});
  for (const [status, answer] of Object.entries(operation.responses)) {
    const schemas = Object.entries(answer.content || {}).map(([type, media]) => {
      const reference = media.schema && media.schema.$ref;
      return reference ? type + " " + reference.split("/").pop() : type;
    });
    table.append(
      element("tr", {}, element("td", {}, status), element("td", {}, answer.description),
        element("td", {}, schemas.join(", "))));
  }
  return table;
}

function form(method, path, media) {
  const holder = element("div", {});
  const text = element("textarea", { spellcheck: "false", "aria-label": "request body" });
  text.value = JSON.stringify(media.example || {}, null, 2);
  const button = element("button", { type: "button" }, "Send");
  const output = element("pre", {}, "");
  button.addEventListener("click", async () => {
    output.textContent = "…";
    try {
      const answer = await fetch(path, {
        method: method.toUpperCase(),
        headers: { "Content-Type": "application/json" },
        body: text.value,
      });
      output.textContent = answer.status + " " + answer.statusText + "\n" + (await answer.text());
    } catch (error) {
      output.textContent = String(error);
    }
  });
  holder.append(text, button, output);
  return holder;
}

function describe(method, path, operation) {
  const details = element("details", { "data-find": (path + " " + operation.tags.join(" ")).toLowerCase() });
  details.append(
    element("summary", {}, element("span", { class: "method " + method }, method.toUpperCase()),
      element("code", {}, path), element("span", { class: "permission" }, operation["x-martlet-permission"])));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const body = element("div", { class: "body" }, element("p", {}, operation.summary));
    const media = operation.requestBody && operation.requestBody.content["application/json"];
    if (media) {
      body.append(element("h3", {}, "Request"), pretty(media.schema));
      if (!path.includes("{")) body.append(form(method, path, media));
    }
    if (operation.parameters) body.append(element("h3", {}, "Parameters"), pretty(operation.parameters));
    body.append(element("h3", {}, "Answers"), responses(operation));
    details.append(body);
  });
  return details;
}

function draw(api) {
  const list = document.getElementById("list");
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(describe(method, path, operation));
    }
  }
  list.replaceChildren();
  const order = [...groups.keys()].sort((a, b) => b.startsWith("model ") - a.startsWith("model ") || a.localeCompare(b));
  for (const tag of order) {
    const nodes = groups.get(tag);
    list.append(element("section", {}, element("h2", {}, tag + " ", element("small", {}, String(nodes.length))), ...nodes));
  }
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const section of list.children) {
      let shown = 0;
      for (const node of section.querySelectorAll("details")) {
        node.hidden = !node.dataset.find.includes(wanted);
        if (!node.hidden) shown += 1;
      }
      section.hidden = shown === 0;
    }
  });
}

fetch("/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error("HTTP " + answer.status))))
  .then(draw)
  .catch((error) => { document.getElementById("list").replaceChildren(element("p", {}, String(error))); });
