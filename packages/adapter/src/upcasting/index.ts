export { partPathsIn, traceValues } from './trace-values.js';
export { upcast } from './upcast.js';
export { upcastData } from './upcast-data.js';
