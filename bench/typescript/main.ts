// Renders stacks as bench/ours does, with the same flags.
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { App } from 'cdk8s';

import { DjangoStack } from './stack';

const { values } = parseArgs({
  options: {
    apps: { type: 'string', default: '1' },
    charts: { type: 'string', default: '1' },
    isolated: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
if (!values.out) {
  throw new Error('usage: main --out DIRECTORY [--apps N] [--charts N] [--isolated]');
}

for (let a = 0; a < Number(values.apps); a++) {
  const app = new App({ outdir: join(values.out, `app-${a}`) });
  for (let c = 0; c < Number(values.charts); c++) {
    new DjangoStack(app, c === 0 ? 'django-app' : `django-app-${c}`, { isolated: values.isolated });
  }
  app.synth();
}
