// Shows openapi.json: operations by tag, their parameters and schemas, and a form to try each. It loads nothing from elsewhere and
// keeps the token in this page's memory alone.
"use strict";

const el = (name, attributes, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== undefined && child !== null) node.append(child);
  return node;
};

const field = (id) => document.getElementById(id);
let spec;

const resolve = (schema) => {
  const seen = new Set();
  while (schema && schema.$ref && !seen.has(schema.$ref)) {
    seen.add(schema.$ref);
    schema = spec.components.schemas[schema.$ref.split("/").pop()];
  }
  return schema || {};
};

const typeOf = (schema) => {
  const s = resolve(schema);
  const type = Array.isArray(s.type) ? s.type.join(" or ") : s.type || "any";
  if (type === "array") return "list of " + typeOf(s.items);
  return s.format ? type + " (" + s.format + ")" : type;
};

const limits = (schema) => {
  const s = resolve(schema);
  const words = [];
  if (s.enum) words.push("one of " + s.enum.join(", "));
  if (s.items && resolve(s.items).enum) words.push("of " + resolve(s.items).enum.join(", "));
  for (const [key, text] of [["minLength", "at least characters:"], ["maxLength", "at most characters:"], ["minimum", "least"], ["maximum", "most"],
    ["minItems", "at least items:"], ["maxItems", "at most items:"], ["pattern", "pattern"], ["default", "default"]]) {
    if (s[key] !== undefined) words.push(text + " " + s[key]);
  }
  return words.join("; ");
};

const properties = (schema, depth, trail) => {
  const s = resolve(schema);
  if (s.type === "array") return properties(s.items, depth, trail);
  const rows = [];
  for (const [name, property] of Object.entries(s.properties || {})) {
    const required = (s.required || []).includes(name);
    const inner = resolve(property);
    rows.push(el("tr", {}, el("td", {}, el("code", {}, "\u00a0".repeat(depth * 3) + name)), el("td", {}, typeOf(property) + (required ? "" : ", optional")),
      el("td", {}, [property.description || inner.description || "", limits(property)].filter(Boolean).join(" — "))));
    const target = inner.type === "array" ? resolve(inner.items) : inner;
    if (target.properties && depth < 3 && !trail.includes(target)) rows.push(...properties(target, depth + 1, trail.concat([target])));
  }
  return rows;
};

const table = (rows) => rows.length ? el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "Name"), el("th", {}, "Type"), el("th", {}, "Meaning"))), el("tbody", {}, rows)) : undefined;

