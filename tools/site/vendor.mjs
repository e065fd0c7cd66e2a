// What the site's script uses of other people's libraries: layout, pan and zoom, curves, sorting of tables.
import { Graph, layout } from "@dagrejs/dagre";
import { select } from "d3-selection";
import { curveMonotoneX, line } from "d3-shape";
import { zoom, zoomIdentity } from "d3-zoom";
import Tablesort from "tablesort";

// tablesort's own file of sorts expects a global; these few lines are its number sort.
const number = (text) => Number.parseFloat(text.replace(/[^\d.-]/g, ""));
Tablesort.extend("number", (text) => /^-?[\d\u202f.]+$/.test(text.trim()), (a, b) => (number(b) || 0) - (number(a) || 0));

globalThis.siteVendor = { Graph, Tablesort, curveMonotoneX, layout, line, select, zoom, zoomIdentity };
