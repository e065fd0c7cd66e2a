// The pages are whole without this script; with it tables can be filtered and sorted, graphs are drawn, and the state of
// both is in the address, so that it can be linked to. Text is only ever set as text: nothing here makes HTML.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [event, does] of Object.entries(value)) made.addEventListener(event, does);
      else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== undefined && child !== ""));
    return made;
  };
  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  // The state of the page, as `#key=value&…`; an address with an anchor alone has none.
  const address = {
    read: () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : ""),
    write(changes) {
      const now = this.read();
      for (const [key, value] of Object.entries(changes)) {
        if (value) now.set(key, value);
        else now.delete(key);
      }
      const text = now.toString();
      history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    },
  };

  const theme = () => {
    const button = $("[data-theme-toggle]");
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const show = () => (button.textContent = isDark() ? "Light" : "Dark");
    const stored = (value) => {
      try {
        if (value) localStorage.setItem("dirac-forge-theme", value);
        return localStorage.getItem("dirac-forge-theme");
      } catch {
        return null; // Pages from disk, or a browser that keeps nothing.
      }
    };
    const before = stored();
    if (before === "dark" || before === "light") root.dataset.theme = before;
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      stored(root.dataset.theme);
      show();
    });
    system.addEventListener("change", show);
    show();
  };

  // Tables: a search, a choice for each kind of `data-filter`, and headers that sort.
  const filtered = (table, place) => {
    const key = (name) => (place ? `${place}.${name}` : name);
    const kinds = (table.dataset.filter || "").split(" ").filter(Boolean);
    const rows = [...table.tBodies[0].rows].map((row) => ({
      row,
      text: `${row.dataset.name} ${row.textContent}`.toLowerCase(),
      has: Object.fromEntries(kinds.map((kind) => [kind, kind === "platform" ? row.dataset[kind].split(" ") : [row.dataset[kind]]])),
    }));
    const search = element("input", { type: "search", autocomplete: "off" });
    const shown = element("output");
    const choices = kinds.map((kind) => {
      const values = [...new Set(rows.flatMap((each) => each.has[kind]))].filter(Boolean);
      values.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      const options = values.map((value) => element("option", { value }, value));
      return { kind, select: element("select", {}, element("option", { value: "" }, "all"), ...options) };
    });
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      let count = 0;
      for (const { row, text, has } of rows) {
        const fits = text.includes(wanted) && choices.every(({ kind, select }) => !select.value || has[kind].includes(select.value));
        row.hidden = !fits;
        count += fits;
      }
      shown.textContent = `${count} of ${rows.length} shown`;
    };
    const write = () => {
      apply();
      address.write({ [key("q")]: search.value, ...Object.fromEntries(choices.map(({ kind, select }) => [key(kind), select.value])) });
    };
    const read = () => {
      const state = address.read();
      search.value = state.get(key("q")) || "";
      for (const { kind, select } of choices) select.value = state.get(key(kind)) || "";
      for (const { select } of choices) if (select.selectedIndex < 0) select.value = "";
      apply();
      const [column, order] = (state.get(key("sort")) || "").split(":");
      const header = [...table.tHead.rows[0].cells].find((cell) => cell.textContent === column);
      if (header && header.getAttribute("aria-sort") !== order) {
        header.click();
        if (header.getAttribute("aria-sort") !== order) header.click();
      }
    };
    search.addEventListener("input", write);
    for (const { select } of choices) select.addEventListener("change", write);
    const labels = choices.map(({ kind, select }) => element("label", {}, `${kind} `, select));
    table.parentElement.before(element("div", { class: "filters", role: "search", "aria-label": table.caption.textContent.trim() }, element("label", {}, "search ", search), ...labels, shown));
    new siteVendor.Tablesort(table);
    for (const cell of table.tHead.rows[0].cells) {
      cell.classList.add("sortable");
      cell.addEventListener("keydown", (event) => {
        if (event.key === " ") {
          event.preventDefault();
          cell.click();
        }
      });
    }
    table.addEventListener("afterSort", () => {
      const cell = $("[aria-sort]", table.tHead);
      address.write({ [key("sort")]: cell ? `${cell.textContent}:${cell.getAttribute("aria-sort")}` : "" });
    });
    read();
    addEventListener("hashchange", read);
    return {
      show(values) {
        search.value = "";
        for (const { kind, select } of choices) select.value = values[kind] || "";
        write();
      },
    };
  };

  // Graphs: nodes in columns; what is too large is folded into its columns, beside the neighbourhood of what is chosen.
  const BROKEN = 1, IGNORED = 2, THROUGH = 4, IMPLIED = 8;
  const MOST = 160; // Boxes that are drawn, and that can be told apart.
  const MOST_NEAR = 60;
  const MOST_IMPLIED = 12; // Of the chosen box; more would hide the others.
  const STATES = { done: "done", "in-pr": "in a pull request", "awaiting-pr": "can go now", "awaiting-parents": "waits for others", "not-solvable": "not solvable", error: "error", unknown: "unknown", planned: "planned" };
  const KINDS = [["", "needs"], ["through", "needs, through feedstocks that are no members"], ["implied", "follows from other edges"], ["ignored", "not waited for: the migration says so"], ["broken", "left out of the order: closes a cycle"]];

  const modelOf = (data) => {
    const nodes = data.nodes.map(([name, column, state], at) => ({ at, name, column, state, parents: [], children: [] }));
    const edges = data.edges.map(([from, to, flags], at) => ({ from, to, flags, why: data.why[at] || "" }));
    for (const edge of edges) {
      nodes[edge.from].children.push(edge);
      nodes[edge.to].parents.push(edge);
    }
    return { ...data, nodes, edges, byName: new Map(nodes.map((node) => [node.name, node])) };
  };

  // All before or after a node, nearest first; edges that nobody waits for lead nowhere.
  const reach = (model, start, side) => {
    const found = new Map([[start.at, 0]]);
    const waiting = [start];
    for (const node of waiting) {
      for (const edge of node[side]) {
        const next = model.nodes[side === "parents" ? edge.from : edge.to];
        if (edge.flags & (BROKEN | IGNORED) || found.has(next.at)) continue;
        found.set(next.at, found.get(node.at) + 1);
        waiting.push(next);
      }
    }
    found.delete(start.at);
    return found;
  };

  const kindOf = (flags) => (flags & BROKEN ? "broken" : flags & IGNORED ? "ignored" : flags & IMPLIED ? "implied" : flags & THROUGH ? "through" : "");

  // What is drawn: boxes of nodes and of folded columns, and the edges between them.
  const viewOf = (model, chosen, hideDone, unfolded) => {
    const open = (node) => !(hideDone && node.state === "done" && node !== chosen);
    const all = model.nodes.filter(open);
    const near = new Map();
    let total = 0;
    if (chosen) {
      for (const side of ["parents", "children"]) for (const [at, far] of reach(model, chosen, side)) near.set(at, Math.min(far, near.get(at) ?? far));
      total = [...near.keys()].filter((at) => open(model.nodes[at])).length;
    }
    const nearest = [...near].filter(([at]) => open(model.nodes[at])).sort((a, b) => a[1] - b[1]).slice(0, MOST_NEAR);
    const folded = !chosen && all.length > MOST;
    const picked = chosen ? [chosen, ...nearest.map(([at]) => model.nodes[at])] : folded ? all.filter((node) => unfolded === node.column) : all;
    const here = new Set(picked.map((node) => node.at));
    const inside = reduced(picked, model.edges.filter((edge) => here.has(edge.from) && here.has(edge.to)));
    const implied = inside.filter((edge) => edge.flags & IMPLIED && chosen && (edge.from === chosen.at || edge.to === chosen.at));
    const edges = inside.filter((edge) => !(edge.flags & IMPLIED)).concat(implied.length <= MOST_IMPLIED ? implied : []);
    const folds = folded ? foldsOf(model, all, unfolded) : [];
    return { nodes: picked, edges, folds, folded, total, drawn: picked.length };
  };

  // The edges, those marked that a longer way through other boxes says too: a set of ancestors is the bits of a number.
  const reduced = (nodes, edges) => {
    const ordered = [...nodes].sort((a, b) => a.column - b.column);
    const bit = new Map(ordered.map((node, at) => [node.at, 1n << BigInt(at)]));
    const column = new Map(nodes.map((node) => [node.at, node.column]));
    const into = new Map(nodes.map((node) => [node.at, []]));
    for (const edge of edges) if (!(edge.flags & (BROKEN | IGNORED)) && column.get(edge.from) < column.get(edge.to)) into.get(edge.to).push(edge.from);
    const before = new Map(), further = new Map();
    for (const { at } of ordered) {
      const beyond = into.get(at).reduce((bits, from) => bits | before.get(from), 0n);
      further.set(at, beyond);
      before.set(at, into.get(at).reduce((bits, from) => bits | bit.get(from), beyond));
    }
    return edges.map((edge) => {
      const waited = !(edge.flags & (BROKEN | IGNORED));
      return waited && bit.get(edge.from) & further.get(edge.to) ? { ...edge, flags: edge.flags | IMPLIED } : edge;
    });
  };

  const foldsOf = (model, nodes, unfolded) => {
    const folds = [];
    for (const node of nodes) {
      const fold = (folds[node.column] ||= { column: node.column, size: 0, done: 0, folded: node.column !== unfolded });
      fold.size += 1;
      fold.done += node.state === "done";
    }
    return folds.filter((fold) => fold && fold.folded);
  };

  const HEIGHT = 26, GAP = 8;
  const widthOf = (text) => Math.max(70, Math.round(text.length * 7.3) + 28);

  // Boxes with an edge are laid out by dagre, each in its column; those without one stand below, in rows.
  const placed = (view, word, width) => {
    const graph = new siteVendor.Graph();
    graph.setGraph({ rankdir: "LR", ranker: "none", nodesep: GAP, ranksep: view.folds.length ? 24 : 70, edgesep: 6, marginx: 12, marginy: 44 });
    graph.setDefaultEdgeLabel(() => ({}));
    const column = new Map(view.nodes.map((node) => [node.at, node.column]));
    const forward = view.edges.filter((edge) => column.get(edge.from) < column.get(edge.to));
    const linked = new Set(forward.flatMap((edge) => [edge.from, edge.to]));
    const boxes = [];
    for (const node of view.nodes) {
      const box = { id: `n${node.at}`, node, width: widthOf(node.name), height: HEIGHT, rank: 2 * node.column };
      boxes.push(box);
      if (linked.has(node.at)) graph.setNode(box.id, box);
    }
    for (const fold of view.folds) {
      const label = `${word} ${fold.column + 1}: ${fold.size}`;
      const box = { id: `f${fold.column}`, fold, label, width: widthOf(label) + 10, height: 2 * HEIGHT, rank: 2 * fold.column };
      boxes.push(box);
      graph.setNode(box.id, box);
    }
    for (const edge of forward) graph.setEdge(`n${edge.from}`, `n${edge.to}`, { edge });
    view.folds.slice(1).forEach((fold, at) => graph.setEdge(`f${view.folds[at].column}`, `f${fold.column}`, { fold: true }));
    siteVendor.layout(graph);
    const drawn = graph.nodes().map((id) => graph.node(id));
    const right = Math.max(Math.min(900, width), ...drawn.map((box) => box.x + box.width / 2));
    const bottom = Math.max(30, ...drawn.map((box) => box.y + box.height / 2));
    const lone = boxes.filter((box) => box.node && !linked.has(box.node.at));
    let x = 12, y = bottom + 40, last = -1;
    for (const box of lone) {
      if ((x > 12 && x + box.width > right) || (last !== box.node.column && last >= 0)) [x, y] = [12, y + HEIGHT + GAP + (last !== box.node.column ? 24 : 0)];
      Object.assign(box, { x: x + box.width / 2, y: y + HEIGHT / 2, first: last !== box.node.column });
      x += box.width + GAP;
      last = box.node.column;
    }
    const at = new Map(boxes.map((box) => [box.id, box]));
    const lines = graph.edges().map((id) => ({ ...graph.edge(id), folds: id.v.startsWith("f") }));
    // An edge against the order has no place in the layout: it is drawn straight.
    const back = view.edges.filter((edge) => column.get(edge.from) >= column.get(edge.to));
    for (const edge of back) {
      const [from, to] = [at.get(`n${edge.from}`), at.get(`n${edge.to}`)];
      lines.push({ edge, points: [{ x: from.x, y: from.y + HEIGHT / 2 }, { x: to.x, y: to.y - HEIGHT / 2 }], straight: true });
    }
    return { boxes, lines, lone, width: right + 12, height: Math.max(bottom, lone.length ? y + HEIGHT : 0) + 24 };
  };

  const svgElement = (tag, attributes = {}, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const curve = (line) => siteVendor.line((point) => point.x, (point) => point.y).curve(siteVendor.curveMonotoneX)(line.points);

  class GraphView {
    constructor(root, table) {
      this.root = root;
      this.table = table;
      this.model = modelOf(JSON.parse($(`#graph-${root.dataset.graph}`).textContent));
      this.word = this.model.column;
      this.isMigration = this.word === "wave";
      this.unfolded = -1;
      this.canvas = $(".canvas", root);
      this.status = $(".chosen", root);
      root.hidden = false;
      this.makeCanvas();
      this.wire();
      this.read();
      addEventListener("hashchange", () => this.read());
    }

    makeCanvas() {
      this.svg = svgElement("svg", { role: "group", "aria-label": `Graph of ${plural(this.model.nodes.length, this.isMigration ? "member" : "package")}` });
      const defs = svgElement("defs");
      for (const name of ["arrow", "arrow-lit"]) {
        const marker = svgElement("marker", { id: `${name}-${this.root.dataset.graph}`, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse" });
        marker.append(svgElement("path", { d: "M0 0 8 4 0 8z", class: name }));
        defs.append(marker);
      }
      this.paper = svgElement("g");
      this.svg.append(defs, this.paper);
      this.canvas.append(this.svg);
      this.zoom = siteVendor
        .zoom()
        .scaleExtent([0.1, 4])
        // A wheel over the graph scrolls the page, until the graph is in use.
        .filter((event) => (event.type === "wheel" ? event.ctrlKey || this.root.contains(document.activeElement) : !event.button))
        .on("zoom", (event) => this.paper.setAttribute("transform", event.transform.toString()));
      siteVendor.select(this.svg).call(this.zoom).on("dblclick.zoom", null);
    }

    wire() {
      this.find = $("[data-graph-find]", this.root);
      // Thousands of names are not needed before somebody looks for one.
      const list = $("datalist", this.root);
      this.find.addEventListener("focus", () => list.append(...this.model.nodes.map((node) => element("option", { value: node.name }))), { once: true });
      this.find.addEventListener("change", () => this.search(this.find.value.trim()));
      this.hide = $("[data-graph-hide-done]", this.root);
      this.hide?.addEventListener("change", () => {
        address.write({ hide: this.hide.checked ? "done" : "" });
        this.draw();
      });
      $("[data-graph-clear]", this.root).addEventListener("click", () => this.choose(undefined));
      for (const button of $$("[data-graph-zoom]", this.root)) button.addEventListener("click", () => this.scale(button.dataset.graphZoom));
      this.svg.addEventListener("click", (event) => {
        const box = event.target.closest(".node");
        if (box) this.activate(box);
      });
      this.svg.addEventListener("keydown", (event) => this.key(event));
    }

    scale(how) {
      const paper = siteVendor.select(this.svg);
      if (how === "fit") return this.fit();
      this.zoom.scaleBy(paper, how === "in" ? 1.3 : 1 / 1.3);
    }

    fit() {
      // A small graph gets a small canvas; how high it may be at most is up to the style sheet.
      const { width: wide, height: high } = this.layout;
      const width = this.canvas.clientWidth;
      const scaleTo = (size) => Math.min(1.2, Math.max(0.55, Math.min(width / wide, size / high)));
      this.canvas.style.height = "";
      this.canvas.style.height = `${Math.min(this.canvas.clientHeight, Math.max(140, high * scaleTo(Infinity) + 8))}px`;
      const height = this.canvas.clientHeight;
      // Boxes stay readable: what is larger than the canvas is panned.
      const scale = scaleTo(height);
      const chosen = this.layout.boxes.find((box) => box.node && box.node === this.chosen);
      // What is chosen goes to the middle, as far as that leaves no empty side.
      const middle = (size, whole, at) => (whole <= size ? (size - whole) / 2 : Math.min(0, Math.max(size - whole, size / 2 - at)));
      const left = middle(width, wide * scale, chosen ? chosen.x * scale : 0);
      const top = high * scale <= height ? 0 : middle(height, high * scale, (chosen ? chosen.y : high / 2) * scale);
      this.zoom.transform(siteVendor.select(this.svg), siteVendor.zoomIdentity.translate(left, top).scale(scale));
    }

    search(text) {
      if (!text) return this.choose(undefined);
      const wanted = text.toLowerCase();
      const node = this.model.byName.get(text) || this.model.nodes.find((each) => each.name.toLowerCase().includes(wanted));
      if (node) this.choose(node);
      else this.status.replaceChildren(`There is no ${this.isMigration ? "member" : "package"} ${text}.`);
    }

    read() {
      const state = address.read();
      if (this.hide) this.hide.checked = state.get("hide") === "done";
      const named = this.model.byName.get(state.get("node"));
      const root = this.isMigration ? undefined : this.model.nodes[this.model.roots[0]];
      const all = state.has("all") || this.isMigration;
      this.chosen = named || (all ? undefined : root);
      this.draw();
    }

    choose(node) {
      this.chosen = node;
      this.unfolded = -1;
      address.write({ node: node ? node.name : "", all: node || this.isMigration ? "" : "1" });
      this.draw();
      this.focus(node);
    }

    focus(node) {
      const box = node ? $(`[data-node="${node.at}"]`, this.paper) : $(".node", this.paper);
      if (this.root.contains(document.activeElement) || document.activeElement === document.body) box?.focus({ preventScroll: true });
    }

    activate(box) {
      if (box.dataset.fold === undefined) return this.choose(this.model.nodes[Number(box.dataset.node)]);
      const column = Number(box.dataset.fold);
      const size = this.model.nodes.filter((node) => node.column === column).length;
      if (size <= MOST) {
        this.unfolded = column;
        this.draw();
        this.focus(this.view.nodes[0]);
      } else if (this.table && this.isMigration) {
        this.table.show({ wave: String(column + 1) });
        $("#members").scrollIntoView();
      }
    }

    key(event) {
      const box = event.target.closest(".node");
      const does = { "+": () => this.scale("in"), "=": () => this.scale("in"), "-": () => this.scale("out"), 0: () => this.fit(), Escape: () => this.choose(undefined) };
      if (box) {
        does.Enter = does[" "] = () => this.activate(box);
        for (const way of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) does[way] = () => this.walk(box, way);
      }
      if (does[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        does[event.key]();
      }
    }

    // Left and right along the edges (else to the next column), up and down in a column.
    walk(box, way) {
      const mine = this.layout.boxes.find((each) => each.id === box.id.slice(box.id.indexOf("-") + 1));
      const sideways = way === "ArrowLeft" || way === "ArrowRight";
      const sign = way === "ArrowLeft" || way === "ArrowUp" ? -1 : 1;
      let others = this.layout.boxes.filter((each) => each !== mine && (sideways ? sign * (each.x - mine.x) > 20 : sign * (each.y - mine.y) > 0));
      if (sideways && mine.node) {
        const linked = new Set(mine.node[sign < 0 ? "parents" : "children"].map((edge) => (sign < 0 ? edge.from : edge.to)));
        const along = others.filter((each) => each.node && linked.has(each.node.at));
        if (along.length) others = along;
      }
      const far = (each) => (sideways ? Math.abs(each.x - mine.x) + 3 * Math.abs(each.y - mine.y) : Math.abs(each.y - mine.y) + 9 * Math.abs(each.x - mine.x));
      const next = others.reduce((best, each) => (best && far(best) <= far(each) ? best : each), undefined);
      if (next) this.goTo($(`#${this.root.dataset.graph}-${next.id}`), next);
    }

    goTo(box, place) {
      for (const each of $$(".node", this.paper)) each.setAttribute("tabindex", each === box ? "0" : "-1");
      box.focus({ preventScroll: true });
      const view = this.svg.getBoundingClientRect();
      const its = box.getBoundingClientRect();
      if (its.left < view.left || its.right > view.right || its.top < view.top || its.bottom > view.bottom) this.zoom.translateTo(siteVendor.select(this.svg), place.x, place.y);
    }

    draw() {
      this.view = viewOf(this.model, this.chosen, this.hide?.checked, this.unfolded);
      this.layout = placed(this.view, this.word, this.canvas.clientWidth);
      const children = document.createDocumentFragment();
      const columns = new Map();
      for (const box of this.layout.boxes) if (box.node && !box.first && !this.layout.lone.includes(box)) columns.set(box.node.column, box.x);
      for (const [column, x] of columns) children.append(svgElement("text", { class: "head", x, y: 26, "text-anchor": "middle" }, `${this.word} ${column + 1}`));
      for (const box of this.layout.lone) if (box.first) children.append(svgElement("text", { class: "head", x: 12, y: box.y - HEIGHT / 2 - 7 }, `${this.word} ${box.node.column + 1}, without an edge here`));
      for (const line of this.layout.lines) children.append(this.line(line));
      this.layout.boxes.forEach((box, at) => children.append(this.box(box, this.chosen ? box.node === this.chosen : at === 0)));
      this.paper.replaceChildren(children);
      this.legend();
      this.tell();
      this.find.value = this.chosen ? this.chosen.name : "";
      this.fit();
    }

    line(line) {
      const lit = line.edge && this.chosen && (line.edge.from === this.chosen.at || line.edge.to === this.chosen.at);
      const kind = line.edge ? kindOf(line.edge.flags) : "implied";
      const made = svgElement("path", { class: `edge ${kind}${lit ? " lit" : ""}`, d: curve(line), "marker-end": `url(#${lit ? "arrow-lit" : "arrow"}-${this.root.dataset.graph})` });
      if (line.edge?.why) made.append(svgElement("title", {}, line.edge.why));
      return made;
    }

    box(box, first) {
      const { node, fold } = box;
      const state = node ? STATES[node.state] || node.state : "";
      const said = node ? `${node.name}, ${this.word} ${node.column + 1}${this.isMigration ? `, ${state}` : ""}` : `${box.label}${this.isMigration ? ` ${fold.done} done` : ""}, folded`;
      const made = svgElement("g", { class: `node${node && node === this.chosen ? " chosen" : ""}`, id: `${this.root.dataset.graph}-${box.id}`, tabindex: first ? 0 : -1, role: "button", "aria-label": said, transform: `translate(${box.x - box.width / 2} ${box.y - box.height / 2})` });
      if (node) made.dataset.node = node.at;
      else made.dataset.fold = fold.column;
      made.append(svgElement("rect", { class: "box", width: box.width, height: box.height, rx: 4 }));
      if (node) {
        made.append(svgElement("rect", { class: `tab f-${node.state}`, x: 1, y: 1, width: 8, height: box.height - 2, rx: 3 }));
        made.append(svgElement("text", { x: 16, y: 17 }, node.name));
      } else {
        const done = this.isMigration ? `${fold.done} done` : "";
        made.append(svgElement("text", { x: 12, y: done ? 20 : 30 }, box.label), svgElement("text", { x: 12, y: 38 }, done));
      }
      return made;
    }

    legend() {
      const states = this.isMigration ? [...new Set(this.view.nodes.map((node) => node.state))] : [];
      const kinds = new Set(this.view.edges.map((edge) => kindOf(edge.flags)));
      const key = (shape, cls) => {
        const made = svgElement("svg", { class: cls, viewBox: cls.includes("edge") ? "0 0 32 6" : "0 0 10 10", "aria-hidden": "true" });
        made.append(shape);
        return made;
      };
      $("[data-graph-legend]", this.root).replaceChildren(
        ...Object.keys(STATES).filter((state) => states.includes(state)).map((state) => element("li", {}, key(svgElement("rect", { class: `f-${state}`, width: 10, height: 10 }), "key"), ` ${STATES[state]}`)),
        ...(this.isMigration ? [] : [["done", "at upstream's newest"], ["awaiting-pr", "older than upstream's newest"], ["planned", "not known"]].map(([state, text]) => element("li", {}, key(svgElement("rect", { class: `f-${state}`, width: 10, height: 10 }), "key"), ` ${text}`))),
        ...KINDS.filter(([kind]) => kinds.has(kind)).map(([kind, text]) => element("li", {}, key(svgElement("line", { class: kind, x1: 0, x2: 32, y1: 3, y2: 3 }), "key edge"), ` ${text}`)),
      );
    }

    // What is chosen, in words: who it waits for and why, and who waits for it.
    tell() {
      const { chosen, view } = this;
      const noun = this.isMigration ? "member" : "package";
      if (!chosen) {
        const all = view.folded ? `${plural(this.model.nodes.length, noun)} are too many to draw: each box is a ${this.word}. Find a ${noun}, or choose a box.` : "";
        return this.status.replaceChildren(all);
      }
      const before = reach(this.model, chosen, "parents").size, after = reach(this.model, chosen, "children").size;
      const row = $$("tr[data-name]").find((each) => each.dataset.name === chosen.name);
      const link = row && $("th a", row);
      const less = view.total > MOST_NEAR ? ` The nearest ${view.drawn - 1} are drawn.` : "";
      const head = element("h3", {}, link ? element("a", { href: link.getAttribute("href") }, chosen.name) : chosen.name);
      const said = this.isMigration ? `${STATES[chosen.state] || chosen.state}, ${this.word} ${chosen.column + 1}: ${before} before it, ${after} after it.${less}` : `${plural(after, "package")} below it, ${before} need it.${less}`;
      const jump = row && element("button", { type: "button", on: { click: () => this.toRow(row) } }, "Show its row");
      const sides = this.isMigration ? [["Waits for", "parents"], ["Waiting for it", "children"]] : [["Needs", "children"], ["Needed by", "parents"]];
      this.status.replaceChildren(head, element("p", {}, said, " ", jump), ...sides.map(([title, side]) => this.side(title, side)));
    }

    side(title, side) {
      const edges = this.chosen[side];
      const items = edges.map((edge) => {
        const other = this.model.nodes[side === "parents" ? edge.from : edge.to];
        const kind = kindOf(edge.flags & (BROKEN | IGNORED | THROUGH));
        const words = kind ? ` (${KINDS.find(([each]) => each === kind)[1]})` : "";
        const button = element("button", { type: "button", on: { click: () => this.choose(other) } }, other.name);
        return element("li", {}, button, words, edge.why ? element("span", { class: "reasons" }, edge.why) : undefined);
      });
      return element("details", { open: edges.length > 0 && edges.length < 13 }, element("summary", {}, `${title} (${edges.length})`), element("ul", {}, ...items));
    }

    toRow(row) {
      if (row.hidden) this.table?.show({});
      for (const each of $$("tr.chosen")) each.classList.remove("chosen");
      row.classList.add("chosen");
      row.scrollIntoView({ block: "center" });
      const link = $("th a", row) || $("th", row);
      if (link.tagName === "TH") link.tabIndex = -1;
      link.focus({ preventScroll: true });
    }
  }

  theme();
  const tables = $$("table[data-table]").map((table, at) => filtered(table, at ? `t${at + 1}` : ""));
  for (const root of $$("[data-graph]")) new GraphView(root, tables[0]);
  document.documentElement.dataset.ready = "true";
  performance.mark("dirac-forge-ready");
})();
