import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@fontsource/jetbrains-mono/latin-400.css';
import './theme/tokens.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { whenSetBack, whenSignedOut } from './api/client';
import { queries } from './api/queries';
import { sessionQuery } from './api/session';
import { links } from './links';
import { router } from './router';
import { theme } from './theme/theme';

whenSignedOut(() => {
  const { pathname, searchStr } = router.state.location;
  if (pathname === '/sign-in') return;
  queries.setQueryData(sessionQuery.queryKey, null);
  router.history.push(links.signIn(pathname + searchStr));
});

// The banner says so at once, not only when the session is looked at next.
whenSetBack(() => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey }));

const colours = localStorageColorSchemeManager({ key: 'promptops-colour-scheme' });

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colours}>
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
