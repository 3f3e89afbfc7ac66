/** The look: calm neutral surfaces, one accent, density in tables. Colours of meaning are in `tokens.css`. */
import { createTheme, type MantineColorsTuple } from '@mantine/core';
import { strings } from '@/strings';

const closeButtonProps = { 'aria-label': strings.common.close };
const accent: MantineColorsTuple = ['#eef3ff', '#dbe5fb', '#b6c8f2', '#8daaea', '#6a8fe3', '#527edf', '#3f6fd8', '#2f5bd7', '#274cb4', '#1c3a8f'];

/** Surfaces of the dark theme, bluish as those of tokens.css: Mantine's own greys would stand out as foreign. */
const dark: MantineColorsTuple = ['#e7eaee', '#c4cbd4', '#a3adb9', '#6b7684', '#3a424d', '#2f3640', '#20252c', '#14171b', '#101317', '#0b0d10'];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: 7,
  colors: { accent, dark },
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  fontSizes: { xs: '12px', sm: '14px', md: '15px', lg: '17px', xl: '20px' },
  headings: {
    fontWeight: '620',
    sizes: { h1: { fontSize: '22px', lineHeight: '30px' }, h2: { fontSize: '17px', lineHeight: '24px' }, h3: { fontSize: '15px', lineHeight: '22px' } },
  },
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', comboboxProps: { shadow: 'md', hideDetached: false } } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm', fz: 'sm' } },
    Modal: { defaultProps: { transitionProps: { duration: 120 }, centered: true, closeButtonProps }, styles: { title: { fontSize: 16, lineHeight: 1.35, fontWeight: 620 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 150 }, closeButtonProps }, styles: { title: { fontSize: 16, fontWeight: 620 } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    // Their <header> is no landmark of the page.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    DrawerHeader: { defaultProps: { role: 'presentation' } },
    ModalCloseButton: { defaultProps: { 'aria-label': strings.common.close } },
    DrawerCloseButton: { defaultProps: { 'aria-label': strings.common.close } },
  },
});
