import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { Fault } from './api/client';
import { queryClient } from './api/queries';
import { listenToKeys } from './app/keys';
import { router } from './app/router';
import './style/tokens.css';
import './style/base.css';
import { preferredLanguage, switchLanguage, TAGS, useLanguageStore } from './text/i18n';

function App() {
  const language = useLanguageStore((state) => state.language);
  return (
    <I18nProvider locale={TAGS[language]}>
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
createRoot(place, {
  // A fault of the server or the network has a page of its own; anything else is a mistake of ours and is reported.
  onCaughtError: (error) => {
    if (!(error instanceof Fault)) reportError(error);
  },
}).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
