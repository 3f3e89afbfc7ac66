// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import { act, type ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

it('keeps what the server told while the first answer was still on its way', async () => {
  let answer: (response: Response) => void = () => undefined;
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => { answer = resolve; }));
  const told = new EventTarget();
  vi.stubGlobal('EventSource', class { addEventListener = told.addEventListener.bind(told); close = vi.fn(); });
  const { useSpread } = await import('./useSpread');
  const queries = new QueryClient();
  const wrapper = ({ children }: { readonly children: ReactNode }) => <QueryClientProvider client={queries}>{children}</QueryClientProvider>;
  const { result } = renderHook(() => useSpread('bank', 'production', 2, true), { wrapper });

  act(() => { told.dispatchEvent(new MessageEvent('spread', { data: JSON.stringify({ total: 1, applied: 1, waiting: 0 }) })); });
  await waitFor(() => expect(result.current.data?.applied).toBe(1));
  answer(new Response(JSON.stringify({ total: 1, applied: 0, waiting: 1 }), { headers: { 'Content-Type': 'application/json' } }));
  await act(() => new Promise((resolve) => { setTimeout(resolve, 50); }));
  expect(result.current.data?.applied).toBe(1);
});
