// A script instead of a page, because it is run without a browser.
export default {
  build: {
    modulePreload: false,
    rollupOptions: { input: 'main.js', output: { entryFileNames: 'main.js' } },
  },
};