const example = (schema, depth = 0) => {
  const s = resolve(schema);
  if (s.example !== undefined) return s.example;
  if (s.examples && s.examples.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (type === "object" && depth < 4) {
    const out = {};
    for (const [name, property] of Object.entries(s.properties || {})) if ((s.required || []).includes(name)) out[name] = example(property, depth + 1);
    return out;
  }
  if (type === "array") return s.minItems || (s.items && resolve(s.items).enum) ? [example(s.items, depth + 1)] : [];
  if (type === "integer" || type === "number") return s.minimum > 0 ? s.minimum : 0;
  if (type === "boolean") return false;
  if (s.format === "date-time") return new Date().toISOString();
  if (s.format === "date") return new Date().toISOString().slice(0, 10);
  return "";
};

const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

const tryForm = (method, path, operation) => {
  const inputs = new Map();
  const parts = [];
  for (const p of operation.parameters || []) {
    const id = operation.operationId + "-" + p.in + "-" + p.name;
    const input = el("input", { id, value: p.name === "Idempotency-Key" ? freshKey() : undefined });
    inputs.set(p, input);
    parts.push(el("label", { for: id }, p.name + (p.required ? "" : " (optional)")), input);
  }
  let body;
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (content) {
    const id = operation.operationId + "-body";
    body = el("textarea", { id, spellcheck: "false" });
    body.value = JSON.stringify(example(content.schema), null, 2);
    parts.push(el("label", { for: id }, "Body"), body);
  }
  const output = el("pre", { class: "hidden", tabindex: "0", "aria-live": "polite" });
  const send = async (event) => {
    event.preventDefault();
    let target = path;
    const query = new URLSearchParams();
    const headers = { "Accept-Language": field("language").value };
    if (field("token").value.trim()) headers.Authorization = "Bearer " + field("token").value.trim();
    for (const [p, input] of inputs) {
      const value = input.value.trim();
      if (p.in === "path") target = target.replace("{" + p.name + "}", encodeURIComponent(value));
      else if (value && p.in === "query") query.set(p.name, value);
      else if (value && p.in === "header") headers[p.name] = value;
    }
    if (body) headers["Content-Type"] = "application/json";
    output.classList.remove("hidden");
    output.textContent = "…";
    try {
      const answer = await fetch(target + (query.size ? "?" + query : ""), { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
      const text = await answer.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* a file or nothing */ }
      output.textContent = answer.status + " " + answer.statusText + "\n" + shown.slice(0, 100000);
    } catch (failure) {
      output.textContent = "No answer: " + failure.message;
    }
    for (const [p, input] of inputs) if (p.name === "Idempotency-Key") input.value = freshKey();
  };
  return el("details", { class: "try" }, el("summary", {}, "Try it"), el("form", { onsubmit: send }, parts, el("p", {}, el("button", { type: "submit" }, "Send"))), output);
};

const show = (method, path, operation) => {
  const parameters = (operation.parameters || []).map((p) => el("tr", {}, el("td", {}, el("code", {}, p.name)),
    el("td", {}, p.in + ", " + typeOf(p.schema) + (p.required ? "" : ", optional")), el("td", {}, [p.description || "", limits(p.schema)].filter(Boolean).join(" — "))));
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  const answers = Object.entries(operation.responses || {}).map(([status, response]) => {
    const kinds = Object.entries(response.content || {});
    return el("div", {}, el("h4", {}, status + " " + (response.description || "")),
      kinds.map(([kind, media]) => el("div", {}, el("code", {}, kind), media.schema ? table(properties(media.schema, 0, [])) : undefined)));
  });
  const rights = operation["x-rights"] ? "Needs one of: " + operation["x-rights"].join(", ") : operation.security ? "Needs a token" : "Open to everybody";
  return el("article", { id: operation.operationId, "data-words": (method + path + operation.operationId + operation.summary).toLowerCase() },
    el("h3", {}, operation.summary), el("p", {}, el("span", { class: "method" }, method.toUpperCase()), el("code", {}, path)),
    operation.description ? el("p", {}, operation.description) : undefined, el("p", {}, rights),
    parameters.length ? table(parameters) : undefined,
    content ? el("details", {}, el("summary", {}, "Body"), table(properties(content.schema, 0, []))) : undefined,
    el("details", {}, el("summary", {}, "Answers"), answers), tryForm(method, path, operation));
};

const render = () => {
  field("about").textContent = spec.info.description.replace(/([^\n])\n(?=[^\n])/g, "$1 ");
  const byTag = new Map((spec.tags || []).map((t) => [t.name, { about: t.description, operations: [] }]));
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = (operation.tags || ["other"])[0];
      if (!byTag.has(tag)) byTag.set(tag, { operations: [] });
      byTag.get(tag).operations.push([method, path, operation]);
    }
  }
  const main = field("operations"), contents = field("contents");
  main.replaceChildren();
  for (const [tag, group] of byTag) {
    if (!group.operations.length) continue;
    contents.append(el("h2", {}, tag), ...group.operations.map(([, , o]) => el("a", { href: "#" + o.operationId }, o.summary)));
    main.append(el("section", {}, el("h2", {}, tag), group.about ? el("p", {}, group.about) : undefined, group.operations.map((o) => show(...o))));
  }
  field("filter").addEventListener("input", () => {
    const wanted = field("filter").value.toLowerCase();
    for (const article of main.querySelectorAll("article")) article.classList.toggle("hidden", !article.dataset.words.includes(wanted));
  });
  if (location.hash) {
    const target = document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
  }
};

field("session").addEventListener("submit", (event) => event.preventDefault());
fetch("/openapi.json").then((answer) => answer.json()).then((found) => { spec = found; render(); })
  .catch((failure) => { field("operations").textContent = "The description could not be read: " + failure.message; });
