// The one door through which text of our own server becomes markup: Trusted Types let nothing else in.
const policy = window.trustedTypes?.createPolicy("gitcollab", { createHTML: (text) => text }) ?? { createHTML: (text) => text };

export function parsed(text) {
  return new DOMParser().parseFromString(policy.createHTML(text), "text/html");
}

// What the server answers at an address of this page's own origin, as nodes of this page; undefined if it refuses.
export async function fetched(address, selector = "body") {
  const answer = await fetch(address, { headers: { accept: "text/html" }, redirect: "error" });
  if (!answer.ok) return undefined;
  const found = parsed(await answer.text()).querySelector(selector);
  const nodes = document.createDocumentFragment();
  nodes.append(...[...(found?.childNodes ?? [])].map((node) => document.adoptNode(node)));
  return nodes;
}
