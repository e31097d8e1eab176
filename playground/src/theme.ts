import { byId } from './dom.ts';

const key = 'quiver-playground-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** As the system has it, unless the button said otherwise. `onChange` is called after colours have changed. */
export function startTheme(onChange: () => void): void {
  const button = byId('theme', HTMLButtonElement);
  const isDark = (): boolean => {
    const chosen = document.documentElement.dataset['theme'];
    return chosen === undefined ? dark.matches : chosen === 'dark';
  };
  const show = (): void => {
    button.setAttribute('aria-pressed', String(isDark()));
    onChange();
  };
  const stored = read();
  if (stored !== null) document.documentElement.dataset['theme'] = stored;
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = theme;
    write(theme);
    show();
  });
  dark.addEventListener('change', show);
  show();
}

/** Where storage is forbidden, the choice lasts as long as the page. */
function read(): string | null {
  try {
    const stored = localStorage.getItem(key);
    return stored === 'light' || stored === 'dark' ? stored : null;
  } catch {
    return null;
  }
}

function write(theme: string): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // The page has it all the same.
  }
}
