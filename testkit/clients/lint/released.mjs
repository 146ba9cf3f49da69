// Compares the API document with the released one: node released.mjs, or node released.mjs accept 'REASON'.
//
// A change that breaks clients has to be meant: it stands in api/released/accepted.json, with a reason for those who upgrade.

import { readFileSync, writeFileSync } from 'node:fs';
import { breaking } from './breaking.mjs';

const API = new URL('../../../api/', import.meta.url);
const ACCEPTED = new URL('released/accepted.json', API);
const read = (file) => JSON.parse(readFileSync(new URL(file, API), 'utf8'));

const found = breaking(read('released/openapi.json'), read('openapi.json'));
const accepted = read('released/accepted.json');
const [command, reason] = process.argv.slice(2);

if (command === 'accept' && reason) {
    const kept = Object.fromEntries(found.map((change) => [change, accepted[change] ?? reason]));
    writeFileSync(ACCEPTED, JSON.stringify(kept, null, 2) + '\n');
} else {
    const fresh = found.filter((change) => !(change in accepted));
    const stale = Object.keys(accepted).filter((change) => !found.includes(change));
    fresh.forEach((change) => console.log(`breaks clients of the released version: ${change}`));
    stale.forEach((change) => console.log(`is in api/released/accepted.json and no change any more: ${change}`));
    if (fresh.length + stale.length > 0) {
        console.log("If that is meant: node testkit/clients/lint/released.mjs accept 'REASON'");
        process.exitCode = 1;
    }
}
