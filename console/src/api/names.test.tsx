// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

it('asks once for all names of a page, and shows what is nobody’s as it is', async () => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(new URL(request.url).search);
    return Promise.resolve(new Response(JSON.stringify({ names: { 'maria.lopez': 'María López' } }), { headers: { 'Content-Type': 'application/json' } }));
  });
  const { useNameOf } = await import('./names');
  const queries = new QueryClient();
  const wrapper = ({ children }: { readonly children: ReactNode }) => <QueryClientProvider client={queries}>{children}</QueryClientProvider>;
  const { result } = renderHook(() => [useNameOf('bank', 'maria.lopez'), useNameOf('bank', 'system'), useNameOf('bank', 'Jane <jane@bank.example>'), useNameOf(undefined, 'maria.lopez')], { wrapper });
  expect(result.current).toEqual([undefined, undefined, 'Jane <jane@bank.example>', 'maria.lopez']);
  await waitFor(() => expect(result.current.slice(0, 2)).toEqual(['María López', 'system']));
  expect(asked).toEqual(['?name=maria.lopez&name=system']);
});
