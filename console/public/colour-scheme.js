// Before the first paint: the colours the person chose, else those of the system. No module, so that nothing flashes.
(() => {
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('promptops-colour-scheme') ?? 'auto';
  } catch {
    // storage may be forbidden; the system's choice serves
  }
  const dark = chosen === 'dark' || (chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
