/** A first password that nobody chose: long, and of letters that are not mistaken for each other. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Four groups of five, about 116 bits. `draw` gives random numbers of 32 bits. */
export function madePassword(draw: (into: Uint32Array<ArrayBuffer>) => Uint32Array = (into) => crypto.getRandomValues(into)): string {
  const most = Math.floor(2 ** 32 / LETTERS.length) * LETTERS.length;
  let text = '';
  while (text.length < 20) {
    for (const number of draw(new Uint32Array(32))) if (number < most && text.length < 20) text += LETTERS.charAt(number % LETTERS.length);
  }
  return text.replace(/(.{5})(?=.)/g, '$1-');
}
