// How the index page looks, in light and dark, on a screen of any width.

/** `user-select: all`: one click or tap takes the whole block, without a script. */
export const INDEX_PAGE_STYLE = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 3rem 1.25rem; background: light-dark(#f8f6f1, #0e151d); color: light-dark(#1d2126, #dde3ea); }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
a { color: light-dark(#0a4f8f, #8cc2f5); }
code, pre { font-family: ui-monospace, monospace; }
code { font-size: .9em; overflow-wrap: anywhere; }
pre { margin: 0; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid light-dark(#d5cfc2, #2c3947); border-radius: .4rem; background: light-dark(#fff, #151f2a); font-size: .95rem; line-height: 1.35; user-select: all; -webkit-user-select: all; }
dl { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; margin: .25rem 0; }
dt, .small, footer { font-size: .9rem; color: light-dark(#565c64, #a2adb9); }
dd { margin: 0; font-size: 1.4rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.small { margin-top: .5rem; }
.notice { padding: .6rem .9rem; border-left: .25rem solid light-dark(#a86b00, #e0a83c); background: light-dark(#fdf1d8, #2a2313); }
.policy { white-space: pre-line; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: .75rem; border-top: 1px solid light-dark(#d5cfc2, #2c3947); }
`;

/** Of {@link INDEX_PAGE_STYLE}, as a Content-Security-Policy names what it lets through. A test holds it. */
export const INDEX_PAGE_STYLE_DIGEST = 'sha256-eTVNK2pOCe0i7pyVEh2y98ogR3j/mS7cre+nytlNOdQ=';
