'use strict';
(() => {
  const at = id => document.getElementById(id);
  const add = (parent, tag, className, text) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    parent.append(e);
    return e;
  };

  // What is packed is base64 of gzip.
  const unpack = async text => {
    if (!window.DecompressionStream) throw new Error('this browser cannot unpack it: it has no DecompressionStream');
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  };

  // The order of fields in a unit; all but the last two are numbers of words.
  const fields = ['target', 'id', 'policy', 'title', 'row', 'level', 'source', 'status', 'want', 'got', 'reason', 'evidence', 'profile', 'fate', 'file'];
  const buttons = [...document.querySelectorAll('.cells button')];
  const numbers = new Map(buttons.map((b, i) => [b, i]));
  let words = [], units = [];
  const places = new Map();
  const unit = n => {
    const u = {};
    fields.forEach((name, i) => { u[name] = words[units[n][i]]; });
    u.leaked = units[n][fields.length];
    u.ms = units[n][fields.length + 1];
    u.key = u.policy ? u.id + '@' + u.policy : u.id;
    return u;
  };

  // Which chunk a unit's transcript is in, and where in it.
  const chunks = new Map();
  for (const script of document.querySelectorAll('script[id^=chunk-]')) {
    const text = script.textContent, end = text.indexOf(';');
    text.slice(0, end).split(',').forEach((n, i) => chunks.set(Number(n), { script, at: end + 1, i }));
  }
  const unpacked = new Map();
  const transcript = async n => {
    const where = chunks.get(n);
    if (!where) return null;
    if (!unpacked.has(where.script)) unpacked.set(where.script, unpack(where.script.textContent.slice(where.at)));
    return (await unpacked.get(where.script)).split('\0')[where.i];
  };

  const spoken = text => text.replace(/(\\r\\n|\\n)(?=.)/g, '$1\n');
  const sides = { C: 'C → S', S: 'S → C', '-': 'note' };
  const show = (into, text, evidence) => {
    const cited = new Set(evidence.split(' '));
    const facts = add(into, 'dl', 'facts');
    let list, session;
    for (const line of text.split('\n')) {
      const [letter, ...f] = line.split('\t');
      switch (letter) {
        case 'H':
          add(facts, 'dt', '', f[0]); add(facts, 'dd', '', f[1]);
          break;
        case 'S':
          session = f[0];
          add(into, 'h4', '', `Session ${f[0]}: ${f[1]}, our end is ${f[2]}${f[3] ? ', ' + f[3] : ''}${f[4] ? `, ${f[4]} to ${f[5]}` : ''}`);
          list = add(into, 'ol', 'events');
          break;
        case 'F':
          add(list, 'li', 'fact', f[0]);
          break;
        case 'X':
          if (!list) list = add(into, 'ol', 'events');
          add(list, 'li', 'gap', '… ' + f[0]);
          break;
        case 'E': {
          const li = add(list, 'li', f[3] === 'TLS' ? 'tls' : 'clear');
          add(li, 'span', 'at', f[1]); add(li, 'span', 'from', sides[f[2]] || f[2]); add(li, 'span', 'layer', f[3]); add(li, 'span', 'stage', f[4]);
          const what = add(li, 'span', 'what');
          if (f[6]) add(what, 'span', 'kind', f[6] + ' ');
          what.append(spoken(f[7] || ''));
          if (cited.has(`s${session}e${f[0]}`)) {
            li.classList.add('cited');
            what.append(' ');
            add(what, 'strong', '', `← evidence s${session}e${f[0]}`);
          }
          break;
        }
        case 'Z':
          add(list, 'li', 'gap', `ended: ${f[0]} at ${f[1]}`);
          break;
      }
    }
  };

  const dialog = at('cell');
  let opener = null, opened = -1;
  const open = async n => {
    const u = unit(n);
    opener = buttons[n];
    opened = n;
    at('cell-name').replaceChildren();
    add(at('cell-name'), 'span', 'badge ' + u.status, u.status);
    at('cell-name').append(` ${u.key}, ${u.target}`);
    const facts = at('cell-facts');
    facts.replaceChildren();
    for (const [name, value] of [['Case', u.title], ['Level', u.level], ['Clause', u.source], ['Want', u.want], ['Got', u.got], ['Reason', u.reason],
      ['Leaked bytes', u.leaked ? String(u.leaked) : ''], ['Evidence', u.evidence], ['Policy', u.policy], ['Peer', u.profile], ['What became of the message', u.fate],
      ['Took', u.ms ? (u.ms / 1000).toFixed(1) + ' s' : ''], ['Row of the catalogue', u.row], ['File', u.file]]) {
      if (value) { add(facts, 'dt', '', name); add(facts, 'dd', '', value); }
    }
    const hash = '#target=' + encodeURIComponent(u.target) + '&case=' + encodeURIComponent(u.key);
    at('cell-link').href = hash;
    if (location.hash !== hash) history.replaceState(null, '', hash);
    const into = at('cell-transcript'), state = at('cell-state');
    into.replaceChildren();
    state.textContent = 'Unpacking …';
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    at('cell-name').focus();
    try {
      const text = await transcript(n);
      if (opened !== n) return;
      if (text === null) {
        state.textContent = u.file ? 'Transcript not in this page: see ' + u.file + '.' : 'There is none: the case was not played.';
      } else {
        state.textContent = 'Bytes in clear are marked clear and have a dashed edge, those inside TLS are marked TLS and have a solid one.';
        show(into, text, u.evidence);
      }
    } catch (e) {
      state.textContent = 'It could not be unpacked: ' + e.message;
    }
  };
  dialog.addEventListener('close', () => {
    opened = -1;
    history.replaceState(null, '', location.pathname + location.search);
    if (opener) { reveal(opener); opener.focus(); }
  });
  dialog.addEventListener('click', e => { if (e.target === dialog) dialog.close(); });

  // Names of cells for those who do not see where they stand.
  const named = n => {
    const u = unit(n);
    return `${u.status}: ${u.id}, ${u.target}${u.policy ? ', ' + u.policy : ''}${u.leaked ? ', leaked bytes' : ''}`;
  };

  // One cell of a table can be reached by Tab; arrows go on from it.
  const reach = b => {
    for (const o of b.closest('table').querySelectorAll('button[tabindex="0"]')) o.tabIndex = -1;
    b.tabIndex = 0;
  };
  const grids = [...document.querySelectorAll('.cells')].map(table => {
    const rows = [...table.querySelectorAll('tr[data-level]')].map(tr => ({ tr, cells: [...tr.children].slice(1).map(td => td.firstElementChild) }));
    const all = rows.flatMap(r => r.cells.filter(Boolean));
    all.forEach((b, i) => { b.tabIndex = i ? -1 : 0; });
    table.addEventListener('click', e => { const b = e.target.closest('button'); if (b && units.length) { reach(b); open(numbers.get(b)); } });
    table.addEventListener('focusin', e => { if (numbers.has(e.target) && units.length) e.target.setAttribute('aria-label', named(numbers.get(e.target))); });
    table.addEventListener('keydown', e => {
      const seen = rows.filter(r => !r.tr.hidden && !r.tr.parentElement.hidden);
      const y = seen.findIndex(r => r.cells.includes(e.target));
      if (y < 0) return;
      const x = seen[y].cells.indexOf(e.target);
      const along = (cells, from, step) => { for (let i = from; i >= 0 && i < cells.length; i += step) if (cells[i]) return cells[i]; };
      const column = () => seen.map(r => r.cells[x]);
      const to = {
        ArrowRight: () => along(seen[y].cells, x + 1, 1), ArrowLeft: () => along(seen[y].cells, x - 1, -1),
        ArrowDown: () => along(column(), y + 1, 1), ArrowUp: () => along(column(), y - 1, -1),
        Home: () => along(seen[y].cells, 0, 1), End: () => along(seen[y].cells, seen[y].cells.length - 1, -1),
      }[e.key];
      if (!to) return;
      e.preventDefault();
      const b = to();
      if (b) { reach(b); b.focus(); b.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }
    });
    return { table, rows };
  });

  // The filter.
  const text = at('f-text'), status = at('f-status'), level = at('f-level'), area = at('f-area');
  const filter = () => {
    const needle = text.value.trim().toLowerCase();
    let shown = 0, total = 0;
    for (const { table, rows } of grids) {
      for (const r of rows) {
        r.text ??= r.tr.firstElementChild.textContent.toLowerCase();
        let fits = (!needle || r.text.includes(needle)) && (!level.value || r.tr.dataset.level.split(' ').includes(level.value)) &&
          (!area.value || r.tr.parentElement.dataset.area === area.value);
        if (fits && status.value) fits = r.cells.some(b => b && b.classList.contains(status.value));
        for (const b of r.cells) if (b) b.classList.toggle('other', Boolean(status.value) && !b.classList.contains(status.value));
        r.tr.hidden = !fits;
        total++;
        if (fits) shown++;
      }
      for (const body of table.tBodies) body.hidden = ![...body.rows].some(tr => tr.dataset.level !== undefined && !tr.hidden);
      const first = rows.filter(r => !r.tr.hidden).flatMap(r => r.cells.filter(Boolean))[0];
      const reached = table.querySelector('button[tabindex="0"]');
      if (first && (!reached || reached.closest('[hidden]'))) reach(first);
    }
    at('shown').textContent = shown === total ? `${total} cases` : `${shown} of ${total} cases`;
  };
  const reveal = b => { if (b.closest('[hidden]')) { at('filter').reset(); filter(); } };
  if (at('filter')) {
    let waiting;
    at('filter').addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
    at('filter').addEventListener('submit', e => e.preventDefault());
    at('filter').addEventListener('reset', () => setTimeout(filter));
    filter();
  }

  // The address names a cell.
  const go = () => {
    const q = new URLSearchParams(location.hash.slice(1));
    const n = places.get(q.get('target') + '\n' + q.get('case'));
    if (n === undefined) return;
    if (n === opened) return;
    reveal(buttons[n]);
    reach(buttons[n]);
    buttons[n].scrollIntoView({ block: 'center', inline: 'center' });
    open(n);
  };
  addEventListener('hashchange', go);

  // On paper all that is folded is shown.
  let folded = [];
  addEventListener('beforeprint', () => { folded = [...document.querySelectorAll('details:not([open])')]; folded.forEach(d => { d.open = true; }); });
  addEventListener('afterprint', () => { folded.forEach(d => { d.open = false; }); });

  unpack(at('details').textContent).then(all => {
    ({ words, units } = JSON.parse(all));
    units.forEach((_, n) => { const u = unit(n); places.set(u.target + '\n' + u.key, n); });
    document.documentElement.dataset.ready = 'yes';
    go();
  }).catch(e => {
    if (at('shown')) at('shown').textContent = 'Cells cannot be opened: ' + e.message;
  });
})();
