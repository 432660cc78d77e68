/** Whether a text is one that must not be written, wherever it stands. */
export type SensitiveText = (text: string) => boolean;

const EMAIL = /[^\s@]@[^\s@]+\.[^\s@]/;
/** A JWS or JWE in its compact form (RFC 7515, RFC 7516): its header is JSON, which begins with `{"`. */
const TOKEN = /eyJ[\w-]+\.[\w-]*\.[\w-]*/;
const DIGIT = /\d/g;
/** Groups of digits, with little between them. */
const DIGIT_GROUPS = /\d+(?:[^\p{L}\p{N}]{1,2}\d+)*/gu;
const CARD_LENGTH = { least: 13, most: 19 };

/** Emails, tokens and card numbers, and what the operator's own patterns find. */
export function sensitiveText(patterns: readonly RegExp[]): SensitiveText {
  // With `g` or `y`, a pattern would remember where it was.
  const own = patterns.map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, '')));
  return (text) => {
    // Digits and signs have other forms, such as full-width ones.
    const plain = text.normalize('NFKC');
    if (EMAIL.test(plain) || TOKEN.test(plain) || hasCardNumber(plain)) return true;
    return own.some((pattern) => pattern.test(text));
  };
}

function hasCardNumber(text: string): boolean {
  if ((text.match(DIGIT)?.length ?? 0) < CARD_LENGTH.least) return false;
  for (const [run] of text.matchAll(DIGIT_GROUPS)) {
    const groups = run.split(/[^\p{N}]+/u);
    // A card number begins with a group and ends with one: within a longer number, one in ten would seem to be one.
    for (let start = 0; start < groups.length; start++) {
      let digits = '';
      for (let end = start; end < groups.length && digits.length < CARD_LENGTH.most; end++) {
        digits += groups[end];
        if (digits.length >= CARD_LENGTH.least && digits.length <= CARD_LENGTH.most && passesLuhn(digits)) return true;
      }
    }
  }
  return false;
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const counted = place % 2 === 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}
