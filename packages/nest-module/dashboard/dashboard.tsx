import { render } from 'preact';
import { App } from './app.js';
import './dashboard.css';

const root = document.getElementById('dashboard');
if (root) {
  const { title = 'Backstory', own, tenants } = root.dataset;
  render(<App title={title} own={own !== undefined} tenants={tenants !== undefined} />, root);
}
