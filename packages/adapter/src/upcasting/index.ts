export { upcast, upcastData } from './upcast.js';
