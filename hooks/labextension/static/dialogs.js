// @ts-check
// The two dialogs: with whom to share, and as which version to publish.

/**
 * A form's body for JupyterLab's dialog.
 * @param {any} Widget
 * @param {string} intro
 * @param {{name: string, label: string, kind: string, hint?: string, options?: [string, string][]}[]} fields
 */
function form(Widget, intro, fields) {
  const node = document.createElement('div');
  node.className = 'gitcollab-form';
  node.append(Object.assign(document.createElement('p'), { textContent: intro }));
  /** @type {Record<string, HTMLInputElement | HTMLSelectElement>} */
  const inputs = {};
  for (const field of fields) {
    const label = document.createElement('label');
    label.textContent = field.label;
    const input = document.createElement(field.kind === 'select' ? 'select' : 'input');
    input.className = 'jp-mod-styled';
    input.name = field.name;
    if (input instanceof HTMLInputElement) {
      input.type = 'text';
      input.placeholder = field.hint ?? '';
      input.autocomplete = 'off';
    }
    for (const [value, text] of field.options ?? []) {
      input.append(Object.assign(document.createElement('option'), { value, textContent: text }));
    }
    label.append(input);
    node.append(label);
    inputs[field.name] = input;
  }
  const body = new Widget({ node });
  body.getValue = () => Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));
  return body;
}

/**
 * @param {any} lab the shared modules
 * @param {{title: string, body: any, accept: string, focus: string}} asked
 * @returns {Promise<Record<string, string> | null>}
 */
async function answered(lab, asked) {
  const { Dialog, showDialog } = lab['@jupyterlab/apputils'];
  const result = await showDialog({
    title: asked.title,
    body: asked.body,
    focusNodeSelector: asked.focus,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: asked.accept })]
  });
  return result.button.accept ? result.value : null;
}

/**
 * @param {any} lab
 * @param {string} name
 */
export function askWithWhom(lab, name) {
  const body = form(lab['@lumino/widgets'].Widget, 'Everybody you name can edit their own copy; what you save meets theirs.', [
    { name: 'users', label: 'With whom', kind: 'text', hint: 'ben, cleo' }
  ]);
  return answered(lab, { title: `Share ${name}`, body, accept: 'Share', focus: 'input' });
}

/**
 * @param {any} lab
 * @param {string} name
 * @param {string} latest
 */
export function askWhichVersion(lab, name, latest) {
  const intro = latest ? `The latest version is ${latest}.` : 'The first version will be 1.0.0.';
  const body = form(lab['@lumino/widgets'].Widget, intro, [
    {
      name: 'bump',
      label: 'What kind of change',
      kind: 'select',
      options: [
        ['minor', 'MINOR: something was added'],
        ['major', 'MAJOR: it is not what it was'],
        ['hotfix', 'HOTFIX: something was corrected']
      ]
    },
    { name: 'message', label: 'What changed', kind: 'text', hint: 'in a few words (needed for MAJOR)' }
  ]);
  return answered(lab, { title: `Publish ${name}`, body, accept: 'Publish', focus: 'select' });
}
