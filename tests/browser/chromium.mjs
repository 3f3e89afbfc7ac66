// Prints where the Chromium of the package was unpacked to.
import chromium from '@sparticuz/chromium';

console.log(await chromium.executablePath());
