/** Which settings are shown, by section. */
import type { SettingOut } from '@/api/schema';

export function differs(setting: SettingOut): boolean {
  return setting.source !== 'default';
}

/** Every word of the search is in the name, value or help; sections keep the server's order. */
export function bySection(settings: readonly SettingOut[], search: string, onlyChanged: boolean): (readonly [string, readonly SettingOut[]])[] {
  const asked = search.toLowerCase().split(/\s+/);
  const sections = new Map<string, SettingOut[]>();
  for (const setting of settings) {
    if (onlyChanged && !differs(setting)) continue;
    const text = `${setting.name} ${setting.value} ${setting.help}`.toLowerCase();
    if (!asked.every((word) => text.includes(word))) continue;
    const section = sections.get(setting.section);
    if (section) section.push(setting);
    else sections.set(setting.section, [setting]);
  }
  return [...sections];
}
