import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/queries';
import { listenToKeys } from './app/keys';
import { router } from './app/router';
import './style/tokens.css';
import './style/base.css';
import { CONTROL_TAGS, preferredLanguage, switchLanguage, useLanguageStore } from './text/i18n';

function App() {
  const language = useLanguageStore((state) => state.language);
  return (
    <I18nProvider locale={CONTROL_TAGS[language]}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>
  );
}

const place = document.getElementById('app');
if (!place) throw new Error('the page has no place for the application');

listenToKeys();
await switchLanguage(preferredLanguage(), false);
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
