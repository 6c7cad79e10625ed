import { render } from 'preact';
import { App } from './app.js';
import './dashboard.css';

const root = document.getElementById('dashboard');
if (root) render(<App title={root.dataset.title ?? 'Backstory'} />, root);
