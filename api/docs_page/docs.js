// Shows /openapi.json to people. Everything is put in as text, never as markup.
"use strict";

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
};

const resolve = (description, schema) => {
  let found = schema ?? {};
  while (found.$ref) {
    found = found.$ref.slice(2).split("/").reduce((here, part) => here[part], description);
  }
  return found;
};

const limits = (schema) =>
  [
    ["minimum", "≥ "], ["exclusiveMinimum", "> "], ["maximum", "≤ "], ["exclusiveMaximum", "< "],
    ["minLength", "≥ ", " 字符 chars"], ["maxLength", "≤ ", " 字符 chars"],
    ["minItems", "≥ ", " 项 items"], ["maxItems", "≤ ", " 项 items"], ["pattern", ""],
  ]
    .filter(([key]) => schema[key] !== undefined)
    .map(([key, before, after = ""]) => before + schema[key] + after)
    .join(", ");

const kind = (description, given) => {
  const schema = resolve(description, given);
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf) return schema.anyOf.map((one) => kind(description, one)).join(" | ");
  if (schema.type === "array") return `[${kind(description, schema.items)}]`;
  return schema.format ?? [schema.type ?? "object"].flat().join(" | ");
};

const JSON_TYPE = "application/json";

// What a request's body may be: [media type, what is said of it], JSON first; none: no body.
const bodyOf = (operation) => {
  const given = Object.entries(operation.requestBody?.content ?? {});
  return given.find(([type]) => type === JSON_TYPE) ?? given[0] ?? null;
};

const row = (description, name, where, required, schema, text) => {
  const found = resolve(description, schema);
  const fallback = found.default === undefined ? "" : ` = ${JSON.stringify(found.default)}`;
  return element("tr", {},
    element("td", {}, element("code", {}, name), required ? " *" : ""),
    element("td", {}, where),
    element("td", {}, kind(description, schema) + fallback),
    element("td", {}, [limits(found), text].filter(Boolean).join(" · ")),
  );
};

const fieldsOf = (description, operation) => {
  const rows = (operation.parameters ?? []).map((one) =>
    row(description, one.name, one.in, one.required, one.schema, one.description));
  const [type, told] = bodyOf(operation) ?? [];
  const body = resolve(description, told?.schema);
  if (type && !body.properties) {
    const types = Object.keys(operation.requestBody.content).join(", ");
    rows.push(row(description, types, "body", operation.requestBody.required, body, body.description));
  }
  for (const [name, schema] of Object.entries(body.properties ?? {})) {
    rows.push(row(description, name, "body", body.required?.includes(name), schema, ""));
  }
  if (!rows.length) return null;
  const head = ["字段 Field", "位置 In", "类型 Type", "限制 Limits"];
  return element("table", {},
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", {}, text)))),
    element("tbody", {}, ...rows));
};

const exampleOf = (path, method, operation) => {
  const lines = [`curl -H "Authorization: Bearer $TOKEN" ${location.origin}${path}`];
  const [type, told] = bodyOf(operation) ?? [];
  if (type === JSON_TYPE && told.example !== undefined) {
    lines.push(`  -H 'Content-Type: ${type}' -d '${JSON.stringify(told.example, null, 2)}'`);
  } else if (type && type !== JSON_TYPE) {
    const shown = type.includes("*") ? "application/pdf" : type;
    lines.push(`  -H 'Content-Type: ${shown}' --data-binary @FILE`);
  }
  if (lines.length > 1) return lines.join(" \\\n");
  return method === "get" ? lines[0] : `${lines[0]} -X ${method.toUpperCase()}`;
};

const show = (description, path, method, operation) => {
  const answers = Object.keys(operation.responses).join(" · ");
  const roles = (operation["x-roles"] ?? []).join("、");
  return element("details", { id: operation.operationId },
    element("summary", {},
      element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("code", {}, path),
      element("span", { class: "said" }, operation.summary ?? "")),
    element("div", { class: "inside" },
      operation.description ? element("p", {}, operation.description) : null,
      fieldsOf(description, operation),
      roles ? element("p", {}, `可用角色 Roles: ${roles}`) : null,
      element("p", {}, `答复 Answers: ${answers}`),
      element("pre", {}, exampleOf(path, method, operation))));
};

const byTag = (description) => {
  const groups = new Map((description.tags ?? []).map((tag) => [tag.name, []]));
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "service";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(show(description, path, method, operation));
    }
  }
  return groups;
};

const filter = (main) => (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const section of main.children) {
    let shown = 0;
    for (const one of section.querySelectorAll("details")) {
      one.hidden = !one.firstChild.textContent.toLowerCase().includes(wanted);
      shown += one.hidden ? 0 : 1;
    }
    section.hidden = shown === 0;
  }
};

const start = async () => {
  const description = await (await fetch("/openapi.json")).json();
  const said = Object.fromEntries((description.tags ?? []).map((t) => [t.name, t.description]));
  const main = document.getElementById("operations");
  const contents = document.getElementById("contents");
  document.getElementById("about").textContent = description.info.description;
  main.replaceChildren();
  for (const [tag, operations] of byTag(description)) {
    const name = said[tag] ?? "服务 · Service";
    contents.append(element("a", { href: `#tag-${tag}` }, name));
    main.append(element("section", {}, element("h2", { id: `tag-${tag}` }, name), ...operations));
  }
  document.getElementById("filter").addEventListener("input", filter(main));
};

start().catch((error) => {
  document.getElementById("operations").textContent = `无法载入 · Could not load: ${error.message}`;
});
