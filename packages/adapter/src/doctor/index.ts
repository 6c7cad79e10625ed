export { doctor, findingsNow } from './doctor.js';
export { tablesElsewhereInWords } from './tables-elsewhere-in-words.js';
export { tenantDoctor } from './tenant-doctor.js';
