import optimizeLocales from '@react-aria/optimize-locales-plugin';
import react from '@vitejs/plugin-react';
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

/**
 * Puts `src/boot.js` before everything else, as a classic script of its own: it sets the chosen theme before the first
 * paint. It cannot stand in the page, because the content security policy allows no inline scripts.
 */
function boot(): Plugin {
  let base = '/';
  let building = false;
  const source = () => readFileSync(new URL('src/boot.js', import.meta.url), 'utf8');
  let reference = '';
  return {
    name: 'hotline-boot',
    configResolved(config) {
      base = config.base;
      building = config.command === 'build';
    },
    buildStart() {
      if (building) reference = this.emitFile({ type: 'asset', name: 'boot.js', source: source() });
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        const file = building ? Object.keys(context.bundle ?? {}).find((name) => /boot-.*\.js$/.test(name)) : 'src/boot.js';
        if (building && (!file || !reference)) throw new Error('the boot script was not emitted');
        return [{ tag: 'script', attrs: { src: `${base}${file}` }, injectTo: 'head-prepend' }];
      },
    },
  };
}

export default defineConfig({
  plugins: [boot(), react(), { ...optimizeLocales.vite({ locales: ['en-US', 'zh-CN'] }), enforce: 'pre' }],
  css: { modules: { generateScopedName: '[name]-[local]-[hash:base64:4]' } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: { '/api': { target: 'http://127.0.0.1:5180', ws: true } },
  },
});
