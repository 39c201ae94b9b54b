/** Where a CommonJS file is, in the words of an ES module. */
import { pathToFileURL } from "node:url";

export const moduleUrl = pathToFileURL(__filename).href;
