// HTML in which strangers' text is text.

/** Text that has been made safe to stand in HTML. */
export interface Markup {
  readonly html: string;
}

export type Piece = string | number | undefined | Markup | readonly Markup[];

/** A template whose values are text unless they are markup already. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const text = parts.map(
    (part, index) => part + formatPiece(index < pieces.length ? pieces[index] : undefined),
  );
  return { html: text.join('') };
}

function formatPiece(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece));
  return 'html' in piece ? piece.html : piece.map((part) => part.html).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
