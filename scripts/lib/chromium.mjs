// The Chromium that tests drive: the system's, so that nothing downloads a browser.
import { existsSync } from 'node:fs';
import { which } from './process.mjs';

const applications = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/** Its path; QUIVER_CHROMIUM names another one than would be found. */
export const chromiumPath = () =>
  process.env.QUIVER_CHROMIUM ??
  which('chromium') ??
  which('chromium-browser') ??
  which('google-chrome') ??
  applications.find(existsSync);

/** How it is started: without a window, and without a word to the network. */
export const chromiumArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
