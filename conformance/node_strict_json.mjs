// JSON as the protocol reads it: no member twice, no number that is not written as an integer where one is wanted. `JSON.parse` keeps
// the last of two members and takes 1.0 for 1; so the text is read here, and strings by `JSON.parse`.

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS = { true: true, false: false, null: null };
const DEEPEST = 200;

/** The value of a JSON text; a number with fraction or exponent becomes an object, so that it passes for no integer. */
export function readJson(text) {
  let at = 0;

  function found(pattern) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new SyntaxError(`not JSON at ${at}`);
    at = pattern.lastIndex;
    return match[0];
  }

  function next(character) {
    found(SPACE);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  }

  function must(character) {
    if (!next(character)) throw new SyntaxError(`${character} is missing at ${at}`);
  }

  function members(depth) {
    const value = {};
    if (next("}")) return value;
    do {
      found(SPACE);
      const name = JSON.parse(found(STRING));
      if (Object.hasOwn(value, name)) throw new SyntaxError(`the member ${name} is given twice`);
      must(":");
      Object.defineProperty(value, name, { value: any(depth), enumerable: true });
    } while (next(","));
    must("}");
    return value;
  }

  function items(depth) {
    const value = [];
    if (next("]")) return value;
    do value.push(any(depth));
    while (next(","));
    must("]");
    return value;
  }

  function any(depth) {
    if (depth > DEEPEST) throw new SyntaxError("too deep");
    if (next("{")) return members(depth + 1);
    if (next("[")) return items(depth + 1);
    if (text[at] === '"') return JSON.parse(found(STRING));
    for (const [word, value] of Object.entries(WORDS)) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    const number = found(NUMBER);
    return /[.eE]/.test(number) ? { number } : Number(number);
  }

  const value = any(0);
  found(SPACE);
  if (at !== text.length) throw new SyntaxError(`more text at ${at}`);
  return value;
}
